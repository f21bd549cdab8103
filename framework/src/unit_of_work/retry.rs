//! When to run a request again: a value, no clock, no state.

use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::*;

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
