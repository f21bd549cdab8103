//! What the home desk shows.

use toolcrib::db::{self, Conn, DbError};

/// How much there is of what.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Figures {
    /// How many clients.
    pub clients: i64,
    /// How many people at them.
    pub contacts: i64,
    /// The deals that are neither won nor lost, by currency.
    pub open_deals: Vec<OpenDeals>,
}

/// The open deals in one currency.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct OpenDeals {
    /// The currency's code (ISO 4217).
    pub currency: String,
    /// How many.
    pub deals: i64,
    /// Their worth together, in minor units.
    pub amount_minor: i64,
}

/// An activity, and the client it was with.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct LatestActivity {
    /// `call`, `meeting`, `email`, `note` or `task`.
    pub kind: String,
    /// What it was about.
    pub subject: String,
    /// When it was.
    pub happened_at: i64,
    /// The name of the user who noted it.
    pub author: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client_name: String,
}

/// Counts clients, contacts and open deals.
///
/// # Errors
/// Whatever the database says.
pub async fn figures(conn: &mut Conn) -> Result<Figures, DbError> {
    let (clients, contacts) =
        db::query("SELECT (SELECT COUNT(*) FROM clients), (SELECT COUNT(*) FROM persons)").fetch_one(conn).await?;
    let open_deals = db::query(
        "SELECT currency, COUNT(*) AS deals, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor \
         FROM deals JOIN stages ON stages.id = deals.stage_id WHERE stages.outcome = 'open' GROUP BY currency ORDER BY currency",
    )
    .fetch_all(conn)
    .await?;
    Ok(Figures { clients, contacts, open_deals })
}

/// Answers the newest activities of all clients.
///
/// # Errors
/// Whatever the database says.
pub async fn latest_activities(conn: &mut Conn, limit: i64) -> Result<Vec<LatestActivity>, DbError> {
    db::query(
        "SELECT activities.kind, activities.subject, activities.happened_at, activities.author, \
         clients.id AS client_id, clients.name AS client_name \
         FROM activities JOIN clients ON clients.id = activities.client_id \
         ORDER BY activities.happened_at DESC, activities.id DESC LIMIT $1",
    )
    .bind(limit)
    .fetch_all(conn)
    .await
}
