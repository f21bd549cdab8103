//! View, compute, commit, and all over again after a conflict: the sum is exact, whatever the interleaving.

use proptest::prelude::*;

use super::*;

const UNITS: usize = 6;

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn units_that_retry_lose_no_update(turns in prop::collection::vec((0..UNITS, 0..3_u8), 0..60)) {
        let mut state = after(|unit| unit.put("Tally", 0).count("Rc", 0));
        let mut loops: Vec<Loop> = (0..UNITS).map(|_| Loop::Start).collect();
        let mut conflicts = 0;
        // Random turns at first, then everyone in turn until all are done.
        let rest = (0..UNITS * 50).map(|turn| (turn % UNITS, 0));
        for (unit, luck) in turns.into_iter().chain(rest) {
            let next = std::mem::replace(&mut loops[unit], Loop::Start).step(&mut state, luck, &mut conflicts);
            loops[unit] = next;
        }
        prop_assert!(loops.iter().all(|it| matches!(it, Loop::Done)), "after {conflicts} conflicts");
        prop_assert_eq!(number(&state, "Tally"), Some(i64::try_from(UNITS).unwrap()));
        prop_assert_eq!(counter(&state, "Rc"), i64::try_from(UNITS).unwrap());
        prop_assert!(state.is_idle());
    }
}

/// How far a request is.
enum Loop {
    Start,
    Viewed(Unit),
    Accepted(Unit, TxId),
    Done,
}

impl Loop {
    fn step(self, state: &mut ApplicationState, luck: u8, conflicts: &mut u32) -> Self {
        match self {
            Self::Start => {
                let unit = Unit::new(state);
                let tally = unit.value("Tally").unwrap();
                Self::Viewed(unit.put("Tally", tally + 1).count("Rc", 1))
            }
            Self::Viewed(unit) => {
                let tx = state.begin();
                match unit.prepare(state, tx) {
                    Prepared::Accepted => Self::Accepted(unit, tx),
                    Prepared::Wait(_) => Self::Viewed(unit),
                    Prepared::Conflict(_) => {
                        *conflicts += 1;
                        Self::Start
                    }
                }
            }
            // Now and then the database refuses.
            Self::Accepted(unit, tx) if luck == 2 => {
                state.discard(tx);
                Self::Viewed(unit)
            }
            Self::Accepted(_, tx) => {
                state.publish(tx);
                Self::Done
            }
            Self::Done => Self::Done,
        }
    }
}
