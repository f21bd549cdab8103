//! What a unit of work leaves in the object log.

use std::error::Error;

use serde_json::{Value, json};

use super::{Failure, PageError, Site};
use crate::application::ApplicationError;
use crate::db::DbError;
use crate::locks::LockError;
use crate::object_log::{Entry, Priority};
use crate::unit_of_work::{CommitError, Verdict};

/// What all entries of one attempt have in common.
pub(crate) struct About<'a> {
    pub(crate) url: String,
    pub(crate) request: &'a str,
    pub(crate) session: Option<i64>,
    pub(crate) page: &'static str,
    pub(crate) attempt: u32,
}

/// Notes why an attempt was undone: one entry for each attempt that is run again (G5), one for the
/// last (G3, G6).
pub(crate) fn note(site: &Site, about: &About<'_>, failure: &Failure, verdict: Option<Verdict>) {
    let (priority, label) = match verdict {
        Some(Verdict::Wait(_)) => retry_label(failure),
        Some(Verdict::Exhausted) => (Priority::Fatal, "Too many retries"),
        None => failure_label(failure),
    };
    if priority == Priority::Trace && !site.settings().object_log.lock_retries {
        return;
    }
    let mut entry = about.entry(priority, label).error(failure);
    if let Some(object) = object_of(failure) {
        entry = entry.object(&object);
    }
    site.object_log().note(entry);
}

/// GLASS tells a commit that failed (a warning) from a lock that was not acquired (a trace, G18).
fn retry_label(failure: &Failure) -> (Priority, &'static str) {
    match (failure, lock_of(failure)) {
        (Failure::Vanished, _) => (Priority::Warn, "Instance vanished - retrying"),
        (_, Some(LockError::Deadlock(_))) => (Priority::Warn, "Deadlock - retrying"),
        (Failure::Page(PageError::Retry(_)), _) | (_, Some(_)) => (Priority::Trace, "Lock not acquired - retrying"),
        (Failure::Page(PageError::Database(DbError::Unavailable(_))), _) => {
            (Priority::Warn, "Connection lost - retrying")
        }
        _ => (Priority::Warn, "Commit failure - retrying"),
    }
}

fn failure_label(failure: &Failure) -> (Priority, &'static str) {
    match (failure, lock_of(failure)) {
        (_, Some(LockError::TimedOut { .. } | LockError::TooManyWaiters { .. })) => {
            (Priority::Warn, "Lock not acquired in time")
        }
        (Failure::Panicked(_), _) => (Priority::Error, "Page panicked"),
        (Failure::Overran, _) => (Priority::Error, "Page overran its deadline"),
        (Failure::Commit(_), _) => (Priority::Error, "Commit failed"),
        (Failure::Sealed(_), _) => (Priority::Error, "Commit failed after a part was done"),
        (Failure::Page(_) | Failure::Vanished | Failure::Stale, _) => (Priority::Error, "Page failed"),
    }
}

/// The lock that was not to be had, if that was it.
fn lock_of(failure: &Failure) -> Option<&LockError> {
    match failure {
        Failure::Page(PageError::Lock(error) | PageError::Application(ApplicationError::Lock(error)))
        | Failure::Commit(CommitError::Locked(error) | CommitError::Application(ApplicationError::Lock(error))) => {
            Some(error)
        }
        _ => None,
    }
}

impl About<'_> {
    /// An entry about this attempt.
    pub(crate) fn entry(&self, priority: Priority, label: &str) -> Entry {
        let entry = Entry::new(priority, label).url(&self.url).request(self.request, self.attempt).page(self.page);
        match self.session {
            Some(session) => entry.session(&session.to_string()),
            None => entry,
        }
    }
}

/// What it was about: the conflict, the lock, the reason.
fn object_of(failure: &Failure) -> Option<Value> {
    let mut next: Option<&(dyn Error + 'static)> = Some(failure);
    while let Some(cause) = next {
        if let Some(DbError::Conflict(source)) = cause.downcast_ref() {
            return Some(database_conflict(source));
        }
        if let Some(ApplicationError::Conflict(conflict)) = cause.downcast_ref() {
            return Some(json!({ "conflict": conflict.to_string(), "detail": conflict.as_ref() }));
        }
        if let Some(PageError::Retry(retry)) = cause.downcast_ref() {
            return Some(Value::String(retry.reason.clone()));
        }
        next = cause.source();
    }
    lock_of(failure).map(|error| Value::String(error.to_string()))
}

fn database_conflict(source: &sqlx::Error) -> Value {
    match source.as_database_error() {
        Some(error) => json!({ "conflict": "database", "code": error.code(), "message": error.message() }),
        None => json!({ "conflict": "database", "message": source.to_string() }),
    }
}
