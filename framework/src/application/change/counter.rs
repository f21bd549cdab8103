//! Conflict-free counters.

use super::{ChangeError, Changes, CounterWork, Work, other_kind};
use crate::application::cell::{Content, Kind};
use crate::application::snapshot::Snapshot;

impl Changes {
    /// The count the unit sees; a counter nobody has changed yet is 0.
    pub(crate) fn counter(&self, snapshot: &Snapshot, name: &str) -> Result<i64, ChangeError> {
        let ground = match self.ground(snapshot, name).map(|cell| &cell.content) {
            Some(Content::Counter(count)) => *count,
            // Of another kind, or made anew by the unit.
            _ => {
                self.expect(snapshot, name, Kind::Counter)?;
                0
            }
        };
        // In range: `count` checked it against the same snapshot.
        Ok(ground.saturating_add(self.delta(name)))
    }

    /// Adds to a counter. Merged at commit with what others add; never a conflict.
    pub(crate) fn count(&mut self, snapshot: &Snapshot, name: &str, durable: bool, by: i64) -> Result<(), ChangeError> {
        self.check(snapshot, name, durable, Kind::Counter)?;
        let overflow = || ChangeError::Overflow { name: name.to_owned() };
        self.counter(snapshot, name)?.checked_add(by).ok_or_else(overflow)?;
        let delta = self.delta(name).checked_add(by).ok_or_else(overflow)?;
        match self.begin(snapshot, name, durable, || Work::Counter(CounterWork::default())) {
            Work::Counter(work) => work.delta = delta,
            other => return Err(other_kind(name, Kind::Counter, other)),
        }
        Ok(())
    }

    /// Takes `by` off a counter if it holds that much; false, and nothing noted, if it does not.
    ///
    /// Asked of the unit's own view now, and again of the merged counter at commit (G15).
    pub(crate) fn decrement_if_ge(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        by: u64,
    ) -> Result<bool, ChangeError> {
        self.check(snapshot, name, durable, Kind::Counter)?;
        let count = self.counter(snapshot, name)?;
        // More than any counter can hold.
        let Ok(by) = i64::try_from(by) else { return Ok(false) };
        if count < by {
            return Ok(false);
        }
        let floor = by.saturating_sub(self.delta(name));
        self.count(snapshot, name, durable, -by)?;
        if let Some(change) = self.by_name.get_mut(name)
            && let Some(Work::Counter(work)) = &mut change.work
        {
            work.floor = Some(work.floor.map_or(floor, |before| before.max(floor)));
        }
        Ok(true)
    }

    fn delta(&self, name: &str) -> i64 {
        match self.work(name) {
            Some(Work::Counter(work)) => work.delta,
            _ => 0,
        }
    }
}
