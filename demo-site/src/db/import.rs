//! Clients from a file into the table, and what came of each row.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use toolcrib::db::{self, Conn, DbError};

use super::words::{self, Kind};
use super::{values, visible};
use crate::adapters::Client;
use crate::domain::csv_import::{ImportRow, RowRefusal};

/// How many rows go to the database at once. More do not get faster, and at 14 parameters a row
/// this stays far below what both engines take in one statement.
pub const BATCH: usize = 500;

/// A row of a file: the line it begins on, and the client it makes or why it makes none.
pub type FileRow = (u64, Result<ImportRow, RowRefusal>);

/// What came of each row of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// How many clients are new.
    pub taken: usize,
    /// The rows whose account is there already, in the order of the file.
    pub skipped: Vec<RowNote>,
    /// The rows with something wrong, in the order of the file.
    pub refused: Vec<RowNote>,
}

/// Why a row was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowNote {
    /// The line the row begins on.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// Where clients come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The run of the import.
    pub run_id: i64,
    /// Whose clients they become; nobody's where a command imports them.
    pub owner_id: Option<i64>,
}

/// What came of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOutcome {
    /// The line the row begins on.
    pub line: u64,
    /// What it came to.
    pub outcome: Outcome,
    /// Why it was not taken, or nothing.
    pub reason: String,
}

/// What a row came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is a new client, with this id.
    Taken(i64),
    /// Its account is there already.
    Skipped,
    /// Something is wrong with it.
    Refused,
}

/// A client as it is compared with a row. Not visible is one that is somebody else's alone, or was merged into another.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Stored {
    account: String,
    name: String,
    industry: String,
    city: String,
    website: String,
    phone: String,
    email: String,
    notes: String,
    is_visible: bool,
}

/// Stores the clients of a file that are not there yet.
///
/// A client that is there already is never changed, even if the file says otherwise: somebody may
/// have put it right since the file was written. Such a row is skipped, and the report says whether
/// it differs. So importing a file twice changes nothing, and neither does importing an old one.
///
/// Runs in the caller's transaction: commit it, and all sound rows are stored; drop it, and none.
///
/// # Errors
/// Whatever the database says; then the transaction is of no more use.
pub async fn apply(
    conn: &mut Conn,
    rows: impl IntoIterator<Item = FileRow>,
    origin: Origin,
    now: i64,
) -> Result<ImportReport, DbError> {
    let mut report = ImportReport::default();
    let mut rows = rows.into_iter();
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(report);
        }
        for RowOutcome { line, outcome, reason } in take(conn, &batch, origin, now).await? {
            match outcome {
                Outcome::Taken(_) => report.taken += 1,
                Outcome::Skipped => report.skipped.push(RowNote { line, reason }),
                Outcome::Refused => report.refused.push(RowNote { line, reason }),
            }
        }
    }
}

/// Stores what of a part of a file is new, and what came of each of its rows. At most [`BATCH`] rows.
///
/// # Errors
/// Whatever the database says.
pub async fn take(conn: &mut Conn, rows: &[FileRow], origin: Origin, now: i64) -> Result<Vec<RowOutcome>, DbError> {
    let sound: Vec<_> = rows.iter().filter_map(|(_, row)| row.as_ref().ok()).collect();
    let taken = if sound.is_empty() { HashMap::new() } else { insert(conn, &sound, origin, now).await? };
    let left = sound.iter().map(|row| row.client.account.as_str()).filter(|account| !taken.contains_key(*account));
    let stored = stored(conn, &left.collect::<Vec<_>>(), origin.owner_id).await?;
    let outcome = |row: &Result<ImportRow, RowRefusal>| match row {
        Err(refusal) => (Outcome::Refused, refusal.to_string()),
        Ok(row) => match taken.get(&row.client.account) {
            Some(id) => (Outcome::Taken(*id), String::new()),
            None => (Outcome::Skipped, known_as(row, stored.get(&row.client.account))),
        },
    };
    let outcomes: Vec<_> = rows
        .iter()
        .map(|(line, row)| {
            let (outcome, reason) = outcome(row);
            RowOutcome { line: *line, outcome, reason }
        })
        .collect();
    keep(conn, origin.run_id, &outcomes).await?;
    Ok(outcomes)
}

