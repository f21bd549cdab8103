//! What was done, by whom: a line of the audit log, and where it concerns a client a line of its timeline.
//!
//! Whatever changes a record notes it here in the same transaction, so the two never tell of anything
//! that did not happen.

use serde_json::Value;
use toolcrib::db::{self, Conn, DbError};

use super::values;

/// Who does something: a user, or the program on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user's id; none for the program.
    pub id: Option<i64>,
    /// The name to show.
    pub name: String,
}

/// One thing that was done.
#[derive(Debug)]
pub struct Entry<'a> {
    /// What: `added`, `changed`, `removed`, `moved`, `converted`, `merged`, `undone`, `imported`, `checked`, ….
    pub action: &'a str,
    /// To what kind of record: the name of its table in the singular, `client`, `deal`, `saved_view`.
    pub record_kind: &'a str,
    /// Its id.
    pub record_id: i64,
    /// Its name at that moment; it may be gone when somebody reads this.
    pub record_name: &'a str,
    /// What was changed, a field each: `{"city": ["Bonn", "Köln"]}`. Nothing secret.
    pub changes: Value,
    /// The client on whose timeline it is told, and the sentence that tells it.
    pub told: Option<(i64, &'a str)>,
}

impl Actor {
    /// The program, on its own: jobs and commands.
    #[must_use]
    pub fn program() -> Self {
        Self { id: None, name: "Toolcrib CRM".to_owned() }
    }
}

/// Notes what was done, in the transaction that does it.
///
/// # Errors
/// Whatever the database says.
pub async fn note(conn: &mut Conn, actor: &Actor, now: i64, entry: Entry<'_>) -> Result<(), DbError> {
    if let Some((client_id, body)) = entry.told {
        db::query(
            "INSERT INTO timeline_events (client_id, kind, body, actor, happened_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(client_id)
        .bind(entry.action)
        .bind(body)
        .bind(&actor.name)
        .bind(now)
        .execute(conn)
        .await?;
    }
    db::query(
        "INSERT INTO audit_log (happened_at, actor_id, actor, action, record_kind, record_id, record_name, changes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(now)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(entry.action)
    .bind(entry.record_kind)
    .bind(entry.record_id)
    .bind(entry.record_name)
    .bind(entry.changes.to_string())
    .execute(conn)
    .await
    .map(drop)
}

/// How many entries go to the database at once.
const BATCH: usize = 200;

/// Notes many things that were done in one go, in as few statements as possible.
///
/// # Errors
/// Whatever the database says.
pub async fn note_many(conn: &mut Conn, actor: &Actor, now: i64, entries: &[Entry<'_>]) -> Result<(), DbError> {
    for batch in entries.chunks(BATCH) {
        let told: Vec<_> = batch.iter().filter_map(|entry| Some((entry.told?, entry.action))).collect();
        if !told.is_empty() {
            let mut insert = db::query_built(format!(
                "INSERT INTO timeline_events (client_id, kind, body, actor, happened_at) VALUES {}",
                values::tuples(told.len(), 5)
            ));
            for ((client_id, body), action) in told {
                insert = insert.bind(client_id).bind(action).bind(body).bind(&actor.name).bind(now);
            }
            insert.execute(conn).await?;
        }
        let mut insert = db::query_built(format!(
            "INSERT INTO audit_log \
             (happened_at, actor_id, actor, action, record_kind, record_id, record_name, changes) VALUES {}",
            values::tuples(batch.len(), 8)
        ));
        for entry in batch {
            insert = insert.bind(now).bind(actor.id).bind(&actor.name).bind(entry.action).bind(entry.record_kind);
            insert = insert.bind(entry.record_id).bind(entry.record_name).bind(entry.changes.to_string());
        }
        insert.execute(conn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { what_concerns_a_client_is_told_on_its_timeline }

    async fn what_concerns_a_client_is_told_on_its_timeline(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let client_id: i64 = db::query(
            "INSERT INTO clients (account, name, search, sort_name, created_at, updated_at) \
             VALUES ('A', 'One', 'one', 'one', 1, 1) RETURNING id",
        )
        .scalar(&mut tx)
        .await
        .unwrap();
        let entry = |told| Entry {
            action: "changed",
            record_kind: "client",
            record_id: client_id,
            record_name: "One",
            changes: json!({ "city": ["Bonn", "Köln"] }),
            told,
        };
        note(&mut tx, &Actor::program(), 7, entry(None)).await.unwrap();
        note(&mut tx, &Actor { id: None, name: "Anna".into() }, 8, entry(Some((client_id, "Moved to Köln"))))
            .await
            .unwrap();
        let told: Vec<(String, String, i64)> =
            db::query("SELECT body, actor, happened_at FROM timeline_events").fetch_all(&mut tx).await.unwrap();
        assert_eq!(told, [("Moved to Köln".to_owned(), "Anna".to_owned(), 8)]);
        let noted: Vec<(String, i64, String)> =
            db::query("SELECT actor, happened_at, changes FROM audit_log ORDER BY id")
                .fetch_all(&mut tx)
                .await
                .unwrap();
        assert_eq!(noted.len(), 2);
        assert_eq!(noted[0], ("Toolcrib CRM".to_owned(), 7, r#"{"city":["Bonn","Köln"]}"#.to_owned()));
    }
}
