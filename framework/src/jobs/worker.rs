//! One worker: takes a job, runs it, writes down what became of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::watch;

use super::job::Kind;
use super::rules::{Event, back_off};
use super::run::{Claim, JobRun, Phase};
use super::store::{self, Beside, Claimed};
use super::workers::{Ready, UnderWay};
use super::{JobError, JobState, Jobs};
use crate::clock::{micros, now_micros};
use crate::db::DbError;
use crate::object_log::{Entry, Priority, chain, limited};
use crate::page::Site;
use crate::panics::message_of;

/// The wait after the database failed, and before a job goes on that left without the site stopping.
const PAUSE: Duration = Duration::from_secs(1);

/// The wait for an application that could not be started: each try is noted in the object log.
const NOT_STARTED: Duration = Duration::from_secs(5);

/// Why an attempt ended that said nothing itself.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the job panicked: {0}")]
    Panicked(String),
    #[error("its last attempt did not end: its process did, or was paused for too long")]
    Vanished,
}

/// What a worker works with.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) site: Site,
    pub(super) jobs: Jobs,
    pub(super) ready: Ready,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) under_way: Arc<UnderWay>,
}

impl Worker {
    /// Works until the site stops.
    pub(super) async fn work(mut self) {
        while *self.phase.borrow() == Phase::Working {
            match self.claim().await {
                Ok(Taken::Job(claimed)) => {
                    // There may be more: the next worker looks while this one is busy.
                    self.jobs.ring();
                    // What a job answers is an author's too: an error whose text panics must not end the worker. Its
                    // claim lapses then.
                    if AssertUnwindSafe(self.take(claimed)).catch_unwind().await.is_err() {
                        tracing::error!("what a job answered panicked");
                    }
                }
                Ok(Taken::ByAnother) => {}
                Ok(Taken::Nothing { wait }) => self.rest(wait).await,
                Err(error) => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "looking for jobs");
                    self.rest(PAUSE).await;
                }
            }
        }
    }

    /// Waits, at most that long, for a bell or for the stop.
    async fn rest(&mut self, wait: Duration) {
        tokio::select! {
            () = self.jobs.rung() => {}
            _ = self.phase.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }

    async fn claim(&self) -> Result<Taken, DbError> {
        let settings = self.site.settings().jobs;
        let (names, statements) = (self.jobs.names(), self.jobs.statements());
        let next = {
            let mut conn = self.site.db().read().await?;
            statements.next(&mut conn, names).await?
        };
        let now = now_micros();
        let wait = next.map_or(i64::MAX, |next| next.saturating_sub(now));
        if wait > 0 {
            let wait = Duration::from_micros(u64::try_from(wait).unwrap_or_default());
            return Ok(Taken::Nothing { wait: wait.min(settings.poll) });
        }
        // Jobs find the application started, as requests do.
        if !(self.ready)().await {
            return Ok(Taken::Nothing { wait: settings.poll.max(NOT_STARTED) });
        }
        let mut tx = self.site.db().begin().await?;
        let now = now_micros();
        let claimed = statements.claim(&mut tx, names, now, now.saturating_add(micros(settings.lease))).await;
        match claimed {
            Ok(Some(claimed)) => tx.commit().await.map(|()| Taken::Job(claimed)),
            Ok(None) => Ok(Taken::ByAnother),
            Err(error) if error.is_conflict() => Ok(Taken::ByAnother),
            Err(error) => Err(error),
        }
    }

    async fn take(&self, claimed: Claimed) {
        // Only names of the site are claimed.
        let Some(kind) = self.jobs.kind(&claimed.name) else { return };
        let attempt = u32::try_from(claimed.attempts).unwrap_or(u32::MAX);
        let claim = Claim::new(claimed.id, kind.name, claimed.fence, attempt);
        let _in_hand = self.under_way.enter(&claim);
        let stored = |number| u64::try_from(number).unwrap_or_default();
        let mut run = JobRun::new(
            self.site.clone(),
            Arc::clone(&claim),
            self.phase.clone(),
            (stored(claimed.done), stored(claimed.total)),
        );
        let outcome = if attempt > kind.attempts {
            // It may be the job that ends its process: it is not let do so for ever.
            Outcome::Vanished
        } else {
            Outcome::Ran(self.run(kind, &claimed.payload, &mut run).await)
        };
        self.end(kind, &claim, &outcome, run.told()).await;
    }

    /// Runs the job under a guard, which also covers what its future drops when it is broken off.
    async fn run(&self, kind: &Kind, payload: &str, run: &mut JobRun) -> Result<(), JobError> {
        let claim = run.claim();
        let mut phase = self.phase.clone();
        let guarded = AssertUnwindSafe(async {
            tokio::select! {
                biased;
                outcome = (kind.run)(payload, run) => outcome,
                () = claim.lost() => Err(JobError::Lost),
                _ = phase.wait_for(|phase| *phase >= Phase::CutOff) => Err(JobError::Stopped),
            }
        });
        let panicked = |panic: Box<dyn std::any::Any + Send>| JobError::retry(Broken::Panicked(message_of(&*panic)));
        guarded.catch_unwind().await.unwrap_or_else(|panic| Err(panicked(panic)))
    }

    /// Writes down what became of the attempt, and notes it.
    async fn end(&self, kind: &Kind, claim: &Claim, outcome: &Outcome, told: Option<(u64, u64)>) {
        let fence = claim.fence;
        let mut beside = Beside::default();
        let event = match outcome {
            Outcome::Ran(Ok(())) => {
                beside.progress = told;
                Event::Succeeded { fence }
            }
            Outcome::Ran(Err(JobError::Retry { source })) => {
                beside.error = Some(limited(&chain(source.as_ref()), Entry::ERROR_LIMIT));
                Event::Failed { fence, attempts_max: kind.attempts, delay: delay(kind, claim.attempt) }
            }
            Outcome::Ran(Err(JobError::Fail { reason })) => {
                beside.error = Some(limited(reason, Entry::ERROR_LIMIT));
                Event::GaveUp { fence, began: true }
            }
            Outcome::Vanished => {
                beside.error = Some(Broken::Vanished.to_string());
                Event::GaveUp { fence, began: false }
            }
            Outcome::Ran(Err(JobError::Stopped)) => {
                let wait = if *self.phase.borrow() == Phase::Working { PAUSE } else { Duration::ZERO };
                Event::PutBack { fence, wait }
            }
            Outcome::Ran(Err(JobError::Lost)) => return self.note_lost(claim),
        };
        // While the database cannot be reached the claim is kept, as long as the process lives; a job that
        // cannot be ended at all is claimed anew some day.
        let deadline = Instant::now() + self.site.settings().jobs.lease.max(PAUSE);
        loop {
            match change(&self.site, claim.id, event, &beside).await {
                Ok(Some(JobState::Done)) => self.jobs.count_done(),
                Ok(Some(state)) => self.note(claim, outcome, state),
                Ok(None) => self.note_lost(claim),
                Err(error) if Instant::now() < deadline && *self.phase.borrow() < Phase::CutOff => {
                    tracing::debug!(error = &error as &dyn std::error::Error, job = claim.id, "the end of a job");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => {
                    let entry = entry(claim, Priority::Error, "Job's end was not stored").error(&error);
                    self.site.object_log().note(entry);
                }
            }
            return;
        }
    }

    fn note(&self, claim: &Claim, outcome: &Outcome, state: JobState) {
        let (priority, label) = match state {
            JobState::Failed => (Priority::Error, "Job failed"),
            _ => (Priority::Warn, "Job failed - retrying"),
        };
        let entry = entry(claim, priority, label);
        match outcome {
            Outcome::Ran(Err(JobError::Stopped) | Ok(())) => {}
            Outcome::Ran(Err(error)) => self.site.object_log().note(entry.error(error)),
            Outcome::Vanished => self.site.object_log().note(entry.error(&Broken::Vanished)),
        }
    }

    fn note_lost(&self, claim: &Claim) {
        let entry = entry(claim, Priority::Warn, "Job lost to another worker").error(&JobError::Lost);
        self.site.object_log().note(entry);
    }
}

/// What a worker found.
enum Taken {
    Job(Claimed),
    /// There was one, and somebody was faster.
    ByAnother,
    Nothing {
        wait: Duration,
    },
}

/// How an attempt ended.
enum Outcome {
    Ran(Result<(), JobError>),
    /// Too many before it did not end at all, so it was not begun.
    Vanished,
}

/// The wait the job asks for, or the usual one where asking panics.
fn delay(kind: &Kind, attempt: u32) -> Duration {
    catch_unwind(|| (kind.delay)(attempt)).unwrap_or_else(|_| back_off(attempt, 0))
}

fn entry(claim: &Claim, priority: Priority, label: &str) -> Entry {
    let object = json!({ "job": claim.name, "id": claim.id, "attempt": claim.attempt });
    Entry::new(priority, label).page(claim.name).request("", claim.attempt).object(&object)
}

/// Lets something happen to a job, in a transaction of its own.
pub(super) async fn change(site: &Site, id: i64, event: Event, beside: &Beside) -> Result<Option<JobState>, DbError> {
    let mut tx = site.db().begin().await?;
    let changed = store::change(&mut tx, id, event, now_micros(), beside).await?;
    tx.commit().await?;
    Ok(changed.map(|standing| standing.state))
}
