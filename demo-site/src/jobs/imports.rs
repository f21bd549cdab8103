//! Imports in the background: looking a large file through, taking its rows, undoing a run, forgetting old files.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use toolcrib::db::Conn;
use toolcrib::prelude::*;

use crate::db::import::{self, BATCH, FileRow, Origin, Outcome};
use crate::db::imports::{self, Run, Tally};
use crate::db::journal::{self, Actor, Entry};
use crate::domain::csv_import::{Encoding, Reading, Separator, Sheet};

/// How long the file of a run is kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// No run is under way for longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Says what would come of a large file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountImport {
    pub(crate) run_id: i64,
    /// How the file was to be read; what was asked for another version is of no use any more.
    pub(crate) version: i64,
}

/// Takes the rows of a file, a piece at a time. Begun again it goes on where it was.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunImport {
    pub(crate) run_id: i64,
}

/// Removes what a run made and nobody has changed or used.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UndoImport {
    pub(crate) run_id: i64,
    /// Who asked for it.
    pub(crate) actor: (i64, String),
}

/// Removes the files of old runs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ForgetImportFiles {}

impl Job for CountImport {
    const NAME: &'static str = "count an import";

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        let mut conn = run.site().db().read().await?;
        let wanted = |found: &Run| found.version == self.version && found.state == "uploaded";
        let Some(found) = imports::find(&mut conn, self.run_id).await?.filter(wanted) else { return Ok(()) };
        let Some(content) = imports::content(&mut conn, found.id).await? else { return Ok(()) };
        let mut plan = found.plan();
        let rows: Vec<FileRow> = match rows_of(&found, &content) {
            Ok(rows) => rows,
            // The page shows why, each time it is asked.
            Err(_) => return Ok(()),
        };
        plan.counts = Some(imports::judge_all(&mut conn, rows, found.owner_id.unwrap_or(0)).await?);
        drop(conn);
        let told = run
            .step(async |unit| Ok(imports::counted(unit.tx().await?, found.id, found.version, &plan).await?))
            .await?;
        if told {
            run.site().live().publish(topic(self.run_id), "counted", &json!({}));
        }
        Ok(())
    }
}

impl Job for RunImport {
    const NAME: &'static str = "run an import";

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        let done = self.take_all(run).await;
        give_up::<Self>(run, self.run_id, done, "The import stopped because of an error.").await
    }
}

impl RunImport {
    async fn take_all(&self, run: &mut JobRun) -> Result<(), JobError> {
        let id = self.run_id;
        run.step(async |unit| Ok(imports::begin(unit.tx().await?, id, now_micros()).await?)).await?;
        let (found, content) = {
            let mut conn = run.site().db().read().await?;
            (imports::find(&mut conn, id).await?, imports::content(&mut conn, id).await?)
        };
        let Some(found) = found.filter(|found| found.state == "running" && !found.is_being_undone()) else {
            return Ok(());
        };
        let Some(content) = content else { return Err(JobError::fail("The file is no longer kept.")) };
        let rows = rows_of(&found, &content).map_err(JobError::fail)?;
        let (total, mut processed) = (rows.len(), usize::try_from(found.processed).unwrap_or(0));
        while let Some(batch) = rows.get(processed..).filter(|left| !left.is_empty()) {
            let batch = batch.get(..BATCH).unwrap_or(batch);
            let from = processed;
            run.progress(whole(from + batch.len()), whole(total));
            if !run.step(async |unit| take(unit, &found, from, batch).await).await? {
                // Somebody else goes on with it.
                return Ok(());
            }
            processed += batch.len();
        }
        run.step(async |unit| finish(unit, id).await).await
    }
}

/// Takes a piece of a file, if the run is still where the piece begins.
async fn take(unit: &mut Unit, run: &Run, from: usize, batch: &[FileRow]) -> Result<bool, PageError> {
    let origin = Origin { run_id: run.id, owner_id: run.owner_id };
    let tx = unit.tx().await?;
    let outcomes = import::take(tx, batch, origin, now_micros()).await?;
    let count = |wanted: fn(&Outcome) -> bool| number(outcomes.iter().filter(|row| wanted(&row.outcome)).count());
    let tally = Tally {
        taken: count(|outcome| matches!(outcome, Outcome::Taken(_))),
        skipped: count(|outcome| matches!(outcome, Outcome::Skipped)),
        refused: count(|outcome| matches!(outcome, Outcome::Refused)),
    };
    if !imports::advance(tx, run.id, number(from), tally).await? {
        // What this step took is undone with it.
        return Err(JobError::fail("The run is not where it was.").into());
    }
    unit.publish(topic(run.id), "progress", &json!({ "processed": from + batch.len() }));
    Ok(true)
}

