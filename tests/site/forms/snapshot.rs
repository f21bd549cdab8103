//! Everything the database holds, and what has become different.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::PgConnection;
use toolcrib_tests::Database;
use toolcrib_tests::sqlite;

/// One row: its columns as texts.
type Row = BTreeMap<String, String>;

/// All rows of all tables, each under what tells it apart.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot(BTreeMap<String, BTreeMap<String, Row>>);

/// A row that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) table: String,
    /// Its `id`, or all of it where it has none.
    pub(crate) row: String,
    pub(crate) what: What,
    /// What it holds now, or held.
    pub(crate) content: Row,
}

/// How it is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Added,
    Removed,
    /// These columns.
    Changed(Vec<String>),
}

impl Snapshot {
    /// What the database holds now, read behind the server's back.
    pub(crate) async fn of(database: &Database) -> Self {
        let mut tables = BTreeMap::new();
        for table in texts(database, tables_of(database)).await {
            let rows = texts(database, rows_of(database, &table).await).await;
            let rows = rows.iter().map(|row| row_of(row)).map(|row| (key_of(&row), row));
            tables.insert(table, rows.collect());
        }
        assert!(tables.contains_key("clients") && tables.contains_key("toolcrib_users"), "{:?}", tables.keys());
        Self(tables)
    }

    /// The rows of a table.
    pub(crate) fn rows(&self, table: &str) -> Vec<&Row> {
        self.0.get(table).unwrap_or_else(|| panic!("no table {table}")).values().collect()
    }

    /// What is different later.
    pub(crate) fn changes(&self, later: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let none = BTreeMap::new();
        for (table, then) in &self.0 {
            let now = later.0.get(table).unwrap_or(&none);
            let mut note = |row: &String, what, content: &Row| {
                changes.push(Change { table: table.clone(), row: row.clone(), what, content: content.clone() });
            };
            for (row, before) in then {
                match now.get(row) {
                    None => note(row, What::Removed, before),
                    Some(after) if after == before => {}
                    Some(after) => {
                        let columns = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
                        note(row, What::Changed(columns.map(|(name, _)| name.clone()).collect()), after);
                    }
                }
            }
            for (row, content) in now.iter().filter(|(row, _)| !then.contains_key(*row)) {
                note(row, What::Added, content);
            }
        }
        changes
    }
}

fn row_of(json: &str) -> Row {
    let values: BTreeMap<String, Value> = serde_json::from_str(json).expect("a row as JSON");
    let text = |value| match value {
        Value::String(text) => text,
        Value::Null => "NULL".to_owned(),
        other => other.to_string(),
    };
    values.into_iter().map(|(name, value)| (name, text(value))).collect()
}

fn key_of(row: &Row) -> String {
    row.get("id").cloned().unwrap_or_else(|| format!("{row:?}"))
}

fn tables_of(database: &Database) -> String {
    match database.file() {
        Some(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'".to_owned(),
        None => "SELECT table_name::TEXT FROM information_schema.tables WHERE table_schema = 'public'".to_owned(),
    }
}

async fn rows_of(database: &Database, table: &str) -> String {
    if database.file().is_none() {
        return format!("SELECT row_to_json(one)::TEXT FROM \"{table}\" one");
    }
    let columns = texts(database, format!("SELECT name FROM pragma_table_info('{table}')")).await;
    let pairs: Vec<_> = columns.iter().map(|column| format!("'{column}', QUOTE(\"{column}\")")).collect();
    format!("SELECT json_object({}) FROM \"{table}\"", pairs.join(", "))
}

async fn texts(database: &Database, sql: String) -> Vec<String> {
    let query = sqlx::query_scalar(AssertSqlSafe(sql.clone()));
    let texts = match database.file() {
        Some(file) => query.fetch_all(&mut sqlite(file).await).await,
        None => {
            let mut connection = PgConnection::connect(database.url()).await.expect("a connection of the test's own");
            sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_all(&mut connection).await
        }
    };
    texts.unwrap_or_else(|error| panic!("{sql}: {error}"))
}
