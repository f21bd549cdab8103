//! Changes of many clients at once: one commit, as few statements as possible, nothing for those that are so already.

use serde_json::json;
use toolcrib::db::{self, Conn, DbError, Query};

use super::client_list::Matching;
use super::journal::{self, Actor, Entry};
use super::{values, visible};

/// The most clients that are changed at once.
pub const MOST: usize = 5_000;

/// How many clients one statement changes.
const BATCH: usize = 500;

/// A client that was chosen.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Chosen {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The name of who looks after it, or nothing.
    pub owner: String,
    /// Whether it is its owner's alone.
    pub private: bool,
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// The same as the tables know users: others' private clients are not touched.
    pub viewer: i64,
    /// When.
    pub now: i64,
}

const COLUMNS: &str = "SELECT clients.id, clients.name, COALESCE(toolcrib_users.display_name, '') AS owner, \
                       clients.private FROM clients LEFT JOIN toolcrib_users \
                       ON toolcrib_users.id = clients.owner_id";

/// Those of these clients that are there for `viewer`, each once.
///
/// # Errors
/// Whatever the database says.
pub async fn chosen(conn: &mut Conn, ids: &[i64], viewer: i64) -> Result<Vec<Chosen>, DbError> {
    let mut found = Vec::new();
    for batch in ids.chunks(BATCH) {
        let select = format!(
            "{COLUMNS} WHERE clients.id IN ({}) AND {} ORDER BY clients.id",
            values::list(batch.len()),
            visible::client(batch.len() + 1)
        );
        found.extend(bound(db::query_built(select), batch).bind(viewer).fetch_all::<Chosen>(conn).await?);
    }
    found.sort_by_key(|client| client.id);
    found.dedup_by_key(|client| client.id);
    Ok(found)
}

/// All clients a filter means, one more than [`MOST`] at most.
///
/// # Errors
/// Whatever the database says.
pub async fn found(conn: &mut Conn, matching: &Matching) -> Result<Vec<Chosen>, DbError> {
    let end = |next| format!(" ORDER BY clients.id LIMIT ${next}");
    matching.select(COLUMNS, end).bind(i64::try_from(MOST + 1).unwrap_or(i64::MAX)).fetch_all(conn).await
}

/// Gives these clients to a user, or to nobody. Private ones stay with their owner, for whom alone they are there. Answers how many
/// were changed.
///
/// # Errors
/// Whatever the database says.
pub async fn give(
    conn: &mut Conn,
    clients: &[Chosen],
    owner: Option<(i64, &str)>,
    by: By<'_>,
) -> Result<Vec<i64>, DbError> {
    let mut changed = Vec::new();
    for batch in clients.chunks(BATCH) {
        let ids: Vec<i64> = batch.iter().map(|client| client.id).collect();
        let update = format!(
            "UPDATE clients SET owner_id = ${}, version = version + 1, updated_at = ${} WHERE id IN ({}) \
             AND NOT private AND merged_into IS NULL AND owner_id IS DISTINCT FROM ${} RETURNING id",
            ids.len() + 1,
            ids.len() + 2,
            values::list(ids.len()),
            ids.len() + 1
        );
        let update = bound(db::query_built(update), &ids).bind(owner.map(|(id, _)| id)).bind(by.now);
        changed.extend(update.scalars::<i64>(conn).await?);
    }
    let name = owner.map_or("", |(_, name)| name);
    let told = if name.is_empty() { "Given to nobody".to_owned() } else { format!("Given to {name}") };
    tell(conn, clients, &changed, by, "changed", &told, |client| json!({ "owner": [client.owner, name] })).await?;
    Ok(changed)
}

/// Puts a tag on these clients. Answers those that had it not.
///
/// # Errors
/// Whatever the database says.
pub async fn tag(conn: &mut Conn, clients: &[Chosen], tag: (i64, &str), by: By<'_>) -> Result<Vec<i64>, DbError> {
    let mut changed = Vec::new();
    for batch in clients.chunks(BATCH) {
        let ids: Vec<i64> = batch.iter().map(|client| client.id).collect();
        let insert = format!(
            "INSERT INTO client_tags (client_id, tag_id) SELECT clients.id, tags.id FROM clients \
             JOIN tags ON tags.id = ${} WHERE clients.id IN ({}) AND clients.merged_into IS NULL \
             ON CONFLICT (client_id, tag_id) DO NOTHING RETURNING client_id",
            ids.len() + 1,
            values::list(ids.len())
        );
        changed.extend(bound(db::query_built(insert), &ids).bind(tag.0).scalars::<i64>(conn).await?);
    }
    let told = format!("Tagged “{}”", tag.1);
    tell(conn, clients, &changed, by, "tagged", &told, |_| json!({ "tag": ["", tag.1] })).await?;
    Ok(changed)
}

