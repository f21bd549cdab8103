//! A page of the list.

use toolcrib::db::{self, Conn, DbError};

use super::record::{COLUMNS, Client};
use super::sort::ClientSort;
use crate::domain::Page;
use crate::domain::search::{like_pattern, words};

/// How many clients a page of the list has.
pub const PAGE_SIZE: i64 = 25;

/// Answers a page of the clients that contain every word of `term`, or of all clients.
///
/// The page is the nearest that exists to `number`.
///
/// # Errors
/// Whatever the database says.
pub async fn list(conn: &mut Conn, term: &str, sort: ClientSort, number: i64) -> Result<(Vec<Client>, Page), DbError> {
    let patterns: Vec<_> = words(term).iter().map(|word| like_pattern(word)).collect();
    let condition = match contains_all("search", patterns.len()) {
        condition if condition.is_empty() => condition,
        condition => format!("WHERE {condition}"),
    };

    let mut count = db::query_built(format!("SELECT COUNT(*) FROM clients {condition}"));
    for pattern in &patterns {
        count = count.bind(pattern);
    }
    let page = Page::clamped(number, PAGE_SIZE, count.scalar(conn).await?);

    let (limit, offset) = (patterns.len() + 1, patterns.len() + 2);
    let mut rows = db::query_built(format!(
        "SELECT {COLUMNS} FROM clients {condition} ORDER BY {} LIMIT ${limit} OFFSET ${offset}",
        sort.order_by()
    ));
    for pattern in &patterns {
        rows = rows.bind(pattern);
    }
    let clients = rows.bind(page.size).bind(page.offset()).fetch_all(conn).await?;
    Ok((clients, page))
}

/// The condition that a folded column matches the patterns `$1` to `$count`; nothing for none.
pub(in crate::db) fn contains_all(column: &str, count: usize) -> String {
    let conditions: Vec<_> = (1..=count).map(|index| format!("{column} LIKE ${index} ESCAPE '\\'")).collect();
    conditions.join(" AND ")
}
