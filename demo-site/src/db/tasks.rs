//! What is to be done, by when: the activities of the kind `task`.

mod choices;

use serde::{Deserialize, Serialize};
use toolcrib::db::{self, Conn, DbError, Query};

pub use choices::{Candidate, client, clients_like};

use super::visible;
use crate::domain::agenda::{DAY, Show, Span, clock_text, day_of, is_overdue};

/// The most tasks a list shows.
pub const MOST: i64 = 200;

/// How far back the list of what was done goes.
const DONE_DAYS: i64 = 30;

/// A task as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredTask {
    /// Its number.
    pub id: i64,
    /// How often it was changed.
    pub version: i64,
    /// What is to be done.
    pub subject: String,
    /// More about it, or nothing.
    pub body: String,
    /// When it is due; midnight sharp is the whole day.
    pub due_at: Option<i64>,
    /// When it was done, if it was.
    pub done_at: Option<i64>,
    /// Whose it is.
    pub owner_id: Option<i64>,
    /// Their name.
    pub owner: Option<String>,
    /// The client it concerns.
    pub client_id: Option<i64>,
    /// The client's name.
    pub client: Option<String>,
    /// The client's account.
    pub account: Option<String>,
}

impl StoredTask {
    /// Whether it is open and late.
    #[must_use]
    pub fn is_late(&self, now: i64) -> bool {
        self.done_at.is_none() && self.due_at.is_some_and(|due_at| is_overdue(due_at, now))
    }

    /// The time of day it is due, `14:30`; nothing for a whole day.
    #[must_use]
    pub fn clock(&self) -> String {
        self.due_at.map(clock_text).unwrap_or_default()
    }
}

/// What a form says of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be done.
    pub subject: String,
    /// More about it, or nothing.
    pub body: String,
    /// When it is due.
    pub due_at: i64,
    /// Whose it is.
    pub owner_id: Option<i64>,
    /// The client it concerns.
    pub client_id: Option<i64>,
}

/// How many open tasks there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Due on this day.
    pub today: i64,
    /// Late.
    pub overdue: i64,
    /// Due within seven days.
    pub week: i64,
    /// All.
    pub open: i64,
}

const COLUMNS: &str = "activities.id, activities.version, activities.subject, activities.body, activities.due_at, \
    activities.done_at, activities.owner_id, owners.display_name AS owner, activities.client_id, clients.name AS client, \
    clients.account";

const TABLES: &str = "activities LEFT JOIN clients ON clients.id = activities.client_id \
    LEFT JOIN toolcrib_users AS owners ON owners.id = activities.owner_id";

/// Answers a task that is there for a user.
///
/// # Errors
/// Whatever the database says.
pub async fn find(conn: &mut Conn, id: i64, viewer: i64) -> Result<Option<StoredTask>, DbError> {
    let visible = visible::of_client("activities.client_id", 2);
    let select =
        format!("SELECT {COLUMNS} FROM {TABLES} WHERE activities.id = $1 AND activities.kind = 'task' AND {visible}");
    db::query_built(select).bind(id).bind(viewer).fetch_optional(conn).await
}

/// Answers the tasks of a list: the open ones by when they are due, those done the latest first. Those of one user, or of all.
///
/// # Errors
/// Whatever the database says.
pub async fn list(
    conn: &mut Conn,
    viewer: i64,
    owner: Option<i64>,
    show: Show,
    now: i64,
) -> Result<Vec<StoredTask>, DbError> {
    if show == Show::Done {
        return done(conn, viewer, owner, now).await;
    }
    let mut tasks = open(conn, viewer, owner, show.span(now), MOST).await?;
    let room = MOST.saturating_sub(i64::try_from(tasks.len()).unwrap_or(MOST));
    if show == Show::All && room > 0 {
        tasks.extend(of_some_day(conn, viewer, owner, room).await?);
    }
    Ok(tasks)
}

/// Answers the open tasks that are due in a span, the first first.
///
/// # Errors
/// Whatever the database says.
pub async fn open(
    conn: &mut Conn,
    viewer: i64,
    owner: Option<i64>,
    span: Span,
    limit: i64,
) -> Result<Vec<StoredTask>, DbError> {
    let visible = visible::of_client("activities.client_id", 1);
    // Chosen by their numbers first: only the few that are shown are read and sorted whole.
    let select = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE activities.id IN (SELECT activities.id FROM activities \
         WHERE activities.kind = 'task' AND activities.done_at IS NULL \
         AND activities.due_at >= $2 AND activities.due_at < $3 AND activities.due_at <> $4 AND {visible}{} \
         ORDER BY activities.due_at, activities.id LIMIT $5) ORDER BY activities.due_at, activities.id",
        owned(owner, 6)
    );
    let query = db::query_built(select).bind(viewer).bind(span.from).bind(span.to).bind(span.except).bind(limit);
    with_owner(query, owner).fetch_all(conn).await
}

/// Those open that have no day: other pages may leave it out.
async fn of_some_day(conn: &mut Conn, viewer: i64, owner: Option<i64>, limit: i64) -> Result<Vec<StoredTask>, DbError> {
    let visible = visible::of_client("activities.client_id", 1);
    let select = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE activities.kind = 'task' AND activities.done_at IS NULL \
         AND activities.due_at IS NULL AND {visible}{} ORDER BY activities.id LIMIT $2",
        owned(owner, 3)
    );
    with_owner(db::query_built(select).bind(viewer).bind(limit), owner).fetch_all(conn).await
}

