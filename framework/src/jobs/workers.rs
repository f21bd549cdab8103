//! The workers of a process: threads of their own, which no request uses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use actix::Arbiter;
use futures_util::future::LocalBoxFuture;
use tokio::sync::{mpsc, watch};

use super::keeper::Keeper;
use super::rules::Event;
use super::run::{Claim, Phase};
use super::store::{self, Beside};
use super::worker::{Worker, change};
use crate::clock::now_micros;
use crate::db::DbError;
use crate::page::Site;

/// How long what was broken off may take to let go.
const LET_GO: Duration = Duration::from_secs(1);

/// Sees to it that the application is started; false where it could not be.
pub(crate) type Ready = Arc<dyn Fn() -> LocalBoxFuture<'static, bool> + Send + Sync>;

/// The jobs this process has in hand.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    claims: Mutex<BTreeMap<i64, Arc<Claim>>>,
}

/// A job in hand.
pub(super) struct InHand {
    under_way: Arc<UnderWay>,
    claim: Arc<Claim>,
}

/// The workers of a process. Dropping them lets them stop without waiting.
pub(crate) struct JobWorkers {
    site: Site,
    stopper: StopJobs,
    under_way: Arc<UnderWay>,
    arbiters: Vec<Arbiter>,
    /// Closed when the last worker has ended.
    at_work: mpsc::Receiver<()>,
}

/// Asks workers to stop.
#[derive(Clone)]
pub(crate) struct StopJobs {
    phase: watch::Sender<Phase>,
    asked: Arc<OnceLock<Instant>>,
}

impl StopJobs {
    /// No further job is taken; those under way leave at their next step. Answers when this was asked first.
    pub(crate) fn ask(&self) -> Instant {
        self.advance(Phase::Stopping);
        *self.asked.get_or_init(Instant::now)
    }

    fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            if later {
                *phase = to;
            }
            later
        });
    }
}

impl UnderWay {
    /// From now on the claim is renewed, until what is answered is dropped.
    pub(super) fn enter(self: &Arc<Self>, claim: &Arc<Claim>) -> InHand {
        self.lock().insert(claim.id, Arc::clone(claim));
        InHand { under_way: Arc::clone(self), claim: Arc::clone(claim) }
    }

    /// Another claim of the same job stays: this process may have it again already.
    fn leave(&self, claim: &Claim) {
        let mut claims = self.lock();
        if claims.get(&claim.id).is_some_and(|there| there.fence == claim.fence) {
            claims.remove(&claim.id);
        }
    }

    pub(super) fn has(&self, claim: &Claim) -> bool {
        self.lock().get(&claim.id).is_some_and(|there| there.fence == claim.fence)
    }

    pub(super) fn claims(&self) -> Vec<Arc<Claim>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Arc<Claim>>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.under_way.leave(&self.claim);
    }
}

impl JobWorkers {
    /// Starts as many as the settings say, and what goes on beside them; none where the site has no job.
    pub(crate) fn start(site: &Site, ready: &Ready) -> Self {
        let jobs = site.jobs();
        let count = if jobs.names().is_empty() { 0 } else { site.settings().jobs.workers };
        let stopper = StopJobs { phase: watch::Sender::new(Phase::Working), asked: Arc::default() };
        let (alive, at_work) = mpsc::channel(1);
        let under_way = Arc::new(UnderWay::default());
        let mut workers =
            Self { site: site.clone(), stopper, under_way: Arc::clone(&under_way), arbiters: Vec::new(), at_work };
        if count == 0 {
            return workers;
        }
        let (begin, begun) = watch::channel(false);
        let (site, phase) = (site.clone(), workers.stopper.phase.subscribe());
        let keeper = Keeper { site: site.clone(), jobs: jobs.clone(), phase: phase.clone(), under_way };
        let under_way = Arc::clone(&workers.under_way);
        workers.on_thread(move || async move {
            lapse_what_is_left(&keeper.site).await;
            // The workers may have gone already: then there is nobody to tell.
            let _ = begin.send(true);
            tokio::join!(keeper.clone().beat(), keeper.keep());
        });
        for _ in 0..count {
            let (site, jobs, phase) = (site.clone(), jobs.clone(), phase.clone());
            let worker = Worker { site, jobs, ready: Arc::clone(ready), phase, under_way: Arc::clone(&under_way) };
            let (alive, mut begun) = (alive.clone(), begun.clone());
            workers.on_thread(move || async move {
                // Gone without a word: the keeper's thread has ended, and the site is stopping.
                if begun.wait_for(|begun| *begun).await.is_ok() {
                    worker.work().await;
                }
                drop(alive);
            });
        }
        workers
    }

    fn on_thread<F: Future<Output = ()> + 'static>(&mut self, program: impl FnOnce() -> F + Send + 'static) {
        let arbiter = Arbiter::new();
        arbiter.spawn_fn(move || {
            actix_web::rt::spawn(program());
        });
        self.arbiters.push(arbiter);
    }

    /// What asks them to stop, before [`JobWorkers::stop`] waits for it.
    pub(crate) fn stopper(&self) -> StopJobs {
        self.stopper.clone()
    }

    /// Lets what is under way come to its next step, for the grace time since the stop was asked; then it is
    /// broken off. Its claims are given back, and its attempts do not count.
    pub(crate) async fn stop(mut self, grace: Duration) {
        let deadline = self.stopper.ask() + grace;
        if tokio::time::timeout_at(deadline.into(), self.ended()).await.is_err() {
            tracing::warn!("some jobs did not come to their next step within the grace time and are broken off");
            self.stopper.advance(Phase::CutOff);
            // A job that blocks its thread lets go of nothing; its claim is given back for it.
            if tokio::time::timeout(LET_GO, self.ended()).await.is_err() {
                self.give_back().await;
            }
        }
    }

    async fn ended(&mut self) {
        while self.at_work.recv().await.is_some() {}
    }

    async fn give_back(&self) {
        for claim in self.under_way.claims() {
            tracing::warn!(
                job = claim.name,
                id = claim.id,
                "the job blocks its thread; another worker will go on with it"
            );
            let event = Event::PutBack { fence: claim.fence, wait: Duration::ZERO };
            if let Err(error) = change(&self.site, claim.id, event, &Beside::default()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, id = claim.id, "the job's claim lapses later");
            }
        }
    }
}

impl Drop for JobWorkers {
    fn drop(&mut self) {
        self.stopper.advance(Phase::Stopped);
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
    }
}

/// Where no other process uses the database, whoever had a job when the last one ended is gone.
async fn lapse_what_is_left(site: &Site) {
    if !site.db().is_sole_owner() {
        return;
    }
    let lapsed: Result<u64, DbError> = async {
        let mut tx = site.db().begin().await?;
        let lapsed = store::lapse_all(&mut tx, now_micros()).await?;
        tx.commit().await?;
        Ok(lapsed)
    }
    .await;
    if let Err(error) = lapsed {
        tracing::debug!(error = &error as &dyn std::error::Error, "jobs of the last process");
    }
}
