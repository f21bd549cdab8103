//! What goes into the table and what comes out.

#[cfg(doc)]
use super::LockTable;
use crate::locks::{LockError, LockName, Owner};

/// What holds for all locks of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Requests that may wait for one name at a time; 0 means that nobody waits.
    pub(crate) waiters_max: usize,
    /// Whether a scope that is asked for out of order is refused; else there is a warning.
    pub(crate) strict: bool,
}

/// A place in a queue. Its shell cancels it, or learns that it was granted.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a ticket that is dropped leaves a waiter that nobody is behind"]
pub(crate) struct Ticket {
    pub(super) number: u64,
    pub(super) owner: Owner,
    pub(super) name: LockName,
}

impl Ticket {
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    pub(crate) fn name(&self) -> &LockName {
        &self.name
    }
}

/// What a request for a lock came to.
#[derive(Debug)]
#[must_use = "a lock that is granted has to be released"]
pub(crate) struct Answer<R> {
    pub(crate) step: Step<R>,
    /// [`LockError::OrderViolation`], for the log: the lock was granted or is waited for all the same.
    pub(crate) warning: Option<LockError>,
}

impl<R> Answer<R> {
    pub(super) fn refused(reason: LockError) -> Self {
        Self { step: Step::Refused(reason), warning: None }
    }
}

/// What the request does now.
#[derive(Debug)]
pub(crate) enum Step<R> {
    /// It holds the lock.
    Granted,
    /// It waits: the ticket to cancel with, and the end at which the grant will arrive.
    Waiting(Ticket, R),
    /// It goes away without the lock.
    Refused(LockError),
}

/// A lock was given back.
#[derive(Debug)]
#[must_use = "those who were granted it have to be woken"]
pub(crate) struct Released<W> {
    /// False: the owner did not hold it, and nothing was done.
    pub(crate) was_held: bool,
    pub(crate) granted: Vec<W>,
}

/// Everything was taken from an owner.
#[derive(Debug)]
#[must_use = "those who were granted something have to be woken"]
pub(crate) struct ReleasedAll<W> {
    /// How many names it held.
    pub(crate) released: usize,
    pub(crate) granted: Vec<W>,
    /// The owner's own wait, to be told that it is over.
    pub(crate) turned_away: Option<W>,
}

/// A request went away from its queue.
#[derive(Debug)]
#[must_use = "those who were granted the lock have to be woken"]
pub(crate) enum Cancelled<W> {
    /// It waited, and waits no more; those behind it may have got their turn.
    Left { waiter: W, granted: Vec<W> },
    /// It got the lock before and holds it: it has to be released.
    Granted,
    /// It neither waits nor holds: [`LockTable::release_all`] was faster.
    Gone,
}
