//! What the panels of a client's card show.

use toolcrib::db::{self, Conn, DbError};

/// The most contacts and the most deals a panel shows: it is a panel, not a list with pages.
const PANEL_ROWS: i64 = 200;

/// A person at a client.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: i64,
    /// The person's name.
    pub name: String,
    /// What the person is there, or nothing.
    pub title: String,
    /// An e-mail address, or nothing.
    pub email: String,
    /// A phone number, or nothing.
    pub phone: String,
}

/// Something a client may buy.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Deal {
    /// Its id.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// The name of its stage.
    pub stage: String,
    /// `open`, `won` or `lost`.
    pub outcome: String,
    /// Its worth in minor units of the currency.
    pub amount_minor: i64,
    /// The currency's code (ISO 4217).
    pub currency: String,
    /// When it is expected to be closed.
    pub expected_at: Option<i64>,
}

/// Answers the people at a client, by name.
///
/// # Errors
/// Whatever the database says.
pub async fn contacts(conn: &mut Conn, client_id: i64) -> Result<Vec<Contact>, DbError> {
    db::query(
        "SELECT id, name, title, email, phone FROM persons \
         WHERE client_id = $1 ORDER BY name, id LIMIT $2",
    )
    .bind(client_id)
    .bind(PANEL_ROWS)
    .fetch_all(conn)
    .await
}

/// Answers the deals with a client, the newest first.
///
/// # Errors
/// Whatever the database says.
pub async fn deals(conn: &mut Conn, client_id: i64) -> Result<Vec<Deal>, DbError> {
    db::query(
        "SELECT deals.id, deals.title, stages.name AS stage, stages.outcome, deals.amount_minor, deals.currency, \
         deals.expected_at FROM deals JOIN stages ON stages.id = deals.stage_id \
         WHERE deals.client_id = $1 ORDER BY deals.created_at DESC, deals.id DESC LIMIT $2",
    )
    .bind(client_id)
    .bind(PANEL_ROWS)
    .fetch_all(conn)
    .await
}
