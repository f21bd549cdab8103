//! Two clients into one, and back.
//!
//! The one that is kept gets what was chosen of both, and everything that belongs to the other. The other stays as a row that
//! points to the kept one and is there for nobody. What was moved is remembered record by record, so that undoing takes back exactly
//! that: records that were added since stay, and those that are gone meanwhile are not missed.

mod record;
mod undo;

pub use record::{Before, Merge, Moved, find, latest, moved_by, of_gone};
pub use undo::{Undone, undo};

use serde::{Deserialize, Serialize};
use serde_json::json;
use toolcrib::db::{self, Conn, DbError};

use super::bulk::By;
use super::journal::{self, Entry};
use super::visible;
use super::words::{self, Kind};
use crate::adapters::Client;

/// What belongs to a client and moves with it: the kind of the record, its table, what several are called, and the column that says
/// when it was made. SQLite gives the number of a record that was removed to another one: only what is older than the merge moves back.
pub(super) const MOVING: [(&str, &str, &str, &str); 6] = [
    ("person", "persons", "persons", "created_at"),
    ("deal", "deals", "deals", "created_at"),
    ("activity", "activities", "activities", "created_at"),
    ("timeline_event", "timeline_events", "lines of the timeline", "happened_at"),
    ("external_account", "external_accounts", "accounts", "created_at"),
    ("lead", "leads", "converted leads", "created_at"),
];

/// The kind of what is copied instead: the tags the kept client had not.
pub(super) const TAG: &str = "tag";

/// What of a client can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The code it is known by.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its line of business.
    pub industry: String,
    /// Where it sits.
    pub city: String,
    /// Its website.
    pub website: String,
    /// Its phone number.
    pub phone: String,
    /// Its e-mail address.
    pub email: String,
    /// What else is known about it.
    pub notes: String,
    /// Who looks after it.
    pub owner_id: Option<i64>,
    /// Whether it is its owner's alone.
    pub private: bool,
}

/// One of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow, Deserialize)]
#[serde(default)]
pub struct Side {
    /// Its id.
    pub id: i64,
    /// How often it was changed.
    pub version: i64,
    /// The name of who looks after it, or nothing.
    pub owner: String,
    /// What can be chosen.
    #[sqlx(flatten)]
    pub facts: Facts,
}

/// A client that is there for `viewer`.
///
/// # Errors
/// Whatever the database says.
pub async fn side(conn: &mut Conn, id: i64, viewer: i64) -> Result<Option<Side>, DbError> {
    let select = format!(
        "SELECT clients.id, clients.version, COALESCE(toolcrib_users.display_name, '') AS owner, clients.account, \
         clients.name, clients.industry, clients.city, clients.website, clients.phone, clients.email, clients.notes, \
         clients.owner_id, clients.private FROM clients \
         LEFT JOIN toolcrib_users ON toolcrib_users.id = clients.owner_id WHERE clients.id = $1 AND {}",
        visible::client(2)
    );
    db::query_built(select).bind(id).bind(viewer).fetch_optional(conn).await
}

/// How many records of each kind would move, what they are called and how many there are; tags among them.
///
/// # Errors
/// Whatever the database says.
pub async fn moving(conn: &mut Conn, gone: i64) -> Result<Vec<(String, i64)>, DbError> {
    let mut parts: Vec<String> = MOVING
        .iter()
        .map(|(_, table, called, _)| {
            format!("SELECT '{called}' AS called, COUNT(*) AS records FROM {table} WHERE client_id = $1")
        })
        .collect();
    parts.push("SELECT 'tags', COUNT(*) FROM client_tags WHERE client_id = $1".to_owned());
    db::query_built(parts.join(" UNION ALL ")).bind(gone).fetch_all(conn).await
}

