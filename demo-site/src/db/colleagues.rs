//! The users of the CRM, as pages offer and name them.

use toolcrib::db::{self, Conn, DbError};

/// The most users a list offers.
const MOST: i64 = 200;

/// Answers the users who may sign in, by name, and `also` whoever else stands in the record.
///
/// # Errors
/// Whatever the database says.
pub async fn offered(conn: &mut Conn, also: Option<i64>) -> Result<Vec<(i64, String)>, DbError> {
    db::query(
        "SELECT id, display_name FROM toolcrib_users WHERE NOT disabled OR id = $1 \
         ORDER BY display_name, id LIMIT $2",
    )
    .bind(also)
    .bind(MOST)
    .fetch_all(conn)
    .await
}

/// Answers a user's name to show.
///
/// # Errors
/// Whatever the database says.
pub async fn name(conn: &mut Conn, id: i64) -> Result<Option<String>, DbError> {
    db::query("SELECT display_name FROM toolcrib_users WHERE id = $1").bind(id).scalar_optional(conn).await
}
