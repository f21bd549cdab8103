//! Counts of requests and attempts (GLASS: G19).

use std::sync::atomic::{AtomicU64, Ordering};

use super::Verdict;
use crate::worker;

/// Shards of the counts: one cache line each, so that workers do not take lines from each other.
const SHARDS: usize = 16;

/// Request counts since the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    shards: [Shard; SHARDS],
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    /// Requests that reached a page's route.
    received: AtomicU64,
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

impl End {
    /// How an attempt ended that was undone, by what follows.
    pub(crate) fn undone(verdict: Option<Verdict>) -> Self {
        match verdict {
            Some(Verdict::Wait(_)) => Self::Retried,
            Some(Verdict::Exhausted) => Self::Exhausted,
            None => Self::Failed,
        }
    }
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) received: u64,
    /// Attempts that ended: the sum of the next four.
    pub(crate) attempts: u64,
    pub(crate) committed: u64,
    pub(crate) retried: u64,
    pub(crate) exhausted: u64,
    pub(crate) failed: u64,
}

impl Stats {
    pub(crate) fn totals(&self) -> Totals {
        let sum = |counter: fn(&Shard) -> &AtomicU64| {
            self.shards.iter().map(|shard| counter(shard).load(Ordering::Relaxed)).sum()
        };
        let mut totals = Totals {
            received: sum(|shard| &shard.received),
            attempts: 0,
            committed: sum(|shard| &shard.committed),
            retried: sum(|shard| &shard.retried),
            exhausted: sum(|shard| &shard.exhausted),
            failed: sum(|shard| &shard.failed),
        };
        totals.attempts = totals.committed + totals.retried + totals.exhausted + totals.failed;
        totals
    }

    pub(crate) fn received(&self) {
        if let Some(shard) = self.shard() {
            shard.received.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn ended(&self, end: End) {
        let Some(shard) = self.shard() else { return };
        let counter = match end {
            End::Committed => &shard.committed,
            End::Retried => &shard.retried,
            End::Exhausted => &shard.exhausted,
            End::Failed => &shard.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn shard(&self) -> Option<&Shard> {
        self.shards.get(worker::home() % SHARDS)
    }
}
