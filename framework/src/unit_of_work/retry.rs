//! When to run a request again: a value, no clock, no state.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// After this many conflicts over application variables a request waits for its turn to change
/// them, instead of losing again.
const LOSSES: u32 = 2;

/// The schedule of attempts after commit conflicts (Seaside on GemStone: `retryDelays`, G3).
///
/// ```
/// use std::time::Duration;
/// use toolcrib::unit_of_work::{RetryPolicy, Verdict};
///
/// let policy = RetryPolicy::new(vec![Duration::from_millis(10)]);
/// let left = Duration::from_secs(30);
/// assert_eq!(policy.after_conflict(1, left), Verdict::Wait(Duration::from_millis(10)));
/// assert_eq!(policy.after_conflict(2, left), Verdict::Exhausted);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    delays: Vec<Duration>,
}

/// What to do after a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Wait this long, holding nothing, then run again.
    Wait(Duration),
    /// Give up: 503.
    Exhausted,
}

impl RetryPolicy {
    /// One further attempt after each of the delays.
    #[must_use]
    pub fn new(delays: Vec<Duration>) -> Self {
        Self { delays }
    }

    /// What to do after attempt number `attempt` (from 1) met a conflict, with `left` until the
    /// request's deadline. A wait that would outlast the deadline is not begun.
    #[must_use]
    pub fn after_conflict(&self, attempt: u32, left: Duration) -> Verdict {
        let index = usize::try_from(attempt).unwrap_or(usize::MAX).saturating_sub(1);
        match self.delays.get(index) {
            Some(delay) if *delay < left => Verdict::Wait(*delay),
            _ => Verdict::Exhausted,
        }
    }
}

/// One request on its way through its attempts: how often it lost, and over what.
///
/// Optimism alone starves: of many that change one variable all the time, somebody loses every
/// attempt of the schedule. So one that lost twice claims the variables it lost over before it
/// runs again. Claims are first come, first served, nobody else's change of a claimed variable
/// commits, and so the third attempt cannot lose over what the first two lost over.
///
/// ```
/// use std::time::Duration;
/// use toolcrib::unit_of_work::{Replay, RetryPolicy, Verdict};
///
/// let policy = RetryPolicy::new(vec![Duration::from_millis(10); 3]);
/// let mut replay = Replay::default();
/// let left = Duration::from_secs(30);
/// assert_eq!(replay.lost(&policy, Some("Tally".into()), left), Verdict::Wait(Duration::from_millis(10)));
/// assert!(replay.claims().is_none());
/// replay.lost(&policy, Some("Tally".into()), left);
/// assert!(replay.claims().is_some_and(|names| names.contains("Tally")));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Replay {
    losses: u32,
    over: BTreeSet<Arc<str>>,
}

impl Replay {
    /// Another attempt was lost, to `over` where it was over an application variable; what now?
    pub fn lost(&mut self, policy: &RetryPolicy, over: Option<Arc<str>>, left: Duration) -> Verdict {
        self.losses = self.losses.saturating_add(1);
        self.over.extend(over);
        policy.after_conflict(self.losses, left)
    }

    /// The variables to claim before the next attempt.
    #[must_use]
    pub fn claims(&self) -> Option<&BTreeSet<Arc<str>>> {
        (self.losses >= LOSSES && !self.over.is_empty()).then_some(&self.over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_twice_is_claimed_with_all_it_lost_over() {
        let policy = RetryPolicy::new(vec![Duration::ZERO; 5]);
        let mut replay = Replay::default();
        replay.lost(&policy, Some("B".into()), Duration::MAX);
        assert!(replay.claims().is_none(), "once may be chance");
        replay.lost(&policy, Some("A".into()), Duration::MAX);
        let names: Vec<&str> = replay.claims().unwrap().iter().map(AsRef::as_ref).collect();
        assert_eq!(names, ["A", "B"]);
    }

    #[test]
    fn conflicts_over_rows_are_not_claimed() {
        let policy = RetryPolicy::new(vec![Duration::ZERO; 5]);
        let mut replay = Replay::default();
        for _ in 0..4 {
            replay.lost(&policy, None, Duration::MAX);
        }
        assert!(replay.claims().is_none());
    }

    #[test]
    fn every_delay_gives_one_more_attempt() {
        let policy = RetryPolicy::new([1, 2, 3].map(Duration::from_millis).to_vec());
        let mut attempt = 1;
        while let Verdict::Wait(_) = policy.after_conflict(attempt, Duration::MAX) {
            attempt += 1;
        }
        assert_eq!(attempt, 4);
    }

    #[test]
    fn a_wait_beyond_the_deadline_is_not_begun() {
        let policy = RetryPolicy::new(vec![Duration::from_secs(10)]);
        assert_eq!(policy.after_conflict(1, Duration::from_secs(5)), Verdict::Exhausted);
    }

    #[test]
    fn no_delays_mean_no_second_attempt() {
        assert_eq!(RetryPolicy::new(Vec::new()).after_conflict(1, Duration::MAX), Verdict::Exhausted);
    }
}
