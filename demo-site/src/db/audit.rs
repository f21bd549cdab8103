//! The audit log, read.

use serde::Deserialize;
use toolcrib::db::{self, Conn, DbError, Value};

use crate::domain::agenda::DAY;

/// How many entries a page has.
pub const PAGE: i64 = 50;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize)]
pub struct Noted {
    /// Its number.
    pub id: i64,
    /// When.
    pub happened_at: i64,
    /// The name of whoever did it.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what kind of record.
    pub record_kind: String,
    /// Its number.
    pub record_id: i64,
    /// Its name then.
    pub record_name: String,
    /// What was changed, as JSON.
    pub changes: String,
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Those of a user.
    pub actor: Option<i64>,
    /// Those about one kind of record.
    pub kind: String,
    /// Those about one record of that kind.
    pub record: Option<i64>,
    /// Those with one action.
    pub action: String,
    /// Those of one day, by its begin.
    pub day: Option<i64>,
    /// Those before an entry, by its time and number.
    pub before: Option<(i64, i64)>,
}

/// Who worked on a private record, and what it is called, is its owner's alone as well. Whether what was removed was private nobody
/// knows any more.
const VISIBLE: &str = "NOT EXISTS (SELECT 1 FROM clients AS hidden \
    WHERE hidden.private AND hidden.owner_id IS DISTINCT FROM $1 AND hidden.id = CASE audit_log.record_kind \
    WHEN 'client' THEN audit_log.record_id \
    WHEN 'person' THEN (SELECT client_id FROM persons WHERE persons.id = audit_log.record_id) \
    WHEN 'deal' THEN (SELECT client_id FROM deals WHERE deals.id = audit_log.record_id) \
    WHEN 'activity' THEN (SELECT client_id FROM activities WHERE activities.id = audit_log.record_id) \
    WHEN 'external_account' THEN (SELECT client_id FROM external_accounts WHERE external_accounts.id = audit_log.record_id) \
    WHEN 'merge' THEN (SELECT kept_id FROM merges WHERE merges.id = audit_log.record_id) END) \
    AND NOT (audit_log.record_kind = 'lead' AND EXISTS (SELECT 1 FROM leads AS hidden \
    WHERE hidden.id = audit_log.record_id AND hidden.private AND hidden.owner_id IS DISTINCT FROM $1))";

