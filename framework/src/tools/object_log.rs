//! The object log, looked through and cleared (GLASS: G17).

mod document;
mod look;
mod view;

use std::borrow::Cow;
use std::time::Duration;

use self::document::document;
use self::look::Look;
use self::view::LogView;
pub(super) use self::view::moment;
use crate::object_log::{self, ObjectLog, Priority, Range, Sort};
use crate::page::{Context, CreateError, OrNotFound, PageError, PageInfo, PageModule, PageResult, Site};

/// Rows of one page.
const ROWS: i64 = 100;

/// How long a reader waits for entries that are not stored yet.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Entries in the document, where it is not said how many, and at most.
const DOCUMENT: (i64, i64) = (10_000, 100_000);

/// `/tools/object-log`.
pub(crate) struct LogPage;

/// `/tools/object-log.json`.
pub(crate) struct LogJsonPage;

impl PageModule for LogPage {
    const INFO: PageInfo =
        PageInfo::new("object-log", "/tools/object-log").title("Object Log").right("admin").in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let mut look = Look::of(cx);
        let stored = is_stored(cx.site().object_log()).await;
        let conn = cx.read().await?;
        let seen = object_log::newest(conn).await?;
        let counts = object_log::counts(conn).await?;
        let is_counted = look.filter.label.is_none() && look.filter.request.is_none();
        let matching = match look.filter.priority {
            _ if !is_counted => object_log::matching(conn, &look.filter).await?,
            Some(priority) => counts.of(priority),
            None => counts.total(),
        };
        let pages = (matching + ROWS - 1).div_euclid(ROWS).max(1);
        look.page = look.page.clamp(1, pages);
        let offset = (look.page - 1) * ROWS;
        let range = Range { before: Some(seen.saturating_add(1)), offset, limit: ROWS };
        let entries = object_log::entries(conn, &look.filter, look.sort, range).await?;
        let dropped_total = cx.site().object_log().dropped_total();
        cx.render(LogView { look, counts, matching, pages, offset, seen, entries, stored, dropped_total })
    }

    /// Deletes and marks. What somebody else has deleted already is no error.
    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let look = Look::of(cx);
        let told = match cx.form_param("do") {
            Some("delete") => {
                let id = number(cx, "id")?;
                deleted(object_log::delete(cx.tx().await?, id).await?)
            }
            Some("delete_down_to") => {
                let (id, seen) = (number(cx, "id")?, seen(cx)?);
                deleted(object_log::delete_down_to(cx.tx().await?, id, &look.filter, look.sort, seen).await?)
            }
            Some("delete_all") => {
                let priority = cx.form_param("priority").and_then(Priority::of_name).or_not_found()?;
                let seen = seen(cx)?;
                deleted(object_log::delete_all(cx.tx().await?, priority, seen).await?)
            }
            Some(mark @ ("tag" | "untag")) => {
                let (id, tagged) = (number(cx, "id")?, mark == "tag");
                match object_log::set_tagged(cx.tx().await?, id, tagged).await? {
                    0 => "The entry is gone: somebody else deleted it.".into(),
                    _ if tagged => "The entry is tagged.".into(),
                    _ => "The entry is not tagged any more.".into(),
                }
            }
            _ => return Err(PageError::bad_request("The form does not say what to do.")),
        };
        cx.flash(&told)?;
        cx.redirect(look.address())
    }
}

impl PageModule for LogJsonPage {
    const INFO: PageInfo = PageInfo::new("object-log.json", "/tools/object-log.json")
        .title("Object Log as JSON")
        .right("admin")
        .background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let filter = look::filter(cx).ok_or_else(|| PageError::bad_request("There is no such priority."))?;
        let sort = match cx.query_param("sort") {
            Some(text) => Sort::parse(text).ok_or_else(|| PageError::bad_request("There is no such order."))?,
            None => Sort::default(),
        };
        let (default, most) = DOCUMENT;
        let limit = query_number(cx, "limit")?.unwrap_or(default).clamp(0, most);
        let before = query_number(cx, "before")?;
        // What is not stored within the limit is not in this document; it will be in a later one.
        is_stored(cx.site().object_log()).await;
        let dropped_total = cx.site().object_log().dropped_total();
        let document = document(cx.read().await?, &filter, sort, before, limit, dropped_total).await?;
        cx.json(&document)
    }
}

/// Waits a moment for what is noted but not stored yet. No connection is held meanwhile: the
/// writer may need it.
async fn is_stored(log: &ObjectLog) -> bool {
    matches!(tokio::time::timeout(FLUSH_LIMIT, log.flush()).await, Ok(Ok(())))
}

fn number(cx: &Context<'_>, field: &str) -> Result<i64, PageError> {
    let number = cx.form_param(field).and_then(|text| text.parse().ok());
    number.ok_or_else(|| PageError::bad_request("The form does not say which entry."))
}

/// The newest entry there was when the list was shown.
fn seen(cx: &Context<'_>) -> Result<i64, PageError> {
    if cx.form_param("seen").is_some() { number(cx, "seen") } else { Ok(i64::MAX) }
}

fn query_number(cx: &Context<'_>, name: &str) -> Result<Option<i64>, PageError> {
    let parse = |text: &str| text.parse().map_err(|_| PageError::bad_request(format!("{name} is no whole number.")));
    cx.query_param(name).map(parse).transpose()
}

fn deleted(count: u64) -> Cow<'static, str> {
    match count {
        0 => "Nothing was deleted: somebody else was faster.".into(),
        1 => "One entry was deleted.".into(),
        count => format!("{count} entries were deleted.").into(),
    }
}
