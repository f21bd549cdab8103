//! Clients from a file into the table.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use toolcrib::db::{self, Conn, DbError};

use super::values;
use super::words::{self, Kind};
use crate::adapters::Client;
use crate::domain::csv_import::{ImportRow, RowRefusal};

/// How many rows go to the database at once. More do not get faster, and at 12 parameters a row
/// this stays far below what both engines take in one statement.
const BATCH: usize = 200;

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

/// A client as it is compared with a row.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Stored {
    account: String,
    name: String,
    industry: String,
    city: String,
    website: String,
    phone: String,
    email: String,
    notes: String,
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
    rows: impl IntoIterator<Item = (u64, Result<ImportRow, RowRefusal>)>,
    now: i64,
) -> Result<ImportReport, DbError> {
    let mut report = ImportReport::default();
    let mut batch = Vec::with_capacity(BATCH);
    for (line, row) in rows {
        match row {
            Ok(row) => batch.push((line, row)),
            Err(refusal) => report.refused.push(RowNote { line, reason: refusal.to_string() }),
        }
        if batch.len() == BATCH {
            apply_batch(conn, &batch, now, &mut report).await?;
            batch.clear();
        }
    }
    if !batch.is_empty() {
        apply_batch(conn, &batch, now, &mut report).await?;
    }
    Ok(report)
}

async fn apply_batch(
    conn: &mut Conn,
    batch: &[(u64, ImportRow)],
    now: i64,
    report: &mut ImportReport,
) -> Result<(), DbError> {
    let taken = insert(conn, batch, now).await?;
    let left: Vec<_> = batch.iter().filter(|(_, row)| !taken.contains(&row.client.account)).collect();
    report.taken += batch.len() - left.len();
    if left.is_empty() {
        return Ok(());
    }
    let stored = stored(conn, left.iter().map(|(_, row)| row.client.account.as_str())).await?;
    for (line, row) in left {
        let account = row.client.account.as_str();
        let same = stored.get(account).is_some_and(|stored| *stored == Stored::from(row));
        let values = if same { "the same" } else { "other" };
        let reason = format!("account {account} exists with {values} values");
        report.skipped.push(RowNote { line: *line, reason });
    }
    Ok(())
}

/// Inserts the rows whose account is free; answers the accounts of those.
async fn insert(conn: &mut Conn, batch: &[(u64, ImportRow)], now: i64) -> Result<HashSet<String>, DbError> {
    let mut statement = db::query_built(format!(
        "INSERT INTO clients (account, name, industry, city, website, phone, email, notes, \
         search, sort_name, created_at, updated_at) VALUES {} \
         ON CONFLICT (account) DO NOTHING RETURNING account, id",
        values::tuples(batch.len(), 12)
    ));
    for (_, ImportRow { client, notes }) in batch {
        statement = client.bind_facts(statement).bind(notes);
        statement = statement.bind(client.search_text()).bind(client.sort_name()).bind(now).bind(now);
    }
    let ids: HashMap<String, i64> = statement.fetch_all::<(String, i64)>(conn).await?.into_iter().collect();
    let searched: Vec<_> = batch
        .iter()
        .filter_map(|(_, row)| Some((*ids.get(&row.client.account)?, row.client.searched().join("\n"))))
        .collect();
    words::index_many(conn, Kind::Client, &searched).await?;
    Ok(ids.into_keys().collect())
}

/// The clients with these accounts, by account.
async fn stored(
    conn: &mut Conn,
    accounts: impl ExactSizeIterator<Item = &str>,
) -> Result<HashMap<String, Stored>, DbError> {
    let mut statement = db::query_built(format!(
        "SELECT account, name, industry, city, website, phone, email, notes \
         FROM clients WHERE account IN ({})",
        values::list(accounts.len())
    ));
    for account in accounts {
        statement = statement.bind(account);
    }
    let found: Vec<Stored> = statement.fetch_all(conn).await?;
    Ok(found.into_iter().map(|stored| (stored.account.clone(), stored)).collect())
}

impl From<&ImportRow> for Stored {
    fn from(row: &ImportRow) -> Self {
        let Client { account, name, industry, city, website, phone, email, .. } = row.client.clone();
        Self { account, name, industry, city, website, phone, email, notes: row.notes.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::time::{Duration, Instant};

    use toolcrib::db::Db;

    use super::*;
    use crate::db::clients;
    use crate::db::fixture::on_both_engines;
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
        every_company_arrives_and_the_second_time_changes_nothing,
        a_client_somebody_changed_is_left_alone,
        sound_rows_are_taken_beside_refused_ones,
        nothing_is_stored_without_a_commit,
        an_exported_table_is_recognised_row_by_row,
        five_thousand_rows_take_little_time,
    }

    async fn import(db: &Db, file: &str) -> ImportReport {
        let mut tx = db.begin().await.unwrap();
        let rows = csv_import::read(file.as_bytes()).unwrap();
        let report = apply(&mut tx, rows, NOW).await.unwrap();
        tx.commit().await.unwrap();
        report
    }

    async fn all(db: &Db) -> Vec<Client> {
        clients::all_for_export(&mut db.read().await.unwrap()).await.unwrap()
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
        assert_eq!(apply(&mut tx, rows, NOW).await.unwrap().taken, 4);
        drop(tx);
        assert!(all(&db).await.is_empty());
    }

    async fn an_exported_table_is_recognised_row_by_row(db: Db) {
        import(&db, COMPANIES).await;
        import(&db, "Account,Name,Notes\n=1+1,'=2,\"@x\ny, \"\"z\"\"\"\n-7,+8,'-9\n").await;
        let stored = all(&db).await;
        let file = csv_export::write(stored.iter().map(ExportRow::from));
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
}
