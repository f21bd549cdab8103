//! What a client writes down of one request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use toolcrib_tests::Answer;
use toolcrib_tests::Request;
use toolcrib_tests::history::Moment;
use toolcrib_tests::history::Operation;
use toolcrib_tests::history::Outcome;

/// What an answer of 503 says of the request: whether the page does all of its work in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// Then nothing was done.
    OneUnit,
    /// A part may be done already: an explicit `unlock()`, a change outside the unit.
    InParts,
}

/// One clock for all clients of a load.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    began: Arc<Instant>,
    patience: Duration,
    /// How often what came instead of an answer.
    instead: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A request and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Record<A> {
    pub(super) invoked: Moment,
    pub(super) completed: Moment,
    pub(super) outcome: Outcome<A>,
}

impl Recorder {
    /// Of clients that give a request up after so long.
    pub(super) fn patient(patience: Duration) -> Self {
        Self { began: Arc::new(Instant::now()), patience, instead: Arc::default() }
    }

    pub(super) fn now(&self) -> Moment {
        u64::try_from(self.began.elapsed().as_nanos()).expect("a load does not last for centuries")
    }

    /// What came instead of answers, and how often.
    pub(super) fn instead(&self) -> BTreeMap<String, usize> {
        self.instead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a request and notes when, and what came back.
    pub(super) async fn ask<A>(
        &self,
        request: Request,
        promise: Promise,
        read: impl FnOnce(&Answer) -> A,
    ) -> Record<A> {
        let invoked = self.now();
        let answered = tokio::time::timeout(self.patience, request.try_send()).await;
        let completed = self.now();
        let (outcome, instead) = match answered {
            Ok(Ok(answer)) if answer.status == 200 => (Outcome::Done(read(&answer)), None),
            Ok(Ok(answer)) => {
                let is_undone =
                    matches!(answer.status, 400..=499) || answer.status == 503 && promise == Promise::OneUnit;
                (if is_undone { Outcome::Failed } else { Outcome::Unknown }, Some(answer.status.to_string()))
            }
            // Nobody took the connection, so nobody has read the request.
            Ok(Err(error)) if error.is_connect() => (Outcome::Failed, Some("no connection".to_owned())),
            Ok(Err(_)) => (Outcome::Unknown, Some("connection lost".to_owned())),
            Err(_) => (Outcome::Unknown, Some("no answer in time".to_owned())),
        };
        if let Some(instead) = instead {
            *self.instead.lock().unwrap_or_else(PoisonError::into_inner).entry(instead).or_default() += 1;
        }
        Record { invoked, completed, outcome }
    }
}

impl<A> Record<A> {
    /// The record as an operation of a history.
    pub(super) fn of<C>(self, process: usize, call: C) -> Operation<C, A> {
        let Self { invoked, completed, outcome } = self;
        Operation { process, node: None, invoked, completed, call, outcome }
    }

    /// The same with another answer.
    pub(super) fn map<B>(self, answer: impl FnOnce(A) -> B) -> Record<B> {
        let outcome = match self.outcome {
            Outcome::Done(value) => Outcome::Done(answer(value)),
            Outcome::Failed => Outcome::Failed,
            Outcome::Unknown => Outcome::Unknown,
        };
        Record { invoked: self.invoked, completed: self.completed, outcome }
    }
}
