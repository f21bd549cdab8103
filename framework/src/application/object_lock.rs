//! What a unit is told when it asks for an object lock.

use super::objects::ObjectLock as State;

/// The answer to [`ApplicationView::lock_object`](super::ApplicationView::lock_object).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a lock that was denied protects nothing: see `or_retry`"]
pub struct ObjectLock {
    name: &'static str,
    outcome: ObjectLockOutcome,
}

/// How it went (G10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectLockOutcome {
    /// The unit has the lock and its view of the variable is current.
    Granted,
    /// Another unit has it.
    Denied,
    /// The unit has the lock, but the variable was changed since the unit looked: what it read is
    /// out of date. The lock is given back with the unit (G11).
    Changed,
}

/// Asks for the whole request to be run again: nothing was wrong but the moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RetryRequest {
    /// Why, for the object log.
    pub reason: String,
    /// The variable it is about, if it is about one.
    pub(crate) variable: Option<&'static str>,
}

impl RetryRequest {
    /// Asks for another run.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), variable: None }
    }
}

impl ObjectLock {
    pub(super) fn new(name: &'static str, state: &State) -> Self {
        let outcome = match state {
            State::Granted => ObjectLockOutcome::Granted,
            State::Denied { .. } => ObjectLockOutcome::Denied,
            State::Changed => ObjectLockOutcome::Changed,
        };
        Self { name, outcome }
    }

    /// How it went.
    #[must_use]
    pub fn outcome(&self) -> ObjectLockOutcome {
        self.outcome
    }

    /// Goes on with a lock that was granted; otherwise the whole request is to be run again, as
    /// GLASS does by `WARetryHttpRequest` (G9).
    ///
    /// # Errors
    /// [`RetryRequest`], which `?` makes the page's error.
    pub fn or_retry(self) -> Result<(), RetryRequest> {
        let how = match self.outcome {
            ObjectLockOutcome::Granted => return Ok(()),
            ObjectLockOutcome::Denied => "denied",
            ObjectLockOutcome::Changed => "changed",
        };
        Err(RetryRequest { reason: format!("{} lock {how}", self.name), variable: Some(self.name) })
    }
}