/// Inserts the rows whose account is free; answers the clients' ids by account.
async fn insert(
    conn: &mut Conn,
    rows: &[&ImportRow],
    origin: Origin,
    now: i64,
) -> Result<HashMap<String, i64>, DbError> {
    let mut statement = db::query_built(format!(
        "INSERT INTO clients (account, name, industry, city, website, phone, email, notes, search, sort_name, \
         owner_id, import_run_id, created_at, updated_at) VALUES {} \
         ON CONFLICT (account) DO NOTHING RETURNING account, id",
        values::tuples(rows.len(), 14)
    ));
    for ImportRow { client, notes } in rows {
        statement = client.bind_facts(statement).bind(notes);
        statement = statement.bind(client.search_text()).bind(client.sort_name());
        statement = statement.bind(origin.owner_id).bind(origin.run_id).bind(now).bind(now);
    }
    let ids: HashMap<String, i64> = statement.fetch_all::<(String, i64)>(conn).await?.into_iter().collect();
    let searched: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((*ids.get(&row.client.account)?, row.client.searched().join("\n"))))
        .collect();
    words::index_many(conn, Kind::Client, &searched).await?;
    Ok(ids)
}

/// Notes what came of rows.
async fn keep(conn: &mut Conn, run_id: i64, outcomes: &[RowOutcome]) -> Result<(), DbError> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let mut statement = db::query_built(format!(
        "INSERT INTO import_rows (run_id, line, outcome, reason, client_id) VALUES {}",
        values::tuples(outcomes.len(), 5)
    ));
    for RowOutcome { line, outcome, reason } in outcomes {
        let (name, client_id) = match outcome {
            Outcome::Taken(id) => ("taken", Some(*id)),
            Outcome::Skipped => ("skipped", None),
            Outcome::Refused => ("refused", None),
        };
        let line = i64::try_from(*line).unwrap_or(i64::MAX);
        statement = statement.bind(run_id).bind(line).bind(name).bind(reason).bind(client_id);
    }
    statement.execute(conn).await.map(drop)
}

/// The clients with these accounts, by account, as `viewer` may see them.
pub(super) async fn stored(
    conn: &mut Conn,
    accounts: &[&str],
    viewer: Option<i64>,
) -> Result<HashMap<String, Stored>, DbError> {
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let mut statement = db::query_built(format!(
        "SELECT account, name, industry, city, website, phone, email, notes, COALESCE({}, FALSE) AS is_visible \
         FROM clients WHERE account IN ({})",
        visible::client(accounts.len() + 1),
        values::list(accounts.len())
    ));
    for account in accounts {
        statement = statement.bind(*account);
    }
    let found: Vec<Stored> = statement.bind(viewer).fetch_all(conn).await?;
    Ok(found.into_iter().map(|stored| (stored.account.clone(), stored)).collect())
}

/// Why a row whose account is there is not taken. Of a client that is not there for whoever imports, no more is said than that
/// the account is not free.
pub(super) fn known_as(row: &ImportRow, stored: Option<&Stored>) -> String {
    let account = row.client.account.as_str();
    match stored {
        Some(stored) if !stored.is_visible => format!("account {account} is taken"),
        Some(stored) if stored.is_as(row) => format!("account {account} exists with the same values"),
        _ => format!("account {account} exists with other values"),
    }
}

impl Stored {
    /// Whether a row says the same.
    pub(super) fn is_as(&self, ImportRow { client, notes }: &ImportRow) -> bool {
        let Client { account, name, industry, city, website, phone, email, .. } = client;
        let stored = [&self.account, &self.name, &self.industry, &self.city, &self.website, &self.phone, &self.email];
        stored == [account, name, industry, city, website, phone, email] && self.notes == *notes
    }

