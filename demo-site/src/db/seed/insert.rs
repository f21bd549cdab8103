//! Many rows of one table, a few hundred in a statement.

use toolcrib::db::{self, Conn, DbError, Query, Record, Value};

use crate::db::values;

/// How many rows go to the database at once: at 14 columns far below what both engines take in one statement.
const AT_ONCE: usize = 256;

/// Rows to be inserted.
#[derive(Debug)]
pub(super) struct Insert {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    rows: Vec<Vec<Value>>,
}

impl Insert {
    /// Into a table: `clients (name, account)`.
    pub(super) fn into(head: &'static str) -> Self {
        Self { head, columns: head.matches(',').count() + 1, tail: "", rows: Vec::new() }
    }

    /// What follows the rows: `RETURNING id`.
    pub(super) fn then(mut self, tail: &'static str) -> Self {
        self.tail = tail;
        self
    }

    pub(super) fn row(&mut self, row: Vec<Value>) {
        self.rows.push(row);
    }

    fn statement(&self, rows: &[Vec<Value>]) -> Query {
        let tuples = values::tuples(rows.len(), self.columns);
        let statement = db::query_built(format!("INSERT INTO {} VALUES {tuples} {}", self.head, self.tail));
        rows.iter().flatten().cloned().fold(statement, Query::bind)
    }

    pub(super) async fn execute(self, conn: &mut Conn) -> Result<(), DbError> {
        for rows in values::portions(&self.rows, AT_ONCE) {
            self.statement(rows).execute(conn).await?;
        }
        Ok(())
    }

    pub(super) async fn fetch<T: Record>(self, conn: &mut Conn) -> Result<Vec<T>, DbError> {
        let mut found = Vec::with_capacity(self.rows.len());
        for rows in values::portions(&self.rows, AT_ONCE) {
            found.extend(self.statement(rows).fetch_all::<T>(conn).await?);
        }
        Ok(found)
    }
}
