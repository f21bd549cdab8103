//! Runs of an import: the file, how it is read, what came of each line.
//!
//! A run is `uploaded` until somebody starts it, then `queued`, `running`, and `done` or `failed`. To undo
//! it it goes through `queued` and `running` again, to `undone`; that it has a `finished_at` tells the two ways apart.

use serde::{Deserialize, Serialize};
use toolcrib::db::{self, Conn, DbError};

use super::import::ImportReport;

mod file;
mod plan;
mod prospect;
#[cfg(test)]
mod tests;
mod undo;

pub use file::{content, forget_old};
pub use plan::{Counts, Plan};
pub use prospect::{Prospect, Verdict, judge, judge_all};
pub use undo::{Kept, begin_undo, kept, remove_unused, undone};

/// A run, without its file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
#[serde(default)]
pub struct Run {
    /// Its id.
    pub id: i64,
    /// Whose it is.
    pub owner_id: Option<i64>,
    /// The name of whose it is; nothing where a command imported, or the user is gone.
    pub owner: String,
    /// What the file was called.
    pub file_name: String,
    /// Its size.
    pub bytes: i64,
    /// The name of its encoding.
    pub encoding: String,
    /// The name of its separator.
    pub separator: String,
    /// Which column goes where, as stored: see [`Plan`].
    pub mapping: String,
    /// How far it is.
    pub state: String,
    /// How many rows the file has.
    pub total: i64,
    /// How many of them were looked at.
    pub processed: i64,
    /// How many became clients.
    pub taken: i64,
    /// How many were there already.
    pub skipped: i64,
    /// How many were refused.
    pub refused: i64,
    /// What there is to say about it: why it failed, what undoing it left.
    pub message: String,
    /// Counts its changes.
    pub version: i64,
    /// When the file came.
    pub created_at: i64,
    /// When the run began.
    pub started_at: Option<i64>,
    /// When it was done.
    pub finished_at: Option<i64>,
    /// When it was undone.
    pub undone_at: Option<i64>,
}

/// A run to be added.
#[derive(Debug, Clone, Default)]
pub struct NewRun<'a> {
    /// Whose it is; nobody's where a command imports.
    pub owner_id: Option<i64>,
    /// What the file is called.
    pub file_name: &'a str,
    /// The file.
    pub content: &'a [u8],
    /// The name of its encoding.
    pub encoding: &'a str,
    /// The name of its separator.
    pub separator: &'a str,
    /// Which column goes where.
    pub plan: Plan,
    /// How many rows it has.
    pub rows: usize,
}

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Became clients.
    pub taken: i64,
    /// Were there already.
    pub skipped: i64,
    /// Were refused.
    pub refused: i64,
}

impl Tally {
    /// What a report counts.
    #[must_use]
    pub fn of(report: &ImportReport) -> Self {
        let ImportReport { taken, skipped, refused } = report;
        Self { taken: count(*taken), skipped: count(skipped.len()), refused: count(refused.len()) }
    }
}

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct LineNote {
    /// The line the row begins on.
    pub line: i64,
    /// Why it was not taken.
    pub reason: String,
}

const COLUMNS: &str = "import_runs.id, import_runs.owner_id, COALESCE(toolcrib_users.display_name, '') AS owner, file_name, bytes, \
                       encoding, separator, mapping, state, total, processed, taken, skipped, refused, message, import_runs.version, \
                       import_runs.created_at, started_at, finished_at, undone_at";

impl Run {
    /// Which column goes where.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan::of(&self.mapping)
    }

    /// Whether a job works on it or is going to.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "running")
    }

    /// Whether what is under way, or failed, is undoing it.
    #[must_use]
    pub fn is_being_undone(&self) -> bool {
        self.finished_at.is_some() && matches!(self.state.as_str(), "queued" | "running" | "failed")
    }
}

/// Adds a run with its file.
///
/// # Errors
/// Whatever the database says.
pub async fn add(conn: &mut Conn, run: &NewRun<'_>, now: i64) -> Result<i64, DbError> {
    let id = db::query(
        "INSERT INTO import_runs (owner_id, file_name, bytes, encoding, separator, mapping, state, total, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'uploaded', $7, $8) RETURNING id",
    )
    .bind(run.owner_id)
    .bind(run.file_name)
    .bind(count(run.content.len()))
    .bind(run.encoding)
    .bind(run.separator)
    .bind(run.plan.stored())
    .bind(count(run.rows))
    .bind(now)
    .scalar::<i64>(conn)
    .await?;
    file::add(conn, id, run.content).await?;
    Ok(id)
}

/// The run with an id, whoever's it is.
///
/// # Errors
/// Whatever the database says.
pub async fn find(conn: &mut Conn, id: i64) -> Result<Option<Run>, DbError> {
    let select = format!(
        "SELECT {COLUMNS} FROM import_runs LEFT JOIN toolcrib_users ON toolcrib_users.id = import_runs.owner_id \
         WHERE import_runs.id = $1"
    );
    db::query_built(select).bind(id).fetch_optional(conn).await
}

/// Runs, the latest first: those of one user, or everybody's.
///
/// # Errors
/// Whatever the database says.
pub async fn latest(conn: &mut Conn, owner: Option<i64>, limit: i64, offset: i64) -> Result<Vec<Run>, DbError> {
    let select = format!(
        "SELECT {COLUMNS} FROM import_runs LEFT JOIN toolcrib_users ON toolcrib_users.id = import_runs.owner_id \
         WHERE (CAST($1 AS BIGINT) IS NULL OR import_runs.owner_id = $1) \
         ORDER BY import_runs.created_at DESC, import_runs.id DESC LIMIT $2 OFFSET $3"
    );
    db::query_built(select).bind(owner).bind(limit).bind(offset).fetch_all(conn).await
}

