//! Jobs are added in the transaction of the work that wants them: committed with it or not at all.

use serde_json::Value;

use super::{Job, Jobs};
use crate::clock::now_micros;
use crate::db::{Conn, DbError};
use crate::page::{Context, PageError, Unit};

use super::store::{self, NewJob};

/// Longest job, in bytes of JSON.
const PAYLOAD_MAX: usize = 64 * 1024;

/// Longest unique key, in bytes.
pub(super) const KEY_MAX: usize = 200;

/// How often a job with a key is tried to be added: each time another one with it has just ended.
const TRIES: u32 = 5;

/// How a job is added, where there is more to say than the job itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobOptions {
    pub(super) unique: Option<String>,
    pub(super) at: Option<i64>,
}

impl JobOptions {
    /// At most one job of this type with this key waits or runs; a further one is not added.
    ///
    /// One that runs may have read already what the further one would have read: where that matters,
    /// let it be told when it is to look again, or leave the key out.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique = Some(key.into());
        self
    }

    /// Not before this moment, in microseconds since 1970.
    #[must_use]
    pub fn at(mut self, micros: i64) -> Self {
        self.at = Some(micros);
        self
    }
}

/// What became of a job that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It was added and has this number.
    Added(i64),
    /// A job with its key waits or runs already: this one.
    AlreadyThere(i64),
}

impl Enqueued {
    /// The number of the job that will be done.
    #[must_use]
    pub fn id(self) -> i64 {
        match self {
            Self::Added(id) | Self::AlreadyThere(id) => id,
        }
    }
}

/// A job could not be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnqueueError {
    /// The site does not know the type.
    #[error("the site has no job {0:?}; register it with `.job::<…>()`")]
    Unknown(&'static str),
    /// JSON cannot represent it.
    #[error("job {name:?} cannot be stored")]
    Payload {
        /// The job's name.
        name: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It is too long.
    #[error("job {name:?} has {bytes} bytes of JSON; {PAYLOAD_MAX} at most are stored")]
    TooLarge {
        /// The job's name.
        name: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// Its unique key is empty or too long.
    #[error("the unique key of job {name:?} has {bytes} bytes; it may have 1 to {KEY_MAX}")]
    Key {
        /// The job's name.
        name: &'static str,
        /// The key's length.
        bytes: usize,
    },
    /// The database.
    #[error("database")]
    Database(#[from] DbError),
}

impl From<EnqueueError> for PageError {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Database(error) => Self::Database(error),
            error => Self::other(error),
        }
    }
}

impl Unit {
    /// Adds a job in this unit's transaction: it is done once the unit has committed, and never if the unit
    /// is undone.
    ///
    /// # Errors
    /// [`EnqueueError`].
    pub async fn enqueue<J: Job>(&mut self, job: &J) -> Result<Enqueued, EnqueueError> {
        self.enqueue_with(job, JobOptions::default()).await
    }

    /// As [`Unit::enqueue`], and when, or only where none of its kind waits.
    ///
    /// # Errors
    /// [`EnqueueError`].
    pub async fn enqueue_with<J: Job>(&mut self, job: &J, options: JobOptions) -> Result<Enqueued, EnqueueError> {
        let jobs = self.site().jobs();
        jobs.enqueue_on(self.tx().await?, job, options).await
    }
}

impl Context<'_> {
    /// Adds a job in this request's unit of work: see [`Unit::enqueue`].
    ///
    /// # Errors
    /// [`EnqueueError`].
    pub async fn enqueue<J: Job>(&mut self, job: &J) -> Result<Enqueued, EnqueueError> {
        self.unit().enqueue(job).await
    }

    /// Adds a job in this request's unit of work: see [`Unit::enqueue_with`].
    ///
    /// # Errors
    /// [`EnqueueError`].
    pub async fn enqueue_with<J: Job>(&mut self, job: &J, options: JobOptions) -> Result<Enqueued, EnqueueError> {
        self.unit().enqueue_with(job, options).await
    }
}

impl Jobs {
    /// As [`Unit::enqueue_with`], in a transaction that is no unit's: that of a session's hook, say.
    ///
    /// # Errors
    /// [`EnqueueError`].
    pub async fn enqueue_on<J: Job>(
        &self,
        tx: &mut Conn,
        job: &J,
        options: JobOptions,
    ) -> Result<Enqueued, EnqueueError> {
        let payload = serde_json::to_value(job).map_err(|source| EnqueueError::Payload { name: J::NAME, source })?;
        self.enqueue_payload(tx, J::NAME, &payload, options).await
    }

    /// Adds a job whose type was forgotten.
    pub(super) async fn enqueue_payload(
        &self,
        tx: &mut Conn,
        name: &'static str,
        payload: &Value,
        options: JobOptions,
    ) -> Result<Enqueued, EnqueueError> {
        if !self.knows(name) {
            return Err(EnqueueError::Unknown(name));
        }
        let payload = payload.to_string();
        if payload.len() > PAYLOAD_MAX {
            return Err(EnqueueError::TooLarge { name, bytes: payload.len() });
        }
        let unique = options.unique.as_deref();
        if let Some(bytes) = unique.map(str::len).filter(|bytes| !(1..=KEY_MAX).contains(bytes)) {
            return Err(EnqueueError::Key { name, bytes });
        }
        let now = now_micros();
        let due_at = options.at.unwrap_or(now);
        let job = NewJob { name, unique, payload: &payload, due_at, created_at: now };
        for _ in 0..TRIES {
            if let Some(id) = store::insert(tx, &job).await? {
                // A worker that waits is told when the transaction has ended; one that polls finds it.
                if due_at <= now {
                    let jobs = self.clone();
                    tx.on_end(move || jobs.announce());
                }
                return Ok(Enqueued::Added(id));
            }
            if let Some(key) = unique
                && let Some(id) = store::with_key(tx, name, key).await?
            {
                return Ok(Enqueued::AlreadyThere(id));
            }
        }
        Err(DbError::Query(sqlx::Error::RowNotFound).into())
    }
}
