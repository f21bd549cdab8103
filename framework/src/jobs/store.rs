//! Jobs in the database.

use super::rules::{Event, Standing};
use super::{JobRecord, JobState};
use crate::db::{self, Conn, DbError};

/// Ended jobs removed in one statement: short enough not to hold up a visitor.
const REMOVED_AT_ONCE: i64 = 500;

/// A job to be stored.
pub(super) struct NewJob<'a> {
    pub(super) name: &'a str,
    pub(super) unique: Option<&'a str>,
    pub(super) payload: &'a str,
    pub(super) due_at: i64,
    pub(super) created_at: i64,
}

/// A job as its worker takes it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) payload: String,
    pub(super) attempts: i64,
    pub(super) fence: i64,
    pub(super) done: i64,
    pub(super) total: i64,
}

/// What a change writes beside the standing.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) progress: Option<(u64, u64)>,
    pub(super) error: Option<String>,
}

/// The statements that name the jobs of a site.
#[derive(Debug)]
pub(super) struct Statements {
    next: String,
    claim: String,
}

impl Statements {
    /// Both look at the same rows. The claim looks again at what it writes: of two that found the same
    /// row the second finds it taken.
    pub(super) fn of(names: usize) -> Self {
        Self {
            next: format!(
                "SELECT free_at FROM toolcrib_jobs WHERE free_at IS NOT NULL AND name IN ({}) \
                 ORDER BY free_at, id LIMIT 1",
                places(1, names)
            ),
            claim: format!(
                "UPDATE toolcrib_jobs SET state = 'running', attempts = attempts + 1, fence = fence + 1, free_at = $2 \
                 WHERE free_at <= $1 AND id = (\
                 SELECT id FROM toolcrib_jobs WHERE free_at <= $1 AND name IN ({}) ORDER BY free_at, id LIMIT 1) \
                 RETURNING id, name, payload, attempts, fence, done, total",
                places(3, names)
            ),
        }
    }

