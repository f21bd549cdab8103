//! What happened with a client: what people noted and what the program did, in one order.
//!
//! Both kinds are read by an index of the client and the time, twenty at a time: however long a
//! timeline is, a page of it costs the same.

use toolcrib::db::{self, Conn, DbError};

/// How many entries a page of a timeline has.
pub const PAGE: usize = 20;

/// How many of a person's activities are shown.
const OF_PERSON: i64 = 50;

/// What a timeline is narrowed to, beside a kind of activity.
pub const CHANGES: &str = "changes";

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// Where it stands among what happened at the same moment: of an activity twice its id, of what the program did one more.
    pub place: i64,
    /// Of an activity `call`, `meeting`, `email`, `note` or `task`; of what the program did `added`, `changed` and the like.
    pub kind: String,
    /// What it was about; nothing for what the program did.
    pub subject: String,
    /// More about it; the sentence, for what the program did.
    pub body: String,
    /// When it was.
    pub happened_at: i64,
    /// Who noted it, or did it.
    pub author: String,
    /// Whose activity it is.
    pub owner_id: Option<i64>,
    /// The person at the client it was with.
    pub person_id: Option<i64>,
    /// The person's name.
    pub person: Option<String>,
    /// When a task is to be done.
    pub due_at: Option<i64>,
    /// When it was.
    pub done_at: Option<i64>,
}

impl Entry {
    /// The activity's id; nothing for what the program did.
    #[must_use]
    pub fn activity(&self) -> Option<i64> {
        (self.place % 2 == 0).then_some(self.place / 2)
    }
}

/// Where a page of a timeline begins: behind this entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Its moment.
    pub happened_at: i64,
    /// Its place among those of the same moment.
    pub place: i64,
}

impl Before {
    /// As an address says it: `1773324300000000,14`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (happened_at, place) = text.split_once(',')?;
        Some(Self { happened_at: happened_at.parse().ok()?, place: place.parse().ok()? })
    }
}

/// What people noted of the client `$1` before the moment `$2` and the place `$3`, at most `$4`. A person who works
/// elsewhere now is not named: that client may be somebody's private one.
const ACTIVITIES: &str = "SELECT activities.id * 2 AS place, activities.kind, activities.subject, activities.body, \
     activities.happened_at, activities.author, activities.owner_id, persons.id AS person_id, persons.name AS person, \
     activities.due_at, activities.done_at \
     FROM activities LEFT JOIN persons ON persons.id = activities.person_id AND persons.client_id = activities.client_id \
     WHERE activities.client_id = $1 AND activities.happened_at <= $2 \
     AND (activities.happened_at < $2 OR activities.id * 2 < $3)";

/// What the program did with that client.
const EVENTS: &str = "SELECT id * 2 + 1 AS place, kind, '' AS subject, body, happened_at, actor AS author, \
     CAST(NULL AS BIGINT) AS owner_id, CAST(NULL AS BIGINT) AS person_id, CAST(NULL AS TEXT) AS person, \
     CAST(NULL AS BIGINT) AS due_at, CAST(NULL AS BIGINT) AS done_at \
     FROM timeline_events WHERE client_id = $1 AND happened_at <= $2 AND (happened_at < $2 OR id * 2 + 1 < $3)";

/// Answers what happened with a client, the newest first: a page, and one more where there is another page. `kind` is a
/// kind of activity or [`CHANGES`].
///
/// # Errors
/// Whatever the database says.
pub async fn page(
    conn: &mut Conn,
    client_id: i64,
    kind: Option<&str>,
    before: Option<Before>,
) -> Result<Vec<Entry>, DbError> {
    let before = before.unwrap_or(Before { happened_at: i64::MAX, place: i64::MAX });
    let limit = i64::try_from(PAGE).unwrap_or_default() + 1;
    let newest = "ORDER BY happened_at DESC, place DESC LIMIT $4";
    let activities = "ORDER BY activities.happened_at DESC, activities.id DESC LIMIT $4";
    let events = "ORDER BY happened_at DESC, id DESC LIMIT $4";
    let statement = match kind {
        None => format!(
            "SELECT * FROM (SELECT * FROM ({ACTIVITIES} {activities}) AS noted \
             UNION ALL SELECT * FROM ({EVENTS} {events}) AS told) AS entries {newest}"
        ),
        Some(CHANGES) => format!("{EVENTS} {events}"),
        Some(_) => format!("{ACTIVITIES} AND activities.kind = $5 {activities}"),
    };
    let query = db::query_built(statement).bind(client_id).bind(before.happened_at).bind(before.place).bind(limit);
    match kind.filter(|kind| *kind != CHANGES) {
        Some(kind) => query.bind(kind).fetch_all(conn).await,
        None => query.fetch_all(conn).await,
    }
}

/// Answers a person's latest activities at the client he or she works for.
///
/// # Errors
/// Whatever the database says.
pub async fn of_person(conn: &mut Conn, person_id: i64, client_id: i64) -> Result<Vec<Entry>, DbError> {
    db::query(
        "SELECT id * 2 AS place, kind, subject, body, happened_at, author, owner_id, CAST(NULL AS BIGINT) AS person_id, \
         CAST(NULL AS TEXT) AS person, due_at, done_at FROM activities WHERE person_id = $1 AND client_id = $2 \
         ORDER BY happened_at DESC, id DESC LIMIT $3",
    )
    .bind(person_id)
    .bind(client_id)
    .bind(OF_PERSON)
    .fetch_all(conn)
    .await
}

