//! The arithmetic of what is added to one count by several transactions at the same time.

use super::TxId;

/// What a transaction adds to a count, and the least the count must be before that.
///
/// In 128 bits, where a sum of 64-bit numbers never overflows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) delta: i128,
    pub(super) floor: Option<i128>,
}

/// Whether a further unit may add to a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Yes, in whichever order the other transactions end, and whichever of them are discarded.
    Yes,
    /// It hangs on how this one ends.
    Wait(TxId),
    /// No: its guard does not hold whatever the others do.
    Guard,
    /// No: the count would leave its range whatever the others do.
    Range,
}

impl Tally {
    /// This one and then the next.
    pub(super) fn then(self, next: Self) -> Self {
        let floor = next.floor.map(|floor| floor - self.delta);
        Self { delta: self.delta + next.delta, floor: self.floor.max(floor) }
    }

    fn fall(self) -> i128 {
        self.delta.min(0)
    }

    fn rise(self) -> i128 {
        self.delta.max(0)
    }
}

/// Decides on `incoming` in a transaction that already adds `own` to the `published` count, while `others` are on
/// their way. The count has to stay from `least` to `i64::MAX`.
pub(super) fn admit(published: i64, own: Tally, incoming: Tally, others: &[(TxId, Tally)], least: i64) -> Admission {
    let (published, least, most) = (i128::from(published), i128::from(least), i128::from(i64::MAX));
    let falls: i128 = others.iter().map(|(_, other)| other.fall()).sum();
    let rises: i128 = others.iter().map(|(_, other)| other.rise()).sum();
    let here = published + own.delta;
    if incoming.floor.is_some_and(|floor| here + rises < floor) {
        return Admission::Guard;
    }
    if here + incoming.delta + rises < least || here + incoming.delta + falls > most {
        return Admission::Range;
    }
    let merged = own.then(incoming);
    let holds = |tally: &Tally, falls: i128| tally.floor.is_none_or(|floor| published + falls >= floor);
    // Those accepted before must still hold if this one is published first.
    let broken = others.iter().find(|(_, other)| !holds(other, falls - other.fall() + merged.fall()));
    if let Some((other, _)) = broken {
        return Admission::Wait(*other);
    }
    let in_range = published + falls + merged.fall() >= least && published + rises + merged.rise() <= most;
    if in_range && holds(&merged, falls) {
        return Admission::Yes;
    }
    match others.iter().find(|(_, other)| other.delta != 0) {
        Some((other, _)) => Admission::Wait(*other),
        None => Admission::Guard,
    }
}
