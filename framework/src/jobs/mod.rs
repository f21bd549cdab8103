//! Jobs: work in the background, in the site's own database.
//!
//! ```text
//!  unit of work ── enqueue ──► toolcrib_jobs ──► a worker claims the first that is due (fence + 1)
//!      │ commit: the job is there;   ▲    │           │ step: a unit of work, which renews the claim
//!      │ undone: it never was        │    │           │ ended: done, or due again later, or failed
//!      └── wakes a worker            │    └───────────┘
//!  schedule ── due, once per site ───┘    keeper: renews claims, keeps schedules, removes old jobs
//! ```
//!
//! * A job is added in the transaction of the work that wants it ([`Unit::enqueue`](crate::page::Unit::enqueue)).
//! * One worker has a job at a time. Its claim lapses unless it is renewed, and every claim has a number,
//!   which whatever it writes names: whoever was taken to be dead, and was not, writes nothing.
//! * A job is done at least once, and each of its steps is committed once with what it said of progress.
//! * A failed attempt, a panic included, is followed by another after a growing wait; a job without an attempt
//!   left stays for people to look at, at `/tools/jobs`.
//! * A stop lets jobs leave at their next step; they go on later, and the attempt does not count.
//!
//! Lost when the process is killed: nothing. What it had in hand is taken over when the claim lapses, and
//! at the next start where no other process uses the database.

mod enqueue;
mod handle;
mod job;
mod keeper;
mod list;
mod record;
mod rules;
mod run;
mod schedule;
mod store;
mod worker;
mod workers;

pub use self::enqueue::{EnqueueError, Enqueued, JobOptions};
pub(crate) use self::handle::Registry;
pub use self::handle::{Jobs, JobsError};
pub use self::job::{Job, JobError};
pub(crate) use self::list::{JobCounts, JobFilter, ScheduleRecord};
pub use self::record::{JobRecord, JobState};
pub use self::run::JobRun;
pub use self::schedule::Schedule;
pub(crate) use self::workers::{JobWorkers, Ready, StopJobs};
