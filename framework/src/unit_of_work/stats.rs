//! Counts of requests and attempts (GLASS: G19).

use std::sync::atomic::{AtomicU64, Ordering};

/// Request counts since the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Requests that reached a page's route.
    received: AtomicU64,
    /// Attempts that ended: the sum of the next four.
    attempts: AtomicU64,
    /// Attempts that ended well, read-only ones included.
    committed: AtomicU64,
    /// Attempts undone by a conflict and run again.
    retried: AtomicU64,
    /// Attempts undone by a conflict and not run again.
    exhausted: AtomicU64,
    /// Attempts that failed otherwise.
    failed: AtomicU64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Committed,
    Retried,
    Exhausted,
    Failed,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) received: u64,
    pub(crate) attempts: u64,
    pub(crate) committed: u64,
    pub(crate) retried: u64,
    pub(crate) exhausted: u64,
    pub(crate) failed: u64,
}

impl Stats {
    pub(crate) fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            received: read(&self.received),
            attempts: read(&self.attempts),
            committed: read(&self.committed),
            retried: read(&self.retried),
            exhausted: read(&self.exhausted),
            failed: read(&self.failed),
        }
    }

    pub(crate) fn received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self, end: End) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let counter = match end {
            End::Committed => &self.committed,
            End::Retried => &self.retried,
            End::Exhausted => &self.exhausted,
            End::Failed => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
