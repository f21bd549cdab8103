//! Clients that may be one and the same.
//!
//! What gives them away (a name without its legal form, a website, the domain of an address) is no column of its own, so finding
//! candidates looks at every client: a few tenths of a second at fifty thousand. The page keeps what was found for as long as no
//! client changes ([`state`]); rows are read anew each time. Private clients are nobody else's business and are not compared.

use toolcrib::db::{self, Conn, DbError, Query};

use super::{values, visible};

/// The most candidates of each kind.
const MOST_OF_A_KIND: i64 = 60;

/// How many clients may have something in common before it says nothing about them.
const MOST_ALIKE: i64 = 5;

/// Two clients that may be one, by their ids; the older one first.
pub type Pair = (i64, i64);

/// A client as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Candidate {
    /// Its id.
    pub id: i64,
    /// The code it is known by.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Where it sits.
    pub city: String,
    /// Its website.
    pub website: String,
    /// Its e-mail address.
    pub email: String,
    /// Its phone number.
    pub phone: String,
}

/// What tells whether clients changed since: the latest change and the newest client.
///
/// # Errors
/// Whatever the database says.
pub async fn state(conn: &mut Conn) -> Result<(i64, i64), DbError> {
    db::query("SELECT COALESCE((SELECT MAX(updated_at) FROM clients), 0), COALESCE((SELECT MAX(id) FROM clients), 0)")
        .fetch_one(conn)
        .await
}

/// What two clients have in common, as an expression over a row, and when it says something.
fn kinds() -> [(String, &'static str); 4] {
    let forms = ["inc.", "inc", "gmbh", "ltd.", "ltd", "ag", "s.a.", "sa", "llc", "kg", "co.", "corp.", "corp", "plc"];
    let stem = forms.into_iter().fold("' ' || REPLACE(sort_name, ',', '') || ' '".to_owned(), |stem, form| {
        format!("REPLACE({stem}, ' {form} ', ' ')")
    });
    let host = "RTRIM(REPLACE(REPLACE(REPLACE(LOWER(website), 'https://', ''), 'http://', ''), 'www.', ''), '/')";
    // Everything from the at sign on: the other characters are taken off the beginning.
    let domain = "LTRIM(LOWER(email), REPLACE(LOWER(email), '@', ''))";
    [
        (format!("TRIM({stem})"), "sort_name <> ''"),
        (host.to_owned(), "website <> ''"),
        ("LOWER(email)".to_owned(), "email <> ''"),
        (format!("{domain} || ' ' || city"), "email <> '' AND city <> ''"),
    ]
}

/// The pairs that have something in common.
///
/// # Errors
/// Whatever the database says.
pub async fn candidates(conn: &mut Conn) -> Result<Vec<Pair>, DbError> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (common, says_something) in kinds() {
        let select = format!(
            "SELECT MIN(id), MAX(id) FROM clients WHERE merged_into IS NULL AND NOT private AND {says_something} \
             GROUP BY {common} HAVING COUNT(*) BETWEEN 2 AND $1 ORDER BY MAX(id) DESC LIMIT $2"
        );
        let found: Vec<Pair> = db::query_built(select).bind(MOST_ALIKE).bind(MOST_OF_A_KIND).fetch_all(conn).await?;
        pairs.extend(found);
    }
    pairs.sort_unstable();
    pairs.dedup();
    Ok(pairs)
}

/// The clients of these pairs, those that are there for `viewer`.
///
/// # Errors
/// Whatever the database says.
pub async fn of_pairs(conn: &mut Conn, pairs: &[Pair], viewer: i64) -> Result<Vec<Candidate>, DbError> {
    let mut ids: Vec<i64> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
    ids.sort_unstable();
    ids.dedup();
    let list = if ids.is_empty() { "NULL".to_owned() } else { values::list(ids.len()) };
    let select = format!(
        "SELECT id, account, name, city, website, email, phone FROM clients WHERE id IN ({list}) AND {}",
        visible::client(ids.len() + 1)
    );
    ids.iter().copied().fold(db::query_built(select), Query::bind).bind(viewer).fetch_all(conn).await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::{on_both_engines, two_users_and_clients};

    on_both_engines! { what_is_alike_is_found_and_private_clients_are_left_alone }

    async fn what_is_alike_is_found_and_private_clients_are_left_alone(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        assert_eq!(candidates(&mut tx).await.unwrap(), []);
        let before = state(&mut tx).await.unwrap();
        db::query(
            "INSERT INTO clients (id, account, name, city, website, email, search, sort_name, private, created_at, updated_at) \
             VALUES (11, 'E1', 'Acme', '', '', '', '', 'acme', FALSE, 1, 1), \
             (12, 'E2', 'Acme, Inc.', '', '', '', '', 'acme, inc.', FALSE, 1, 1), \
             (13, 'E3', 'Boats', '', 'https://www.boats.example/', '', '', 'boats', FALSE, 1, 1), \
             (14, 'E4', 'Ships', '', 'http://Boats.example', '', '', 'ships', FALSE, 1, 1), \
             (15, 'E5', 'Tea', 'Leeds', '', 'a@tea.example', '', 'tea', FALSE, 1, 1), \
             (16, 'E6', 'Coffee', 'Leeds', '', 'B@Tea.example', '', 'coffee', FALSE, 1, 1), \
             (17, 'E7', 'Coffee far away', 'York', '', 'c@tea.example', '', 'coffee far away', FALSE, 1, 1), \
             (18, 'E8', 'acme gmbh', '', '', '', '', 'acme gmbh', TRUE, 1, 1)",
        )
        .execute(&mut tx)
        .await
        .unwrap();
        assert_ne!(state(&mut tx).await.unwrap(), before);
        let pairs = candidates(&mut tx).await.unwrap();
        assert_eq!(pairs, [(11, 12), (13, 14), (15, 16)]);
        let rows = of_pairs(&mut tx, &[(11, 18), (13, 14)], 2).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [11, 13, 14]);
    }
}
