//! The latest requests, in memory, for those who develop a site or look for what is slow (W60).
//!
//! A bounded ring that every answer is noted in on its way out. There is nothing in it of what was sent or answered: no
//! headers, no bodies, and of the address no value of a parameter that looks like a secret.

mod figures;
mod ring;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use self::figures::{Figures, figures};
use self::ring::Ring;
use crate::object_log::{limited, masked};

/// Requests kept; older ones make room.
const KEPT: usize = 500;

/// Most of an address, in bytes.
const URL_MAX: usize = 500;

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// When it was answered, in microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) method: String,
    pub(crate) url: String,
    /// The page that answered, where one did.
    pub(crate) page: Option<&'static str>,
    pub(crate) status: u16,
    pub(crate) took: Duration,
    pub(crate) statements: u64,
    pub(crate) attempts: u32,
    pub(crate) instance: u64,
    pub(crate) request: Arc<str>,
    /// The session's number.
    pub(crate) session: Option<i64>,
}

/// A handle on the latest requests. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    kept: bool,
    paused: AtomicBool,
    ring: Mutex<Ring<Arc<Seen>>>,
}

impl Requests {
    pub(crate) fn new(kept: bool) -> Self {
        Self { parts: Arc::new(Parts { kept, paused: AtomicBool::new(false), ring: Mutex::new(Ring::new(KEPT)) }) }
    }

    /// Whether requests are kept at all.
    pub(crate) fn is_kept(&self) -> bool {
        self.parts.kept
    }

    /// Whether nothing is noted at this moment.
    pub(crate) fn is_paused(&self) -> bool {
        self.parts.paused.load(Ordering::Relaxed)
    }

    pub(crate) fn pause(&self, paused: bool) {
        self.parts.paused.store(paused, Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.ring().clear();
    }

    /// Notes a request, if any are noted: nothing is made for one that is not.
    pub(crate) fn note(&self, seen: impl FnOnce() -> Seen) {
        if self.parts.kept && !self.is_paused() {
            let seen = Arc::new(seen());
            self.ring().push(seen);
        }
    }

    /// The latest, the newest first.
    pub(crate) fn latest(&self) -> Vec<Arc<Seen>> {
        self.ring().newest_first()
    }

    fn ring(&self) -> MutexGuard<'_, Ring<Arc<Seen>>> {
        self.parts.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address as it may be kept.
pub(crate) fn shown(url: &str) -> String {
    limited(&masked(url), URL_MAX)
}
