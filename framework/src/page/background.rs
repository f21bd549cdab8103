//! Units of work without a request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;

use super::log_entries::{self, About};
use super::{Failure, PageError, Site, Unit};
use crate::clock::now_micros;
use crate::panics::message_of;
use crate::session::Session;
use crate::unit_of_work::{End, Replay, Verdict, Work, run_effects};

/// A unit of work that committed.
#[derive(Debug)]
#[non_exhaustive]
pub struct UnitDone<T> {
    /// What the work answered.
    pub value: T,
    /// Its attempts, the one that committed last.
    pub attempts: Vec<UnitAttempt>,
}

/// A unit of work that did not commit.
#[derive(Debug, thiserror::Error)]
#[error("the unit of work {name} did not commit")]
pub struct UnitError {
    name: &'static str,
    attempts: Vec<UnitAttempt>,
    #[source]
    failure: Box<Failure>,
}

/// One attempt of a unit of work.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitAttempt {
    /// From 1.
    pub number: u32,
    /// `committed`, or why it was undone.
    pub outcome: String,
    /// When it began, in microseconds since 1970.
    pub began_micros: i64,
    /// When it ended, in microseconds since 1970.
    pub ended_micros: i64,
}

/// Which failed attempts are noted in the object log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    All,
    /// Those that are followed by another one.
    Replays,
}

impl UnitError {
    /// The error the work answered by [`PageError::other`], where it is of this type.
    pub(crate) fn into_cause<E: std::error::Error + 'static>(self) -> Result<E, Self> {
        let Self { name, attempts, failure } = self;
        let failure = match *failure {
            Failure::Page(PageError::Other(source)) => match source.downcast::<E>() {
                Ok(cause) => return Ok(*cause),
                Err(source) => Failure::Page(PageError::Other(source)),
            },
            failure => failure,
        };
        Err(Self { name, attempts, failure: Box::new(failure) })
    }

    /// Its attempts, the last one last.
    #[must_use]
    pub fn attempts(&self) -> &[UnitAttempt] {
        &self.attempts
    }
}

impl Site {
    /// Runs a unit of work in the background: the same rules as for a request, the same replay
    /// after a conflict, the same entries in the object log. `name` stands for it in reports. It
    /// may take as long as a request (`request.timeout_ms`), replays included.
    ///
    /// Its future stays on its thread: start it with `actix_web::rt::spawn`. A page may run one
    /// too; it is a unit of its own then, which commits by itself.
    ///
    /// ```no_run
    /// use toolcrib::prelude::*;
    ///
    /// const RUNS: AppVar<i64> = AppVar::new("Runs");
    ///
    /// async fn note_a_run(site: &Site) -> Option<i64> {
    ///     let work = async |unit: &mut Unit| Ok(unit.application().update(&RUNS, |runs| runs.unwrap_or(0) + 1)?);
    ///     site.unit_of_work("note a run", work).await.ok().map(|done| done.value)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`UnitError`], with the attempts and the cause.
    pub async fn unit_of_work<T>(
        &self,
        name: &'static str,
        work: impl AsyncFn(&mut Unit) -> Result<T, PageError>,
    ) -> Result<UnitDone<T>, UnitError> {
        self.run_unit(name, work, Notes::All).await
    }

    /// As [`Site::unit_of_work`], for a part of a larger work, which notes itself why it failed.
    pub(crate) async fn unit_of_larger_work<T>(
        &self,
        name: &'static str,
        work: impl AsyncFn(&mut Unit) -> Result<T, PageError>,
    ) -> Result<UnitDone<T>, UnitError> {
        self.run_unit(name, work, Notes::Replays).await
    }

    async fn run_unit<T>(
        &self,
        name: &'static str,
        work: impl AsyncFn(&mut Unit) -> Result<T, PageError>,
        notes: Notes,
    ) -> Result<UnitDone<T>, UnitError> {
        let deadline = Instant::now() + self.settings().request.timeout;
        let request: Arc<str> = uuid::Uuid::now_v7().to_string().into();
        let mut replay = Replay::default();
        let mut attempts = Vec::new();
        loop {
            let number = u32::try_from(attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
            let unit = Unit {
                site: self.clone(),
                work: Work::default(),
                request: Arc::clone(&request),
                page: name,
                number,
                session: None,
            };
            let began_micros = now_micros();
            let outcome = attempt(unit, &replay, &work, deadline).await;
            let said = outcome.as_ref().map_or_else(reason_of, |_| "committed".to_owned());
            attempts.push(UnitAttempt { number, outcome: said, began_micros, ended_micros: now_micros() });
            let failure = match outcome {
                Ok(value) => {
                    self.parts().stats.ended(End::Committed);
                    return Ok(UnitDone { value, attempts });
                }
                Err(failure) => failure,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let verdict = failure.is_conflict().then(|| replay.lost(&self.parts().retry, failure.lost_over(), left));
            let about = About { url: String::new(), request: &request, session: None, page: name, attempt: number };
            if notes == Notes::All || matches!(verdict, Some(Verdict::Wait(_))) {
                log_entries::note(self, &about, &failure, verdict);
            }
            self.parts().stats.ended(End::undone(verdict));
            let Some(Verdict::Wait(delay)) = verdict else {
                return Err(UnitError { name, attempts, failure: Box::new(failure) });
            };
            tokio::time::sleep(delay).await;
        }
    }
}

async fn attempt<T>(
    mut unit: Unit,
    replay: &Replay,
    work: &impl AsyncFn(&mut Unit) -> Result<T, PageError>,
    deadline: Instant,
) -> Result<T, Failure> {
    if let Some(names) = replay.claims() {
        unit.claim(names, deadline).await.map_err(PageError::from)?;
    }
    unit.catch_up().await.map_err(PageError::from)?;
    // The deadline is inside the guard: what the future drops may panic as well.
    let run = AssertUnwindSafe(async { tokio::time::timeout_at(deadline.into(), work(&mut unit)).await });
    let answer = match run.catch_unwind().await {
        Ok(Ok(answer)) => answer.map_err(Failure::from),
        Ok(Err(_)) => Err(Failure::Overran),
        Err(panic) => Err(Failure::Panicked(message_of(panic.as_ref()))),
    };
    let sealed = unit.work.is_sealed();
    let Unit { site, mut work, .. } = unit;
    match answer {
        Ok(value) => {
            let nobody = Session::default();
            let committed = work.commit(site.db(), &nobody, site.sessions(), deadline).await;
            let (_, effects) = committed.map_err(|error| Failure::from(error).sealed_if(sealed))?;
            run_effects(effects, deadline).await;
            Ok(value)
        }
        Err(failure) => {
            work.abort().await;
            Err(failure.sealed_if(sealed))
        }
    }
}

/// The innermost cause, which names what collided.
fn reason_of(failure: &Failure) -> String {
    let mut cause: &dyn std::error::Error = failure;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
