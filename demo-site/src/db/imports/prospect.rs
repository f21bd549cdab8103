//! What would come of rows, before anything is stored.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use toolcrib::db::{self, Conn, DbError};

use super::Counts;
use crate::db::import::{BATCH, FileRow, known_as, stored};
use crate::db::{values, visible};

/// What would come of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A new client.
    Fresh,
    /// A new client with the name of one that is there.
    Alike,
    /// The client is there and says the same.
    Same,
    /// The client is there and says something else.
    Other,
    /// Something is wrong with the row.
    Refused,
}

/// A row and what would come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// The line the row begins on.
    pub line: u64,
    /// What would come of it.
    pub verdict: Verdict,
    /// Why, or what it is like.
    pub reason: String,
}

/// Says what would come of a part of a file if `viewer` imported it. At most [`BATCH`] rows.
///
/// # Errors
/// Whatever the database says.
pub async fn judge(conn: &mut Conn, rows: &[FileRow], viewer: i64) -> Result<Vec<Prospect>, DbError> {
    let sound: Vec<_> = rows.iter().filter_map(|(_, row)| row.as_ref().ok()).collect();
    let accounts: Vec<_> = sound.iter().map(|row| row.client.account.as_str()).collect();
    let known = stored(conn, &accounts, Some(viewer)).await?;
    let names: Vec<_> = sound.iter().map(|row| row.client.sort_name()).collect();
    let alike = alike(conn, &names, viewer).await?;
    let judged = rows.iter().map(|(line, row)| {
        let (verdict, reason) = match row {
            Err(refusal) => (Verdict::Refused, refusal.to_string()),
            Ok(row) => match (known.get(&row.client.account), alike.get(&row.client.sort_name())) {
                (Some(stored), _) => {
                    let is_same = stored.is_visible() && stored.is_as(row);
                    (if is_same { Verdict::Same } else { Verdict::Other }, known_as(row, Some(stored)))
                }
                (None, Some(account)) => (Verdict::Alike, format!("has the name of account {account}")),
                (None, None) => (Verdict::Fresh, String::new()),
            },
        };
        Prospect { line: *line, verdict, reason }
    });
    Ok(judged.collect())
}

/// Says what would come of all rows together.
///
/// # Errors
/// Whatever the database says.
pub async fn judge_all(
    conn: &mut Conn,
    rows: impl IntoIterator<Item = FileRow>,
    viewer: i64,
) -> Result<Counts, DbError> {
    let mut counts = Counts::default();
    let mut rows = rows.into_iter();
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(counts);
        }
        for prospect in judge(conn, &batch, viewer).await? {
            match prospect.verdict {
                Verdict::Fresh => counts.fresh += 1,
                Verdict::Alike => {
                    counts.fresh += 1;
                    counts.alike += 1;
                }
                Verdict::Same => counts.same += 1,
                Verdict::Other => counts.other += 1,
                Verdict::Refused => counts.refused += 1,
            }
        }
    }
}

/// The accounts of visible clients with these folded names, one for each name that is there.
async fn alike(conn: &mut Conn, names: &[String], viewer: i64) -> Result<HashMap<String, String>, DbError> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let mut select = db::query_built(format!(
        "SELECT sort_name, MIN(account) FROM clients WHERE sort_name IN ({}) AND {} GROUP BY sort_name",
        values::list(names.len()),
        visible::client(names.len() + 1)
    ));
    for name in names {
        select = select.bind(name);
    }
    Ok(select.bind(viewer).fetch_all::<(String, String)>(conn).await?.into_iter().collect())
}