/// What is done has happened then, so the order of everything that happened is that of what was done.
async fn done(conn: &mut Conn, viewer: i64, owner: Option<i64>, now: i64) -> Result<Vec<StoredTask>, DbError> {
    let visible = visible::of_client("activities.client_id", 1);
    let select = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE activities.kind = 'task' AND activities.done_at IS NOT NULL \
         AND activities.happened_at >= $2 AND {visible}{} \
         ORDER BY activities.happened_at DESC, activities.id DESC LIMIT $3",
        owned(owner, 4)
    );
    let since = now.saturating_sub(DONE_DAYS * DAY);
    with_owner(db::query_built(select).bind(viewer).bind(since).bind(MOST), owner).fetch_all(conn).await
}

/// Counts the open tasks of one user, or of all.
///
/// # Errors
/// Whatever the database says.
pub async fn counts(conn: &mut Conn, viewer: i64, owner: Option<i64>, now: i64) -> Result<Counts, DbError> {
    let visible = visible::of_client("activities.client_id", 1);
    let sum = |condition: &str| format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)");
    let select = format!(
        "SELECT {} AS today, {} AS overdue, {} AS week, COUNT(*) AS open FROM activities \
         WHERE kind = 'task' AND done_at IS NULL AND {visible}{}",
        sum("due_at >= $2 AND due_at < $3"),
        sum("due_at < $4 AND due_at <> $2"),
        sum("due_at >= $2 AND due_at < $5"),
        owned(owner, 6)
    );
    let today = day_of(now);
    let (tomorrow, next_week) = (Show::Today.span(now).to, Show::Week.span(now).to);
    let query = db::query_built(select).bind(viewer).bind(today).bind(tomorrow).bind(now).bind(next_week);
    with_owner(query, owner).fetch_one(conn).await
}

/// The condition that a task is a user's, whose id is bound there; nothing where all are asked for.
fn owned(owner: Option<i64>, parameter: usize) -> String {
    owner.map(|_| format!(" AND activities.owner_id = ${parameter}")).unwrap_or_default()
}

fn with_owner(query: Query, owner: Option<i64>) -> Query {
    match owner {
        Some(owner) => query.bind(owner),
        None => query,
    }
}

/// Stores a new task; answers its number.
///
/// # Errors
/// Whatever the database says.
pub async fn insert(conn: &mut Conn, task: &NewTask, author: &str, now: i64) -> Result<i64, DbError> {
    db::query(
        "INSERT INTO activities (client_id, kind, subject, body, happened_at, due_at, owner_id, author, created_at, \
         updated_at) VALUES ($1, 'task', $2, $3, $4, $5, $6, $7, $4, $4) RETURNING id",
    )
    .bind(task.client_id)
    .bind(&task.subject)
    .bind(&task.body)
    .bind(now)
    .bind(task.due_at)
    .bind(task.owner_id)
    .bind(author)
    .scalar(conn)
    .await
}

/// Stores a changed task. Answers whether it still was of that version.
///
/// # Errors
/// Whatever the database says.
pub async fn save(conn: &mut Conn, id: i64, version: i64, task: &NewTask, now: i64) -> Result<bool, DbError> {
    // A person and a deal belong to the client the task had.
    let changed = db::query(
        "UPDATE activities SET \
         person_id = CASE WHEN client_id IS NOT DISTINCT FROM $3 THEN person_id END, \
         deal_id = CASE WHEN client_id IS NOT DISTINCT FROM $3 THEN deal_id END, \
         client_id = $3, subject = $4, body = $5, due_at = $6, owner_id = $7, updated_at = $8, version = version + 1 \
         WHERE id = $1 AND version = $2 AND kind = 'task'",
    )
    .bind(id)
    .bind(version)
    .bind(task.client_id)
    .bind(&task.subject)
    .bind(&task.body)
    .bind(task.due_at)
    .bind(task.owner_id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(changed > 0)
}

/// Ticks a task off. Answers whether it still was open and of that version.
///
/// # Errors
/// Whatever the database says.
pub async fn finish(conn: &mut Conn, id: i64, version: i64, now: i64) -> Result<bool, DbError> {
    let changed = db::query(
        "UPDATE activities SET done_at = $3, happened_at = $3, updated_at = $3, version = version + 1 \
         WHERE id = $1 AND version = $2 AND kind = 'task' AND done_at IS NULL",
    )
    .bind(id)
    .bind(version)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(changed > 0)
}

/// Opens a task again. Answers whether it still was done and of that version.
///
/// # Errors
/// Whatever the database says.
pub async fn reopen(conn: &mut Conn, id: i64, version: i64, now: i64) -> Result<bool, DbError> {
    let changed = db::query(
        "UPDATE activities SET done_at = NULL, happened_at = created_at, updated_at = $3, version = version + 1 \
         WHERE id = $1 AND version = $2 AND kind = 'task' AND done_at IS NOT NULL",
    )
    .bind(id)
    .bind(version)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(changed > 0)
}

/// Removes a task. Answers whether it still was of that version.
///
/// # Errors
/// Whatever the database says.
pub async fn remove(conn: &mut Conn, id: i64, version: i64) -> Result<bool, DbError> {
    let removed = db::query("DELETE FROM activities WHERE id = $1 AND version = $2 AND kind = 'task'")
        .bind(id)
        .bind(version)
        .execute(conn)
        .await?;
    Ok(removed > 0)
}

#[cfg(test)]
mod tests;
