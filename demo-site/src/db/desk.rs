//! What the home desk shows beside tasks.
//!
//! Nothing here counts a whole table: each statement reads the newest rows by an index, or the open deals.

use serde::Deserialize;
use toolcrib::db::{self, Conn, DbError};

use super::visible;
use crate::domain::charts::weighted;

/// An open deal.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize)]
pub struct OpenDeal {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// The name of its stage.
    pub stage: String,
    /// Its worth in minor units of the currency.
    pub amount_minor: i64,
    /// The currency's code (ISO 4217).
    pub currency: String,
    /// When it is expected to be closed.
    pub expected_at: Option<i64>,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
}

/// The open deals in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pipeline {
    /// The currency's code (ISO 4217).
    pub currency: String,
    /// How many.
    pub deals: i64,
    /// Their worth together, in minor units.
    pub open_minor: i64,
    /// The same, each counted by its stage's probability.
    pub weighted_minor: i64,
}

/// A client, as a list of those changed last shows it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize)]
pub struct RecentClient {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The code it is known by.
    pub account: String,
    /// Where it sits, or nothing.
    pub city: String,
    /// When it was changed.
    pub updated_at: i64,
}

/// Something that happened: noted by a person, or by the program.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize)]
pub struct Happening {
    /// `call`, `meeting`, `email`, `note`, `task`; or what the program did: `changed`, `moved`, ….
    pub kind: String,
    /// What it was about.
    pub subject: String,
    /// When it was.
    pub happened_at: i64,
    /// The name of whoever noted or did it.
    pub author: String,
    /// The client's id, if it was with one.
    pub client_id: Option<i64>,
    /// The client's name.
    pub client: Option<String>,
}

/// Answers the open deals of a user, those first that are expected first.
///
/// # Errors
/// Whatever the database says.
pub async fn open_deals(conn: &mut Conn, viewer: i64, limit: i64) -> Result<Vec<OpenDeal>, DbError> {
    let select = format!(
        "SELECT deals.id, deals.title, stages.name AS stage, deals.amount_minor, deals.currency, deals.expected_at, \
         clients.id AS client_id, clients.name AS client \
         FROM deals JOIN stages ON stages.id = deals.stage_id JOIN clients ON clients.id = deals.client_id \
         WHERE deals.owner_id = $1 AND stages.outcome = 'open' AND {} \
         ORDER BY CASE WHEN deals.expected_at IS NULL THEN 1 ELSE 0 END, deals.expected_at, deals.id LIMIT $2",
        visible::of_client("deals.client_id", 1)
    );
    db::query_built(select).bind(viewer).bind(limit).fetch_all(conn).await
}

/// Sums the open deals of everybody by currency, the currency with most deals first.
///
/// # Errors
/// Whatever the database says.
pub async fn pipeline(conn: &mut Conn, viewer: i64) -> Result<Vec<Pipeline>, DbError> {
    // By probability, not weighed here: so no product can become too large for the engine.
    let select = format!(
        "SELECT deals.currency, stages.probability, COUNT(*) AS deals, \
         CAST(SUM(deals.amount_minor) AS BIGINT) AS amount_minor \
         FROM deals JOIN stages ON stages.id = deals.stage_id WHERE stages.outcome = 'open' AND {} \
         GROUP BY deals.currency, stages.probability ORDER BY deals.currency LIMIT 200",
        visible::of_client("deals.client_id", 1)
    );
    let parts: Vec<(String, i64, i64, i64)> = db::query_built(select).bind(viewer).fetch_all(conn).await?;
    let mut sums: Vec<Pipeline> = Vec::new();
    for (currency, probability, deals, amount) in parts {
        let weighted = weighted(amount, probability);
        match sums.last_mut().filter(|sum| sum.currency == currency) {
            Some(sum) => {
                sum.deals += deals;
                sum.open_minor = sum.open_minor.saturating_add(amount);
                sum.weighted_minor = sum.weighted_minor.saturating_add(weighted);
            }
            None => sums.push(Pipeline { currency, deals, open_minor: amount, weighted_minor: weighted }),
        }
    }
    sums.sort_by(|left, right| right.deals.cmp(&left.deals).then_with(|| left.currency.cmp(&right.currency)));
    Ok(sums)
}

/// Answers the clients changed last.
///
/// # Errors
/// Whatever the database says.
pub async fn recent_clients(conn: &mut Conn, viewer: i64, limit: i64) -> Result<Vec<RecentClient>, DbError> {
    let select = format!(
        "SELECT clients.id, clients.name, clients.account, clients.city, clients.updated_at FROM clients \
         WHERE {} ORDER BY clients.updated_at DESC, clients.id DESC LIMIT $2",
        visible::client(1)
    );
    db::query_built(select).bind(viewer).bind(limit).fetch_all(conn).await
}

