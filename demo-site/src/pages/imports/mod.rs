//! `/imports`: runs of an import: saying how a file is read, following it, its report, undoing it.

mod actions;
mod configure;
mod list;
mod live;
mod refused;
mod report;
mod run;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::db::import::FileRow;
use crate::db::imports::{self, Counts, Plan, Run};
use crate::domain::csv_import::{Column, Sheet};
use crate::jobs::imports::{CountImport, ForgetImportFiles, RunImport, UndoImport};
use crate::pages::viewer;

/// Files with more rows are looked through in the background.
const COUNTED_AT_ONCE: usize = 5_000;

/// The pages, their samples and what they do in the background.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<list::ImportsPage>()
        .page::<run::ImportRunPage>()
        .page::<live::ImportLivePage>()
        .page::<refused::RefusedCsvPage>()
        .job::<CountImport>()
        .job::<RunImport>()
        .job::<UndoImport>()
        .job::<ForgetImportFiles>()
        .schedule::<ForgetImportFiles>("forget old import files", Schedule::daily(3, 0), || ForgetImportFiles {});
    report::preview(configure::preview(list::preview(builder)))
}

/// The run of the page's address, if it is there for whoever looks: other people's are for administrators.
async fn run_of(cx: &mut Context<'_>) -> Result<Run, PageError> {
    let id: i64 = cx.path("id")?;
    let viewer = viewer(cx)?;
    let sees_all = sees_all(cx);
    let run = imports::find(cx.read().await?, id).await?;
    run.filter(|run| sees_all || run.owner_id == Some(viewer)).or_not_found()
}

/// Whether whoever looks sees everybody's runs.
fn sees_all(cx: &Context<'_>) -> bool {
    cx.rights().include(Some("admin"))
}

/// What would come of a file's rows; nothing where it has too many to say at once, or no account and name.
pub(crate) async fn counts(
    cx: &mut Context<'_>,
    sheet: &Sheet<'_>,
    columns: Vec<Column>,
) -> Result<Option<Counts>, PageError> {
    let Ok(rows) = sheet.rows(columns) else { return Ok(None) };
    if sheet.row_count() > COUNTED_AT_ONCE {
        return Ok(None);
    }
    let (viewer, rows) = (viewer(cx)?, rows.collect::<Vec<FileRow>>());
    Ok(Some(imports::judge_all(cx.read().await?, rows, viewer).await?))
}

/// Has a file looked through in the background where that was not done at once.
pub(crate) async fn count_later(cx: &mut Context<'_>, run_id: i64, version: i64, plan: &Plan) -> Result<(), PageError> {
    if plan.counts.is_none() {
        let options = JobOptions::default().unique(format!("import/{run_id}/{version}"));
        cx.enqueue_with(&CountImport { run_id, version }, options).await?;
    }
    Ok(())
}
