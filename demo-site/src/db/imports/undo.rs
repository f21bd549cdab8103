//! Undoing a run: what nobody has changed or used since goes, the rest stays and is listed.

use serde::{Deserialize, Serialize};
use toolcrib::db::{self, Conn, DbError, Engine};

use crate::db::{values, visible};

/// How many clients are removed in one transaction.
const UNDONE_AT_ONCE: i64 = 500;

/// A client that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Kept {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its account.
    pub account: String,
}

/// That nobody has changed or used a client since it was made.
const UNUSED: &str = "clients.version = 1 AND clients.merged_into IS NULL \
    AND NOT EXISTS (SELECT 1 FROM persons WHERE persons.client_id = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM deals WHERE deals.client_id = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM activities WHERE activities.client_id = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM timeline_events WHERE timeline_events.client_id = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM client_tags WHERE client_tags.client_id = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM external_accounts WHERE external_accounts.client_id = clients.id) \
    AND clients.id NOT IN (SELECT client_id FROM leads WHERE client_id IS NOT NULL) \
    AND NOT EXISTS (SELECT 1 FROM merges WHERE merges.kept_id = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM merges WHERE merges.gone_id = clients.id)";

/// Puts the undoing of a run that is done in line. Answers whether it was for this to do.
///
/// # Errors
/// Whatever the database says.
pub async fn begin_undo(conn: &mut Conn, id: i64) -> Result<bool, DbError> {
    let begun = db::query(
        "UPDATE import_runs SET state = 'queued', message = '', version = version + 1 \
         WHERE id = $1 AND state = 'done'",
    );
    Ok(begun.bind(id).execute(conn).await? > 0)
}

/// Removes some of the clients of a run that nobody has changed or used. Answers how many; none: there are no more.
///
/// # Errors
/// Whatever the database says.
pub async fn remove_unused(conn: &mut Conn, run_id: i64) -> Result<usize, DbError> {
    let select = format!("SELECT id FROM clients WHERE import_run_id = $1 AND {UNUSED} ORDER BY id LIMIT $2");
    let found: Vec<i64> = db::query_built(select).bind(run_id).bind(UNDONE_AT_ONCE).scalars(conn).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let list = values::list(found.len());
    // Whoever adds something to one of them at this moment holds its row, and commits before the next statement looks.
    // On SQLite there is nobody else.
    if conn.engine() == Engine::Postgres {
        let lock = format!("SELECT id FROM clients WHERE id IN ({list}) ORDER BY id FOR UPDATE");
        bound(db::query_built(lock), &found).scalars::<i64>(conn).await?;
    }
    let delete = format!("DELETE FROM clients WHERE id IN ({list}) AND {UNUSED} RETURNING id");
    let removed: Vec<i64> = bound(db::query_built(delete), &found).scalars(conn).await?;
    if !removed.is_empty() {
        let list = values::list(removed.len());
        let forget = format!("DELETE FROM search_words WHERE kind = 1 AND record_id IN ({list})");
        bound(db::query_built(forget), &removed).execute(conn).await?;
    }
    // Where all were taken into use meanwhile there may be more behind them.
    Ok(removed.len().max(1))
}

fn bound(mut statement: db::Query, ids: &[i64]) -> db::Query {
    for id in ids {
        statement = statement.bind(*id);
    }
    statement
}

/// A run was undone; answers how many of its clients stay.
///
/// # Errors
/// Whatever the database says.
pub async fn undone(conn: &mut Conn, run_id: i64, now: i64) -> Result<i64, DbError> {
    let left = db::query("SELECT COUNT(*) FROM clients WHERE import_run_id = $1").bind(run_id);
    let left: i64 = left.scalar(conn).await?;
    db::query(
        "UPDATE import_runs SET state = 'undone', undone_at = $2, message = '', version = version + 1 \
         WHERE id = $1 AND state = 'running' AND finished_at IS NOT NULL",
    )
    .bind(run_id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(left)
}

/// The clients of a run that are still there, for whom `viewer` may see.
///
/// # Errors
/// Whatever the database says.
pub async fn kept(conn: &mut Conn, run_id: i64, viewer: i64, limit: i64) -> Result<Vec<Kept>, DbError> {
    let select = format!(
        "SELECT id, name, account FROM clients WHERE import_run_id = $1 AND {} ORDER BY id LIMIT $3",
        visible::client(2)
    );
    db::query_built(select).bind(run_id).bind(viewer).bind(limit).fetch_all(conn).await
}
