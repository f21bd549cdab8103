//! `demo-site import FILE.csv`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use toolcrib::Settings;
use toolcrib::clock::now_micros;

use super::{Failure, say};
use crate::db::import::{self, ImportReport, RowNote};
use crate::domain::csv_import::{self, FileRefusal, MAX_FILE_BYTES};
use crate::site;

/// Takes the clients of a file and says what came of each row.
pub(super) async fn import(settings: Settings, path: &Path) -> Result<(), Failure> {
    let name = path.display();
    // Read before the database is opened: a file that is not there costs nothing.
    let bytes = read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    let rows = csv_import::read(&bytes).map_err(|refusal| format!("{name}: {refusal}"))?;
    let server = site::build(settings).await?;
    let db = server.site().db();
    let mut conn = db.begin().await?;
    let report = import::apply(&mut conn, rows, now_micros()).await?;
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