/// Answers the entries asked for, the newest first, at most a page of them; and whether there are more.
///
/// # Errors
/// Whatever the database says.
pub async fn list(conn: &mut Conn, viewer: i64, asked: &Asked) -> Result<(Vec<Noted>, bool), DbError> {
    let mut conditions = String::new();
    let mut values: Vec<Value> = vec![viewer.into()];
    let mut narrow = |condition: &str, wanted: Vec<Value>| {
        let mut text = condition.to_owned();
        for value in wanted {
            values.push(value);
            text = text.replacen('?', &format!("${}", values.len()), 1);
        }
        conditions.push_str(&text);
        conditions.push_str(" AND ");
    };
    if let Some(actor) = asked.actor {
        narrow("actor_id = ?", vec![actor.into()]);
    }
    match asked.record {
        Some(record) => narrow("record_kind = ? AND record_id = ?", vec![(&asked.kind).into(), record.into()]),
        // Not by the index of records: all of a kind would be sorted for one page of them.
        None if !asked.kind.is_empty() => narrow("(record_kind || '') = ?", vec![(&asked.kind).into()]),
        None => {}
    }
    if !asked.action.is_empty() {
        narrow("action = ?", vec![(&asked.action).into()]);
    }
    if let Some(day) = asked.day {
        narrow("happened_at >= ? AND happened_at < ?", vec![day.into(), day.saturating_add(DAY).into()]);
    }
    if let Some((happened_at, id)) = asked.before {
        // The first half lets the index be used, the second breaks ties.
        let (at, before) = (happened_at.into(), happened_at.into());
        narrow("happened_at <= ? AND (happened_at < ? OR audit_log.id < ?)", vec![at, before, id.into()]);
    }
    let select = format!(
        "SELECT id, happened_at, actor, action, record_kind, record_id, record_name, changes FROM audit_log \
         WHERE {conditions}{VISIBLE} ORDER BY happened_at DESC, id DESC LIMIT {}",
        PAGE + 1
    );
    let query = values.into_iter().fold(db::query_built(select), db::Query::bind);
    let mut entries: Vec<Noted> = query.fetch_all(conn).await?;
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = entries.len() > most;
    entries.truncate(most);
    Ok((entries, more))
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! {
        the_log_is_narrowed_and_leafed_through_without_losing_an_entry,
        what_was_done_to_somebody_else_s_private_record_is_not_told,
    }

    async fn note(conn: &mut Conn, at: i64, actor: Option<i64>, action: &str, kind: &str, record: i64) {
        db::query(
            "INSERT INTO audit_log (happened_at, actor_id, actor, action, record_kind, record_id, record_name) \
             VALUES ($1, $2, 'Anna', $3, $4, $5, 'name')",
        )
        .bind(at)
        .bind(actor)
        .bind(action)
        .bind(kind)
        .bind(record)
        .execute(conn)
        .await
        .unwrap();
    }

    async fn the_log_is_narrowed_and_leafed_through_without_losing_an_entry(db: Db) {
        let mut tx = db.begin().await.unwrap();
        // Several at the same moment, and numbers that are not in the order of time.
        for index in 0..120 {
            note(&mut tx, (index * 7 % 40) * DAY / 20, Some(index % 2), "changed", "tag", index).await;
        }
        note(&mut tx, 5, None, "removed", "deal", 1).await;
        let mut asked = Asked::default();
        let mut seen = Vec::new();
        loop {
            let (entries, more) = list(&mut tx, 1, &asked).await.unwrap();
            asked.before = entries.last().map(|entry| (entry.happened_at, entry.id));
            seen.extend(entries.into_iter().map(|entry| (entry.happened_at, entry.id)));
            if !more {
                break;
            }
        }
        assert_eq!(seen.len(), 121);
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
        for (asked, expected) in [
            (Asked { actor: Some(1), ..Asked::default() }, 50),
            (Asked { kind: "deal".into(), ..Asked::default() }, 1),
            (Asked { kind: "tag".into(), record: Some(3), ..Asked::default() }, 1),
            (Asked { action: "removed".into(), ..Asked::default() }, 1),
            (Asked { action: "removed".into(), actor: Some(1), ..Asked::default() }, 0),
            (Asked { day: Some(DAY), kind: "deal".into(), ..Asked::default() }, 0),
            (Asked { day: Some(0), action: "removed".into(), ..Asked::default() }, 1),
            (Asked { kind: "' OR 1=1 --".into(), ..Asked::default() }, 0),
        ] {
            let (entries, _) = list(&mut tx, 1, &asked).await.unwrap();
            assert_eq!(entries.len(), expected, "{asked:?}");
        }
    }

    async fn what_was_done_to_somebody_else_s_private_record_is_not_told(db: Db) {
        let mut tx = db.begin().await.unwrap();
        for statement in [
            "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
             VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
            "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             (1, 'A', 'Open', '', '', 1, FALSE, 1, 1), (2, 'B', 'Hidden', '', '', 2, TRUE, 1, 1)",
            "INSERT INTO persons (id, client_id, name, search, created_at) VALUES (1, 1, '', '', 1), (2, 2, '', '', 1)",
            "INSERT INTO deals (id, client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
             VALUES (1, 1, '', 1, 1, 'EUR', '', 1, 1), (2, 2, '', 1, 1, 'EUR', '', 1, 1)",
            "INSERT INTO activities (id, client_id, kind, subject, happened_at, author, created_at, updated_at) VALUES \
             (1, 1, 'note', '', 1, '', 1, 1), (2, 2, 'note', '', 1, '', 1, 1)",
            "INSERT INTO leads (id, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             (1, '', '', '', 2, FALSE, 1, 1), (2, '', '', '', 2, TRUE, 1, 1)",
        ] {
            db::query(statement).execute(&mut tx).await.unwrap();
        }
        for kind in ["client", "person", "deal", "activity", "lead"] {
            note(&mut tx, 1, None, "changed", kind, 1).await;
            note(&mut tx, 1, None, "changed", kind, 2).await;
        }
        let records = async |tx: &mut Conn, viewer| -> Vec<i64> {
            list(tx, viewer, &Asked::default()).await.unwrap().0.iter().map(|entry| entry.record_id).collect()
        };
        assert_eq!(records(&mut tx, 1).await, [1; 5]);
        assert_eq!(records(&mut tx, 2).await.len(), 10);
    }
}