/// Answers what happened last with all clients: what people noted, and what the program did.
///
/// # Errors
/// Whatever the database says.
pub async fn happenings(conn: &mut Conn, viewer: i64, now: i64, limit: i64) -> Result<Vec<Happening>, DbError> {
    // Each half takes its newest by an index before the two are put together. The program's own have none by time, but they are
    // noted as they happen: their numbers are in that order. What is planned for later has not happened.
    let select = format!(
        "SELECT * FROM (\
         SELECT activities.kind, activities.subject, activities.happened_at, activities.author, activities.client_id, \
         clients.name AS client FROM activities LEFT JOIN clients ON clients.id = activities.client_id \
         WHERE activities.happened_at <= $2 AND {} \
         ORDER BY activities.happened_at DESC, activities.id DESC LIMIT $3) AS noted \
         UNION ALL SELECT * FROM (\
         SELECT timeline_events.kind, timeline_events.body AS subject, timeline_events.happened_at, \
         timeline_events.actor AS author, timeline_events.client_id, clients.name AS client \
         FROM timeline_events JOIN clients ON clients.id = timeline_events.client_id \
         WHERE {} ORDER BY timeline_events.id DESC LIMIT $3) AS told \
         ORDER BY happened_at DESC LIMIT $3",
        visible::of_client("activities.client_id", 1),
        visible::of_client("timeline_events.client_id", 1)
    );
    db::query_built(select).bind(viewer).bind(now).bind(limit).fetch_all(conn).await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { the_desk_has_what_is_newest_and_nobody_else_s_private_things }

    /// Stages 1 to 5 are those every CRM begins with: Lead 10 %, Qualified 30 %, Proposal 60 %, Won, Lost.
    async fn stored(conn: &mut Conn) {
        for statement in [
            "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
             VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
            "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             (1, 'A', 'Open', '', '', 1, FALSE, 1, 10), (2, 'B', 'Hidden', '', '', 2, TRUE, 1, 30), \
             (3, 'C', 'Newer', '', '', NULL, FALSE, 1, 20)",
            "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, expected_at, owner_id, search, \
             created_at, updated_at) VALUES \
             (1, 'no day', 1, 1000, 'EUR', NULL, 1, '', 1, 1), (1, 'later', 3, 2000, 'EUR', 20, 1, '', 1, 1), \
             (1, 'first', 2, 500, 'USD', 10, 1, '', 1, 1), (2, 'hidden', 1, 7, 'EUR', 1, 1, '', 1, 1), \
             (1, 'won', 4, 9, 'EUR', 1, 1, '', 1, 1), (3, 'his', 1, 100, 'EUR', 1, 2, '', 1, 1)",
            "INSERT INTO activities (client_id, kind, subject, happened_at, author, created_at, updated_at) VALUES \
             (1, 'call', 'old', 1, 'Anna', 1, 1), (2, 'call', 'hidden', 9, 'Boris', 1, 1), \
             (NULL, 'task', 'of none', 5, 'Anna', 1, 1), (1, 'meeting', 'planned', 99, 'Anna', 1, 1)",
            "INSERT INTO timeline_events (client_id, kind, body, actor, happened_at) VALUES \
             (1, 'changed', 'told', 'Anna', 3), (2, 'changed', 'hidden too', 'Boris', 8)",
        ] {
            db::query(statement).execute(conn).await.unwrap();
        }
    }

    async fn the_desk_has_what_is_newest_and_nobody_else_s_private_things(db: Db) {
        let mut tx = db.begin().await.unwrap();
        stored(&mut tx).await;
        let deals = open_deals(&mut tx, 1, 8).await.unwrap();
        assert_eq!(deals.iter().map(|deal| deal.title.as_str()).collect::<Vec<_>>(), ["first", "later", "no day"]);
        let sum = |currency: &str, deals, open_minor, weighted_minor| Pipeline {
            currency: currency.to_owned(),
            deals,
            open_minor,
            weighted_minor,
        };
        let expected = [sum("EUR", 3, 3100, 100 + 10 + 1200), sum("USD", 1, 500, 150)];
        assert_eq!(pipeline(&mut tx, 1).await.unwrap(), expected);
        assert_eq!(pipeline(&mut tx, 2).await.unwrap()[0].deals, 4);
        let names = async |tx: &mut Conn, viewer| -> Vec<String> {
            recent_clients(tx, viewer, 2).await.unwrap().into_iter().map(|client| client.name).collect()
        };
        assert_eq!(names(&mut tx, 1).await, ["Newer", "Open"]);
        assert_eq!(names(&mut tx, 2).await, ["Hidden", "Newer"]);
        let subjects = async |tx: &mut Conn, viewer, limit| -> Vec<String> {
            happenings(tx, viewer, 50, limit).await.unwrap().into_iter().map(|happened| happened.subject).collect()
        };
        assert_eq!(subjects(&mut tx, 1, 10).await, ["of none", "told", "old"]);
        assert_eq!(subjects(&mut tx, 2, 3).await, ["hidden", "hidden too", "of none"]);
    }
}
