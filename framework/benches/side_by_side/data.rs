//! What both sides read and render.

use askama::Template;
use toolcrib::db::{self, Db, DbError};

/// Clients in the table.
pub(crate) const CLIENTS: i64 = 1_000;

#[derive(sqlx::FromRow)]
pub(crate) struct Client {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) industry: String,
    pub(crate) city: String,
}

#[derive(sqlx::FromRow)]
pub(crate) struct Activity {
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) author: String,
    pub(crate) happened_at: i64,
}

pub(crate) const CLIENT: &str = "SELECT account, name, industry, city FROM clients WHERE id = $1";
pub(crate) const ACTIVITIES: &str = "SELECT subject, body, author, happened_at FROM activities \
                              WHERE client_id = $1 ORDER BY happened_at DESC, id DESC LIMIT 10";

#[derive(Template)]
#[template(path = "card.html")]
pub(crate) struct Card {
    pub(crate) user: String,
    pub(crate) client: Client,
    pub(crate) activities: Vec<Activity>,
}

/// Makes the tables and their rows.
pub(crate) async fn fill(db: &Db) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    for statement in [
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, \
         industry TEXT NOT NULL, city TEXT NOT NULL)",
        "CREATE TABLE activities (id INTEGER PRIMARY KEY, client_id BIGINT NOT NULL, subject TEXT NOT NULL, \
         body TEXT NOT NULL, author TEXT NOT NULL, happened_at BIGINT NOT NULL)",
        "CREATE INDEX activities_client ON activities (client_id, happened_at)",
        "CREATE TABLE hand_sessions (key TEXT PRIMARY KEY, state TEXT NOT NULL, expires_at BIGINT NOT NULL)",
    ] {
        db::query(statement).execute(&mut tx).await?;
    }
    for id in 1..=CLIENTS {
        db::query("INSERT INTO clients (id, account, name, industry, city) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(format!("ACC{id}"))
            .bind(format!("Client number {id} & Sons"))
            .bind("Industrial Conglomerates")
            .bind("Saint Paul, Minnesota")
            .execute(&mut tx)
            .await?;
        for number in 0..12_i64 {
            db::query(
                "INSERT INTO activities (client_id, subject, body, author, happened_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(id)
            .bind(format!("Call number {number} about the offer"))
            .bind(
                "Talked about the delivery dates, the price list and the <new> contract. To be continued next week, \
                   when both sides have looked at the figures.",
            )
            .bind("Anna Example")
            .bind(1_700_000_000_000_000 + number)
            .execute(&mut tx)
            .await?;
        }
    }
    tx.commit().await
}
