//! What may become of a job: a pure state machine. The store carries out what it says.
//!
//! ```text
//!             claim                       succeeded
//!   queued ───────────► running ──────────────────────► done
//!     ▲  ▲                │ │ └── gave up, no attempt left ──► failed
//!     │  └─ failed once, ─┘ │                              │
//!     │     put back        └─ claim lapsed: claimed anew  │
//!     └───────────────────────────── again, by hand ───────┘
//!   queued ── cancel ──► cancelled
//! ```

use std::time::Duration;

use super::JobState;
use crate::clock::micros;

/// The waits before the second attempt and those after it; the last one for all that follow.
const DELAYS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
];

/// What is stored of a job and decides what may become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: JobState,
    pub(super) attempts: u32,
    /// How often it was claimed. Who holds a claim writes only while this is the claim's own number.
    pub(super) fence: i64,
    /// From when on it may be claimed; nothing once it has ended.
    pub(super) free_at: Option<i64>,
    pub(super) due_at: i64,
    pub(super) ended_at: Option<i64>,
}

/// What happens to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Somebody takes it, until then. The store does this and the next in one statement each.
    #[cfg(test)]
    Claim { until: i64 },
    /// Its holder goes on, until then.
    #[cfg(test)]
    Renew { fence: i64, until: i64 },
    /// Its holder has done it.
    Succeeded { fence: i64 },
    /// The attempt failed; a further one after this wait, where there is one left.
    Failed { fence: i64, attempts_max: u32, delay: Duration },
    /// No further attempt. `began`: whether this one counts.
    GaveUp { fence: i64, began: bool },
    /// The attempt was broken off through no fault of the job and does not count.
    PutBack { fence: i64, wait: Duration },
    /// Somebody takes a job that waits out of the queue.
    Cancel,
    /// Somebody wants a job that failed to be tried again.
    Again,
}

impl Standing {
    /// How it stands afterwards; `None` where it does not stand so that this could happen.
    pub(super) fn after(&self, event: Event, now: i64) -> Option<Self> {
        let ended = |state| Self { state, free_at: None, ended_at: Some(now), ..*self };
        let queued = |attempts, free_at| Self { state: JobState::Queued, attempts, free_at: Some(free_at), ..*self };
        match event {
            #[cfg(test)]
            Event::Claim { until } => self.free_at.filter(|free_at| *free_at <= now).map(|_| Self {
                state: JobState::Running,
                attempts: self.attempts.saturating_add(1),
                fence: self.fence.saturating_add(1),
                free_at: Some(until),
                ..*self
            }),
            #[cfg(test)]
            Event::Renew { fence, until } => self.is_held(fence).then_some(Self { free_at: Some(until), ..*self }),
            Event::Succeeded { fence } => self.is_held(fence).then(|| ended(JobState::Done)),
            Event::Failed { fence, attempts_max, delay } => self.is_held(fence).then(|| {
                if self.attempts < attempts_max {
                    let due_at = now.saturating_add(micros(delay));
                    Self { due_at, ..queued(self.attempts, due_at) }
                } else {
                    ended(JobState::Failed)
                }
            }),
            Event::GaveUp { fence, began } => self.is_held(fence).then(|| {
                let attempts = if began { self.attempts } else { self.attempts.saturating_sub(1) };
                Self { attempts, ..ended(JobState::Failed) }
            }),
            Event::PutBack { fence, wait } => self.is_held(fence).then(|| {
                // It keeps its place: what was due before others is due before them still.
                let free_at = if wait.is_zero() { self.due_at } else { now.saturating_add(micros(wait)) };
                queued(self.attempts.saturating_sub(1), free_at)
            }),
            Event::Cancel => (self.state == JobState::Queued).then(|| ended(JobState::Cancelled)),
            Event::Again => {
                let again = Self { due_at: now, ended_at: None, ..queued(0, now) };
                (self.state == JobState::Failed).then_some(again)
            }
        }
    }

    /// Whether the claim of this number holds it.
    fn is_held(&self, fence: i64) -> bool {
        self.state == JobState::Running && self.fence == fence
    }
}

/// The wait after a failed attempt, from 1: longer each time, and by up to a fifth longer at random, so
/// that what failed together does not come back together.
pub(super) fn back_off(attempt: u32, random: u64) -> Duration {
    let index = usize::try_from(attempt).unwrap_or(usize::MAX).saturating_sub(1);
    let [.., longest] = DELAYS;
    let delay = DELAYS.get(index).copied().unwrap_or(longest);
    let share = u32::try_from(random % 201).unwrap_or_default();
    delay.saturating_add(delay / 1_000 * share)
}

#[cfg(test)]
pub(super) mod tests;
