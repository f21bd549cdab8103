//! Jobs as those who run a site look at them.

use std::collections::BTreeMap;

use super::store::RecordRow;
use super::{JobRecord, JobState, Jobs};
use crate::db::{self, Conn, DbError};

/// Names shown at most: there are as many as types of jobs, those of earlier releases included.
const NAMES_MAX: i64 = 200;

/// How many jobs stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct JobCounts([i64; JobState::ALL.len()]);

/// Which jobs are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct JobFilter {
    pub(crate) state: Option<JobState>,
    pub(crate) name: Option<String>,
}

/// A schedule as it stands.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct ScheduleRecord {
    pub(crate) name: String,
    pub(crate) job: String,
    pub(crate) plan: String,
    pub(crate) next_at: i64,
    pub(crate) last_at: Option<i64>,
}

impl JobCounts {
    pub(crate) fn of(&self, state: JobState) -> i64 {
        JobState::ALL.iter().zip(self.0).find(|(known, _)| **known == state).map_or(0, |(_, count)| count)
    }

    pub(crate) fn total(&self) -> i64 {
        self.0.iter().sum()
    }

    fn add(&mut self, state: JobState, more: i64) {
        for (known, count) in JobState::ALL.iter().zip(&mut self.0) {
            if *known == state {
                *count += more;
            }
        }
    }
}

impl Jobs {
    /// How many jobs stand how.
    pub(crate) async fn counts(&self, conn: &mut Conn) -> Result<JobCounts, DbError> {
        let rows: Vec<(String, i64)> =
            db::query("SELECT state, COUNT(*) FROM toolcrib_jobs GROUP BY state").fetch_all(conn).await?;
        let mut counts = JobCounts::default();
        for (state, count) in rows {
            if let Some(state) = JobState::of_name(&state) {
                counts.add(state, count);
            }
        }
        Ok(counts)
    }

    /// The same by name, the registered ones without a job included.
    pub(crate) async fn counts_by_name(&self, conn: &mut Conn) -> Result<BTreeMap<String, JobCounts>, DbError> {
        let rows: Vec<(String, String, i64)> = db::query(
            "SELECT name, state, COUNT(*) FROM toolcrib_jobs GROUP BY name, state ORDER BY name, state LIMIT $1",
        )
        .bind(NAMES_MAX)
        .fetch_all(conn)
        .await?;
        let mut by_name: BTreeMap<String, JobCounts> =
            self.names().iter().map(|name| ((*name).to_owned(), JobCounts::default())).collect();
        for (name, state, count) in rows {
            if let Some(state) = JobState::of_name(&state) {
                by_name.entry(name).or_default().add(state, count);
            }
        }
        Ok(by_name)
    }

    /// How many jobs pass the filter.
    pub(crate) async fn matching(&self, conn: &mut Conn, filter: &JobFilter) -> Result<i64, DbError> {
        let (state, name) = filter.bound();
        db::query("SELECT COUNT(*) FROM toolcrib_jobs WHERE ($1 = '' OR state = $1) AND ($2 = '' OR name = $2)")
            .bind(state)
            .bind(name)
            .scalar(conn)
            .await
    }

    /// Jobs that pass the filter, the newest first.
    pub(crate) async fn list(
        &self,
        conn: &mut Conn,
        filter: &JobFilter,
        (offset, limit): (i64, i64),
    ) -> Result<Vec<JobRecord>, DbError> {
        let (state, name) = filter.bound();
        let rows: Vec<RecordRow> = db::query(
            "SELECT id, name, state, attempts, done, total, last_error, created_at, due_at, ended_at \
             FROM toolcrib_jobs WHERE ($1 = '' OR state = $1) AND ($2 = '' OR name = $2) \
             ORDER BY id DESC LIMIT $3 OFFSET $4",
        )
        .bind(state)
        .bind(name)
        .bind(limit)
        .bind(offset)
        .fetch_all(conn)
        .await?;
        Ok(rows.into_iter().filter_map(RecordRow::record).collect())
    }

    /// The schedules, by name.
    pub(crate) async fn schedules(&self, conn: &mut Conn) -> Result<Vec<ScheduleRecord>, DbError> {
        db::query("SELECT name, job, plan, next_at, last_at FROM toolcrib_job_schedules ORDER BY name LIMIT $1")
            .bind(NAMES_MAX)
            .fetch_all(conn)
            .await
    }
}

impl JobFilter {
    /// As parameters: nothing is everything.
    fn bound(&self) -> (&'static str, &str) {
        (self.state.map_or("", JobState::name), self.name.as_deref().unwrap_or_default())
    }
}
