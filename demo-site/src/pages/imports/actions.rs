//! What is done with a run: saying how its file is read, starting it, undoing it.

use serde_json::json;
use toolcrib::prelude::*;

use super::configure::{self, Problem};
use super::{count_later, counts};
use crate::db::imports::{self, Plan, Run};
use crate::domain::csv_import::{Encoding, MAX_COLUMNS, Reading, Separator, Sheet, Target};
use crate::jobs::imports::{RunImport, UndoImport, reading_of, topic};
use crate::pages::actor;

/// Why what somebody wants of a file's reading is not stored.
enum Refused {
    /// It cannot be read like that.
    Unreadable(String),
    /// Somebody else was faster.
    Stale,
}

/// Does what the form says.
pub(super) async fn act(cx: &mut Context<'_>, run: Run) -> PageResult {
    match cx.form_param("action") {
        Some("configure") => match apply_choices(cx, run).await? {
            Ok(run) => answer(cx, run.id),
            Err((run, refused)) => refuse(cx, run, refused).await,
        },
        Some("start") => start(cx, run).await,
        Some("undo") => undo(cx, run).await,
        _ => Err(PageError::bad_request("There is no such action.")),
    }
}

fn answer(cx: &Context<'_>, id: i64) -> PageResult {
    if cx.wants_json() { cx.json(&json!({ "id": id })) } else { cx.redirect(format!("/imports/{id}")) }
}

async fn refuse(cx: &mut Context<'_>, run: Run, refused: Refused) -> PageResult {
    let (status, sentence) = match refused {
        Refused::Unreadable(sentence) => (StatusCode::UNPROCESSABLE_ENTITY, sentence),
        Refused::Stale => (
            StatusCode::CONFLICT,
            "This was changed in another window. Here is what it looks like now; choose again.".to_owned(),
        ),
    };
    if cx.wants_json() {
        return cx.json_with(status, &json!({ "errors": { "reading": [sentence] } }));
    }
    configure::show(cx, run, Some(Problem { status, sentence })).await
}

/// Stores what the form says of how the file is read. A form that says nothing changes nothing; nor does one that says what
/// is stored already.
async fn apply_choices(cx: &mut Context<'_>, run: Run) -> Result<Result<Run, (Run, Refused)>, PageError> {
    let reading = chosen_reading(cx, &run);
    let chosen = chosen_targets(cx);
    let is_said = reading != reading_of(&run) || chosen.as_ref().is_some_and(|chosen| *chosen != run.plan().columns);
    if run.state != "uploaded" || !is_said {
        return Ok(Ok(run));
    }
    if cx.form_param("version").is_some_and(|version| version != run.version.to_string()) {
        return Ok(Err((run, Refused::Stale)));
    }
    let Some(content) = imports::content(cx.read().await?, run.id).await? else {
        return Ok(Err((run, Refused::Unreadable("The file is no longer kept. Send it again.".to_owned()))));
    };
    let sheet = match Sheet::read_as(&content, reading) {
        Ok(sheet) => sheet,
        Err(refusal) => {
            let sentence = format!("It cannot be read like that: {refusal}.");
            return Ok(Err((run, Refused::Unreadable(sentence))));
        }
    };
    let columns = sheet.columns_to(&chosen.unwrap_or_else(|| run.plan().columns));
    let mut plan = Plan::for_columns(&columns);
    plan.counts = counts(cx, &sheet, columns).await?;
    let changed = Run {
        encoding: reading.encoding.name().to_owned(),
        separator: reading.separator.name().to_owned(),
        mapping: plan.stored(),
        ..run.clone()
    };
    if !imports::configure(cx.tx().await?, &changed, sheet.row_count()).await? {
        return Ok(Err((run, Refused::Stale)));
    }
    count_later(cx, changed.id, changed.version + 1, &plan).await?;
    cx.publish(topic(changed.id), "configured", &json!({}));
    Ok(Ok(Run { version: changed.version + 1, ..changed }))
}

fn chosen_reading(cx: &Context<'_>, run: &Run) -> Reading {
    let stored = reading_of(run);
    Reading {
        encoding: cx.form_param("encoding").and_then(Encoding::of_name).unwrap_or(stored.encoding),
        separator: cx.form_param("separator").and_then(Separator::of_name).unwrap_or(stored.separator),
    }
}

/// Where the columns go, from the first to the last that the form names.
fn chosen_targets(cx: &Context<'_>) -> Option<Vec<Target>> {
    let named = (0..MAX_COLUMNS).map_while(|index| cx.form_param(&format!("column_{index}")));
    let targets: Vec<_> = named.map(|name| Target::of_name(name).unwrap_or(Target::NoteLine)).collect();
    (!targets.is_empty()).then_some(targets)
}

/// Puts the run in line; one that failed goes on where it was.
async fn start(cx: &mut Context<'_>, run: Run) -> PageResult {
    let run = match apply_choices(cx, run).await? {
        Ok(run) => run,
        Err((run, refused)) => return refuse(cx, run, refused).await,
    };
    if run.state == "uploaded"
        && let Some(sentence) = why_not(cx, &run).await?
    {
        return refuse(cx, run, Refused::Unreadable(sentence)).await;
    }
    // Of many who start it at once one does; the others are led to the run like that one.
    if matches!(run.state.as_str(), "uploaded" | "failed")
        && imports::queue(cx.tx().await?, run.id, run.version).await?
    {
        enqueue(cx, &run, run.is_being_undone()).await?;
    }
    answer(cx, run.id)
}

/// Why a run cannot be started, if it cannot.
async fn why_not(cx: &mut Context<'_>, run: &Run) -> Result<Option<String>, PageError> {
    let Some(content) = imports::content(cx.read().await?, run.id).await? else {
        return Ok(Some("The file is no longer kept. Send it again.".to_owned()));
    };
    let checked = Sheet::read_as(&content, reading_of(run))
        .and_then(|sheet| sheet.rows(sheet.columns_to(&run.plan().columns)).map(drop));
    Ok(checked.err().map(|refusal| format!("It cannot be imported like that: {refusal}.")))
}

async fn undo(cx: &mut Context<'_>, run: Run) -> PageResult {
    if imports::begin_undo(cx.tx().await?, run.id).await? {
        enqueue(cx, &run, true).await?;
    }
    answer(cx, run.id)
}

/// The key has the version: a job of the time before may not have ended quite yet.
async fn enqueue(cx: &mut Context<'_>, run: &Run, is_undo: bool) -> Result<(), PageError> {
    let options = JobOptions::default().unique(format!("import/{}/{}", run.id, run.version));
    if is_undo {
        let by = actor(cx)?;
        let job = UndoImport { run_id: run.id, actor: (by.id.unwrap_or_default(), by.name) };
        cx.enqueue_with(&job, options).await?;
    } else {
        cx.enqueue_with(&RunImport { run_id: run.id }, options).await?;
    }
    cx.publish(topic(run.id), "queued", &json!({}));
    Ok(())
}
