//! The list of clients: which ones a filter means, what stands beside them, what can be chosen, and all of it as a file.

use toolcrib::adapter::{like_pattern, words};
use toolcrib::db::{self, Conn, DbError, Query, Value};

use super::{values, visible};
use crate::domain::client_filter::{ClientFilter, Owner};
use crate::domain::csv_export::ExportRow;

/// The most industries, and the most cities, that are offered.
const MOST_OFFERED: i64 = 50;

/// How many clients are read at once for a file.
const BATCH: i64 = 2_000;

/// The most clients that go into one file.
pub const MOST_EXPORTED: usize = 100_000;

/// Which clients: a condition and its values, numbered from one.
#[derive(Debug, Clone)]
pub struct Matching {
    text: String,
    values: Vec<Value>,
}

/// What stands beside a client in the list.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Beside {
    /// The client's id.
    pub id: i64,
    /// Whether it is its owner's alone.
    pub private: bool,
    /// The name of who looks after it, or nothing.
    pub owner: String,
}

/// A client as it goes into a file.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Exported {
    account: String,
    name: String,
    industry: String,
    city: String,
    website: String,
    phone: String,
    email: String,
    notes: String,
}

impl<'a> From<&'a Exported> for ExportRow<'a> {
    fn from(client: &'a Exported) -> Self {
        Self {
            account: &client.account,
            name: &client.name,
            industry: &client.industry,
            city: &client.city,
            website: &client.website,
            phone: &client.phone,
            email: &client.email,
            notes: &client.notes,
        }
    }
}

impl Matching {
    /// The clients a filter means, among those that are there for `viewer`. What was searched for is
    /// not part of it: see [`Self::searched`].
    #[must_use]
    pub fn new(filter: &ClientFilter, viewer: i64) -> Self {
        let mut matching = Self { text: visible::client(1), values: vec![viewer.into()] };
        match filter.owner {
            Some(Owner::Nobody) => matching.text.push_str(" AND clients.owner_id IS NULL"),
            Some(owner) => matching.and("clients.owner_id = $", "", owner.id(viewer)),
            None => {}
        }
        if let Some(tag) = filter.tag {
            matching.and("clients.id IN (SELECT client_id FROM client_tags WHERE tag_id = $", ")", tag);
        }
        if !filter.industry.is_empty() {
            matching.and("clients.industry = $", "", &filter.industry);
        }
        if !filter.city.is_empty() {
            matching.and("clients.city = $", "", &filter.city);
        }
        match filter.private {
            Some(true) => matching.text.push_str(" AND clients.private"),
            Some(false) => matching.text.push_str(" AND NOT clients.private"),
            None => {}
        }
        matching
    }

    /// And those only that have all the words of a search: what a list does by itself.
    #[must_use]
    pub fn searched(mut self, q: &str) -> Self {
        for word in words(q) {
            self.and("clients.search LIKE $", " ESCAPE '\\'", like_pattern(&word));
        }
        self
    }

    /// The condition and its values, for a list.
    #[must_use]
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }

    /// A statement with this condition, and the number of the next parameter in `end`.
    pub(super) fn select(&self, start: &str, end: impl Fn(usize) -> String) -> Query {
        let statement = db::query_built(format!("{start} WHERE {}{}", self.text, end(self.values.len() + 1)));
        self.values.iter().cloned().fold(statement, Query::bind)
    }

    fn and(&mut self, before: &str, after: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.text.push_str(&format!(" AND {before}{}{after}", self.values.len()));
    }
}

/// What stands beside these clients.
///
/// # Errors
/// Whatever the database says.
pub async fn beside(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Beside>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = format!(
        "SELECT clients.id, clients.private, COALESCE(toolcrib_users.display_name, '') AS owner FROM clients \
         LEFT JOIN toolcrib_users ON toolcrib_users.id = clients.owner_id WHERE clients.id IN ({})",
        values::list(ids.len())
    );
    ids.iter().copied().fold(db::query_built(select), Query::bind).fetch_all(conn).await
}

/// The most frequent industries, by name.
///
/// # Errors
/// Whatever the database says.
pub async fn industries(conn: &mut Conn, viewer: i64) -> Result<Vec<String>, DbError> {
    frequent(conn, "industry", viewer).await
}

/// The most frequent cities, by name.
///
/// # Errors
/// Whatever the database says.
pub async fn cities(conn: &mut Conn, viewer: i64) -> Result<Vec<String>, DbError> {
    frequent(conn, "city", viewer).await
}

