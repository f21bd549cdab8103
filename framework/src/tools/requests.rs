//! The latest requests, and how long the pages take (W60).

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use serde::Serialize;

use super::object_log::moment;
use crate::page::{Context, CreateError, Frame, PageError, PageInfo, PageModule, PageResult, Site, encode};
use crate::requests::{Figures, Requests, Seen, figures};

/// Most rows of the page; the document has all.
const ROWS: usize = 200;

/// Their own requests are not noted: who looks would see mostly that.
pub(crate) const NAMES: [&str; 2] = ["requests", "requests.json"];

/// `/tools/requests`.
pub(crate) struct RequestsPage;

/// `/tools/requests.json`.
pub(crate) struct RequestsJsonPage;

/// What the address lets through.
#[derive(Debug, Default, PartialEq, Eq)]
struct Look {
    page: Option<String>,
    status: Option<Statuses>,
}

/// A status, or all of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statuses {
    One(u16),
    /// Those that begin with this digit.
    Kind(u16),
}

#[derive(Debug, Serialize)]
struct Document {
    kept: bool,
    paused: bool,
    requests: Vec<Row>,
    pages: Vec<PageRow>,
}

#[derive(Debug, Serialize)]
struct Row {
    at: i64,
    method: String,
    url: String,
    page: Option<&'static str>,
    status: u16,
    ms: f64,
    statements: u64,
    attempts: u32,
    instance: u64,
    request: Arc<str>,
    session: Option<i64>,
}

#[derive(Debug, Serialize)]
struct PageRow {
    page: &'static str,
    count: usize,
    min_ms: f64,
    median_ms: f64,
    p95_ms: f64,
    max_ms: f64,
}

#[derive(Template)]
#[template(path = "tools/requests.html")]
struct RequestsView {
    look: Look,
    kept: bool,
    paused: bool,
    /// How many the filter lets through.
    matching: usize,
    rows: Vec<Row>,
    pages: Vec<PageRow>,
}

impl Statuses {
    /// `404`, or `4xx`.
    fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix("xx") {
            Some(digit) => digit.parse().ok().filter(|digit| (1..=5).contains(digit)).map(Self::Kind),
            None => text.parse().ok().filter(|status| (100..600).contains(status)).map(Self::One),
        }
    }

    fn has(self, status: u16) -> bool {
        match self {
            Self::One(one) => one == status,
            Self::Kind(digit) => status / 100 == digit,
        }
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(status) => write!(f, "{status}"),
            Self::Kind(digit) => write!(f, "{digit}xx"),
        }
    }
}

impl Look {
    /// `None` for a status there cannot be.
    fn of(cx: &Context<'_>) -> Option<Self> {
        let given = |name| cx.query_param(name).map(str::trim).filter(|value| !value.is_empty());
        let status = match given("status") {
            Some(text) => Some(Statuses::parse(text)?),
            None => None,
        };
        Some(Self { page: given("page").map(str::to_owned), status })
    }

    fn has(&self, seen: &Seen) -> bool {
        let is_page = |page: &String| seen.page.is_some_and(|name| name.eq_ignore_ascii_case(page));
        self.page.as_ref().is_none_or(is_page) && self.status.is_none_or(|statuses| statuses.has(seen.status))
    }

    fn address(&self) -> String {
        let page = self.page.as_ref().map(|page| format!("page={}", encode(page)));
        let status = self.status.map(|status| format!("status={status}"));
        let pairs: Vec<String> = page.into_iter().chain(status).collect();
        if pairs.is_empty() { "/tools/requests".to_owned() } else { format!("/tools/requests?{}", pairs.join("&")) }
    }

    fn is_filtered(&self) -> bool {
        *self != Self::default()
    }

    fn is_status(&self, text: &str) -> bool {
        self.status == Statuses::parse(text)
    }
}

impl Row {
    fn of(seen: &Seen) -> Self {
        Self {
            at: seen.at,
            method: seen.method.clone(),
            url: seen.url.clone(),
            page: seen.page,
            status: seen.status,
            ms: millis(seen.took),
            statements: seen.statements,
            attempts: seen.attempts,
            instance: seen.instance,
            request: Arc::clone(&seen.request),
            session: seen.session,
        }
    }

    /// Where everything noted of it is.
    fn log(&self) -> String {
        format!("/tools/object-log?request={}", encode(&self.request))
    }
}

impl From<Figures> for PageRow {
    fn from(figures: Figures) -> Self {
        Self {
            page: figures.page,
            count: figures.count,
            min_ms: millis(figures.min),
            median_ms: millis(figures.median),
            p95_ms: millis(figures.p95),
            max_ms: millis(figures.max),
        }
    }
}

/// To a hundredth.
fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e5).round() / 1e2
}

fn matching(requests: &Requests, look: &Look) -> Vec<Arc<Seen>> {
    requests.latest().into_iter().filter(|seen| look.has(seen)).collect()
}

fn pages(seen: &[Arc<Seen>]) -> Vec<PageRow> {
    let times = seen.iter().filter_map(|seen| Some((seen.page?, seen.took)));
    figures(times).into_iter().map(PageRow::from).collect()
}

impl PageModule for RequestsPage {
    const INFO: PageInfo =
        PageInfo::new("requests", "/tools/requests").title("Requests").right("admin").in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let requests = cx.site().parts().requests.clone();
        let look = Look::of(cx).unwrap_or_default();
        let seen = matching(&requests, &look);
        cx.render(RequestsView {
            kept: requests.is_kept(),
            paused: requests.is_paused(),
            matching: seen.len(),
            rows: seen.iter().take(ROWS).map(|seen| Row::of(seen)).collect(),
            pages: pages(&seen),
            look,
        })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let requests = cx.site().parts().requests.clone();
        let told = match cx.form_param("do") {
            Some("pause") => {
                requests.pause(true);
                "No more requests are noted until you go on."
            }
            Some("resume") => {
                requests.pause(false);
                "Requests are noted again."
            }
            Some("clear") => {
                requests.clear();
                "The list was cleared."
            }
            _ => return Err(PageError::bad_request("The form does not say what to do.")),
        };
        cx.flash(told)?;
        cx.redirect(Look::of(cx).unwrap_or_default().address())
    }
}

impl PageModule for RequestsJsonPage {
    const INFO: PageInfo =
        PageInfo::new("requests.json", "/tools/requests.json").title("Requests as JSON").right("admin").background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let look = Look::of(cx).ok_or_else(|| PageError::bad_request("There is no such status."))?;
        let requests = &cx.site().parts().requests;
        let seen = matching(requests, &look);
        cx.json(&Document {
            kept: requests.is_kept(),
            paused: requests.is_paused(),
            requests: seen.iter().map(|seen| Row::of(seen)).collect(),
            pages: pages(&seen),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_or_a_kind() {
        assert_eq!(Statuses::parse("404"), Some(Statuses::One(404)));
        assert_eq!(Statuses::parse("5xx"), Some(Statuses::Kind(5)));
        for nonsense in ["", "xx", "9xx", "0xx", "44", "1000", "4x", "-4xx"] {
            assert_eq!(Statuses::parse(nonsense), None, "{nonsense:?}");
        }
        assert!(Statuses::Kind(4).has(404) && !Statuses::Kind(4).has(500) && !Statuses::One(404).has(400));
    }

    #[test]
    fn an_address_says_what_is_looked_at() {
        let look = Look { page: Some("a b&c".to_owned()), status: Some(Statuses::Kind(5)) };
        assert_eq!(look.address(), "/tools/requests?page=a%20b%26c&status=5xx");
        assert_eq!(Look::default().address(), "/tools/requests");
    }
}
