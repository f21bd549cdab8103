//! `demo-site import FILE.csv`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use toolcrib::Settings;
use toolcrib::clock::now_micros;

use super::{Failure, say};
use crate::db::import::{self, ImportReport, Origin, RowNote};
use crate::db::imports::{self, NewRun, Plan, Tally};
use crate::domain::csv_import::{FileRefusal, MAX_FILE_BYTES, Sheet};
use crate::jobs::imports::note_import;
use crate::site;

/// Takes the clients of a file and says what came of each row.
pub(super) async fn import(settings: Settings, path: &Path) -> Result<(), Failure> {
    let name = path.display();
    // Read before the database is opened: a file that is not there costs nothing.
    let bytes = read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    let sheet = Sheet::detect(&bytes).map_err(|refusal| format!("{name}: {refusal}"))?;
    let columns = sheet.guessed();
    let plan = Plan::for_columns(&columns);
    let rows = sheet.rows(columns).map_err(|refusal| format!("{name}: {refusal}"))?;
    let server = site::build(settings).await?;
    let db = server.site().db();
    let mut conn = db.begin().await?;
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (encoding, separator) = (sheet.reading().encoding.name(), sheet.reading().separator.name());
    let run = NewRun { owner_id: None, file_name: &file_name, content: &bytes, encoding, separator, plan, rows: 0 };
    let now = now_micros();
    let run_id = imports::add(&mut conn, &run, now).await?;
    let report = import::apply(&mut conn, rows, Origin { run_id, owner_id: None }, now).await?;
    imports::done_at_once(&mut conn, run_id, Tally::of(&report), now_micros()).await?;
    if let Some(run) = imports::find(&mut conn, run_id).await? {
        note_import(&mut conn, &run, now).await?;
    }
    conn.commit().await?;
    db.close().await;
    print(&report);
    Ok(())
}

/// The file's content. Of one that is too large no more than needed is read, whatever it says of
/// its size.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > MAX_FILE_BYTES as u64 {
        return Err(FileRefusal::TooLarge { bytes: length }.into());
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(plain)?;
    Ok(bytes)
}

/// "Is a directory" instead of "Is a directory (os error 21)".
fn plain(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::IsADirectory { "it is a directory".into() } else { error.into() }
}

fn print(report: &ImportReport) {
    let ImportReport { taken, skipped, refused } = report;
    for RowNote { line, reason } in skipped {
        say(&format!("line {line}: skipped: {reason}"));
    }
    for RowNote { line, reason } in refused {
        say(&format!("line {line}: refused: {reason}"));
    }
    say(&format!("{taken} taken, {} skipped, {} refused", skipped.len(), refused.len()));
}
