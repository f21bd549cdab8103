//! `/tools/jobs`: what is done in the background, what failed, and what to do about it.

mod document;
mod look;
mod view;

use self::document::Document;
use self::look::Look;
use self::view::{JobView, JobsView};
use crate::db::DbError;
use crate::jobs::JobFilter;
use crate::page::{Context, CreateError, OrNotFound, PageError, PageInfo, PageModule, PageResult, Site};

/// Rows of one page.
const ROWS: i64 = 100;

/// `/tools/jobs`.
pub(super) struct JobsPage;

/// `/tools/jobs/{id}`.
pub(super) struct JobPage;

/// `/tools/jobs.json`.
pub(super) struct JobsJsonPage;

impl PageModule for JobsPage {
    const INFO: PageInfo = PageInfo::new("jobs", "/tools/jobs").title("Jobs").right("admin").in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let jobs = cx.site().jobs();
        let mut look = Look::of(cx);
        let conn = cx.read().await?;
        let counts = jobs.counts(conn).await?;
        let by_name = jobs.counts_by_name(conn).await?;
        let schedules = jobs.schedules(conn).await?;
        let matching = jobs.matching(conn, &look.filter).await?;
        let pages = pages(matching);
        look.page = look.page.clamp(1, pages);
        let rows = jobs.list(conn, &look.filter, ((look.page - 1) * ROWS, ROWS)).await?;
        let names = by_name.into_iter().map(|(name, counts)| (jobs.knows(&name), name, counts)).collect();
        let workers = cx.site().settings().jobs.workers;
        cx.render(JobsView { look, counts, names, schedules, matching, pages, jobs: rows, workers })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let id = cx.form_param("id").and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| PageError::bad_request("The form does not say which job."))?;
        let back = Look::of(cx).address();
        act(cx, id).await?;
        cx.redirect(back)
    }
}

impl PageModule for JobPage {
    const INFO: PageInfo = PageInfo::new("job", "/tools/jobs/{id}").title("Job").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (jobs, id) = (cx.site().jobs(), cx.path("id")?);
        let job = jobs.find(cx.read().await?, id).await?.or_not_found()?;
        let known = jobs.knows(&job.name);
        cx.render(JobView { job, known })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let id: i64 = cx.path("id")?;
        act(cx, id).await?;
        let gone = cx.site().jobs().find(cx.read().await?, id).await?.is_none();
        cx.redirect(if gone { "/tools/jobs".to_owned() } else { format!("/tools/jobs/{id}") })
    }
}

/// Does what the form asks for. What somebody else, or the job itself, has done already is no error.
async fn act(cx: &mut Context<'_>, id: i64) -> Result<(), PageError> {
    let jobs = cx.site().jobs();
    let told = match cx.form_param("do") {
        Some("retry") => match jobs.retry(cx.tx().await?, id).await {
            Ok(true) => "The job waits for a worker again.",
            Ok(false) => "The job has not failed, or somebody else had it tried again.",
            Err(DbError::Constraint { .. }) => {
                // Nothing more can be stored in a transaction that met a constraint.
                cx.undo().await;
                "Another job with the same key waits or runs already."
            }
            Err(error) => return Err(error.into()),
        },
        Some("cancel") => match jobs.cancel(cx.tx().await?, id).await? {
            true => "The job is cancelled.",
            false => "The job does not wait any more.",
        },
        Some("remove") => match jobs.remove(cx.tx().await?, id).await? {
            true => "The job is removed.",
            false => "The job has not ended, or is gone.",
        },
        _ => return Err(PageError::bad_request("The form does not say what to do.")),
    };
    Ok(cx.flash(told)?)
}

impl PageModule for JobsJsonPage {
    const INFO: PageInfo =
        PageInfo::new("jobs.json", "/tools/jobs.json").title("Jobs as JSON").right("admin").background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let jobs = cx.site().jobs();
        let Look { filter, page } = Look::strictly(cx)?;
        let conn = cx.read().await?;
        let document = Document::new(
            jobs.counts(conn).await?,
            jobs.matching(conn, &filter).await?,
            jobs.list(conn, &filter, ((page - 1) * ROWS, ROWS)).await?,
            jobs.schedules(conn).await?,
        );
        cx.json(&document)
    }
}

/// How many pages a list has; an empty one has one.
fn pages(count: i64) -> i64 {
    (count + ROWS - 1).div_euclid(ROWS).max(1)
}

/// Whether anything is left out.
fn is_filtered(filter: &JobFilter) -> bool {
    *filter != JobFilter::default()
}
