//! One attempt of a job, as the job sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};

use super::JobError;
use super::store;
use crate::clock::{micros, now_micros};
use crate::page::{PageError, Site, Unit};

/// How far the workers of a process are on their way to a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Jobs are taken.
    Working,
    /// No job is taken; those under way leave at their next step.
    Stopping,
    /// Those under way are broken off.
    CutOff,
    /// Nobody is at work.
    Stopped,
}

/// A job in the hands of a worker.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: i64,
    pub(super) name: &'static str,
    pub(super) fence: i64,
    pub(super) attempt: u32,
    lost: AtomicBool,
    lost_bell: Notify,
}

/// One attempt of a job: what it works with.
#[derive(Debug)]
pub struct JobRun {
    site: Site,
    claim: Arc<Claim>,
    phase: watch::Receiver<Phase>,
    /// What the last step that committed said of progress.
    stored: (u64, u64),
    /// What the job said since.
    told: Option<(u64, u64)>,
}

impl Claim {
    pub(super) fn new(id: i64, name: &'static str, fence: i64, attempt: u32) -> Arc<Self> {
        Arc::new(Self { id, name, fence, attempt, lost: AtomicBool::new(false), lost_bell: Notify::new() })
    }

    pub(super) fn key(&self) -> (i64, i64) {
        (self.id, self.fence)
    }

    /// Another worker has the job.
    pub(super) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
        self.lost_bell.notify_one();
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    pub(super) async fn lost(&self) {
        self.lost_bell.notified().await;
    }
}

impl JobRun {
    pub(super) fn new(site: Site, claim: Arc<Claim>, phase: watch::Receiver<Phase>, stored: (u64, u64)) -> Self {
        Self { site, claim, phase, stored, told: None }
    }

    /// The site.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The job's number.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.claim.id
    }

    /// Which attempt this is, from 1. One that a stop of the site broke off does not count.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.claim.attempt
    }

    /// How much was done when a step last committed, in this attempt or an earlier one: where to go on.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.stored.0
    }

    /// Says how much is done, and of how much. It is stored with the next step, in its transaction, and
    /// shown at `/tools/jobs`.
    ///
    /// ```
    /// # use toolcrib::prelude::*;
    /// # async fn import(unit: &mut Unit, line: u64) -> Result<(), PageError> { Ok(()) }
    /// # async fn run(run: &mut JobRun, lines: u64) -> Result<(), JobError> {
    /// for line in run.done()..lines {
    ///     run.progress(line + 1, lines);
    ///     run.step(async |unit| import(unit, line).await).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(&mut self, done: u64, total: u64) {
        self.told = Some((done, total));
    }

    /// Whether the site stops: [`JobRun::step`] begins nothing any more, and the job goes on later.
    #[must_use]
    pub fn stopping(&self) -> bool {
        *self.phase.borrow() >= Phase::Stopping
    }

    /// Whether there is no use in going on: the site stops, or another worker has the job.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.stopping() || self.claim.is_lost()
    }

    /// Runs a unit of work of its own, which commits now: for work in steps. The same rules hold as for
    /// a request ([`Site::unit_of_work`]), its time limit (`request.timeout_ms`) and its replay after a conflict
    /// included.
    ///
    /// The claim on the job is renewed in the same transaction. So whoever was paused for longer than its claim
    /// held, and whose job another worker has, writes nothing.
    ///
    /// # Errors
    /// [`JobError::Stopped`] where the site stops, before anything is done; [`JobError::Lost`] where another
    /// worker has the job; a [`JobError`] that the work answered; [`JobError::Retry`] for everything else. On
    /// any of them nothing of the step remains.
    pub async fn step<T>(&mut self, work: impl AsyncFn(&mut Unit) -> Result<T, PageError>) -> Result<T, JobError> {
        if self.claim.is_lost() {
            return Err(JobError::Lost);
        }
        if self.stopping() {
            return Err(JobError::Stopped);
        }
        let (key, lease, told) = (self.claim.key(), micros(self.site.settings().jobs.lease), self.told);
        let done = self.site.unit_of_larger_work(self.claim.name, async |unit: &mut Unit| {
            let value = work(unit).await?;
            // Last, so that others wait the shorter for the writer.
            let until = now_micros().saturating_add(lease);
            if store::renew(unit.tx().await?, key, until, told).await? { Ok(value) } else { Err(JobError::Lost.into()) }
        });
        match done.await {
            Ok(done) => {
                self.stored = told.unwrap_or(self.stored);
                Ok(done.value)
            }
            Err(error) => Err(error.into_cause::<JobError>().unwrap_or_else(JobError::retry)),
        }
    }

    pub(super) fn claim(&self) -> Arc<Claim> {
        Arc::clone(&self.claim)
    }

    /// What is to be stored of progress when the job is done.
    pub(super) fn told(&self) -> Option<(u64, u64)> {
        self.told
    }
}
