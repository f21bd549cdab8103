//! Whether a client is there for somebody. Single ones and pages of the list are their adapter's.

use toolcrib::db::{self, Conn, DbError};

use super::visible;

/// Whether there is such a client for a user: not merged into another, and not somebody else's private one.
///
/// # Errors
/// Whatever the database says.
pub async fn is_there(conn: &mut Conn, id: i64, viewer: i64) -> Result<bool, DbError> {
    let select = format!("SELECT COUNT(*) FROM clients WHERE clients.id = $1 AND {}", visible::client(2));
    Ok(db::query_built(select).bind(id).bind(viewer).scalar::<i64>(conn).await? > 0)
}
