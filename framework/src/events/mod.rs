//! Life-cycle events: the latest of them, in memory, for those who run a site.
//!
//! [`Events`] is a bounded ring that everybody writes to and nobody waits for. What must outlive
//! the process is for the [object log](crate::object_log).

mod ring;

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use self::ring::Ring;
use crate::clock::now_micros;

/// Events kept; older ones make room.
const KEPT: usize = 1_000;

/// A handle on the latest life-cycle events. Cloning is cheap; all clones share the events.
///
/// ```
/// use toolcrib::events::Events;
///
/// let events = Events::default();
/// events.record("session_end", "7", Some("logout".to_owned()));
/// let latest = events.latest();
/// assert_eq!((latest[0].number, latest[0].kind, &*latest[0].subject), (1, "session_end", "7"));
/// ```
#[derive(Debug, Clone)]
pub struct Events {
    ring: Arc<Mutex<Ring>>,
}

/// Something that happened in the life of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// From 1, without gaps, since the process started.
    pub number: u64,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What: `session_start`, `module_out_of_service`, …
    pub kind: &'static str,
    /// To whom: a session's number, a module's name.
    pub subject: String,
    /// Why, or how.
    pub detail: Option<String>,
}

impl Default for Events {
    fn default() -> Self {
        Self { ring: Arc::new(Mutex::new(Ring::new(KEPT))) }
    }
}

impl Events {
    /// Records what happened. Never waits and never fails; the oldest event makes room.
    pub fn record(&self, kind: &'static str, subject: impl Into<String>, detail: Option<String>) {
        let subject = subject.into();
        tracing::debug!(kind, subject, detail, "event");
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).push(kind, subject, detail, now_micros);
    }

    /// The latest events, oldest first.
    #[must_use]
    pub fn latest(&self) -> Vec<Event> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_recorded_by_many_threads_at_once_are_numbered_without_gaps_in_the_order_of_their_times() {
        let events = Events::default();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        events.record("request", "x", None);
                    }
                });
            }
        });
        let latest = events.latest();
        assert_eq!(latest.iter().map(|event| event.number).collect::<Vec<_>>(), (1..=800).collect::<Vec<_>>());
        assert!(latest.is_sorted_by_key(|event| event.at));
    }
}