/// Who changed a record last.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct LastChange {
    /// Who.
    pub actor: String,
    /// What: `added`, `changed` and the like.
    pub action: String,
    /// When.
    pub happened_at: i64,
}

/// Answers who changed a record last, by the audit log.
///
/// # Errors
/// Whatever the database says.
pub async fn last_change(conn: &mut Conn, kind: &str, id: i64) -> Result<Option<LastChange>, DbError> {
    db::query(
        "SELECT actor, action, happened_at FROM audit_log WHERE record_kind = $1 AND record_id = $2 \
         ORDER BY id DESC LIMIT 1",
    )
    .bind(kind)
    .bind(id)
    .fetch_optional(conn)
    .await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! {
        a_timeline_is_read_to_its_end_page_by_page,
        a_timeline_is_narrowed_to_a_kind,
        a_person_who_works_elsewhere_now_is_not_named,
    }

    /// A client with as many activities as changes, several at each moment.
    async fn client_with(conn: &mut Conn, entries: i64) -> i64 {
        let id: i64 = db::query(
            "INSERT INTO clients (account, name, search, sort_name, created_at, updated_at) \
             VALUES ('A', 'One', 'one', 'one', 1, 1) RETURNING id",
        )
        .scalar(conn)
        .await
        .unwrap();
        for number in 0..entries {
            let kind = if number % 2 == 0 { "call" } else { "note" };
            db::query(
                "INSERT INTO activities (client_id, kind, subject, happened_at, author, created_at, updated_at) \
                 VALUES ($1, $2, 'x', $3, 'Anna', 1, 1)",
            )
            .bind(id)
            .bind(kind)
            .bind(number / 3)
            .execute(conn)
            .await
            .unwrap();
            db::query(
                "INSERT INTO timeline_events (client_id, kind, body, actor, happened_at) \
                 VALUES ($1, 'changed', 'Changed', 'Anna', $2)",
            )
            .bind(id)
            .bind(number / 3)
            .execute(conn)
            .await
            .unwrap();
        }
        id
    }

    async fn a_timeline_is_read_to_its_end_page_by_page(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let client = client_with(&mut tx, 33).await;
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let entries = page(&mut tx, client, None, before).await.unwrap();
            let more = entries.len() > PAGE;
            read.extend(entries.into_iter().take(PAGE).map(|entry| (entry.happened_at, entry.place)));
            if !more {
                break;
            }
            before = read.last().map(|(happened_at, place)| Before { happened_at: *happened_at, place: *place });
        }
        assert_eq!(read.len(), 66);
        assert!(read.is_sorted_by(|one, next| one > next), "{read:?}");
    }

    async fn a_timeline_is_narrowed_to_a_kind(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let client = client_with(&mut tx, 6).await;
        for (kind, expected) in [("call", 3), ("note", 3), ("meeting", 0), (CHANGES, 6)] {
            let entries = page(&mut tx, client, Some(kind), None).await.unwrap();
            assert_eq!(entries.len(), expected, "{kind}");
            assert!(entries.iter().all(|entry| entry.activity().is_none() == (kind == CHANGES)), "{entries:?}");
        }
    }

    async fn a_person_who_works_elsewhere_now_is_not_named(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let client = client_with(&mut tx, 1).await;
        let person: i64 = db::query(
            "INSERT INTO persons (client_id, name, search, created_at) VALUES ($1, 'Ada', 'ada', 1) RETURNING id",
        )
        .bind(client)
        .scalar(&mut tx)
        .await
        .unwrap();
        db::query("UPDATE activities SET person_id = $1").bind(person).execute(&mut tx).await.unwrap();
        let named = |entries: Vec<Entry>| entries.into_iter().find_map(|entry| entry.person);
        assert_eq!(named(page(&mut tx, client, Some("call"), None).await.unwrap()).as_deref(), Some("Ada"));
        assert_eq!(of_person(&mut tx, person, client).await.unwrap().len(), 1);

        db::query(
            "INSERT INTO clients (id, account, name, search, sort_name, created_at, updated_at) \
             VALUES (99, 'B', 'Two', '', '', 1, 1)",
        )
        .execute(&mut tx)
        .await
        .unwrap();
        db::query("UPDATE persons SET client_id = 99").execute(&mut tx).await.unwrap();
        assert_eq!(named(page(&mut tx, client, Some("call"), None).await.unwrap()), None);
        assert_eq!(of_person(&mut tx, person, 99).await.unwrap().len(), 0);
    }

    #[test]
    fn an_address_says_where_a_page_begins() {
        assert_eq!(Before::parse("5,14"), Some(Before { happened_at: 5, place: 14 }));
        for text in ["", "5", "5,", "x,1", "5,1,2", "99999999999999999999,1"] {
            assert_eq!(Before::parse(text), None, "{text}");
        }
    }
}
