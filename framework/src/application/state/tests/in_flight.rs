//! What several unfinished transactions do to one another.

use super::*;

#[test]
fn conflict_free_operations_wait_for_nobody() {
    let mut state = after(|unit| unit.count("c", 1).push("q", 1).enter("m", "a", 1).add("b", 1).add("b", 1));
    let view = |state: &ApplicationState| Unit::new(state).count("c", 1).push("q", 2).take_out("b", 1);
    let one = view(&state).enter("m", "x", 1).accepted(&mut state);
    let two = view(&state).enter("m", "y", 1).accepted(&mut state);
    let three = Unit::new(&state).pop("q", 1).count("c", -5).add("b", 1).accepted(&mut state);
    for tx in [three, one, two] {
        state.publish(tx);
    }
    assert_eq!((counter(&state, "c"), queue(&state, "q"), bag_count(&state, "b", 1)), (-2, vec![2, 2], 1));
    assert_eq!(Changes::new().map_len(state.snapshot(), "m").unwrap(), 3);
    assert!(state.is_idle());
}

#[test]
fn two_transactions_may_make_the_same_counter() {
    let mut state = empty();
    let one = Unit::new(&state).count("c", 1).accepted(&mut state);
    let two = Unit::new(&state).count("c", 2).accepted(&mut state);
    state.discard(one);
    state.publish(two);
    assert_eq!(counter(&state, "c"), 2);
}

#[test]
fn consumers_wait_for_the_item_another_is_taking() {
    let mut state = after(|unit| unit.push("q", 1).push("q", 2));
    let (first, second) = (Unit::new(&state).pop("q", 1), Unit::new(&state).pop("q", 1));
    let one = first.accepted(&mut state);
    let two = state.begin();
    assert_waits(&second.prepare(&mut state, two), one);
    state.discard(one);
    assert_eq!(second.prepare(&mut state, two), Prepared::Accepted);
}

#[test]
fn writers_of_a_key_wait_for_the_one_on_its_way() {
    let mut state = after(|unit| unit.enter("m", "a", 1));
    let (first, second) = (Unit::new(&state).enter("m", "a", 2), Unit::new(&state).enter("m", "a", 3));
    let one = first.accepted(&mut state);
    let two = state.begin();
    assert_waits(&second.prepare(&mut state, two), one);
    state.publish(one);
    assert!(matches!(second.prepare(&mut state, two), Prepared::Conflict(_)));
}

#[test]
fn a_guard_waits_where_it_hangs_on_others() {
    let mut state = after(|unit| unit.count("Stock", 5));
    let (first, second) = (Unit::new(&state).take("Stock", 3), Unit::new(&state).take("Stock", 3));
    let one = first.accepted(&mut state);
    let two = state.begin();
    assert_waits(&second.prepare(&mut state, two), one);
    state.discard(one);
    assert_eq!(second.prepare(&mut state, two), Prepared::Accepted);
}

#[test]
fn a_guard_waits_for_an_addition_that_would_let_it_hold() {
    let mut state = after(|unit| unit.count("Stock", 3));
    let second = Unit::new(&state).take("Stock", 3);
    Unit::new(&state).count("Stock", -1).commit(&mut state);
    let one = Unit::new(&state).count("Stock", 4).accepted(&mut state);
    let two = state.begin();
    assert_waits(&second.prepare(&mut state, two), one);
    state.publish(one);
    assert_eq!(second.prepare(&mut state, two), Prepared::Accepted);
    state.publish(two);
    assert_eq!(counter(&state, "Stock"), 3);
}

#[test]
fn a_guard_that_holds_whatever_others_do_does_not_wait() {
    let mut state = after(|unit| unit.count("Stock", 30));
    let open: Vec<_> = (0..30).map(|_| Unit::new(&state).take("Stock", 1).accepted(&mut state)).collect();
    let late = Unit::new(&state).take("Stock", 1);
    let tx = state.begin();
    assert!(matches!(late.prepare(&mut state, tx), Prepared::Wait(_)));
    for tx in open {
        state.publish(tx);
    }
    assert_eq!(counter(&state, "Stock"), 0);
}

#[test]
fn nobody_takes_away_what_an_accepted_guard_needs() {
    let mut state = after(|unit| unit.count("Stock", 5).add("b", 1).add("b", 1));
    let both = Unit::new(&state).take("Stock", 5).take_out("b", 1).take_out("b", 1).add("b", 1).add("b", 1);
    let one = both.accepted(&mut state);
    let two = state.begin();
    assert_waits(&Unit::new(&state).count("Stock", -3).prepare(&mut state, two), one);
    assert_waits(&Unit::new(&state).take_out("b", 1).prepare(&mut state, two), one);
    // To add something takes nothing from anyone.
    assert_eq!(Unit::new(&state).count("Stock", 3).add("b", 1).prepare(&mut state, two), Prepared::Accepted);
}

#[test]
fn a_removal_waits_for_those_who_count_and_they_for_it() {
    let mut state = after(|unit| unit.count("c", 1).count("d", 1));
    let counts = Unit::new(&state).count("c", 1).accepted(&mut state);
    let removes = Unit::new(&state).remove("d").accepted(&mut state);
    let tx = state.begin();
    assert_waits(&Unit::new(&state).remove("c").prepare(&mut state, tx), counts);
    assert_waits(&Unit::new(&state).count("d", 1).prepare(&mut state, tx), removes);
}

#[test]
fn who_counts_waits_for_a_counter_that_starts_anew() {
    let mut state = after(|unit| unit.count("c", 5));
    let anew = Unit::new(&state).remove("c").count("c", 1).accepted(&mut state);
    let counts = Unit::new(&state).count("c", 1);
    let tx = state.begin();
    // Published first, it would be removed with the old counter.
    assert_waits(&counts.prepare(&mut state, tx), anew);
    state.publish(anew);
    assert_eq!(counts.prepare(&mut state, tx), Prepared::Accepted);
    state.publish(tx);
    assert_eq!(counter(&state, "c"), 2);
}

#[test]
fn a_name_made_twice_as_different_things_waits() {
    let mut state = empty();
    let one = Unit::new(&state).count("x", 1).accepted(&mut state);
    let late = Unit::new(&state).push("x", 1);
    let tx = state.begin();
    assert_waits(&late.prepare(&mut state, tx), one);
    state.publish(one);
    assert!(matches!(late.prepare(&mut state, tx), Prepared::Conflict(_)));
}

#[test]
fn a_finished_transaction_leaves_nothing() {
    let mut state = empty();
    let one = Unit::new(&state).put("a", 1).count("c", 1).accepted(&mut state);
    assert_eq!(state.in_flight("a"), [one]);
    assert!(!state.is_idle());
    state.discard(one);
    assert!(state.is_idle() && state.in_flight("a").is_empty() && state.effective(one, "a").is_none());
    let version = state.snapshot().version();
    assert_eq!(state.publish(one).version(), version, "it ended before");
}
