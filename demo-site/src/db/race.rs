//! What the rival of a staged race does to a client.

use toolcrib::db::{self, Conn, DbError};

/// A client as it was.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// The phone number it had.
    pub before: String,
}

/// Changes the phone number of a client that is still of that version; nothing where it is not. Needs a transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn phone(conn: &mut Conn, id: i64, version: i64, phone: &str, now: i64) -> Result<Option<Changed>, DbError> {
    let before: Option<Changed> = db::query("SELECT name, phone AS before FROM clients WHERE id = $1 AND version = $2")
        .bind(id)
        .bind(version)
        .fetch_optional(conn)
        .await?;
    let changed = db::query(
        "UPDATE clients SET phone = $3, version = version + 1, updated_at = $4 WHERE id = $1 AND version = $2",
    )
    .bind(id)
    .bind(version)
    .bind(phone)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(before.filter(|_| changed == 1))
}

/// Answers id and name to show of a user.
///
/// # Errors
/// Whatever the database says.
pub async fn user(conn: &mut Conn, name: &str) -> Result<Option<(i64, String)>, DbError> {
    db::query("SELECT id, display_name FROM toolcrib_users WHERE name = $1").bind(name).fetch_optional(conn).await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { only_the_first_of_two_rivals_changes_the_number }

    async fn only_the_first_of_two_rivals_changes_the_number(db: Db) {
        let mut tx = db.begin().await.unwrap();
        db::query(
            "INSERT INTO clients (id, account, name, phone, search, sort_name, created_at, updated_at) \
             VALUES (1, 'A', 'One', '+44 1', '', '', 1, 1)",
        )
        .execute(&mut tx)
        .await
        .unwrap();
        let changed = phone(&mut tx, 1, 1, "+44 2", 9).await.unwrap();
        assert_eq!(changed, Some(Changed { name: "One".into(), before: "+44 1".into() }));
        assert_eq!(phone(&mut tx, 1, 1, "+44 3", 9).await.unwrap(), None);
        let stored: (String, i64) = db::query("SELECT phone, version FROM clients").fetch_one(&mut tx).await.unwrap();
        assert_eq!(stored, ("+44 2".to_owned(), 2));
    }
}
