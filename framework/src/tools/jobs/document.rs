//! The jobs as JSON.

use serde::Serialize;

use crate::jobs::{JobCounts, JobRecord, JobState, ScheduleRecord};

/// `/tools/jobs.json`.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    counts: Counts,
    /// How many jobs pass the filter; one page of them follows, the newest first.
    total: i64,
    jobs: Vec<Job>,
    schedules: Vec<Schedule>,
}

#[derive(Debug, Serialize)]
struct Counts {
    queued: i64,
    running: i64,
    done: i64,
    failed: i64,
    cancelled: i64,
}

#[derive(Debug, Serialize)]
struct Job {
    id: i64,
    name: String,
    state: &'static str,
    attempts: u32,
    done: u64,
    total: u64,
    error: Option<String>,
    created_at: i64,
    due_at: i64,
    ended_at: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Schedule {
    name: String,
    job: String,
    plan: String,
    next_at: i64,
    last_at: Option<i64>,
}

impl Document {
    pub(super) fn new(counts: JobCounts, total: i64, jobs: Vec<JobRecord>, schedules: Vec<ScheduleRecord>) -> Self {
        let counts = Counts {
            queued: counts.of(JobState::Queued),
            running: counts.of(JobState::Running),
            done: counts.of(JobState::Done),
            failed: counts.of(JobState::Failed),
            cancelled: counts.of(JobState::Cancelled),
        };
        Self {
            counts,
            total,
            jobs: jobs.into_iter().map(Job::from).collect(),
            schedules: schedules.into_iter().map(Schedule::from).collect(),
        }
    }
}

impl From<JobRecord> for Job {
    fn from(job: JobRecord) -> Self {
        Self {
            id: job.id,
            name: job.name,
            state: job.state.name(),
            attempts: job.attempts,
            done: job.done,
            total: job.total,
            error: job.last_error_for_admins,
            created_at: job.created_at,
            due_at: job.due_at,
            ended_at: job.ended_at,
        }
    }
}

impl From<ScheduleRecord> for Schedule {
    fn from(schedule: ScheduleRecord) -> Self {
        let ScheduleRecord { name, job, plan, next_at, last_at } = schedule;
        Self { name, job, plan, next_at, last_at }
    }
}