/// Takes a tag off these clients. Answers those that had it.
///
/// # Errors
/// Whatever the database says.
pub async fn untag(conn: &mut Conn, clients: &[Chosen], tag: (i64, &str), by: By<'_>) -> Result<Vec<i64>, DbError> {
    let mut changed = Vec::new();
    for batch in clients.chunks(BATCH) {
        let ids: Vec<i64> = batch.iter().map(|client| client.id).collect();
        let delete = format!(
            "DELETE FROM client_tags WHERE client_id IN ({}) AND tag_id = ${} RETURNING client_id",
            values::list(ids.len()),
            ids.len() + 1
        );
        changed.extend(bound(db::query_built(delete), &ids).bind(tag.0).scalars::<i64>(conn).await?);
    }
    let told = format!("No longer tagged “{}”", tag.1);
    tell(conn, clients, &changed, by, "untagged", &told, |_| json!({ "tag": [tag.1, ""] })).await?;
    Ok(changed)
}

fn bound(statement: Query, ids: &[i64]) -> Query {
    ids.iter().copied().fold(statement, Query::bind)
}

/// Notes what became of those that were changed.
async fn tell(
    conn: &mut Conn,
    clients: &[Chosen],
    changed: &[i64],
    by: By<'_>,
    action: &str,
    told: &str,
    changes: impl Fn(&Chosen) -> serde_json::Value,
) -> Result<(), DbError> {
    let changed: std::collections::HashSet<i64> = changed.iter().copied().collect();
    let entries: Vec<Entry<'_>> = clients
        .iter()
        .filter(|client| changed.contains(&client.id))
        .map(|client| Entry {
            action,
            record_kind: "client",
            record_id: client.id,
            record_name: &client.name,
            changes: changes(client),
            told: Some((client.id, told)),
        })
        .collect();
    journal::note_many(conn, by.actor, by.now, &entries).await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::{on_both_engines, two_users_and_clients};
    use crate::domain::client_filter::ClientFilter;

    on_both_engines! {
        only_visible_clients_are_chosen,
        what_is_so_already_is_not_changed_again,
        thousands_are_changed_in_few_statements,
    }

    async fn count(tx: &mut Conn, table: &str) -> i64 {
        db::query_built(format!("SELECT COUNT(*) FROM {table}")).scalar(tx).await.unwrap()
    }

    async fn only_visible_clients_are_chosen(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        let ids = |chosen: Vec<Chosen>| chosen.into_iter().map(|client| client.id).collect::<Vec<_>>();
        let all = [4, 3, 3, 2, 1, 99];
        assert_eq!(ids(chosen(&mut tx, &all, 1).await.unwrap()), [1, 2, 3]);
        assert_eq!(ids(chosen(&mut tx, &all, 2).await.unwrap()), [2, 3]);
        let matching = Matching::new(&ClientFilter::default(), 2);
        assert_eq!(ids(found(&mut tx, &matching).await.unwrap()), [2, 3]);
    }

    async fn what_is_so_already_is_not_changed_again(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        let actor = Actor::program();
        let by = By { actor: &actor, viewer: 1, now: 9 };
        let clients = chosen(&mut tx, &[1, 2, 3], 1).await.unwrap();
        // Hers is private: it stays.
        assert_eq!(give(&mut tx, &clients, Some((2, "Boris")), by).await.unwrap(), [3]);
        assert_eq!(give(&mut tx, &clients, Some((2, "Boris")), by).await.unwrap(), [0_i64; 0]);
        assert_eq!(tag(&mut tx, &clients, (1, "VIP"), by).await.unwrap(), [3]);
        assert_eq!(tag(&mut tx, &clients, (1, "VIP"), by).await.unwrap(), [0_i64; 0]);
        assert_eq!(untag(&mut tx, &clients, (1, "VIP"), by).await.unwrap().len(), 3);
        assert_eq!(untag(&mut tx, &clients, (1, "VIP"), by).await.unwrap().len(), 0);
        assert_eq!(count(&mut tx, "audit_log").await, 5);
        assert_eq!(count(&mut tx, "timeline_events").await, 5);
        assert_eq!(give(&mut tx, &clients, None, by).await.unwrap().len(), 2);
        let versions: Vec<i64> = db::query("SELECT version FROM clients ORDER BY id").scalars(&mut tx).await.unwrap();
        assert_eq!(versions, [1, 2, 3, 1]);
    }

    async fn thousands_are_changed_in_few_statements(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        for batch in 0..7 {
            let mut insert = db::query_built(format!(
                "INSERT INTO clients (account, name, search, sort_name, created_at, updated_at) VALUES {}",
                values::tuples(300, 6)
            ));
            for row in 0..300 {
                let name = format!("Many {batch} {row}");
                insert = insert.bind(&name).bind(&name).bind("").bind("").bind(1).bind(1);
            }
            insert.execute(&mut tx).await.unwrap();
        }
        let actor = Actor::program();
        let by = By { actor: &actor, viewer: 2, now: 9 };
        let clients = found(&mut tx, &Matching::new(&ClientFilter::default(), 2)).await.unwrap();
        assert_eq!(clients.len(), 2_102);
        assert_eq!(give(&mut tx, &clients, Some((1, "Anna")), by).await.unwrap().len(), 2_102);
        assert_eq!(count(&mut tx, "audit_log").await, 2_102);
    }
}
