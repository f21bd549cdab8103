//! The people at clients: who is there for whom, and what belongs to them. Single ones and pages of the list are their adapter's.

use std::collections::HashMap;
use std::sync::LazyLock;

use toolcrib::db::{self, Conn, DbError};

use super::panels::Deal;
use super::values;
use super::visible;

/// The most people and the most deals that are shown beside something else.
const BESIDE: i64 = 200;

/// The condition that a row of `persons` is there for the viewer `$1`.
pub static VISIBLE: LazyLock<String> = LazyLock::new(|| visible::of_client("client_id", 1));

/// The client somebody works for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Employer {
    /// Its id.
    pub id: i64,
    /// Its code.
    pub account: String,
    /// Its name.
    pub name: String,
}

/// Whether there is such a person for a user: not one at somebody else's private client.
///
/// # Errors
/// Whatever the database says.
pub async fn is_there(conn: &mut Conn, id: i64, viewer: i64) -> Result<bool, DbError> {
    let select =
        format!("SELECT COUNT(*) FROM persons WHERE persons.id = $1 AND {}", visible::of_client("client_id", 2));
    Ok(db::query_built(select).bind(id).bind(viewer).scalar::<i64>(conn).await? > 0)
}

/// Answers the client of that id, if it is there for a user.
///
/// # Errors
/// Whatever the database says.
pub async fn employer(conn: &mut Conn, id: i64, viewer: i64) -> Result<Option<Employer>, DbError> {
    employer_where("clients.id = $1", id.into(), conn, viewer).await
}

/// Answers the client of that account, if it is there for a user.
///
/// # Errors
/// Whatever the database says.
pub async fn employer_of_account(conn: &mut Conn, account: &str, viewer: i64) -> Result<Option<Employer>, DbError> {
    employer_where("clients.account = $1", account.into(), conn, viewer).await
}

async fn employer_where(
    condition: &'static str,
    value: db::Value,
    conn: &mut Conn,
    viewer: i64,
) -> Result<Option<Employer>, DbError> {
    let visible = visible::client(2);
    let select = format!("SELECT id, account, name FROM clients WHERE {condition} AND {visible}");
    db::query_built(select).bind(value).bind(viewer).fetch_optional(conn).await
}

/// Answers the clients of these ids; the page that asks has made sure that they may be seen.
///
/// # Errors
/// Whatever the database says.
pub async fn employers(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, Employer>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let select = format!("SELECT id, account, name FROM clients WHERE id IN ({})", values::list(ids.len()));
    let query = ids.iter().fold(db::query_built(select), |query, id| query.bind(*id));
    let found: Vec<Employer> = query.fetch_all(conn).await?;
    Ok(found.into_iter().map(|employer| (employer.id, employer)).collect())
}

/// Answers id and name of the people at a client, by name.
///
/// # Errors
/// Whatever the database says.
pub async fn names(conn: &mut Conn, client_id: i64) -> Result<Vec<(i64, String)>, DbError> {
    db::query("SELECT id, name FROM persons WHERE client_id = $1 ORDER BY name, id LIMIT $2")
        .bind(client_id)
        .bind(BESIDE)
        .fetch_all(conn)
        .await
}

/// Answers the deals a person has to do with, the newest first.
///
/// # Errors
/// Whatever the database says.
pub async fn deals(conn: &mut Conn, id: i64, client_id: i64) -> Result<Vec<Deal>, DbError> {
    db::query(
        "SELECT deals.id, deals.title, stages.name AS stage, stages.outcome, deals.amount_minor, deals.currency, \
         deals.expected_at FROM deals JOIN stages ON stages.id = deals.stage_id \
         WHERE deals.client_id = $1 AND deals.person_id = $2 ORDER BY deals.created_at DESC, deals.id DESC LIMIT $3",
    )
    .bind(client_id)
    .bind(id)
    .bind(BESIDE)
    .fetch_all(conn)
    .await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { people_at_somebody_elses_private_client_are_not_there }

    async fn people_at_somebody_elses_private_client_are_not_there(db: Db) {
        let mut tx = db.begin().await.unwrap();
        for statement in [
            "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
             VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
            "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             (1, 'A', 'Hers', '', '', 1, TRUE, 1, 1), (2, 'B', 'Open', '', '', NULL, FALSE, 1, 1)",
            "INSERT INTO persons (id, client_id, name, search, created_at) VALUES (1, 1, 'At hers', '', 1), (2, 2, 'Open', '', 1)",
        ] {
            db::query(statement).execute(&mut tx).await.unwrap();
        }
        for (viewer, person, expected) in [(1, 1, true), (1, 2, true), (2, 1, false), (2, 2, true), (2, 3, false)] {
            assert_eq!(is_there(&mut tx, person, viewer).await.unwrap(), expected, "{person} for {viewer}");
        }
        for (viewer, account, expected) in [(1, "A", Some(1)), (2, "A", None), (2, "B", Some(2)), (2, "C", None)] {
            let found = employer_of_account(&mut tx, account, viewer).await.unwrap().map(|employer| employer.id);
            assert_eq!(found, expected, "{account} for {viewer}");
            if let Some(id) = expected {
                assert!(employer(&mut tx, id, viewer).await.unwrap().is_some());
            }
        }
        assert!(employer(&mut tx, 1, 2).await.unwrap().is_none());
        assert_eq!(employers(&mut tx, &[2, 7]).await.unwrap().len(), 1);
    }
}
