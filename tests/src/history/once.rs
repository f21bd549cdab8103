//! Things that are made once, by whoever asks first: all are answered the same, and different things differ.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Fault;
use super::History;
use super::Kind;
use super::Operation;

/// Checks that all who asked for one thing were answered one value, and that no two things share a value.
///
/// That is linearizability of *get it, or make it*: who is first makes no difference to anybody.
///
/// # Errors
///
/// One [`Fault`] for each thing with two values, and for each value of two things.
pub fn check<T: Ord + Debug>(history: &History<T, i64>) -> Result<(), Vec<Fault>> {
    let mut things: BTreeMap<&T, BTreeMap<i64, &Operation<T, i64>>> = BTreeMap::new();
    let mut values: BTreeMap<i64, BTreeMap<&T, &Operation<T, i64>>> = BTreeMap::new();
    for operation in &history.operations {
        if let Some(value) = operation.answer() {
            things.entry(&operation.call).or_default().entry(*value).or_insert(operation);
            values.entry(*value).or_default().entry(&operation.call).or_insert(operation);
        }
    }
    let of_things = things.values().filter(|answers| answers.len() > 1).map(|answers| told(answers.values()));
    let of_values = values.values().filter(|askers| askers.len() > 1).map(|askers| told(askers.values()));
    let faults: Vec<_> = of_things.chain(of_values).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn told<'a, T: Debug + 'a>(operations: impl Iterator<Item = &'a &'a Operation<T, i64>>) -> Fault {
    Fault::new(Kind::NotOnce, operations.map(|operation| operation.told()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Outcome;

    fn history(answers: &[(&'static str, Outcome<i64>)]) -> History<&'static str, i64> {
        let operation = |(process, (call, outcome)): (usize, &(&'static str, Outcome<i64>))| Operation {
            process,
            node: None,
            invoked: 0,
            completed: 1,
            call: *call,
            outcome: outcome.clone(),
        };
        History::new(answers.iter().enumerate().map(operation).collect())
    }

    #[test]
    fn one_value_for_each_thing_is_sound() {
        use Outcome::{Done, Failed, Unknown};
        assert_eq!(
            check(&history(&[("a", Done(1)), ("a", Unknown), ("b", Done(2)), ("b", Failed), ("a", Done(1))])),
            Ok(())
        );
    }

    #[test]
    fn two_values_for_one_thing_and_one_value_for_two_are_found() {
        let faults = check(&history(&[("a", Outcome::Done(1)), ("a", Outcome::Done(2))])).unwrap_err();
        assert_eq!((faults.len(), faults[0].kind), (1, Kind::NotOnce));
        let faults = check(&history(&[("a", Outcome::Done(1)), ("b", Outcome::Done(1))])).unwrap_err();
        assert_eq!((faults.len(), faults[0].evidence.len()), (1, 2));
    }
}
