use proptest::prelude::*;

use super::*;
use crate::history::Kind;
use crate::history::Outcome;
use crate::history::simulated::simulated;
use crate::random::Random;

const START: i64 = 7;

fn operation(call: Call, invoked: u64, completed: u64, outcome: Outcome<i64>) -> Count {
    Count { process: 0, node: None, invoked, completed, call, outcome }
}

fn add(invoked: u64, completed: u64, value: i64) -> Count {
    operation(Call::Add, invoked, completed, Outcome::Done(value))
}

fn blind(invoked: u64, completed: u64) -> Count {
    operation(Call::AddBlindly, invoked, completed, Outcome::Done(0))
}

fn read(invoked: u64, completed: u64, value: i64) -> Count {
    operation(Call::Read, invoked, completed, Outcome::Done(value))
}

fn unknown(invoked: u64, completed: u64) -> Count {
    operation(Call::Add, invoked, completed, Outcome::Unknown)
}

/// The history of clients of whom each did one thing.
fn history(operations: &[Count]) -> Counts {
    let of_one = |(process, operation): (usize, &Count)| Count { process, ..operation.clone() };
    History::new(operations.iter().enumerate().map(of_one).collect())
}

/// What both ways say, which must be the same.
#[track_caller]
fn found(operations: &[Count]) -> Option<Kind> {
    let history = history(operations);
    let found = check(&history, START).err();
    assert_eq!(check_by_search(&history, START).is_err(), found.is_some(), "{found:?}");
    found.map(|fault| fault.kind)
}

#[test]
fn values_in_the_order_of_their_times_are_sound() {
    assert_eq!(found(&[]), None);
    assert_eq!(found(&[read(0, 1, 7), add(2, 5, 8), add(3, 9, 10), add(4, 6, 9), read(10, 11, 10)]), None);
    assert_eq!(found(&[blind(0, 10), read(1, 2, 7), read(3, 4, 8), blind(5, 6), read(7, 8, 9)]), None);
}

#[test]
fn what_touches_may_be_in_either_order() {
    assert_eq!(found(&[add(5, 9, 8), add(1, 5, 9)]), None);
    assert_eq!(found(&[blind(5, 9), read(1, 5, 8)]), None);
}

#[test]
fn a_lost_update_is_found() {
    assert_eq!(found(&[add(0, 5, 8), add(1, 6, 8)]), Some(Kind::HandedOutTwice));
    assert_eq!(found(&[add(0, 5, 8), add(1, 6, 9), read(7, 8, 8)]), Some(Kind::OutOfOrder));
    assert_eq!(found(&[blind(0, 5), blind(1, 6), read(7, 8, 8)]), Some(Kind::OutOfOrder));
}

#[test]
fn a_stale_read_is_found() {
    assert_eq!(found(&[add(0, 5, 8), read(6, 7, 7)]), Some(Kind::OutOfOrder));
    assert_eq!(found(&[blind(0, 5), read(6, 7, 7)]), Some(Kind::OutOfOrder));
    // Two readers, of whom the later one sees less.
    assert_eq!(found(&[add(0, 9, 8), read(1, 2, 8), read(3, 4, 7)]), Some(Kind::OutOfOrder));
    assert_eq!(found(&[blind(0, 9), read(1, 2, 8), read(3, 4, 7)]), Some(Kind::OutOfOrder));
}

