//! What the table holds at one moment, for the pages of those who run a site.

use std::time::Instant;

use super::{LockName, Mode, Party};

/// The counts. The application's own lock is left out of `names`, `held` and `waiting`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Names somebody holds or waits for.
    pub(crate) names: usize,
    /// Holders, over all names; who holds a lock several times counts once.
    pub(crate) held: usize,
    /// Requests that wait.
    pub(crate) waiting: usize,
    /// Waits that ended with their time.
    pub(crate) timed_out_total: u64,
    /// Waits that were refused since they would never have ended.
    pub(crate) deadlocks_total: u64,
    /// Grants, those to a holder of the lock not counted.
    pub(crate) granted_total: u64,
    /// Requests that had to wait.
    pub(crate) waited_total: u64,
}

/// The application's own lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ApplicationLock {
    /// Who has it exclusively.
    pub(crate) holder: Option<Party>,
    /// How many wait for it.
    pub(crate) waiting: usize,
}

/// One name. It has a holder at least: nobody waits for what nobody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerRow {
    pub(crate) name: LockName,
    /// The mode it is held in.
    pub(crate) mode: Mode,
    /// In the order they got it.
    pub(crate) holders: Vec<Holding>,
    /// In the order they will get it.
    pub(crate) waiters: Vec<Queued>,
}

/// One who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) party: Party,
    pub(crate) since: Instant,
    /// How often it has taken it.
    pub(crate) count: usize,
}

/// One who waits for a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Queued {
    pub(crate) party: Party,
    pub(crate) mode: Mode,
    pub(crate) since: Instant,
}
