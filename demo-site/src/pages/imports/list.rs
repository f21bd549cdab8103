//! `/imports`: the runs.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::sees_all;
use crate::db::imports::{self, Run};
use crate::pages::filters::{self, grouped};
use crate::pages::viewer;

/// How many runs a page shows.
const SIZE: i64 = 50;

/// No page lies behind this one.
const LAST_PAGE: i64 = 10_000;

/// The list of runs: one's own, for administrators everybody's.
#[derive(Debug)]
pub(crate) struct ImportsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "imports/list.html")]
struct ImportList {
    runs: Vec<Run>,
    page: i64,
    is_last: bool,
    /// Whether other people's runs are among them.
    sees_all: bool,
}

impl PageModule for ImportsPage {
    const INFO: PageInfo = PageInfo::new("imports", "/imports").title("Imports").right("import");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let page = cx.query_param("page").and_then(|page| page.parse().ok()).unwrap_or(1_i64).clamp(1, LAST_PAGE);
        let (viewer, sees_all) = (viewer(cx)?, sees_all(cx));
        let owner = (!sees_all).then_some(viewer);
        let mut runs = imports::latest(cx.read().await?, owner, SIZE + 1, (page - 1) * SIZE).await?;
        let is_last = i64::try_from(runs.len()).is_ok_and(|count| count <= SIZE);
        runs.truncate(usize::try_from(SIZE).unwrap_or(usize::MAX));
        if cx.wants_json() {
            return cx.json(&json!({ "imports": runs, "page": page }));
        }
        cx.render(ImportList { runs, page, is_last, sees_all })
    }
}

/// How far a run is, in a word or two.
pub(super) fn state_in_words(run: &Run) -> &'static str {
    match (run.state.as_str(), run.is_being_undone()) {
        ("uploaded", _) => "Not started",
        ("queued" | "running", true) => "Being undone",
        ("queued", false) => "Waiting",
        ("running", false) => "Running",
        ("done", _) => "Done",
        ("failed", _) => "Failed",
        ("undone", _) => "Undone",
        _ => "Unknown",
    }
}

impl ImportList {
    fn state(run: &Run) -> &'static str {
        state_in_words(run)
    }

    fn rows(run: &Run) -> String {
        grouped(run.total)
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ImportList>("imports/list.html", include_str!("../../../../templates/imports/list.samples.json"))
}
