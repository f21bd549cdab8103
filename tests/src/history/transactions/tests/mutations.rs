//! Sound histories are accepted, and each kind of error planted in them is found.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::simulated::below;
use super::super::simulated::sound;
use super::*;
use crate::random::Random;

/// A reading: which unit, the place among its answers, the list.
type Reading = (usize, usize, String);

/// A sound history, and where in it an error is planted.
struct Ground {
    history: Units,
    random: Random,
    /// Who appended what, and what was read last.
    writers: BTreeMap<(String, i64), usize>,
}

impl Ground {
    fn new(seed: u64) -> Self {
        let history = sound(seed, 8, 80);
        let mut writers = BTreeMap::new();
        for (number, unit) in history.operations.iter().enumerate() {
            for (key, element) in unit.appends() {
                writers.insert((key.to_owned(), element), number);
            }
        }
        Self { history, random: Random::from_seed(seed ^ 1), writers }
    }

    fn unit(&self, number: usize) -> &Unit {
        &self.history.operations[number]
    }

    /// The readings of units that append nothing to the list they read.
    fn readings(&self) -> Vec<Reading> {
        let mut found = Vec::new();
        for (number, unit) in self.history.operations.iter().enumerate() {
            for (place, (key, ..)) in unit.readings().enumerate() {
                let once = unit.call.iter().filter(|step| step.key() == key).count() == 1;
                if once {
                    found.push((number, place, key.to_owned()));
                }
            }
        }
        found
    }