    /// When the first of these jobs may be claimed.
    pub(super) async fn next(&self, conn: &mut Conn, names: &[&'static str]) -> Result<Option<i64>, DbError> {
        bound(db::query_built(self.next.clone()), names).scalar_optional(conn).await
    }

    /// Takes the first of these jobs that may be claimed. Nothing: none may, or another was faster.
    pub(super) async fn claim(
        &self,
        tx: &mut Conn,
        names: &[&'static str],
        now: i64,
        until: i64,
    ) -> Result<Option<Claimed>, DbError> {
        bound(db::query_built(self.claim.clone()).bind(now).bind(until), names).fetch_optional(tx).await
    }
}

fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

fn bound(query: db::Query, names: &[&'static str]) -> db::Query {
    names.iter().fold(query, |query, name| query.bind(*name))
}

/// Stores a job. Nothing: one with this key waits or runs already.
pub(super) async fn insert(tx: &mut Conn, job: &NewJob<'_>) -> Result<Option<i64>, DbError> {
    db::query(
        "INSERT INTO toolcrib_jobs (name, unique_key, payload, state, free_at, due_at, created_at) \
         VALUES ($1, $2, $3, 'queued', $4, $4, $5) \
         ON CONFLICT (name, unique_key) WHERE free_at IS NOT NULL DO NOTHING RETURNING id",
    )
    .bind(job.name)
    .bind(job.unique)
    .bind(job.payload)
    .bind(job.due_at)
    .bind(job.created_at)
    .scalar_optional(tx)
    .await
}

/// The job with this key that waits or runs.
pub(super) async fn with_key(conn: &mut Conn, name: &str, key: &str) -> Result<Option<i64>, DbError> {
    db::query("SELECT id FROM toolcrib_jobs WHERE name = $1 AND unique_key = $2 AND free_at IS NOT NULL")
        .bind(name)
        .bind(key)
        .scalar_optional(conn)
        .await
}

/// Goes on with a claim. False: it is lost.
pub(super) async fn renew(
    tx: &mut Conn,
    (id, fence): (i64, i64),
    until: i64,
    progress: Option<(u64, u64)>,
) -> Result<bool, DbError> {
    let (done, total) = columns(progress);
    let rows = db::query(
        "UPDATE toolcrib_jobs SET free_at = $3, done = COALESCE($4, done), total = COALESCE($5, total) \
         WHERE id = $1 AND fence = $2 AND state = 'running'",
    )
    .bind(id)
    .bind(fence)
    .bind(until)
    .bind(done)
    .bind(total)
    .execute(tx)
    .await?;
    Ok(rows == 1)
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    state: String,
    attempts: i64,
    fence: i64,
    free_at: Option<i64>,
    due_at: i64,
    ended_at: Option<i64>,
}

impl StandingRow {
    fn standing(&self) -> Option<Standing> {
        Some(Standing {
            state: JobState::of_name(&self.state)?,
            attempts: count(self.attempts),
            fence: self.fence,
            free_at: self.free_at,
            due_at: self.due_at,
            ended_at: self.ended_at,
        })
    }
}

/// How a job stands.
async fn standing(conn: &mut Conn, id: i64) -> Result<Option<Standing>, DbError> {
    let stored: Option<StandingRow> =
        db::query("SELECT state, attempts, fence, free_at, due_at, ended_at FROM toolcrib_jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(conn)
            .await?;
    Ok(stored.as_ref().and_then(StandingRow::standing))
}

/// Lets something happen to a job. Nothing: it does not stand so that this could happen.
pub(super) async fn change(
    tx: &mut Conn,
    id: i64,
    event: Event,
    now: i64,
    beside: &Beside,
) -> Result<Option<Standing>, DbError> {
    let (done, total) = columns(beside.progress);
    loop {
        let Some(before) = standing(tx, id).await? else { return Ok(None) };
        let Some(after) = before.after(event, now) else { return Ok(None) };
        let rows = db::query(
            "UPDATE toolcrib_jobs SET state = $4, attempts = $5, free_at = $6, due_at = $7, ended_at = $8, \
             done = COALESCE($9, done), total = COALESCE($10, total), last_error = COALESCE($11, last_error) \
             WHERE id = $1 AND state = $2 AND fence = $3",
        )
        .bind(id)
        .bind(before.state.name())
        .bind(before.fence)
        .bind(after.state.name())
        .bind(after.attempts)
        .bind(after.free_at)
        .bind(after.due_at)
        .bind(after.ended_at)
        .bind(done)
        .bind(total)
        .bind(beside.error.clone())
        .execute(tx)
        .await?;
        if rows == 1 {
            return Ok(Some(after));
        }
        // Somebody was faster: it stands otherwise now.
    }
}

/// Removes a job that has ended. False: there is none of this number, or it has not.
pub(super) async fn remove(tx: &mut Conn, id: i64) -> Result<bool, DbError> {
    let removed = db::query("DELETE FROM toolcrib_jobs WHERE id = $1 AND free_at IS NULL").bind(id).execute(tx).await?;
    Ok(removed == 1)
}

/// Ends all claims: whoever held them is gone.
pub(super) async fn lapse_all(tx: &mut Conn, now: i64) -> Result<u64, DbError> {
    db::query("UPDATE toolcrib_jobs SET free_at = $1 WHERE state = 'running' AND free_at > $1")
        .bind(now)
        .execute(tx)
        .await
}

/// Removes some of the jobs that were done or cancelled before `before`; true: there may be more.
pub(super) async fn remove_old(tx: &mut Conn, before: i64) -> Result<bool, DbError> {
    let removed = db::query(
        "DELETE FROM toolcrib_jobs WHERE id IN (\
         SELECT id FROM toolcrib_jobs WHERE state IN ('done', 'cancelled') AND ended_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(REMOVED_AT_ONCE)
    .execute(tx)
    .await?;
    Ok(i64::try_from(removed).is_ok_and(|removed| removed >= REMOVED_AT_ONCE))
}

#[derive(sqlx::FromRow)]
pub(super) struct RecordRow {
    id: i64,
    name: String,
    state: String,
    attempts: i64,
    done: i64,
    total: i64,
    last_error: Option<String>,
    created_at: i64,
    due_at: i64,
    ended_at: Option<i64>,
}

impl RecordRow {
    pub(super) fn record(self) -> Option<JobRecord> {
        Some(JobRecord {
            id: self.id,
            state: JobState::of_name(&self.state)?,
            name: self.name,
            attempts: count(self.attempts),
            done: u64::try_from(self.done).unwrap_or_default(),
            total: u64::try_from(self.total).unwrap_or_default(),
            last_error_for_admins: self.last_error,
            created_at: self.created_at,
            due_at: self.due_at,
            ended_at: self.ended_at,
        })
    }
}

/// One job.
pub(super) async fn find(conn: &mut Conn, id: i64) -> Result<Option<JobRecord>, DbError> {
    let row: Option<RecordRow> = db::query(
        "SELECT id, name, state, attempts, done, total, last_error, created_at, due_at, ended_at \
         FROM toolcrib_jobs WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(RecordRow::record))
}

fn columns(progress: Option<(u64, u64)>) -> (Option<i64>, Option<i64>) {
    let column = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    (progress.map(|(done, _)| column(done)), progress.map(|(_, total)| column(total)))
}

fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
