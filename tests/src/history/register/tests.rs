use proptest::prelude::*;

use super::*;
use crate::history::Outcome;
use crate::history::simulated::simulated;
use crate::random::Random;

fn operation(call: Call, invoked: u64, completed: u64, answer: Option<i64>) -> Access {
    Access { process: 0, node: None, invoked, completed, call, outcome: Outcome::Done(answer) }
}

fn write(invoked: u64, completed: u64, value: i64) -> Access {
    operation(Call::Write(value), invoked, completed, None)
}

fn read(invoked: u64, completed: u64, value: i64) -> Access {
    operation(Call::Read, invoked, completed, Some(value))
}

fn unwritten(invoked: u64, completed: u64) -> Access {
    operation(Call::Read, invoked, completed, None)
}

/// What both ways say of clients of whom each did one thing; they must say the same.
#[track_caller]
fn is_sound(operations: &[Access]) -> bool {
    let of_one = |(process, operation): (usize, &Access)| Access { process, ..operation.clone() };
    let history = History::new(operations.iter().enumerate().map(of_one).collect());
    let found = check(&history);
    assert_eq!(check_by_search(&history).is_ok(), found.is_ok(), "{found:?}");
    found.is_ok()
}

#[test]
fn values_in_the_order_of_their_times_are_sound() {
    assert!(is_sound(&[]));
    assert!(is_sound(&[
        unwritten(0, 1),
        write(2, 9, 1),
        unwritten(3, 4),
        read(5, 6, 1),
        write(5, 7, 2),
        read(10, 11, 2)
    ]));
    assert!(is_sound(&[write(0, 5, 1), write(0, 5, 2), read(6, 7, 1), read(8, 9, 1)]));
}

#[test]
fn stale_values_are_found() {
    assert!(!is_sound(&[write(0, 1, 1), unwritten(2, 3)]));
    assert!(!is_sound(&[write(0, 1, 1), write(2, 3, 2), read(4, 5, 1)]));
    // The two readers disagree on which was last.
    assert!(!is_sound(&[write(0, 9, 1), write(0, 9, 2), read(10, 11, 1), read(12, 13, 2)]));
    assert!(!is_sound(&[write(0, 9, 1), read(1, 2, 1), unwritten(3, 4)]));
}

#[test]
fn values_from_nowhere_and_from_the_future_are_found() {
    assert!(!is_sound(&[read(0, 1, 3)]));
    assert!(!is_sound(&[read(0, 1, 3), write(2, 3, 3)]));
}

#[test]
fn a_write_within_the_life_of_another_value_is_found() {
    assert!(!is_sound(&[write(0, 1, 1), write(3, 4, 2), read(6, 7, 1)]));
    assert!(is_sound(&[write(0, 3, 1), write(3, 4, 2), read(4, 7, 1)]));
}

#[test]
fn a_write_of_unknown_outcome_may_have_happened_or_not() {
    let lost = Access { outcome: Outcome::Unknown, ..write(0, 1, 1) };
    assert!(is_sound(&[lost.clone(), unwritten(2, 3)]));
    assert!(is_sound(&[lost.clone(), unwritten(2, 3), read(4, 5, 1)]));
    assert!(!is_sound(&[lost, read(2, 3, 1), unwritten(4, 5)]));
    let failed = Access { outcome: Outcome::Failed, ..write(0, 1, 1) };
    assert!(!is_sound(&[failed, read(2, 3, 1)]));
}

/// What a sound register answers; with `values` few the same are written again and again.
fn sound(seed: u64, clients: usize, count: usize, values: Option<i64>) -> Accesses {
    let (mut stored, mut written) = (None, 0);
    let ask = |random: &mut Random| {
        if random.below(2) == 0 {
            return Call::Read;
        }
        written += 1;
        Call::Write(values.map_or(written, |values| written % values))
    };
    simulated(&mut Random::from_seed(seed), clients, count, ask, |call| match call {
        Call::Write(value) => {
            stored = Some(*value);
            None
        }
        Call::Read => stored,
    })
}

#[test]
fn a_long_history_of_many_clients_is_judged_in_seconds() {
    let started = std::time::Instant::now();
    assert_eq!(check(&sound(1, 64, 10_000, None)), Ok(()));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn sound_histories_are_accepted(seed: u64, clients in 1..40_usize, count in 0..400_usize) {
        prop_assert_eq!(check(&sound(seed, clients, count, None)), Ok(()));
    }

    #[test]
    fn sound_histories_of_few_values_are_accepted(seed: u64, clients in 1..5_usize, count in 0..100_usize) {
        prop_assert_eq!(check(&sound(seed, clients, count, Some(3))), Ok(()));
    }

    #[test]
    fn zones_agree_with_the_search(seed: u64, clients in 1..6_usize, count in 1..14_usize, wrong in 0..3) {
        let mut history = sound(seed, clients, count, None);
        let mut random = Random::from_seed(seed ^ 1);
        for _ in 0..wrong {
            let value = i64::try_from(random.below(6)).expect("a small number");
            let mut reads: Vec<_> = history.operations.iter_mut()
                .filter(|operation| operation.call == Call::Read && operation.answer().is_some())
                .collect();
            if let Some(read) = reads.last_mut() {
                read.outcome = Outcome::Done((value > 0).then_some(value));
            }
            let turn = usize::try_from(random.below(7)).expect("a small number");
            history.operations.rotate_left(turn.min(count));
        }
        prop_assert_eq!(check(&history).is_ok(), check_by_search(&history).is_ok());
    }

    /// A value is read again when another one has been written and read since.
    #[test]
    fn a_stale_read_is_rejected(seed: u64) {
        let mut history = sound(seed, 8, 100, None);
        let last = history.operations.iter().map(|operation| operation.completed).max().expect("operations");
        let old = history.operations.iter().find_map(|operation| operation.answer().copied().flatten());
        prop_assume!(old.is_some());
        let after = [write(last + 1, last + 2, 1_000_000), operation(Call::Read, last + 3, last + 4, old)];
        history.operations.extend(after.map(|operation| Access { process: 99, ..operation }));
        prop_assert!(check(&history).is_err());
    }
}
