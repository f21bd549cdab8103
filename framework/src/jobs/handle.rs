//! The jobs of a site: what it knows, and what those who run it may do.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokio::sync::Notify;

use super::enqueue::KEY_MAX;
use super::job::Kind;
use super::rules::Event;
use super::store::{self, Beside, Statements};
use super::{Job, JobRecord, Schedule};
use crate::clock::now_micros;
use crate::cluster::Cluster;
use crate::db::{Conn, DbError};
use crate::page::Site;

/// The jobs of a site. Cloning is cheap.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    names: Vec<&'static str>,
    statements: Statements,
    /// Wakes one worker, which wakes the next when it has found work.
    bell: Notify,
    /// The other nodes, where there can be any.
    cluster: OnceLock<Cluster>,
    done_total: AtomicU64,
}

/// What a site registers.
#[derive(Default)]
pub(crate) struct Registry {
    pub(super) kinds: Vec<Kind>,
    pub(super) plans: Vec<Plan>,
}

/// A job that comes again.
pub(super) struct Plan {
    pub(super) name: &'static str,
    pub(super) job: &'static str,
    pub(super) schedule: Schedule,
    pub(super) make: Box<dyn Fn() -> Result<Value, serde_json::Error> + Send + Sync>,
}

/// Jobs of a site that do not fit together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobsError {
    /// Two jobs of one name.
    #[error("two jobs are called {0:?}; every name may be used once")]
    DuplicateJob(&'static str),
    /// Two schedules of one name.
    #[error("two schedules are called {0:?}; every name may be used once")]
    DuplicateSchedule(&'static str),
    /// The schedule's job was not registered.
    #[error("schedule {schedule:?} is of job {job:?}, which is not registered (`.job::<…>()`)")]
    UnknownJob {
        /// The schedule.
        schedule: &'static str,
        /// The job.
        job: &'static str,
    },
    /// There is no such schedule.
    #[error("schedule {schedule:?} cannot be kept: {problem}")]
    Schedule {
        /// The schedule.
        schedule: &'static str,
        /// Why.
        problem: &'static str,
    },
}

impl Registry {
    pub(crate) fn job<J: Job>(&mut self) {
        self.kinds.push(Kind::of::<J>());
    }

    pub(crate) fn schedule<J: Job>(
        &mut self,
        name: &'static str,
        schedule: Schedule,
        make: impl Fn() -> J + Send + Sync + 'static,
    ) {
        let make = Box::new(move || serde_json::to_value(make()));
        self.plans.push(Plan { name, job: J::NAME, schedule, make });
    }

    /// Checks that everything fits together.
    pub(crate) fn check(&self) -> Result<(), JobsError> {
        let mut names = BTreeSet::new();
        if let Some(kind) = self.kinds.iter().find(|kind| !names.insert(kind.name)) {
            return Err(JobsError::DuplicateJob(kind.name));
        }
        let mut schedules = BTreeSet::new();
        for Plan { name, job, schedule, .. } in &self.plans {
            if !schedules.insert(*name) {
                return Err(JobsError::DuplicateSchedule(name));
            }
            if !names.contains(job) {
                return Err(JobsError::UnknownJob { schedule: name, job });
            }
            let too_long = (Plan::key_of(name).len() > KEY_MAX).then_some("its name is too long");
            if let Some(problem) = schedule.problem().or(too_long) {
                return Err(JobsError::Schedule { schedule: name, problem });
            }
        }
        Ok(())
    }
}

impl Plan {
    /// The unique key of the jobs a schedule adds: one that has not ended is not added again.
    pub(super) fn key_of(name: &str) -> String {
        format!("schedule/{name}")
    }
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("names", &self.inner.names).finish_non_exhaustive()
    }
}

impl Site {
    /// The site's jobs: to look at them, and to do what an administrator may do.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        self.state::<Jobs>().cloned().unwrap_or_else(|| Jobs::new(Registry::default()))
    }
}

impl Jobs {
    pub(crate) fn new(registry: Registry) -> Self {
        let names: Vec<&'static str> = registry.kinds.iter().map(|kind| kind.name).collect();
        let statements = Statements::of(names.len());
        let inner = Inner {
            registry,
            names,
            statements,
            bell: Notify::new(),
            cluster: OnceLock::new(),
            done_total: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// One job, whatever became of it.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn find(&self, conn: &mut Conn, id: i64) -> Result<Option<JobRecord>, DbError> {
        store::find(conn, id).await
    }

    /// Has a job that failed tried again, now and with all its attempts. False: it has not failed.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where another job with its unique key waits or runs.
    pub async fn retry(&self, tx: &mut Conn, id: i64) -> Result<bool, DbError> {
        let changed = store::change(tx, id, Event::Again, now_micros(), &Beside::default()).await?.is_some();
        if changed {
            let jobs = self.clone();
            tx.on_end(move || jobs.announce());
        }
        Ok(changed)
    }

    /// Takes a job out of the queue. False: it does not wait.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn cancel(&self, tx: &mut Conn, id: i64) -> Result<bool, DbError> {
        Ok(store::change(tx, id, Event::Cancel, now_micros(), &Beside::default()).await?.is_some())
    }

    /// Removes a job that has ended. False: it has not, or there is none of this number.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn remove(&self, tx: &mut Conn, id: i64) -> Result<bool, DbError> {
        store::remove(tx, id).await
    }

    /// Whether a job of this name is registered.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.kind(name).is_some()
    }

    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.inner.registry.kinds.iter().find(|kind| kind.name == name)
    }

    pub(super) fn plans(&self) -> &[Plan] {
        &self.inner.registry.plans
    }

    pub(super) fn names(&self) -> &[&'static str] {
        &self.inner.names
    }

    pub(super) fn statements(&self) -> &Statements {
        &self.inner.statements
    }

    /// Says once who the other nodes are.
    pub(crate) fn join(&self, cluster: Cluster) {
        let _ = self.inner.cluster.set(cluster);
    }

    /// There is something to do: wakes a worker of each node.
    pub(super) fn announce(&self) {
        self.ring();
        if let Some(cluster) = self.inner.cluster.get() {
            cluster.tell(crate::cluster::Kind::Jobs, "", None);
        }
    }

    /// Wakes a worker of this process.
    pub(crate) fn ring(&self) {
        self.inner.bell.notify_one();
    }

    /// Waits until somebody rings; whoever rang while nobody waited is heard by the next.
    pub(super) async fn rung(&self) {
        self.inner.bell.notified().await;
    }

    pub(super) fn count_done(&self) {
        self.inner.done_total.fetch_add(1, Ordering::Relaxed);
    }

    /// Jobs this process has done.
    pub(crate) fn done_total(&self) -> u64 {
        self.inner.done_total.load(Ordering::Relaxed)
    }
}
