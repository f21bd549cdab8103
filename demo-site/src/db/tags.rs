//! Tags and what they stand on.

use std::collections::HashMap;

use toolcrib::adapter::fold;
use toolcrib::db::{self, Conn, DbError, Query};

use super::{values, visible};

/// The most tags that are listed or offered.
const MOST: i64 = 200;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize, serde::Serialize)]
pub struct Tag {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// A tag and how many clients have it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize, serde::Serialize)]
pub struct TagUse {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// How many clients have it, of those that are there for who asks.
    pub clients: i64,
}

/// What became of a client's tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagChange {
    /// The names of those it has now.
    pub added: Vec<String>,
    /// The names of those it has no longer.
    pub removed: Vec<String>,
}

impl TagChange {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// How a tag is told from others: its name, whatever the case.
#[must_use]
pub fn key(name: &str) -> String {
    fold(name.trim())
}

/// The tags of a client, by name.
///
/// # Errors
/// Whatever the database says.
pub async fn of_client(conn: &mut Conn, client_id: i64) -> Result<Vec<Tag>, DbError> {
    db::query(
        "SELECT tags.id, tags.name FROM client_tags JOIN tags ON tags.id = client_tags.tag_id \
         WHERE client_tags.client_id = $1 ORDER BY tags.search LIMIT $2",
    )
    .bind(client_id)
    .bind(MOST)
    .fetch_all(conn)
    .await
}

/// The tags of several clients, by the client's id.
///
/// # Errors
/// Whatever the database says.
pub async fn of_clients(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, Vec<Tag>>, DbError> {
    let mut tags: HashMap<i64, Vec<Tag>> = HashMap::new();
    if ids.is_empty() {
        return Ok(tags);
    }
    let select = format!(
        "SELECT client_tags.client_id, tags.id, tags.name FROM client_tags JOIN tags ON tags.id = client_tags.tag_id \
         WHERE client_tags.client_id IN ({}) ORDER BY tags.search",
        values::list(ids.len())
    );
    let rows: Vec<(i64, i64, String)> =
        ids.iter().copied().fold(db::query_built(select), Query::bind).fetch_all(conn).await?;
    for (client_id, id, name) in rows {
        tags.entry(client_id).or_default().push(Tag { id, name });
    }
    Ok(tags)
}

/// All tags, by name: what can be chosen.
///
/// # Errors
/// Whatever the database says.
pub async fn all(conn: &mut Conn) -> Result<Vec<Tag>, DbError> {
    db::query("SELECT id, name FROM tags ORDER BY search LIMIT $1").bind(MOST).fetch_all(conn).await
}

/// All tags with how many clients have them, by name.
///
/// # Errors
/// Whatever the database says.
pub async fn in_use(conn: &mut Conn, viewer: i64) -> Result<Vec<TagUse>, DbError> {
    // The index of what has a tag is all that is read: the few that are not there are left out by their ids.
    let select = format!(
        "SELECT tags.id, tags.name, (SELECT COUNT(*) FROM client_tags WHERE client_tags.tag_id = tags.id AND {} \
         AND client_tags.client_id NOT IN (SELECT id FROM clients AS gone WHERE gone.merged_into IS NOT NULL)) AS clients \
         FROM tags ORDER BY tags.search LIMIT $2",
        visible::of_client("client_tags.client_id", 1)
    );
    db::query_built(select).bind(viewer).bind(MOST).fetch_all(conn).await
}

/// The tag of this name, whatever its case.
///
/// # Errors
/// Whatever the database says.
pub async fn named(conn: &mut Conn, name: &str) -> Result<Option<Tag>, DbError> {
    db::query("SELECT id, name FROM tags WHERE search = $1").bind(key(name)).fetch_optional(conn).await
}

/// The tag of this name, made if there is none.
///
/// # Errors
/// Whatever the database says.
pub async fn made(tx: &mut Conn, name: &str, now: i64) -> Result<Tag, DbError> {
    db::query(
        "INSERT INTO tags (name, search, created_at, updated_at) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (search) DO NOTHING",
    )
    .bind(name.trim())
    .bind(key(name))
    .bind(now)
    .execute(tx)
    .await?;
    db::query("SELECT id, name FROM tags WHERE search = $1").bind(key(name)).fetch_one(tx).await
}

/// Gives a client these tags and no others; those there are none of yet are made. Names come from
/// [`tag_names`](crate::domain::client_filter::tag_names). Answers what changed, for the journal.
///
/// # Errors
/// Whatever the database says.
pub async fn set_for_client(tx: &mut Conn, client_id: i64, names: &[String], now: i64) -> Result<TagChange, DbError> {
    let before = of_client(tx, client_id).await?;
    let mut change = TagChange::default();
    for name in names.iter().filter(|name| before.iter().all(|tag| key(&tag.name) != key(name))) {
        let tag = made(tx, name, now).await?;
        db::query(
            "INSERT INTO client_tags (client_id, tag_id) VALUES ($1, $2) ON CONFLICT (client_id, tag_id) DO NOTHING",
        )
        .bind(client_id)
        .bind(tag.id)
        .execute(tx)
        .await?;
        change.added.push(tag.name);
    }
    for tag in before.into_iter().filter(|tag| names.iter().all(|name| key(name) != key(&tag.name))) {
        db::query("DELETE FROM client_tags WHERE client_id = $1 AND tag_id = $2")
            .bind(client_id)
            .bind(tag.id)
            .execute(tx)
            .await?;
        change.removed.push(tag.name);
    }
    Ok(change)
}

/// Makes one tag of two: what had the first has the second now, and the first is gone. Answers whether it was there.
///
/// # Errors
/// Whatever the database says.
pub async fn merge(tx: &mut Conn, from: i64, into: i64) -> Result<bool, DbError> {
    db::query(
        "INSERT INTO client_tags (client_id, tag_id) SELECT client_id, $1 FROM client_tags WHERE tag_id = $2 \
         ON CONFLICT (client_id, tag_id) DO NOTHING",
    )
    .bind(into)
    .bind(from)
    .execute(tx)
    .await?;
    Ok(db::query("DELETE FROM tags WHERE id = $1").bind(from).execute(tx).await? > 0)
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::{on_both_engines, two_users_and_clients};

    on_both_engines! {
        a_tag_is_the_same_whatever_its_case,
        a_client_has_the_tags_it_is_given,
        tags_are_counted_on_visible_clients,
        two_tags_become_one,
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    async fn a_tag_is_the_same_whatever_its_case(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let first = made(&mut tx, " Trade Fair ", 1).await.unwrap();
        assert_eq!(first.name, "Trade Fair");
        assert_eq!(made(&mut tx, "trade fair", 2).await.unwrap(), first);
        assert_eq!(named(&mut tx, "TRADE FAIR").await.unwrap(), Some(first));
        assert_eq!(named(&mut tx, "trade").await.unwrap(), None);
    }

    async fn a_client_has_the_tags_it_is_given(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        let change = set_for_client(&mut tx, 1, &names(&["vip", "New"]), 5).await.unwrap();
        assert_eq!(change, TagChange { added: names(&["New"]), removed: vec![] });
        let change = set_for_client(&mut tx, 1, &names(&["new"]), 6).await.unwrap();
        assert_eq!(change, TagChange { added: vec![], removed: names(&["VIP"]) });
        assert!(set_for_client(&mut tx, 1, &names(&["NEW"]), 7).await.unwrap().is_empty());
        let now: Vec<String> = of_client(&mut tx, 1).await.unwrap().into_iter().map(|tag| tag.name).collect();
        assert_eq!(now, ["New"]);
        let all = of_clients(&mut tx, &[1, 2, 3]).await.unwrap();
        assert_eq!(all.get(&2).unwrap()[0].name, "VIP");
        assert_eq!(all.get(&3), None);
    }

    async fn tags_are_counted_on_visible_clients(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        assert_eq!(in_use(&mut tx, 1).await.unwrap()[0].clients, 2);
        assert_eq!(in_use(&mut tx, 2).await.unwrap()[0].clients, 1);
    }

    async fn two_tags_become_one(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        let other = made(&mut tx, "Important", 1).await.unwrap();
        set_for_client(&mut tx, 2, &names(&["VIP", "Important"]), 1).await.unwrap();
        assert!(merge(&mut tx, 1, other.id).await.unwrap());
        assert!(!merge(&mut tx, 1, other.id).await.unwrap());
        assert_eq!(in_use(&mut tx, 1).await.unwrap(), [TagUse { id: other.id, name: "Important".into(), clients: 2 }]);
    }
}
