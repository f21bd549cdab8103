//! What a task's form looks up: the client that was typed.

use toolcrib::adapter::{fold, like_pattern, words};
use toolcrib::db::{self, Conn, DbError};

use crate::db::visible;

/// A client that what was typed may mean.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Candidate {
    /// Its number.
    pub id: i64,
    /// The code it is known by.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Whose it alone is, where it is private.
    pub private_owner: Option<i64>,
}

const CANDIDATE: &str = "SELECT clients.id, clients.account, clients.name, \
    CASE WHEN clients.private THEN clients.owner_id END AS private_owner FROM clients";

/// Answers the client with this number, if it is there for a user.
///
/// # Errors
/// Whatever the database says.
pub async fn client(conn: &mut Conn, viewer: i64, id: i64) -> Result<Option<Candidate>, DbError> {
    let select = format!("{CANDIDATE} WHERE clients.id = $1 AND {}", visible::client(2));
    db::query_built(select).bind(id).bind(viewer).fetch_optional(conn).await
}

/// Answers the clients that an account or a name may mean: one with just that account, else those with just that name, else those
/// that have all the words; at most six.
///
/// # Errors
/// Whatever the database says.
pub async fn clients_like(conn: &mut Conn, viewer: i64, typed: &str) -> Result<Vec<Candidate>, DbError> {
    let there = visible::client(1);
    let select =
        format!("{CANDIDATE} WHERE (clients.account = $2 OR clients.sort_name = $3) AND {there} ORDER BY id LIMIT 6");
    let mut exact: Vec<Candidate> =
        db::query_built(select).bind(viewer).bind(typed).bind(fold(typed)).fetch_all(conn).await?;
    if let Some(place) = exact.iter().position(|found| found.account == typed) {
        return Ok(vec![exact.swap_remove(place)]);
    }
    let words = words(typed);
    if !exact.is_empty() || words.is_empty() {
        return Ok(exact);
    }
    let conditions: Vec<_> =
        (0..words.len()).map(|index| format!("clients.search LIKE ${} ESCAPE '\\'", index + 2)).collect();
    let select = format!("{CANDIDATE} WHERE {there} AND {} ORDER BY sort_name, id LIMIT 6", conditions.join(" AND "));
    let query = db::query_built(select).bind(viewer);
    words.iter().fold(query, |query, word| query.bind(like_pattern(word))).fetch_all(conn).await
}
