//! A run that was started: how far it is, what came of each row, what is left after undoing it.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::list::state_in_words;
use crate::db::imports::{self, Kept, LineNote, Run};
use crate::pages::filters::{self, grouped};
use crate::pages::viewer;

/// How many lines of a list a page shows.
const LISTED: i64 = 100;

#[derive(Debug, Deserialize, Template)]
#[template(path = "imports/run.html", blocks = ["run"])]
struct Report {
    run: Run,
    refused: Vec<LineNote>,
    skipped: Vec<LineNote>,
    /// After it was undone: what stays.
    kept: Vec<Kept>,
    /// The line behind which each list begins; 0 at the first.
    refused_after: i64,
    skipped_after: i64,
}

/// Shows it.
pub(super) async fn show(cx: &mut Context<'_>, run: Run) -> PageResult {
    let report = Report::of(cx, run).await?;
    if cx.wants_json() {
        return cx.json(&report.as_json());
    }
    cx.render_part(&report, &report.as_run())
}

impl Report {
    async fn of(cx: &mut Context<'_>, run: Run) -> Result<Self, PageError> {
        let viewer = viewer(cx)?;
        let after = |name| cx.query_param(name).and_then(|line| line.parse().ok()).unwrap_or(0_i64).max(0);
        let (refused_after, skipped_after) = (after("refused"), after("skipped"));
        let conn = cx.read().await?;
        let refused = imports::lines(conn, run.id, "refused", refused_after, LISTED).await?;
        let skipped = imports::lines(conn, run.id, "skipped", skipped_after, LISTED).await?;
        let kept = match run.state.as_str() {
            "undone" => imports::kept(conn, run.id, viewer, LISTED).await?,
            _ => Vec::new(),
        };
        Ok(Self { run, refused, skipped, kept, refused_after, skipped_after })
    }

    fn state(&self) -> &'static str {
        state_in_words(&self.run)
    }

    fn verdict(&self) -> String {
        match (self.run.state.as_str(), self.run.is_being_undone()) {
            ("queued" | "running", true) => "The clients of this import are being removed.".to_owned(),
            ("queued", false) => "The import begins in a moment.".to_owned(),
            ("running", false) => {
                format!("{} of {} rows are done.", grouped(self.run.processed), grouped(self.run.total))
            }
            ("failed", _) => self.run.message.clone(),
            ("undone", _) if self.kept.is_empty() => "Everything it had made is gone again.".to_owned(),
            ("undone", _) => "What nobody had changed or used is gone again.".to_owned(),
            _ => match (self.run.taken, self.run.refused) {
                (0, 0) => "Nothing in the file was new.".to_owned(),
                (_, 0) => "Every row of the file is in.".to_owned(),
                (0, _) => "No row was taken.".to_owned(),
                _ => "Some rows were taken, some were refused.".to_owned(),
            },
        }
    }

    fn figures(&self) -> [(&'static str, String); 3] {
        let Run { taken, skipped, refused, .. } = self.run;
        [("Taken", grouped(taken)), ("Skipped", grouped(skipped)), ("Refused", grouped(refused))]
    }

    fn refused_more(&self) -> Option<i64> {
        more(&self.refused)
    }

    fn skipped_more(&self) -> Option<i64> {
        more(&self.skipped)
    }

    /// Whether there is something that could be undone.
    fn may_be_undone(&self) -> bool {
        self.run.state == "done" && self.run.taken > 0
    }

    fn as_json(&self) -> serde_json::Value {
        json!({
            "id": self.run.id,
            "state": self.run.state,
            "file_name": self.run.file_name,
            "total": self.run.total,
            "processed": self.run.processed,
            "taken": self.run.taken,
            "skipped": self.run.skipped,
            "refused": self.run.refused,
            "message": self.run.message,
            "refused_rows": self.refused,
            "skipped_rows": self.skipped,
            "kept": self.kept,
        })
    }
}

/// The line behind which a list goes on.
fn more(lines: &[LineNote]) -> Option<i64> {
    let is_full = i64::try_from(lines.len()).is_ok_and(|count| count >= LISTED);
    lines.last().filter(|_| is_full).map(|note| note.line)
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Report>("imports/run.html", include_str!("../../../../templates/imports/run.samples.json"))
}
