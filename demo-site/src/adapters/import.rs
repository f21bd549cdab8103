//! A file with clients.

use serde_json::json;
use toolcrib::prelude::*;

use crate::db::import::{self, Origin};
use crate::db::imports::{self, NewRun, Plan, Tally};
use crate::domain::csv_import::{self, FileRefusal, Sheet};
use crate::jobs;
use crate::pages;
use crate::pages::words::sentence;

/// The most characters of a file's name that are kept.
const NAME_CHARS: usize = 120;

/// The form of an import, and, once it was sent, what came of each row.
#[derive(Debug, Clone, Default, Adapter)]
pub struct ImportFile {
    #[field(required, label = "CSV file", hint = "Text with a row for each client, at most 16 MB.")]
    file: FileField,
}

/// What is done with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub enum ImportAction {
    /// Its new clients are stored; or it is kept, where somebody wants to look first.
    #[action(label = "Look at it first", right = "import")]
    Import,
}

impl Execute for ImportAction {
    type Adapter = ImportFile;

    async fn execute(self, form: &mut Form<ImportFile>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let Some(upload) = form.value().file.0.clone() else { return Ok(Done::new()) };
        let done = if cx.form_param("preview") == Some("1") {
            keep(&upload, cx).await?
        } else {
            import_at_once(&upload, cx).await?
        };
        done.or_else(|refusal| {
            form.refuse_in_words(ImportFile::FILE, sentence(&refusal.to_string()));
            Ok(Done::new())
        })
    }
}

/// Keeps the file, for whoever sent it to say how it is read.
async fn keep(upload: &Upload, cx: &mut Context<'_>) -> Result<Result<Done, FileRefusal>, PageError> {
    let sheet = match Sheet::detect(&upload.bytes) {
        Ok(sheet) => sheet,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let owner = pages::viewer(cx)?;
    let columns = sheet.guessed();
    let mut plan = Plan::for_columns(&columns);
    plan.counts = pages::imports::counts(cx, &sheet, columns).await?;
    let reading = sheet.reading();
    let run = NewRun {
        owner_id: Some(owner),
        file_name: &name_of(upload),
        content: &upload.bytes,
        encoding: reading.encoding.name(),
        separator: reading.separator.name(),
        rows: sheet.row_count(),
        plan,
    };
    let id = imports::add(cx.tx().await?, &run, now_micros()).await?;
    pages::imports::count_later(cx, id, 1, &run.plan).await?;
    Ok(Ok(Done::new().to(format!("/imports/{id}")).json(json!({ "id": id }))))
}

/// Stores what is new in a file of UTF-8 text, and shows what came of each row.
async fn import_at_once(upload: &Upload, cx: &mut Context<'_>) -> Result<Result<Done, FileRefusal>, PageError> {
    let rows = match csv_import::read(&upload.bytes) {
        Ok(rows) => rows,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (owner_id, now) = (Some(pages::viewer(cx)?), now_micros());
    let plan = Plan::for_columns(rows.columns());
    let (encoding, separator) = ("UTF-8", rows.separator().name());
    let name = name_of(upload);
    let run = NewRun { owner_id, file_name: &name, content: &upload.bytes, encoding, separator, plan, rows: 0 };
    let tx = cx.tx().await?;
    let run_id = imports::add(tx, &run, now).await?;
    let report = import::apply(tx, rows, Origin { run_id, owner_id }, now).await?;
    imports::done_at_once(tx, run_id, Tally::of(&report), now_micros()).await?;
    if let Some(run) = imports::find(tx, run_id).await? {
        jobs::imports::note_import(tx, &run, now).await?;
    }
    Ok(Ok(Done::new().answer(pages::import::report(cx, report)?)))
}

/// What a file is called, fit to be shown.
fn name_of(upload: &Upload) -> String {
    let name = upload.file_name.as_deref().unwrap_or_default();
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS).collect();
    let name = name.trim();
    if name.is_empty() { "clients.csv".to_owned() } else { name.to_owned() }
}