/// Makes one client of two, as they were seen. Answers the merge's id, or nothing where either was changed since.
///
/// # Errors
/// Whatever the database says.
pub async fn merge(
    tx: &mut Conn,
    kept: &Side,
    gone: &Side,
    chosen: &Facts,
    by: By<'_>,
) -> Result<Option<i64>, DbError> {
    // The account stands in a unique index, so changing it keeps others from adding records to this client until the commit.
    let claimed = db::query(
        "UPDATE clients SET account = $1, merged_into = $2, version = version + 1, updated_at = $3 \
         WHERE id = $4 AND version = $5 AND merged_into IS NULL",
    )
    .bind(format!("merging {} {}", gone.id, by.now))
    .bind(kept.id)
    .bind(by.now)
    .bind(gone.id)
    .bind(gone.version)
    .execute(tx)
    .await?;
    if claimed == 0 {
        return Ok(None);
    }
    let Some(kept_version) = write(tx, kept.id, kept.version, chosen, by.now).await? else { return Ok(None) };
    // The other keeps its account, or takes the one that was given up: both stay taken.
    let given_up = if chosen.account == gone.facts.account { &kept.facts.account } else { &gone.facts.account };
    db::query("UPDATE clients SET account = $1 WHERE id = $2").bind(given_up).bind(gone.id).execute(tx).await?;
    let before =
        json!({ "kept": kept.facts, "gone": gone.facts, "chosen": chosen, "kept_version_before": kept.version });
    let id: i64 = db::query(
        "INSERT INTO merges (kept_id, gone_id, before, kept_version, actor_id, actor, merged_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(kept.id)
    .bind(gone.id)
    .bind(before.to_string())
    .bind(kept_version)
    .bind(by.actor.id)
    .bind(&by.actor.name)
    .bind(by.now)
    .scalar(tx)
    .await?;
    move_all(tx, id, kept.id, gone.id).await?;
    note(tx, kept, gone, by).await?;
    Ok(Some(id))
}

/// Writes what was chosen, over the version that was seen. Answers the new version.
pub(super) async fn write(
    tx: &mut Conn,
    id: i64,
    version: i64,
    facts: &Facts,
    now: i64,
) -> Result<Option<i64>, DbError> {
    let client = client_of(facts);
    // An owner who was removed meanwhile is none any more.
    let update = "UPDATE clients SET account = $1, name = $2, industry = $3, city = $4, website = $5, phone = $6, \
                  email = $7, notes = $8, search = $9, sort_name = $10, private = $11, \
                  owner_id = (SELECT id FROM toolcrib_users WHERE id = $12), version = version + 1, updated_at = $13 \
                  WHERE id = $14 AND version = $15 AND merged_into IS NULL RETURNING version";
    let version: Option<i64> = client
        .bind_facts(db::query(update))
        .bind(&facts.notes)
        .bind(client.search_text())
        .bind(client.sort_name())
        .bind(facts.private)
        .bind(facts.owner_id)
        .bind(now)
        .bind(id)
        .bind(version)
        .scalar_optional(tx)
        .await?;
    if version.is_some() {
        words::index(tx, Kind::Client, id, &client.searched()).await?;
    }
    Ok(version)
}

fn client_of(facts: &Facts) -> Client {
    Client {
        account: facts.account.clone(),
        name: facts.name.clone(),
        industry: facts.industry.clone(),
        city: facts.city.clone(),
        website: facts.website.clone(),
        phone: facts.phone.clone(),
        email: facts.email.clone(),
        ..Client::default()
    }
}

/// Moves what belongs to the other, and remembers each record.
async fn move_all(tx: &mut Conn, merge: i64, kept: i64, gone: i64) -> Result<(), DbError> {
    for (kind, table, _, _) in MOVING {
        db::query_built(format!(
            "INSERT INTO merge_moves (merge_id, record_kind, record_id) SELECT $1, $2, id FROM {table} WHERE client_id = $3"
        ))
        .bind(merge)
        .bind(kind)
        .bind(gone)
        .execute(tx)
        .await?;
        let update = format!(
            "UPDATE {table} SET client_id = $1 WHERE id IN \
             (SELECT record_id FROM merge_moves WHERE merge_id = $2 AND record_kind = $3)"
        );
        db::query_built(update).bind(kept).bind(merge).bind(kind).execute(tx).await?;
    }
    db::query(
        "INSERT INTO merge_moves (merge_id, record_kind, record_id) SELECT $1, $2, tag_id FROM client_tags \
         WHERE client_id = $3 AND tag_id NOT IN (SELECT tag_id FROM client_tags WHERE client_id = $4)",
    )
    .bind(merge)
    .bind(TAG)
    .bind(gone)
    .bind(kept)
    .execute(tx)
    .await?;
    db::query(
        "INSERT INTO client_tags (client_id, tag_id) SELECT $1, record_id FROM merge_moves \
         WHERE merge_id = $2 AND record_kind = $3 ON CONFLICT (client_id, tag_id) DO NOTHING",
    )
    .bind(kept)
    .bind(merge)
    .bind(TAG)
    .execute(tx)
    .await
    .map(drop)
}

async fn note(tx: &mut Conn, kept: &Side, gone: &Side, by: By<'_>) -> Result<(), DbError> {
    let told = format!("{} ({}) was merged into this client", gone.facts.name, gone.facts.account);
    let entry = |side: &Side, other: &Side| json!({ "merged": [side.facts.name, other.facts.name] });
    journal::note_many(
        tx,
        by.actor,
        by.now,
        &[
            Entry {
                action: "merged",
                record_kind: "client",
                record_id: kept.id,
                record_name: &kept.facts.name,
                changes: entry(gone, kept),
                told: Some((kept.id, &told)),
            },
            Entry {
                action: "merged",
                record_kind: "client",
                record_id: gone.id,
                record_name: &gone.facts.name,
                changes: entry(gone, kept),
                told: None,
            },
        ],
    )
    .await
}

/// Where a client that is not there any more went: the client it was merged into, if that one is there for `viewer`. Somebody else's
/// private client went nowhere.
///
/// # Errors
/// Whatever the database says.
pub async fn merged_into(conn: &mut Conn, id: i64, viewer: i64) -> Result<Option<i64>, DbError> {
    // Whatever was merged into something that was merged leads to the end. The depth ends a chain that were a circle.
    let select = format!(
        "WITH RECURSIVE chain (id, depth) AS (\
           SELECT merged_into, 1 FROM clients WHERE id = $1 AND (NOT private OR owner_id = $2) AND merged_into IS NOT NULL \
           UNION ALL SELECT clients.merged_into, chain.depth + 1 FROM chain JOIN clients ON clients.id = chain.id \
           WHERE clients.merged_into IS NOT NULL AND chain.depth < 20) \
         SELECT clients.id FROM chain JOIN clients ON clients.id = chain.id WHERE {} LIMIT 1",
        visible::client(2)
    );
    db::query_built(select).bind(id).bind(viewer).scalar_optional(conn).await
}

#[cfg(test)]
mod tests;
