//! What an author writes: a job.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{JobRun, rules};
use crate::db::DbError;
use crate::page::{PageError, UnitError};

/// Work done in the background: a value that is stored as JSON and run later by a worker.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use toolcrib::prelude::*;
///
/// #[derive(Serialize, Deserialize)]
/// struct Recount {
///     shelf: i64,
/// }
///
/// impl Job for Recount {
///     const NAME: &'static str = "recount";
///
///     async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
///         run.step(async |unit| {
///             let tx = unit.tx().await?;
///             db::query("UPDATE shelves SET tools = (SELECT COUNT(*) FROM tools WHERE shelf = $1) WHERE id = $1")
///                 .bind(self.shelf)
///                 .execute(tx)
///                 .await?;
///             Ok(())
///         })
///         .await
///     }
/// }
/// ```
///
/// A job is done at least once: a process may end between its last step and the note that it is
/// done. What a step changes is committed once.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name, of its own on the site. It is stored: a job of another name is another job.
    const NAME: &'static str;

    /// After so many failed attempts it is given up, and stays for people to look at.
    const ATTEMPTS: u32 = 5;

    /// The wait after a failed attempt, from 1. Defaults to 1 s, 5 s, 30 s, 2 min, 10 min, and up to a
    /// fifth more at random.
    #[must_use]
    fn delay(attempt: u32) -> Duration {
        rules::back_off(attempt, getrandom::u64().unwrap_or_default())
    }

    /// Does it. The future stays on the worker's thread and need not be `Send`; one that blocks keeps
    /// its worker from other jobs and cannot be broken off.
    ///
    /// # Errors
    /// [`JobError`], which says whether there is a further attempt.
    fn run(&self, run: &mut JobRun) -> impl Future<Output = Result<(), JobError>>;
}

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The attempt failed; another one may not. What `?` makes of other errors.
    #[error("the attempt failed")]
    Retry {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No attempt can succeed: the job is given up.
    #[error("given up: {reason}")]
    Fail {
        /// Why.
        reason: String,
    },
    /// The site stops: the job goes on later, and this attempt does not count.
    #[error("the site stops")]
    Stopped,
    /// Another worker has the job: this one was taken to be dead. Nothing is written any more.
    #[error("another worker has the job")]
    Lost,
}

impl JobError {
    /// Another attempt may succeed.
    pub fn retry(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Retry { source: source.into() }
    }

    /// No attempt can succeed.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::Fail { reason: reason.into() }
    }
}

impl From<PageError> for JobError {
    /// An error of a job that was handed through a step stays what it is.
    fn from(error: PageError) -> Self {
        match error {
            PageError::Other(source) => match source.downcast() {
                Ok(own) => *own,
                Err(source) => Self::Retry { source },
            },
            error => Self::retry(error),
        }
    }
}

impl From<JobError> for PageError {
    /// For a step that finds that the job is to be given up.
    fn from(error: JobError) -> Self {
        Self::other(error)
    }
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self::retry(error)
    }
}

impl From<UnitError> for JobError {
    fn from(error: UnitError) -> Self {
        Self::retry(error)
    }
}

/// A job's type, forgotten.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) attempts: u32,
    pub(super) delay: fn(u32) -> Duration,
    pub(super) run: RunJob,
}

/// Reads a job and runs it.
pub(super) type RunJob = for<'a> fn(&'a str, &'a mut JobRun) -> LocalBoxFuture<'a, Result<(), JobError>>;

impl Kind {
    pub(super) fn of<J: Job>() -> Self {
        Self { name: J::NAME, attempts: J::ATTEMPTS.max(1), delay: J::delay, run: run::<J> }
    }
}

fn run<'a, J: Job>(payload: &'a str, run: &'a mut JobRun) -> LocalBoxFuture<'a, Result<(), JobError>> {
    Box::pin(async move {
        let job: J = serde_json::from_str(payload)
            .map_err(|error| JobError::fail(format!("what is stored of it is no {}: {error}", J::NAME)))?;
        job.run(run).await
    })
}
