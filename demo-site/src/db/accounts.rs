//! Accounts of clients at other companies, and what a check of them found.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use toolcrib::db::{self, Conn, DbError};

use super::visible;

/// The most accounts of one client that are shown.
const SHOWN: i64 = 50;

/// The condition that an account is there for the viewer `$1`: its client is.
pub static VISIBLE: LazyLock<String> = LazyLock::new(|| visible::of_client("client_id", 1));

/// An account as the card shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct ShownAccount {
    /// Its id.
    pub id: i64,
    /// At whom.
    pub provider: String,
    /// What the client is called there.
    pub reference: String,
    /// What the last check found.
    pub state: String,
    /// More about it, or nothing.
    pub message: String,
    /// When it was checked last.
    pub checked_at: Option<i64>,
    /// Counts its changes.
    pub version: i64,
}

/// An account that is to be checked.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ToCheck {
    /// Whose it is.
    pub client_id: i64,
    /// At whom.
    pub provider: String,
    /// What the client is called there.
    pub reference: String,
    /// What the last check found.
    pub state: String,
    /// Counts its changes.
    pub version: i64,
}

/// The accounts of a client, in the order they were added.
///
/// # Errors
/// Whatever the database says.
pub async fn of_client(conn: &mut Conn, client_id: i64) -> Result<Vec<ShownAccount>, DbError> {
    db::query(
        "SELECT id, provider, reference, state, message, checked_at, version FROM external_accounts \
         WHERE client_id = $1 ORDER BY id LIMIT $2",
    )
    .bind(client_id)
    .bind(SHOWN)
    .fetch_all(conn)
    .await
}

/// Whether another account has this reference at this provider.
///
/// # Errors
/// Whatever the database says.
pub async fn is_taken(conn: &mut Conn, provider: &str, reference: &str, but: Option<i64>) -> Result<bool, DbError> {
    let others = db::query(
        "SELECT COUNT(*) FROM external_accounts WHERE provider = $1 AND reference = $2 AND id <> COALESCE($3, -1)",
    );
    Ok(others.bind(provider).bind(reference).bind(but).scalar::<i64>(conn).await? > 0)
}

/// The account with an id, to be checked.
///
/// # Errors
/// Whatever the database says.
pub async fn to_check(conn: &mut Conn, id: i64) -> Result<Option<ToCheck>, DbError> {
    db::query("SELECT client_id, provider, reference, state, version FROM external_accounts WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Says what a check found, or that one is under way, of an account that is still as it was. Answers whether it is. No
/// change that a person made: who edits it is not disturbed.
///
/// # Errors
/// Whatever the database says.
pub async fn found(
    conn: &mut Conn,
    id: i64,
    version: i64,
    (state, message): (&str, &str),
    checked_at: Option<i64>,
) -> Result<bool, DbError> {
    let changed = db::query(
        "UPDATE external_accounts SET state = $3, message = $4, checked_at = COALESCE($5, checked_at) \
         WHERE id = $1 AND version = $2",
    );
    let changed = changed.bind(id).bind(version).bind(state).bind(message).bind(checked_at);
    Ok(changed.execute(conn).await? > 0)
}

/// Id and version of the accounts behind `after`, by id: for checking them all, a batch at a time.
///
/// # Errors
/// Whatever the database says.
pub async fn all_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(i64, i64)>, DbError> {
    db::query("SELECT id, version FROM external_accounts WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { what_a_check_found_is_kept_unless_the_account_was_changed }

    async fn what_a_check_found_is_kept_unless_the_account_was_changed(db: Db) {
        let mut tx = db.begin().await.unwrap();
        for statement in [
            "INSERT INTO clients (id, account, name, search, sort_name, created_at, updated_at) \
             VALUES (7, 'A', 'One', '', '', 1, 1)",
            "INSERT INTO external_accounts (id, client_id, provider, reference, created_at, updated_at) \
             VALUES (1, 7, 'ledger', 'X-1', 1, 1), (2, 7, 'parcels', 'X-1', 1, 1)",
        ] {
            db::query(statement).execute(&mut tx).await.unwrap();
        }
        assert!(found(&mut tx, 1, 1, ("checking", ""), None).await.unwrap());
        assert!(found(&mut tx, 1, 1, ("broken", "Closed."), Some(9)).await.unwrap());
        assert!(!found(&mut tx, 1, 2, ("sound", ""), Some(10)).await.unwrap(), "it was another reference");
        let shown = of_client(&mut tx, 7).await.unwrap();
        let first = &shown[0];
        assert_eq!((first.state.as_str(), first.message.as_str(), first.checked_at), ("broken", "Closed.", Some(9)));
        assert_eq!((shown.len(), shown[1].state.as_str()), (2, "unchecked"));
        assert_eq!(to_check(&mut tx, 1).await.unwrap().map(|account| account.version), Some(1));
        assert_eq!(all_after(&mut tx, 0, 1).await.unwrap(), [(1, 1)]);
        assert_eq!(all_after(&mut tx, 1, 10).await.unwrap(), [(2, 1)]);
        assert!(is_taken(&mut tx, "ledger", "X-1", None).await.unwrap());
        assert!(!is_taken(&mut tx, "ledger", "X-1", Some(1)).await.unwrap());
        assert!(!is_taken(&mut tx, "payments", "X-1", None).await.unwrap());
    }
}