async fn finish(unit: &mut Unit, id: i64) -> Result<(), PageError> {
    let now = now_micros();
    let tx = unit.tx().await?;
    imports::finish(tx, id, now).await?;
    if let Some(run) = imports::find(tx, id).await? {
        note_import(tx, &run, now).await?;
    }
    unit.publish(topic(id), "done", &json!({}));
    Ok(())
}

/// Notes that a run is done, by whoever started it.
pub(crate) async fn note_import(conn: &mut Conn, run: &Run, now: i64) -> Result<(), DbError> {
    let actor = match run.owner_id {
        Some(id) => Actor { id: Some(id), name: run.owner.clone() },
        None => Actor::program(),
    };
    let changes = json!({
        "taken": [null, run.taken], "skipped": [null, run.skipped], "refused": [null, run.refused],
    });
    journal::note(conn, &actor, now, entry("imported", run, changes)).await
}

fn entry<'a>(action: &'a str, run: &'a Run, changes: serde_json::Value) -> Entry<'a> {
    Entry { action, record_kind: "import_run", record_id: run.id, record_name: &run.file_name, changes, told: None }
}

impl Job for UndoImport {
    const NAME: &'static str = "undo an import";

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        let done = self.remove_all(run).await;
        give_up::<Self>(run, self.run_id, done, "Undoing the import stopped because of an error.").await
    }
}

impl UndoImport {
    async fn remove_all(&self, run: &mut JobRun) -> Result<(), JobError> {
        let id = self.run_id;
        if !run.step(async |unit| Ok(imports::begin(unit.tx().await?, id, now_micros()).await?)).await? {
            return Ok(());
        }
        let remove = async |unit: &mut Unit| {
            let removed = imports::remove_unused(unit.tx().await?, id).await?;
            unit.publish(topic(id), "progress", &json!({}));
            Ok(removed)
        };
        while run.step(remove).await? > 0 {}
        run.step(async |unit| self.note(unit).await).await
    }

    async fn note(&self, unit: &mut Unit) -> Result<(), PageError> {
        let now = now_micros();
        let tx = unit.tx().await?;
        let left = imports::undone(tx, self.run_id, now).await?;
        if let Some(run) = imports::find(tx, self.run_id).await? {
            let (id, name) = self.actor.clone();
            let changes = json!({ "clients": [run.taken, left] });
            journal::note(tx, &Actor { id: Some(id), name }, now, entry("undone", &run, changes)).await?;
        }
        unit.publish(topic(self.run_id), "done", &json!({}));
        Ok(())
    }
}

impl Job for ForgetImportFiles {
    const NAME: &'static str = "forget old import files";

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        run.step(async |unit| {
            let tx = unit.tx().await?;
            imports::forget_old(tx, before(KEPT)).await?;
            imports::give_up_stuck(tx, before(LONGEST), "The run came to no end.").await?;
            Ok(())
        })
        .await
    }
}

fn before(span: Duration) -> i64 {
    now_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}

/// The rows of a run's file, read as its plan says; or why they cannot be.
pub(crate) fn rows_of(run: &Run, content: &[u8]) -> Result<Vec<FileRow>, String> {
    let sheet = Sheet::read_as(content, reading_of(run)).map_err(|refusal| refusal.to_string())?;
    let columns = sheet.columns_to(&run.plan().columns);
    Ok(sheet.rows(columns).map_err(|refusal| refusal.to_string())?.collect())
}

/// How the file of a run is read.
pub(crate) fn reading_of(run: &Run) -> Reading {
    Reading {
        encoding: Encoding::of_name(&run.encoding).unwrap_or(Encoding::UTF_8),
        separator: Separator::of_name(&run.separator).unwrap_or(Separator::Comma),
    }
}

/// Where what happens to a run is told.
pub(crate) fn topic(run_id: i64) -> String {
    format!("imports/{run_id}")
}

/// Marks a run as failed where its job has no further attempt.
async fn give_up<J: Job>(
    run: &mut JobRun,
    run_id: i64,
    done: Result<(), JobError>,
    sentence: &str,
) -> Result<(), JobError> {
    let sentence = match &done {
        Err(JobError::Fail { reason }) => crate::pages::words::sentence(reason.trim_end_matches('.')),
        Err(JobError::Retry { .. }) if run.attempt() >= J::ATTEMPTS => sentence.to_owned(),
        _ => return done,
    };
    run.step(async |unit| {
        imports::fail(unit.tx().await?, run_id, &sentence).await?;
        unit.publish(topic(run_id), "failed", &json!({}));
        Ok(())
    })
    .await?;
    done
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