#[test]
fn a_value_from_the_future_is_found() {
    assert_eq!(found(&[read(0, 1, 8), add(2, 3, 8)]), Some(Kind::OutOfOrder));
    assert_eq!(found(&[read(0, 1, 8), blind(2, 3)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[add(0, 1, 9), add(2, 3, 8)]), Some(Kind::OutOfOrder));
}

#[test]
fn a_doubled_addition_is_found() {
    assert_eq!(found(&[add(0, 1, 8), read(2, 3, 9)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[add(0, 1, 8), add(2, 3, 10)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[blind(0, 1), read(2, 3, 9)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[add(0, 1, i64::MAX)]), Some(Kind::NobodysAddition));
}

#[test]
fn a_value_below_the_beginning_is_found() {
    assert_eq!(found(&[read(0, 1, 6)]), Some(Kind::NeverWritten));
    assert_eq!(found(&[add(0, 1, 7)]), Some(Kind::NeverWritten));
    assert_eq!(found(&[blind(0, 1), read(0, 1, 6)]), Some(Kind::NeverWritten));
}

#[test]
fn an_addition_of_unknown_outcome_may_have_happened_or_not() {
    for value in [7, 8] {
        assert_eq!(found(&[unknown(0, 1), read(2, 3, value)]), None);
    }
    for value in [8, 9] {
        assert_eq!(found(&[unknown(0, 1), blind(0, 1), read(2, 3, value)]), None);
    }
    assert_eq!(found(&[unknown(0, 1), add(2, 3, 9), add(4, 5, 10)]), None);
    // Long after its client has given up.
    assert_eq!(found(&[unknown(0, 1), read(2, 3, 7), read(4, 5, 8)]), None);
    assert_eq!(found(&[unknown(0, 1), read(2, 3, 9)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[unknown(4, 5), read(2, 3, 8)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[unknown(4, 5), add(2, 3, 9)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[unknown(4, 5), blind(0, 1), read(2, 3, 9)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[unknown(0, 1), read(2, 3, 8), read(4, 5, 7)]), Some(Kind::OutOfOrder));
}

#[test]
fn an_addition_that_failed_must_not_show() {
    let failed = operation(Call::Add, 0, 1, Outcome::Failed);
    assert_eq!(found(&[failed.clone(), read(2, 3, 7)]), None);
    assert_eq!(found(&[failed.clone(), read(2, 3, 8)]), Some(Kind::NobodysAddition));
    assert_eq!(found(&[failed, add(2, 3, 9)]), Some(Kind::NobodysAddition));
}

#[test]
fn where_some_additions_tell_numbers_and_others_do_not_it_is_searched() {
    assert_eq!(found(&[add(0, 1, 8), blind(2, 3), add(4, 5, 10)]), None);
    assert_eq!(found(&[add(0, 1, 8), blind(2, 3), add(4, 5, 9)]), Some(Kind::NotLinearizable));
}

/// What a sound counter answers to clients with random delays.
fn sound(seed: u64, clients: usize, count: usize, adds: Call) -> Counts {
    let mut value = START;
    let ask = |random: &mut Random| if random.below(3) == 0 { Call::Read } else { adds };
    simulated(&mut Random::from_seed(seed), clients, count, ask, |call| {
        value += i64::from(*call != Call::Read);
        value
    })
}

/// Ten thousand operations of sixty-four clients, hundreds of unknown outcome among them: far too many for the search.
#[test]
fn long_histories_of_many_clients_are_judged_in_seconds() {
    for adds in [Call::Add, Call::AddBlindly] {
        let started = std::time::Instant::now();
        assert_eq!(check(&sound(1, 64, 10_000, adds), START), Ok(()));
        assert!(started.elapsed().as_secs() < 5, "{adds:?}: {:?}", started.elapsed());
    }
}

fn adds() -> impl Strategy<Value = Call> {
    prop_oneof![Just(Call::Add), Just(Call::AddBlindly)]
}

/// Any operation with an answer that passes the test.
fn choose(history: &Counts, random: &mut Random, suits: impl Fn(&Count, i64) -> bool) -> Option<usize> {
    let found: Vec<_> = (0..history.operations.len())
        .filter(|place| {
            let operation = &history.operations[*place];
            operation.answer().is_some_and(|answer| suits(operation, *answer))
        })
        .collect();
    let among = u64::try_from(found.len()).expect("a small number");
    (among > 0).then(|| found[usize::try_from(random.below(among)).expect("a small number")])
}

fn set(history: &mut Counts, place: usize, answer: i64) {
    history.operations[place].outcome = Outcome::Done(answer);
}

proptest! {
    #[test]
    fn sound_histories_are_accepted(seed: u64, clients in 1..40_usize, count in 0..400_usize, adds in adds()) {
        prop_assert_eq!(check(&sound(seed, clients, count, adds), START), Ok(()));
    }

    /// Few clients, values that are nearly right: both ways must say the same, whatever that is.
    #[test]
    fn the_quick_ways_agree_with_the_search(seed: u64, clients in 1..6_usize, count in 1..14_usize, adds in adds(), wrong in 0..3) {
        let mut history = sound(seed, clients, count, adds);
        let mut random = Random::from_seed(seed ^ 1);
        for _ in 0..wrong {
            if let Some(place) = choose(&history, &mut random, |operation, _| operation.call != Call::AddBlindly) {
                let by = i64::try_from(random.below(5)).expect("a small number") - 2;
                let answer = history.operations[place].answer().copied().expect("an answer");
                set(&mut history, place, answer + by);
            }
        }
        prop_assert_eq!(check(&history, START).is_ok(), check_by_search(&history, START).is_ok());
    }

    #[test]
    fn a_stale_read_in_the_middle_is_rejected(seed: u64, adds in adds()) {
        let mut history = sound(seed, 8, 100, adds);
        let mut random = Random::from_seed(seed);
        // As if the last addition that had certainly ended were not there yet.
        let over = |read: &Count| history.operations.iter().filter(|add| {
            add.call != Call::Read && add.answer().is_some() && add.completed < read.invoked
        }).count();
        let place = choose(&history, &mut random, |operation, _| operation.call == Call::Read && over(operation) > 0);
        prop_assume!(place.is_some());
        let place = place.expect("a read");
        let seen = i64::try_from(over(&history.operations[place])).expect("a small number");
        set(&mut history, place, START + seen - 1);
        prop_assert!(check(&history, START).is_err());
    }

    #[test]
    fn a_number_handed_out_twice_is_rejected(seed: u64) {
        let mut history = sound(seed, 8, 100, Call::Add);
        let mut random = Random::from_seed(seed);
        let one = choose(&history, &mut random, |operation, _| operation.call == Call::Add).expect("an addition");
        let answer = history.operations[one].answer().copied().expect("an answer");
        let other = choose(&history, &mut random, |operation, value| operation.call == Call::Add && value != answer);
        set(&mut history, other.expect("another addition"), answer);
        prop_assert_eq!(check(&history, START).map_err(|fault| fault.kind), Err(Kind::HandedOutTwice));
    }

    /// From one addition on all values are one less, as if it had been overwritten.
    #[test]
    fn a_lost_addition_is_rejected(seed: u64, adds in adds()) {
        let mut history = sound(seed, 8, 100, adds);
        let mut random = Random::from_seed(seed);
        let most = history.operations.iter().filter_map(|operation| operation.answer().copied()).max();
        let from = choose(&history, &mut random, |operation, value| operation.call != Call::Read && Some(value) < most);
        prop_assume!(from.is_some());
        let lost = history.operations[from.expect("an addition")].answer().copied().expect("an answer");
        for operation in &mut history.operations {
            if let Outcome::Done(value) = &mut operation.outcome && *value > lost {
                *value -= 1;
            }
        }
        // Everybody has asked once more when all was over, and whatever was unknown did not happen.
        let last = history.operations.iter().map(|operation| operation.completed).max().expect("operations");
        let known = history.operations.iter().filter(|operation| {
            operation.call != Call::Read && operation.answer().is_some()
        }).count();
        history.operations.retain(|operation| operation.outcome != Outcome::Unknown);
        let known = START + i64::try_from(known).expect("a small number");
        history.operations.push(Count { process: 99, ..read(last + 1, last + 2, known - 1) });
        prop_assert!(check(&history, START).is_err());
    }
}
