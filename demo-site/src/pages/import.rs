//! `/import`: clients from a CSV file.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::filters::grouped;
use crate::adapters::{ImportAction, ImportFile};
use crate::db::import::{ImportReport, RowNote};
use crate::domain::csv_import::MAX_FILE_BYTES;

/// What the form adds to the file: boundaries, headers, the token.
const FORM_OVERHEAD: usize = 64 << 10;

/// How many rows of a list the report shows; a browser is no place for a hundred thousand.
const LISTED: usize = 500;

/// Takes a file and reports what came of each row.
#[derive(Debug)]
pub(crate) struct ImportPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "import/form.html")]
struct ImportForm {
    form: Form<ImportFile>,
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "import/report.html")]
struct Report {
    report: ImportReport,
}

impl PageModule for ImportPage {
    const INFO: PageInfo = PageInfo::new("import", "/import")
        .title("Import")
        .right("import")
        .in_menu()
        .accepts_post()
        .body_limit(MAX_FILE_BYTES + FORM_OVERHEAD);

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        // Without this a file is imported at once, for programs.
        let form = cx.form_of(ImportFile::default()).carry("preview", "1");
        cx.render(ImportForm { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(ImportFile::default());
        cx.execute::<ImportAction>(form).await
    }
}

/// What came of each row.
pub(crate) fn report(cx: &mut Context<'_>, report: ImportReport) -> PageResult {
    if cx.wants_json() { cx.json(&report) } else { cx.render(Report { report }) }
}

impl Report {
    fn verdict(&self) -> &'static str {
        match (self.report.taken, self.report.refused.len()) {
            (0, 0) => "Nothing in the file was new.",
            (_, 0) => "Every row of the file is in.",
            (0, _) => "No row was taken.",
            _ => "Some rows were taken, some were refused.",
        }
    }

    fn figures(&self) -> [(&'static str, String); 3] {
        let ImportReport { taken, skipped, refused } = &self.report;
        let count = |count: usize| grouped(i64::try_from(count).unwrap_or(i64::MAX));
        [("Taken", count(*taken)), ("Skipped", count(skipped.len())), ("Refused", count(refused.len()))]
    }

    fn refused(&self) -> &[RowNote] {
        listed(&self.report.refused)
    }

    fn skipped(&self) -> &[RowNote] {
        listed(&self.report.skipped)
    }
}

fn listed(notes: &[RowNote]) -> &[RowNote] {
    notes.get(..LISTED).unwrap_or(notes)
}

/// The page and its samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<ImportPage>()
        .preview::<ImportForm>("import/form.html", include_str!("../../../templates/import/form.samples.json"))
        .preview::<Report>("import/report.html", include_str!("../../../templates/import/report.samples.json"))
}
