//! What was merged, and what of it is shown.

use serde::Deserialize;
use toolcrib::db::{self, Conn, DbError};

use super::{Facts, MOVING};

/// The most merges that are listed.
const MOST: i64 = 50;

/// A merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow, Deserialize)]
#[serde(default)]
pub struct Merge {
    /// Its id.
    pub id: i64,
    /// The client that was kept.
    pub kept_id: i64,
    /// What it is called now.
    pub kept_name: String,
    /// How often it was changed by now.
    pub version: i64,
    /// What it was merged into since.
    pub kept_merged_into: Option<i64>,
    /// The client that is no longer there.
    pub gone_id: i64,
    /// What that was called.
    pub gone_name: String,
    /// What both were, and what was chosen: see [`Before`].
    pub before: String,
    /// What the merge made of the kept client's version.
    pub kept_version: i64,
    /// Who merged them.
    pub actor: String,
    /// When.
    pub merged_at: i64,
    /// When it was undone.
    pub undone_at: Option<i64>,
}

/// What the two were before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Before {
    /// The kept one.
    pub kept: Facts,
    /// The other.
    pub gone: Facts,
    /// What was chosen of both.
    pub chosen: Facts,
}

/// How many records of a kind were moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// What they are called.
    pub called: String,
    /// How many.
    pub records: i64,
}

/// Only where both clients are there for the viewer, or would be if they were not merged.
const SELECT: &str = "SELECT merges.id, merges.kept_id, kept.name AS kept_name, kept.version, \
                      kept.merged_into AS kept_merged_into, merges.gone_id, gone.name AS gone_name, merges.before, \
                      merges.kept_version, merges.actor, merges.merged_at, merges.undone_at FROM merges \
                      JOIN clients AS kept ON kept.id = merges.kept_id AND (NOT kept.private OR kept.owner_id = $1) \
                      JOIN clients AS gone ON gone.id = merges.gone_id AND (NOT gone.private OR gone.owner_id = $1)";

impl Merge {
    /// What both were before.
    #[must_use]
    pub fn before(&self) -> Before {
        serde_json::from_str(&self.before).unwrap_or_default()
    }
}

/// The latest merges.
///
/// # Errors
/// Whatever the database says.
pub async fn latest(conn: &mut Conn, viewer: i64) -> Result<Vec<Merge>, DbError> {
    let select = format!("{SELECT} ORDER BY merges.id DESC LIMIT $2");
    db::query_built(select).bind(viewer).bind(MOST).fetch_all(conn).await
}

/// A merge.
///
/// # Errors
/// Whatever the database says.
pub async fn find(conn: &mut Conn, id: i64, viewer: i64) -> Result<Option<Merge>, DbError> {
    let select = format!("{SELECT} WHERE merges.id = $2");
    db::query_built(select).bind(viewer).bind(id).fetch_optional(conn).await
}

/// The merge that made these two one, if they are.
///
/// # Errors
/// Whatever the database says.
pub async fn of_gone(conn: &mut Conn, kept: i64, gone: i64, viewer: i64) -> Result<Option<Merge>, DbError> {
    let select = format!(
        "{SELECT} WHERE merges.gone_id = $2 AND merges.kept_id = $3 AND merges.undone_at IS NULL \
         ORDER BY merges.id DESC LIMIT 1"
    );
    db::query_built(select).bind(viewer).bind(gone).bind(kept).fetch_optional(conn).await
}

/// How many records a merge moved, by kind.
///
/// # Errors
/// Whatever the database says.
pub async fn moved_by(conn: &mut Conn, merge: i64) -> Result<Vec<Moved>, DbError> {
    let rows: Vec<(String, i64)> = db::query(
        "SELECT record_kind, COUNT(*) FROM merge_moves WHERE merge_id = $1 GROUP BY record_kind ORDER BY record_kind",
    )
    .bind(merge)
    .fetch_all(conn)
    .await?;
    let called =
        |kind: &str| MOVING.iter().find(|(known, ..)| *known == kind).map_or("tags", |(_, _, called, _)| called);
    Ok(rows.into_iter().map(|(kind, records)| Moved { called: called(&kind).to_owned(), records }).collect())
}