/// The index of the column has all that is asked for.
async fn frequent(conn: &mut Conn, column: &'static str, viewer: i64) -> Result<Vec<String>, DbError> {
    let select = format!(
        "SELECT {column} FROM (SELECT {column}, COUNT(*) AS clients FROM clients WHERE {column} <> '' AND {visible} \
         GROUP BY {column} ORDER BY COUNT(*) DESC, {column} LIMIT $2) AS offered ORDER BY {column}",
        visible = visible::client(1),
    );
    db::query_built(select).bind(viewer).bind(MOST_OFFERED).scalars(conn).await
}

/// The next clients of a file, behind an account; the last batch is smaller than the others.
///
/// # Errors
/// Whatever the database says.
pub async fn export_batch(conn: &mut Conn, matching: &Matching, after: &str) -> Result<Vec<Exported>, DbError> {
    let columns = "SELECT account, name, industry, city, website, phone, email, notes FROM clients";
    let end = |next| format!(" AND clients.account > ${next} ORDER BY clients.account LIMIT ${}", next + 1);
    matching.select(columns, end).bind(after).bind(BATCH).fetch_all(conn).await
}

/// Whether a batch is the last one.
#[must_use]
pub fn is_last(batch: &[Exported]) -> bool {
    i64::try_from(batch.len()).is_ok_and(|rows| rows < BATCH)
}

impl Exported {
    /// Behind what the next batch begins.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::{on_both_engines, two_users_and_clients};

    on_both_engines! {
        a_filter_means_visible_clients_only,
        what_is_offered_gives_no_private_client_away,
        a_file_has_what_the_filter_means,
    }

    async fn found(tx: &mut Conn, query: &str, viewer: i64) -> Vec<String> {
        let filter = ClientFilter::from_query(query);
        let matching = Matching::new(&filter, viewer).searched(&filter.q);
        let end = |_| " ORDER BY clients.account".to_owned();
        matching.select("SELECT clients.account FROM clients", end).scalars(tx).await.unwrap()
    }

    async fn a_filter_means_visible_clients_only(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        for (query, anna, boris) in [
            ("", &["A", "B", "C"][..], &["B", "C"][..]),
            ("owner=me", &["A"], &["B"]),
            ("owner=1", &["A"], &[]),
            ("owner=none", &["C"], &["C"]),
            ("private=yes", &["A"], &[]),
            ("private=no", &["B", "C"], &["B", "C"]),
            ("industry=Tools", &["A", "B"], &["B"]),
            ("industry=Tools&city=Bonn", &["B"], &["B"]),
            ("tag=1", &["A", "B"], &["B"]),
            ("tag=1&owner=me&q=hers", &["A"], &[]),
            ("q=100%25", &[], &[]),
            ("tag=99", &[], &[]),
        ] {
            assert_eq!(found(&mut tx, query, 1).await, anna, "{query}");
            assert_eq!(found(&mut tx, query, 2).await, boris, "{query}");
        }
    }

    async fn what_is_offered_gives_no_private_client_away(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        assert_eq!(cities(&mut tx, 1).await.unwrap(), ["Bonn", "Hidden-Town"]);
        assert_eq!(cities(&mut tx, 2).await.unwrap(), ["Bonn"]);
        assert_eq!(industries(&mut tx, 2).await.unwrap(), ["Tools"]);
        assert_eq!(
            crate::db::colleagues::offered(&mut tx, None).await.unwrap(),
            [(1, "Anna".to_owned()), (2, "Boris".to_owned())]
        );
        let beside = beside(&mut tx, &[1, 3]).await.unwrap();
        assert_eq!(
            beside.iter().map(|row| (row.private, row.owner.as_str())).collect::<Vec<_>>(),
            [(true, "Anna"), (false, "")]
        );
    }

    async fn a_file_has_what_the_filter_means(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        let matching = Matching::new(&ClientFilter::from_query("industry=Tools"), 1);
        let all = export_batch(&mut tx, &matching, "").await.unwrap();
        assert_eq!(all.iter().map(Exported::account).collect::<Vec<_>>(), ["A", "B"]);
        assert!(is_last(&all));
        let rest = export_batch(&mut tx, &matching, "A").await.unwrap();
        assert_eq!(rest.iter().map(Exported::account).collect::<Vec<_>>(), ["B"]);
    }
}
