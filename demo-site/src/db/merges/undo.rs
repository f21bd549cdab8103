//! A merge is taken back.

use serde_json::json;
use toolcrib::db::{self, Conn, DbError};

use super::{MOVING, Merge, TAG, write};
use crate::db::bulk::By;
use crate::db::journal::{self, Entry};

/// What came of undoing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// It is undone. So many records are not there any more, or belong to another client by now, and were left alone.
    Done {
        /// How many.
        missing: i64,
    },
    /// Somebody was faster.
    Already,
    /// The kept client was changed since: undoing would lose that change.
    Changed,
    /// It was changed while this was at work: the unit is to be run again.
    Lost,
}

/// Gives both clients back what they were, and moves back what was moved. What was added to the kept client since stays with it.
///
/// # Errors
/// Whatever the database says.
pub async fn undo(tx: &mut Conn, merge: &Merge, by: By<'_>) -> Result<Undone, DbError> {
    // One statement decides: of many who undo at once one does.
    let claimed = db::query(
        "UPDATE merges SET undone_at = $1 WHERE id = $2 AND undone_at IS NULL AND EXISTS \
         (SELECT 1 FROM clients WHERE id = merges.kept_id AND version = merges.kept_version AND merged_into IS NULL)",
    )
    .bind(by.now)
    .bind(merge.id)
    .execute(tx)
    .await?;
    if claimed == 0 {
        let undone: Option<i64> = db::query("SELECT undone_at FROM merges WHERE id = $1 AND undone_at IS NOT NULL")
            .bind(merge.id)
            .scalar_optional(tx)
            .await?;
        return Ok(if undone.is_some() { Undone::Already } else { Undone::Changed });
    }
    let before = merge.before();
    // Out of the way first: the two may have exchanged their accounts.
    set_account(tx, merge.gone_id, &format!("undoing {} {}", merge.gone_id, by.now), by.now).await?;
    if write(tx, merge.kept_id, merge.kept_version, &before.kept, by.now).await?.is_none() {
        return Ok(Undone::Lost);
    }
    set_account(tx, merge.gone_id, &before.gone.account, by.now).await?;
    db::query("UPDATE clients SET merged_into = NULL, version = version + 1 WHERE id = $1")
        .bind(merge.gone_id)
        .execute(tx)
        .await?;
    let missing = move_back(tx, merge).await?;
    note(tx, merge, by).await?;
    Ok(Undone::Done { missing })
}

async fn set_account(tx: &mut Conn, id: i64, account: &str, now: i64) -> Result<(), DbError> {
    db::query("UPDATE clients SET account = $1, updated_at = $2 WHERE id = $3")
        .bind(account)
        .bind(now)
        .bind(id)
        .execute(tx)
        .await
        .map(drop)
}

/// Moves back what is still there. Answers how many records are not.
async fn move_back(tx: &mut Conn, merge: &Merge) -> Result<i64, DbError> {
    let mut back: u64 = 0;
    for (kind, table, _, made) in MOVING {
        let update = format!(
            "UPDATE {table} SET client_id = $1 WHERE client_id = $2 AND id IN \
             (SELECT record_id FROM merge_moves WHERE merge_id = $3 AND record_kind = $4) AND {made} <= $5"
        );
        let update = db::query_built(update).bind(merge.gone_id).bind(merge.kept_id).bind(merge.id).bind(kind);
        back += update.bind(merge.merged_at).execute(tx).await?;
    }
    // A tag that somebody took off meanwhile is off: nothing is missing.
    db::query(
        "DELETE FROM client_tags WHERE client_id = $1 AND tag_id IN \
         (SELECT record_id FROM merge_moves WHERE merge_id = $2 AND record_kind = $3)",
    )
    .bind(merge.kept_id)
    .bind(merge.id)
    .bind(TAG)
    .execute(tx)
    .await?;
    let moved: i64 = db::query("SELECT COUNT(*) FROM merge_moves WHERE merge_id = $1 AND record_kind <> $2")
        .bind(merge.id)
        .bind(TAG)
        .scalar(tx)
        .await?;
    Ok(moved.saturating_sub(i64::try_from(back).unwrap_or(i64::MAX)))
}

async fn note(tx: &mut Conn, merge: &Merge, by: By<'_>) -> Result<(), DbError> {
    let told = format!("The merge of {} and {} was undone", merge.kept_name, merge.gone_name);
    let entry = |id, name| Entry {
        action: "undone",
        record_kind: "client",
        record_id: id,
        record_name: name,
        changes: json!({ "merge": [merge.id, null] }),
        told: Some((id, &told)),
    };
    let entries = [entry(merge.kept_id, merge.kept_name.as_str()), entry(merge.gone_id, merge.gone_name.as_str())];
    journal::note_many(tx, by.actor, by.now, &entries).await
}
