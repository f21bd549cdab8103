//! Life-cycle events: the latest of them, in memory, for those who run a site.
//!
//! [`Events`] is a bounded ring that everybody writes to and nobody waits for. What must outlive
//! the process is for the [object log](crate::object_log).

mod ring;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

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
/// assert_eq!((latest[0].number, &*latest[0].kind, &*latest[0].subject), (1, "session_end", "7"));
/// ```
#[derive(Debug, Clone)]
pub struct Events {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ring: Mutex<Ring>,
    share: OnceLock<Share>,
}

/// Tells other nodes of an event.
struct Share(Box<dyn Fn(&Event) + Send + Sync>);

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Share")
    }
}

/// Something that happened in the life of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// From 1, without gaps, since the process started; other nodes have other numbers.
    pub number: u64,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What: `session_start`, `module_out_of_service`, …
    pub kind: Cow<'static, str>,
    /// To whom: a session's number, a module's name.
    pub subject: String,
    /// Why, or how.
    pub detail: Option<String>,
    /// On which node it was, where it was on another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl Default for Events {
    fn default() -> Self {
        Self { inner: Arc::new(Inner { ring: Mutex::new(Ring::new(KEPT)), share: OnceLock::new() }) }
    }
}

impl Events {
    /// Records what happened. Never waits and never fails; the oldest event makes room.
    pub fn record(&self, kind: &'static str, subject: impl Into<String>, detail: Option<String>) {
        let subject = subject.into();
        tracing::debug!(kind, subject, detail, "event");
        let event = Event { number: 0, at: 0, kind: Cow::Borrowed(kind), subject, detail, node: None };
        let event = self.ring().push(event, now_micros);
        if let Some(Share(share)) = self.inner.share.get() {
            share(&event);
        }
    }

    /// Says once who wants to know of every event recorded here: for other nodes. It must be quick and must not panic.
    pub(crate) fn share(&self, share: impl Fn(&Event) + Send + Sync + 'static) {
        let _ = self.inner.share.set(Share(Box::new(share)));
    }

    /// Adds what happened on another node.
    pub(crate) fn heard(&self, event: Event) {
        let at = event.at;
        self.ring().push(event, || at);
    }

    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest events, oldest first.
    #[must_use]
    pub fn latest(&self) -> Vec<Event> {
        self.ring().iter().cloned().collect()
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
