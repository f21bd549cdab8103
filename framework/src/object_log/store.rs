//! The log in the database.

mod read;
mod remove;

use std::collections::VecDeque;
use std::sync::LazyLock;

pub use self::read::{Column, Counts, Filter, Range, Sort, Stored, counts, entries, entry, matching, newest};
pub use self::remove::{delete, delete_all, delete_down_to, set_tagged};
use super::buffer::Numbered;
use crate::db::{self, Conn, Db, DbError, Query};

/// What an entry is stored in, apart from what the database adds.
const COLUMNS: &str =
    "process, number, at, worker, priority, label, url, request_id, attempt, page, object, error, session";

/// How many columns these are.
const COLUMN_COUNT: usize = 13;

/// Entries of one statement. Few sizes, so that the statements stay prepared.
const CHUNKS: [usize; 3] = [256, 16, 1];

static STATEMENTS: LazyLock<[String; 3]> = LazyLock::new(|| CHUNKS.map(insert_statement));

/// When the oldest entries have to go: not at every write, but when there may be one in a hundred
/// too many.
#[derive(Debug)]
pub(super) struct Trim {
    max: u64,
    /// Entries that may still come before the next look.
    left: u64,
}

impl Trim {
    /// The first write looks: the limit may have been lowered since the last start.
    pub(super) fn new(max: u64) -> Self {
        Self { max, left: 0 }
    }
}

/// Stores entries in a transaction of its own. What is stored already is left as it is.
pub(super) async fn append(
    db: &Db,
    process: i64,
    entries: &VecDeque<Numbered>,
    trim: &mut Trim,
) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    let mut left = entries.iter();
    while left.len() > 0 {
        let fitting = CHUNKS.iter().zip(STATEMENTS.iter()).find(|(size, _)| **size <= left.len());
        // The smallest chunk is one entry.
        let Some((size, statement)) = fitting else { break };
        let mut insert = db::query_built(statement.clone());
        for numbered in left.by_ref().take(*size) {
            insert = bind(insert, process, numbered);
        }
        insert.execute(&mut tx).await?;
    }
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let trimmed = count >= trim.left;
    if trimmed {
        remove_oldest(&mut tx, trim.max).await?;
    }
    tx.commit().await?;
    trim.left = if trimmed { (trim.max / 100).max(1) } else { trim.left - count };
    Ok(())
}

fn bind(insert: Query, process: i64, numbered: &Numbered) -> Query {
    let Numbered { number, entry } = numbered;
    insert
        .bind(process)
        .bind(i64::try_from(*number).unwrap_or(i64::MAX))
        .bind(entry.at)
        .bind(i64::try_from(entry.worker).unwrap_or(i64::MAX))
        .bind(entry.priority.number())
        .bind(&entry.label)
        .bind(&entry.url)
        .bind(&entry.request_id)
        .bind(entry.attempt)
        .bind(&entry.page)
        .bind(entry.object.clone())
        .bind(entry.error.clone())
        .bind(entry.session.clone())
}

/// Leaves the newest `max`.
async fn remove_oldest(tx: &mut Conn, max: u64) -> Result<(), DbError> {
    db::query(
        "DELETE FROM toolcrib_object_log \
         WHERE id <= (SELECT id FROM toolcrib_object_log ORDER BY id DESC LIMIT 1 OFFSET $1)",
    )
    .bind(i64::try_from(max).unwrap_or(i64::MAX))
    .execute(tx)
    .await?;
    Ok(())
}

fn insert_statement(rows: usize) -> String {
    let row = |number: usize| {
        let first = number * COLUMN_COUNT + 1;
        let places: Vec<String> = (first..first + COLUMN_COUNT).map(|place| format!("${place}")).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO toolcrib_object_log ({COLUMNS}) VALUES {} ON CONFLICT (process, number) DO NOTHING",
        rows.join(", ")
    )
}