/// Says how the file of a run that was not started is read. Answers whether it was, with nobody faster.
///
/// # Errors
/// Whatever the database says.
pub async fn configure(conn: &mut Conn, run: &Run, rows: usize) -> Result<bool, DbError> {
    let changed = db::query(
        "UPDATE import_runs SET encoding = $3, separator = $4, mapping = $5, total = $6, version = version + 1 \
         WHERE id = $1 AND version = $2 AND state = 'uploaded'",
    )
    .bind(run.id)
    .bind(run.version)
    .bind(&run.encoding)
    .bind(&run.separator)
    .bind(&run.mapping)
    .bind(count(rows));
    Ok(changed.execute(conn).await? > 0)
}

/// Stores what would come of a file that is still read as it was when the counting began. No change that a person made.
///
/// # Errors
/// Whatever the database says.
pub async fn counted(conn: &mut Conn, id: i64, version: i64, plan: &Plan) -> Result<bool, DbError> {
    let stored = db::query("UPDATE import_runs SET mapping = $3 WHERE id = $1 AND version = $2 AND state = 'uploaded'");
    Ok(stored.bind(id).bind(version).bind(plan.stored()).execute(conn).await? > 0)
}

/// Puts a run that was not started, or that failed, in line. Answers whether it was for this to do.
///
/// # Errors
/// Whatever the database says.
pub async fn queue(conn: &mut Conn, id: i64, version: i64) -> Result<bool, DbError> {
    let queued = db::query(
        "UPDATE import_runs SET state = 'queued', message = '', version = version + 1 \
         WHERE id = $1 AND version = $2 AND state IN ('uploaded', 'failed')",
    );
    Ok(queued.bind(id).bind(version).execute(conn).await? > 0)
}

/// A job begins with a run, or goes on with it.
///
/// # Errors
/// Whatever the database says.
pub async fn begin(conn: &mut Conn, id: i64, now: i64) -> Result<bool, DbError> {
    let begun = db::query(
        "UPDATE import_runs SET state = 'running', started_at = COALESCE(started_at, $2) \
         WHERE id = $1 AND state IN ('queued', 'running')",
    );
    Ok(begun.bind(id).bind(now).execute(conn).await? > 0)
}

/// Counts what came of further rows. Answers whether the run was still at `processed`.
///
/// # Errors
/// Whatever the database says.
pub async fn advance(conn: &mut Conn, id: i64, processed: i64, tally: Tally) -> Result<bool, DbError> {
    let counted = db::query(
        "UPDATE import_runs SET processed = processed + $3 + $4 + $5, taken = taken + $3, skipped = skipped + $4, \
         refused = refused + $5 WHERE id = $1 AND processed = $2 AND state = 'running' AND finished_at IS NULL",
    )
    .bind(id)
    .bind(processed)
    .bind(tally.taken)
    .bind(tally.skipped)
    .bind(tally.refused);
    Ok(counted.execute(conn).await? > 0)
}

/// A run that was imported in one transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn done_at_once(conn: &mut Conn, id: i64, tally: Tally, now: i64) -> Result<(), DbError> {
    db::query(
        "UPDATE import_runs SET state = 'done', total = $2 + $3 + $4, processed = $2 + $3 + $4, taken = $2, \
         skipped = $3, refused = $4, started_at = created_at, finished_at = $5, version = version + 1 WHERE id = $1",
    )
    .bind(id)
    .bind(tally.taken)
    .bind(tally.skipped)
    .bind(tally.refused)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// A run is done.
///
/// # Errors
/// Whatever the database says.
pub async fn finish(conn: &mut Conn, id: i64, now: i64) -> Result<(), DbError> {
    db::query(
        "UPDATE import_runs SET state = 'done', total = processed, message = '', finished_at = $2, \
         version = version + 1 WHERE id = $1 AND state = 'running' AND finished_at IS NULL",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// A run, or undoing it, cannot go on.
///
/// # Errors
/// Whatever the database says.
pub async fn fail(conn: &mut Conn, id: i64, message: &str) -> Result<(), DbError> {
    db::query(
        "UPDATE import_runs SET state = 'failed', message = $2, version = version + 1 \
         WHERE id = $1 AND state IN ('queued', 'running')",
    )
    .bind(id)
    .bind(message)
    .execute(conn)
    .await
    .map(drop)
}

/// Gives up runs that are under way since before `before`: their jobs have ended without a word.
///
/// # Errors
/// Whatever the database says.
pub async fn give_up_stuck(conn: &mut Conn, before: i64, message: &str) -> Result<u64, DbError> {
    db::query(
        "UPDATE import_runs SET state = 'failed', message = $2, version = version + 1 \
         WHERE state IN ('queued', 'running') AND COALESCE(finished_at, started_at, created_at) < $1",
    )
    .bind(before)
    .bind(message)
    .execute(conn)
    .await
}

/// The lines of a run that came to `outcome`, in the order of the file, those behind `after`.
///
/// # Errors
/// Whatever the database says.
pub async fn lines(conn: &mut Conn, id: i64, outcome: &str, after: i64, limit: i64) -> Result<Vec<LineNote>, DbError> {
    db::query(
        "SELECT line, reason FROM import_rows WHERE run_id = $1 AND outcome = $2 AND line > $3 ORDER BY line LIMIT $4",
    )
    .bind(id)
    .bind(outcome)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// A number of rows or bytes as a column holds it.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
