//! People and deals of all clients that contain what was typed.
//!
//! Clients are found by their adapter's own list.

use toolcrib::db::{self, Conn, DbError, Query};

use toolcrib::adapter::{like_pattern, words};

/// A person, and the client he or she works for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct FoundContact {
    /// The person's name.
    pub name: String,
    /// What the person is there, or nothing.
    pub title: String,
    /// An e-mail address, or nothing.
    pub email: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client_name: String,
}

/// A deal, and the client it is with.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct FoundDeal {
    /// What it is about.
    pub title: String,
    /// The name of its stage.
    pub stage: String,
    /// `open`, `won` or `lost`.
    pub outcome: String,
    /// Its worth in minor units of the currency.
    pub amount_minor: i64,
    /// The currency's code (ISO 4217).
    pub currency: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client_name: String,
}

/// Finds people whose name or e-mail address contains every word of `term`; nobody for none.
///
/// # Errors
/// Whatever the database says.
pub async fn contacts(conn: &mut Conn, term: &str, limit: i64) -> Result<Vec<FoundContact>, DbError> {
    let columns = "persons.name, persons.title, persons.email";
    match found_in("persons", columns, "persons.name", term, limit) {
        Some(query) => query.fetch_all(conn).await,
        None => Ok(Vec::new()),
    }
}

/// Finds deals whose title contains every word of `term`; none for none.
///
/// # Errors
/// Whatever the database says.
pub async fn deals(conn: &mut Conn, term: &str, limit: i64) -> Result<Vec<FoundDeal>, DbError> {
    let columns = "deals.title, (SELECT stages.name FROM stages WHERE stages.id = deals.stage_id) AS stage, \
                   (SELECT stages.outcome FROM stages WHERE stages.id = deals.stage_id) AS outcome, \
                   deals.amount_minor, deals.currency";
    match found_in("deals", columns, "deals.created_at DESC", term, limit) {
        Some(query) => query.fetch_all(conn).await,
        None => Ok(Vec::new()),
    }
}

/// The statement that finds rows of a table with their clients; none for a term without words.
fn found_in(table: &'static str, columns: &'static str, order: &'static str, term: &str, limit: i64) -> Option<Query> {
    let words = words(term);
    if words.is_empty() {
        return None;
    }
    let condition = contains_all(&format!("{table}.search"), words.len());
    let mut query = db::query_built(format!(
        "SELECT {columns}, clients.id AS client_id, clients.name AS client_name \
         FROM {table} JOIN clients ON clients.id = {table}.client_id \
         WHERE {condition} ORDER BY {order}, {table}.id LIMIT ${}",
        words.len() + 1
    ));
    for word in &words {
        query = query.bind(like_pattern(word));
    }
    Some(query.bind(limit))
}

/// The condition that a folded column matches the patterns `$1` to `$count`.
fn contains_all(column: &str, count: usize) -> String {
    let conditions: Vec<_> = (1..=count).map(|index| format!("{column} LIKE ${index} ESCAPE '\\'")).collect();
    conditions.join(" AND ")
}
