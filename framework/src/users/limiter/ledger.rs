//! Failures by key, as debts that time pays off.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The most keys a ledger remembers. At about 30 bytes a key it stays below 5 MB.
pub const MAX_KEYS: usize = 100_000;

/// Below this many keys looking for paid-off ones is not worth it.
const SMALL: usize = 1024;

/// The part of a full ledger that is forgotten at once, so that making room costs little per key.
const FORGOTTEN_PART: usize = 8;

/// How many failures are allowed at once, and how soon one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many failures are allowed at once.
    pub at_once: u32,
    /// How long it takes until one more is allowed.
    pub one_more_every: Duration,
}

/// Debts by key. A failure adds [`Allowance::one_more_every`] to the debt, time takes it off; a
/// key is refused while its debt leaves no room for another failure. This is the generic cell
/// rate algorithm; what is stored is the moment at which the debt is paid off.
#[derive(Debug)]
pub(super) struct Ledger {
    allowance: Allowance,
    capacity: usize,
    paid_off_at: HashMap<u64, Instant>,
    /// The size at which paid-off keys are looked for next.
    sweep_at: usize,
}

impl Ledger {
    pub(super) fn new(allowance: Allowance, capacity: usize) -> Self {
        Self { allowance, capacity, paid_off_at: HashMap::new(), sweep_at: SMALL.min(capacity) }
    }

    /// How long until a failure of this key is allowed again; none if it is now.
    pub(super) fn refused_for(&self, key: u64, now: Instant) -> Option<Duration> {
        let Allowance { at_once, one_more_every } = self.allowance;
        let room = one_more_every * at_once.saturating_sub(1);
        let wait = self.debt(key, now).saturating_sub(room);
        (!wait.is_zero()).then_some(wait)
    }

    /// How long until this key's failures are forgotten; zero if it has none.
    pub(super) fn debt(&self, key: u64, now: Instant) -> Duration {
        self.paid_off_at.get(&key).map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now))
    }

    /// Counts a failure.
    pub(super) fn count(&mut self, key: u64, now: Instant) {
        if !self.paid_off_at.contains_key(&key) && self.paid_off_at.len() >= self.sweep_at {
            self.make_room(now);
        }
        let paid = self.paid_off_at.entry(key).or_insert(now);
        *paid = (*paid).max(now) + self.allowance.one_more_every;
    }

    /// Forgets keys that are paid off. If that is not enough, forgets those that soonest will be:
    /// a flood of new keys then drives out its own, not the ones that are refused.
    fn make_room(&mut self, now: Instant) {
        self.paid_off_at.retain(|_, paid| *paid > now);
        if self.paid_off_at.len() >= self.capacity {
            let mut moments: Vec<_> = self.paid_off_at.values().copied().collect();
            let forgotten = (moments.len() / FORGOTTEN_PART).min(moments.len().saturating_sub(1));
            let (_, &mut limit, _) = moments.select_nth_unstable(forgotten);
            self.paid_off_at.retain(|_, paid| *paid > limit);
        }
        self.paid_off_at.shrink_to(self.paid_off_at.len() * 2);
        self.sweep_at = (self.paid_off_at.len() * 2).clamp(SMALL.min(self.capacity), self.capacity);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.paid_off_at.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn ledger(capacity: usize) -> Ledger {
        Ledger::new(Allowance { at_once: 3, one_more_every: MINUTE }, capacity)
    }

    #[test]
    fn as_many_failures_as_allowed_then_one_by_one() {
        let mut ledger = ledger(10);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(ledger.refused_for(1, start), None);
            ledger.count(1, start);
        }
        assert_eq!(ledger.refused_for(1, start), Some(MINUTE));
        assert_eq!(ledger.refused_for(1, start + MINUTE / 2), Some(MINUTE / 2));
        assert_eq!(ledger.refused_for(1, start + MINUTE), None);
        ledger.count(1, start + MINUTE);
        assert_eq!(ledger.refused_for(1, start + MINUTE), Some(MINUTE));
        assert_eq!(ledger.refused_for(2, start), None, "another key has its own debt");
        assert_eq!(ledger.debt(1, start + 10 * MINUTE), Duration::ZERO);
    }

    #[test]
    fn asking_does_not_count() {
        let ledger = ledger(10);
        let start = Instant::now();
        for _ in 0..100 {
            assert_eq!(ledger.refused_for(1, start), None);
        }
    }

    #[test]
    fn failures_beyond_the_allowance_are_owed() {
        let mut ledger = ledger(10);
        let start = Instant::now();
        for _ in 0..10 {
            ledger.count(1, start);
        }
        assert_eq!(ledger.refused_for(1, start), Some(8 * MINUTE));
    }

    #[test]
    fn memory_is_bounded_and_the_refused_are_not_driven_out() {
        let mut ledger = Ledger::new(Allowance { at_once: 3, one_more_every: MINUTE }, MAX_KEYS);
        let start = Instant::now();
        for _ in 0..5 {
            ledger.count(u64::MAX, start);
        }
        for key in 0..3 * MAX_KEYS as u64 {
            ledger.count(key, start + Duration::from_micros(key));
            debug_assert!(ledger.len() <= MAX_KEYS);
        }
        assert!(ledger.len() <= MAX_KEYS);
        assert!(ledger.len() > MAX_KEYS / 2);
        assert!(ledger.refused_for(u64::MAX, start).is_some());
    }

    #[test]
    fn keys_that_all_owe_the_same_still_leave_room() {
        let mut ledger = ledger(2000);
        let start = Instant::now();
        for key in 0..10_000 {
            ledger.count(key, start);
            assert!(ledger.len() <= 2000);
        }
    }

    #[test]
    fn paid_off_keys_are_forgotten() {
        let mut ledger = Ledger::new(Allowance { at_once: 3, one_more_every: MINUTE }, MAX_KEYS);
        let start = Instant::now();
        for key in 0..50_000 {
            ledger.count(key, start);
        }
        let later = start + 10 * MINUTE;
        for key in 50_000..120_000 {
            ledger.count(key, later);
        }
        assert!(ledger.len() <= 70_000, "{}", ledger.len());
    }
}