    pub(super) fn is_visible(&self) -> bool {
        self.is_visible
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::time::{Duration, Instant};

    use toolcrib::db::Db;

    use super::*;
    use crate::db::client_list::{self, Matching};
    use crate::db::fixture::{all_clients, on_both_engines};
    use crate::db::imports::{self, NewRun};
    use crate::domain::client_filter::ClientFilter;
    use crate::domain::csv_export::{self, ExportRow};
    use crate::domain::csv_import;

    const NOW: i64 = 1_700_000_000_000_000;

    const COMPANIES: &str = "\
Symbol,Security,GICS Sector,GICS Sub-Industry,Headquarters Location,Date added,CIK,Founded
MMM,3M,Industrials,Industrial Conglomerates,\"Saint Paul, Minnesota\",1957-03-04,66740,1902
ABBV,AbbVie,Health Care,Biotechnology,\"North Chicago, Illinois\",2012-12-31,1551152,2013 (1888)
BF.B,Brown–Forman,Consumer Staples,Distillers & Vintners,\"Louisville, Kentucky\",1982-10-31,14693,1870
EL,Estée Lauder Companies (The),Consumer Staples,Personal Care Products,\"New York City, New York\",2006-01-05,1001250,1946
";

    on_both_engines! {
        whose_client_is_hidden_is_only_told_that_the_account_is_taken,
        every_company_arrives_and_the_second_time_changes_nothing,
        a_client_somebody_changed_is_left_alone,
        sound_rows_are_taken_beside_refused_ones,
        nothing_is_stored_without_a_commit,
        an_exported_table_is_recognised_row_by_row,
        five_thousand_rows_take_little_time,
    }

    async fn origin(conn: &mut Conn) -> Origin {
        Origin { run_id: imports::add(conn, &NewRun::default(), NOW).await.unwrap(), owner_id: None }
    }

    async fn import(db: &Db, file: &str) -> ImportReport {
        let mut tx = db.begin().await.unwrap();
        let rows = csv_import::read(file.as_bytes()).unwrap();
        let origin = origin(&mut tx).await;
        let report = apply(&mut tx, rows, origin, NOW).await.unwrap();
        tx.commit().await.unwrap();
        report
    }

    async fn all(db: &Db) -> Vec<Client> {
        all_clients(&mut db.read().await.unwrap()).await
    }

    async fn every_company_arrives_and_the_second_time_changes_nothing(db: Db) {
        let report = import(&db, COMPANIES).await;
        assert_eq!(report, ImportReport { taken: 4, ..ImportReport::default() });
        let stored = all(&db).await;
        assert_eq!(stored.len(), 4);
        assert_eq!(stored[1].name, "Brown–Forman");
        assert_eq!(stored[1].city, "Louisville, Kentucky");
        assert_eq!(
            stored[1].notes,
            "GICS Sub-Industry: Distillers & Vintners\nDate added: 1982-10-31\nCIK: 14693\nFounded: 1870"
        );
        let mut conn = db.read().await.unwrap();
        let found = "SELECT COUNT(*) FROM clients WHERE search LIKE '%estee%' AND search LIKE '%york%'";
        assert_eq!(db::query(found).scalar::<i64>(&mut conn).await.unwrap(), 1, "what was imported is found");
        let words =
            "SELECT COUNT(DISTINCT record_id) FROM search_words WHERE kind = 1 AND word IN ('estee', 'york', '3m')";
        assert_eq!(db::query(words).scalar::<i64>(&mut conn).await.unwrap(), 2, "by its words too");

        let again = import(&db, COMPANIES).await;
        assert_eq!((again.taken, again.refused.len()), (0, 0));
        let lines: Vec<_> = again.skipped.iter().map(|note| note.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
        assert_eq!(again.skipped[0].reason, "account MMM exists with the same values");
        assert_eq!(all(&db).await, stored);
    }

    async fn a_client_somebody_changed_is_left_alone(db: Db) {
        import(&db, COMPANIES).await;
        let mut tx = db.begin().await.unwrap();
        let edit = db::query("UPDATE clients SET phone = '+1 651 555 0100' WHERE account = 'MMM'");
        assert_eq!(edit.execute(&mut tx).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let stored = all(&db).await;

        let report = import(&db, COMPANIES).await;
        assert_eq!(report.skipped[0].reason, "account MMM exists with other values");
        assert_eq!(report.skipped[1].reason, "account ABBV exists with the same values");
        assert_eq!(all(&db).await, stored);
    }

    async fn sound_rows_are_taken_beside_refused_ones(db: Db) {
        let file = "Account,Name,Website\nA1,One,\nA2,,\nA3,Three,javascript:x\nA1,Again,\nA4,Four\nA5,Five,\n";
        let report = import(&db, file).await;
        assert_eq!(report.taken, 2);
        let refused: Vec<_> = report.refused.iter().map(|note| (note.line, note.reason.as_str())).collect();
        assert_eq!(
            refused,
            [
                (3, "Field Name requires a value."),
                (4, "Field Website must be an address like https://example.org."),
                (5, "account A1 is on line 2 already"),
                (6, "has 2 columns, the header has 3"),
            ]
        );
        assert_eq!(all(&db).await.len(), 2);
    }

    async fn nothing_is_stored_without_a_commit(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let rows = csv_import::read(COMPANIES.as_bytes()).unwrap();
        let origin = origin(&mut tx).await;
        assert_eq!(apply(&mut tx, rows, origin, NOW).await.unwrap().taken, 4);
        drop(tx);
        assert!(all(&db).await.is_empty());
    }

    async fn an_exported_table_is_recognised_row_by_row(db: Db) {
        import(&db, COMPANIES).await;
        import(&db, "Account,Name,Notes\n=1+1,'=2,\"@x\ny, \"\"z\"\"\"\n-7,+8,'-9\n").await;
        let stored = all(&db).await;
        // The batches of the real export; nobody's clients are there for everybody.
        let matching = Matching::new(&ClientFilter::default(), 0);
        let exported = client_list::export_batch(&mut db.read().await.unwrap(), &matching, "").await.unwrap();
        assert_eq!(exported.len(), stored.len());
        let file = csv_export::write(exported.iter().map(ExportRow::from));
        let report = import(&db, std::str::from_utf8(&file).unwrap()).await;
        assert_eq!((report.taken, report.refused), (0, Vec::new()));
        assert!(report.skipped.iter().all(|note| note.reason.ends_with("the same values")));
        assert_eq!(all(&db).await, stored);
    }

    async fn five_thousand_rows_take_little_time(db: Db) {
        let mut file = String::from("Account,Name,City,Notes\n");
        for number in 0..5000 {
            writeln!(file, "A{number},Company {number},\"Bonn, Germany\",Remark {number}").unwrap();
        }
        let start = Instant::now();
        assert_eq!(import(&db, &file).await.taken, 5000);
        assert_eq!(import(&db, &file).await.skipped.len(), 5000);
        // A row by a statement of its own would take a multiple even on an idle machine.
        let spent = start.elapsed();
        assert!(spent < Duration::from_secs(20), "{spent:?}");
    }

    async fn whose_client_is_hidden_is_only_told_that_the_account_is_taken(db: Db) {
        import(&db, "Account,Name\nA,One\nB,Two\n").await;
        let mut tx = db.begin().await.unwrap();
        db::query("UPDATE clients SET private = TRUE WHERE account = 'A'").execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let report = import(&db, "Account,Name\nA,One\nB,Two\n").await;
        let reasons: Vec<_> = report.skipped.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!(reasons, ["account A is taken", "account B exists with the same values"]);
    }
}
