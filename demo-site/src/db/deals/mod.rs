//! Deals: the board, one of them, their moves.

mod board;
mod moves;
#[cfg(test)]
mod tests;

pub use board::{Card, PAGE, Sum, Wanted, cards, page, sums};
pub use moves::{Held, has_place, hold, place_after, put};

use toolcrib::adapter::{Row, like_pattern, words};
use toolcrib::db::{self, Conn, DbError};

use super::visible;
use crate::adapters::Deal;

/// What stands around a deal: the names of what it refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Around {
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// The person at the client, if one was named.
    pub person: Option<String>,
    /// The stage's name.
    pub stage: String,
    /// The stage's outcome: `open`, `won`, `lost`.
    pub outcome: String,
    /// The pipeline's id.
    pub pipeline_id: i64,
    /// The pipeline's name.
    pub pipeline: String,
    /// The owner's name.
    pub owner: Option<String>,
}

/// Something that was done with a deal.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Change {
    /// When.
    pub happened_at: i64,
    /// By whom.
    pub actor: String,
    /// What: `added`, `moved`, ….
    pub action: String,
    /// From what to what, a field each, in JSON.
    pub changes: String,
}

/// An activity of a deal.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Activity {
    /// Its id.
    pub id: i64,
    /// `call`, `meeting`, `email`, `note` or `task`.
    pub kind: String,
    /// What it was about.
    pub subject: String,
    /// When it was.
    pub happened_at: i64,
    /// Who noted it.
    pub author: String,
}

/// Whether a deal is there for the viewer.
///
/// # Errors
/// Whatever the database says.
pub async fn is_there(conn: &mut Conn, id: i64, viewer: i64) -> Result<bool, DbError> {
    let select = format!("SELECT COUNT(*) FROM deals WHERE id = $1 AND {}", visible::of_client("deals.client_id", 2));
    Ok(db::query_built(select).bind(id).bind(viewer).scalar::<i64>(conn).await? > 0)
}

/// Answers a deal, if it is there for the viewer.
///
/// # Errors
/// Whatever the database says.
pub async fn find(conn: &mut Conn, id: i64, viewer: i64) -> Result<Option<Row<Deal>>, DbError> {
    if !is_there(conn, id, viewer).await? {
        return Ok(None);
    }
    Ok(Row::<Deal>::find(conn, id).await?.map(Deal::with_amount))
}

/// Answers what stands around a deal.
///
/// # Errors
/// Whatever the database says.
pub async fn around(conn: &mut Conn, id: i64) -> Result<Option<Around>, DbError> {
    db::query(
        "SELECT clients.id AS client_id, clients.name AS client, persons.name AS person, stages.name AS stage, \
         stages.outcome, pipelines.id AS pipeline_id, pipelines.name AS pipeline, \
         toolcrib_users.display_name AS owner \
         FROM deals JOIN clients ON clients.id = deals.client_id JOIN stages ON stages.id = deals.stage_id \
         JOIN pipelines ON pipelines.id = stages.pipeline_id \
         LEFT JOIN persons ON persons.id = deals.person_id \
         LEFT JOIN toolcrib_users ON toolcrib_users.id = deals.owner_id WHERE deals.id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Answers what was done with a deal lately, the newest first.
///
/// # Errors
/// Whatever the database says.
pub async fn history(conn: &mut Conn, id: i64, limit: i64) -> Result<Vec<Change>, DbError> {
    db::query(
        "SELECT happened_at, actor, action, changes FROM audit_log \
         WHERE record_kind = 'deal' AND record_id = $1 AND action <> 'reordered' ORDER BY id DESC LIMIT $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Answers the latest activities of a deal, the newest first.
///
/// # Errors
/// Whatever the database says.
pub async fn activities(conn: &mut Conn, id: i64, limit: i64) -> Result<Vec<Activity>, DbError> {
    db::query(
        "SELECT id, kind, subject, happened_at, author FROM activities \
         WHERE deal_id = $1 ORDER BY happened_at DESC, id DESC LIMIT $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Answers the names of some clients.
///
/// # Errors
/// Whatever the database says.
pub async fn client_names(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, String)>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = format!("SELECT id, name FROM clients WHERE id IN ({})", super::values::list(ids.len()));
    ids.iter().fold(db::query_built(select), |query, id| query.bind(*id)).fetch_all(conn).await
}

/// Answers the people at a client, for a form that asks for one.
///
/// # Errors
/// Whatever the database says.
pub async fn people(conn: &mut Conn, client_id: i64) -> Result<Vec<(i64, String)>, DbError> {
    db::query("SELECT id, name FROM persons WHERE client_id = $1 ORDER BY name, id LIMIT 200")
        .bind(client_id)
        .fetch_all(conn)
        .await
}

/// Answers clients a deal may be made with, by name: the first twenty that contain every word of a text.
///
/// # Errors
/// Whatever the database says.
pub async fn clients_like(conn: &mut Conn, typed: &str, viewer: i64) -> Result<Vec<(i64, String, String)>, DbError> {
    let words = words(typed);
    let contained = (2..).zip(&words).map(|(number, _)| format!(" AND search LIKE ${number} ESCAPE '\\'"));
    let select = format!(
        "SELECT id, name, account FROM clients WHERE {}{} ORDER BY sort_name, id LIMIT 20",
        visible::client(1),
        contained.collect::<String>()
    );
    let query = db::query_built(select).bind(viewer);
    words.iter().fold(query, |query, word| query.bind(like_pattern(word))).fetch_all(conn).await
}