    fn any<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        (!among.is_empty()).then(|| among[below(&mut self.random, among.len())].clone())
    }

    fn seen(&self, (unit, place, _): &Reading) -> &[i64] {
        &self.unit(*unit).answer().expect("a reading")[*place]
    }

    fn see(&mut self, (unit, place, _): &Reading, seen: Vec<i64>) {
        let Outcome::Done(answers) = &mut self.history.operations[*unit].outcome else { panic!("no reading") };
        answers[*place] = seen;
    }

    /// How many elements of a reading had certainly been appended when it was asked for.
    fn certain(&self, reading: &Reading) -> usize {
        let asked = self.unit(reading.0).invoked;
        let is_over = |element: &i64| {
            let writer = self.unit(self.writers[&(reading.2.clone(), *element)]);
            writer.answer().is_some() && writer.completed < asked
        };
        self.seen(reading).iter().rposition(is_over).map_or(0, |last| last + 1)
    }

    fn is_guilty(&self) -> bool {
        check(&self.history).is_err()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn sound_histories_are_accepted(seed: u64, clients in 1..20_usize, units in 0..200_usize) {
        let judged = check(&sound(seed, clients, units));
        prop_assert!(judged.is_ok(), "{}", judged.unwrap_err()[0]);
    }

    #[test]
    fn stale_reads_are_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let readings: Vec<_> = ground.readings().into_iter().filter(|reading| ground.certain(reading) > 0).collect();
        let reading = ground.any(&readings);
        prop_assume!(reading.is_some());
        let reading = reading.expect("a reading");
        let less = ground.certain(&reading) - 1;
        let seen = ground.seen(&reading)[..less].to_vec();
        ground.see(&reading, seen);
        prop_assert!(ground.is_guilty());
    }

    #[test]
    fn doubled_elements_are_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let readings: Vec<_> = ground.readings().into_iter().filter(|reading| !ground.seen(reading).is_empty()).collect();
        let reading = ground.any(&readings);
        prop_assume!(reading.is_some());
        let reading = reading.expect("a reading");
        let mut seen = ground.seen(&reading).to_vec();
        let doubled = seen[below(&mut ground.random, seen.len())];
        seen.push(doubled);
        ground.see(&reading, seen);
        prop_assert!(ground.is_guilty());
    }

    #[test]
    fn elements_from_nowhere_are_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let reading = ground.any(&ground.readings()).expect("the last reading");
        let mut seen = ground.seen(&reading).to_vec();
        let place = below(&mut ground.random, seen.len() + 1);
        seen.insert(place, 1_000_000);
        ground.see(&reading, seen);
        prop_assert!(ground.is_guilty());
    }

    /// All that was read of a list without one element, which was acknowledged.
    #[test]
    fn vanished_elements_are_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let acknowledged: Vec<_> = ground.writers.iter()
            .filter(|(_, writer)| ground.unit(**writer).answer().is_some())
            .map(|(element, _)| element.clone())
            .collect();
        let element = ground.any(&acknowledged);
        prop_assume!(element.is_some());
        let (key, element) = element.expect("an element");
        for unit in &mut ground.history.operations {
            let keys: Vec<_> = unit.readings().map(|(key, ..)| key.to_owned()).collect();
            if let Outcome::Done(answers) = &mut unit.outcome {
                for (_, seen) in keys.iter().zip(answers).filter(|(of, _)| **of == key) {
                    seen.retain(|found| *found != element);
                }
            }
        }
        prop_assert!(ground.is_guilty());
    }

    /// What somebody saw is said to have been undone.
    #[test]
    fn aborted_reads_are_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let last = ground.history.operations.last().expect("the last reading").clone();
        let seen: Vec<_> = last.readings().flat_map(|(key, seen, _)| seen.iter().map(move |element| (key.to_owned(), *element))).collect();
        let element = ground.any(&seen);
        prop_assume!(element.is_some());
        let writer = ground.writers[&element.expect("an element")];
        ground.history.operations[writer].outcome = Outcome::Failed;
        prop_assert!(ground.is_guilty());
    }

    /// Two neighbours change places in one of the readings that have both.
    #[test]
    fn two_orders_are_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let long: Vec<_> = ground.readings().into_iter().filter(|reading| ground.seen(reading).len() > 1).collect();
        let reading = ground.any(&long);
        prop_assume!(reading.is_some());
        let reading = reading.expect("a reading");
        let mut seen = ground.seen(&reading).to_vec();
        let place = below(&mut ground.random, seen.len() - 1);
        let others = long.iter().filter(|other| other.2 == reading.2 && ground.seen(other).len() > place + 1).count();
        prop_assume!(others > 1);
        seen.swap(place, place + 1);
        ground.see(&reading, seen);
        prop_assert!(ground.is_guilty());
    }

    /// Of a unit that appended to two lists a reader sees the one and not the other.
    #[test]
    fn read_skew_is_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let readings = ground.readings();
        let mut halves = Vec::new();
        for reading in &readings {
            for (at, element) in ground.seen(reading).iter().enumerate() {
                let writer = ground.writers[&(reading.2.clone(), *element)];
                let saw_another = readings.iter().any(|(unit, place, key)| {
                    let other = (*unit, *place, key.clone());
                    *unit == reading.0 && *key != reading.2
                        && ground.seen(&other).iter().any(|found| ground.writers[&(key.clone(), *found)] == writer)
                });
                let read_by_others = readings.iter().any(|other| {
                    other.0 != reading.0 && other.2 == reading.2 && ground.seen(other).contains(element)
                });
                if saw_another && read_by_others && writer != reading.0 {
                    halves.push((reading.clone(), at));
                }
            }
        }
        let half = ground.any(&halves);
        prop_assume!(half.is_some());
        let (reading, at) = half.expect("a half");
        let seen = ground.seen(&reading)[..at].to_vec();
        ground.see(&reading, seen);
        prop_assert!(ground.is_guilty());
    }

    /// A reader sees the first of two appends of a unit.
    #[test]
    fn intermediate_reads_are_rejected(seed: u64) {
        let mut ground = Ground::new(seed);
        let readings = ground.readings();
        let mut middles = Vec::new();
        for reading in &readings {
            for (at, pair) in ground.seen(reading).windows(2).enumerate() {
                let writer = |element: i64| ground.writers[&(reading.2.clone(), element)];
                if writer(pair[0]) == writer(pair[1]) {
                    middles.push((reading.clone(), at));
                }
            }
        }
        let middle = ground.any(&middles);
        prop_assume!(middle.is_some());
        let (reading, at) = middle.expect("a middle");
        let seen = ground.seen(&reading)[..=at].to_vec();
        ground.see(&reading, seen);
        let faults = check(&ground.history).expect_err("an intermediate read");
        prop_assert!(faults.iter().any(|fault| fault.kind == Kind::IntermediateRead), "{}", faults[0]);
    }
}

/// Ten thousand units of sixty-four clients, within seconds even unoptimised.
#[test]
fn a_long_history_of_many_clients_is_judged_in_seconds() {
    let history = sound(1, 64, 10_000);
    let started = std::time::Instant::now();
    let report = check(&history).expect("a sound history");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert!(report.units > 8_000 && report.write_skews > 0, "{report:?}");
}
