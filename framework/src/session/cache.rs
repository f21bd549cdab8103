//! Sessions held in memory, where one process owns the database.
//!
//! A request with a session reads it first of all, and a read is a hand-over to a database thread.
//! Where nobody else writes to the database the rows need not be read again. The cache is never
//! written to by a commit: a commit *forgets* the session, and a reader that was under way
//! meanwhile does not put back what it read before. Whether it may be asked at all is for
//! [`Sessions`](super::Sessions) to say, which knows whether another process has joined.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Known;
use crate::secret::Digest256;

/// Most sessions held. A session is about a kilobyte.
const LIMIT: usize = 20_000;

/// A session as loaded.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) known: Known,
    pub(super) fields: HashMap<String, String>,
    /// When it is idle for too long, in microseconds; moved by every touch.
    pub(super) idle_at: AtomicI64,
    pub(super) absolute_at: i64,
}

/// Taken before a read of the rows; proves that nothing was forgotten meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Epoch(u64);

/// Loaded sessions by key hash.
#[derive(Debug, Default)]
pub(super) struct Cache {
    epoch: AtomicU64,
    held: Mutex<HashMap<Digest256, Arc<Loaded>>>,
}

impl Cache {
    pub(super) fn look_up(&self, key_hash: &Digest256) -> Option<Arc<Loaded>> {
        self.lock().get(key_hash).cloned()
    }

    /// To be called before reading the rows.
    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::SeqCst))
    }

    /// Keeps what was read, unless something was forgotten since `epoch`.
    pub(super) fn keep(&self, epoch: Epoch, loaded: &Arc<Loaded>) {
        let mut held = self.lock();
        if self.epoch.load(Ordering::SeqCst) == epoch.0 {
            if held.len() >= LIMIT {
                held.clear();
            }
            held.insert(loaded.known.key_hash, Arc::clone(loaded));
        }
    }

    pub(super) fn forget(&self, key_hash: &Digest256) {
        let mut held = self.lock();
        self.epoch.fetch_add(1, Ordering::SeqCst);
        held.remove(key_hash);
    }

    pub(super) fn forget_all(&self) {
        let mut held = self.lock();
        self.epoch.fetch_add(1, Ordering::SeqCst);
        held.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Digest256, Arc<Loaded>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded() -> Arc<Loaded> {
        Arc::new(Loaded {
            known: Known { id: 1, key_hash: [7; 32] },
            fields: HashMap::new(),
            idle_at: AtomicI64::new(0),
            absolute_at: 0,
        })
    }

    #[test]
    fn what_was_read_is_found_again() {
        let cache = Cache::default();
        cache.keep(cache.epoch(), &loaded());
        assert!(cache.look_up(&[7; 32]).is_some());
        assert!(cache.look_up(&[8; 32]).is_none());
    }

    #[test]
    fn a_read_that_a_commit_overtook_is_not_kept() {
        let cache = Cache::default();
        let epoch = cache.epoch();
        cache.forget(&[7; 32]);
        cache.keep(epoch, &loaded());
        assert!(cache.look_up(&[7; 32]).is_none());
    }
}
