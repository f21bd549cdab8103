//! Counters, queues, maps and bags: what conflicts and what does not (G14, G15).

use super::*;

#[test]
fn a_hundred_counts_on_one_view_all_count() {
    let mut state = empty();
    let units: Vec<_> = (0..100).map(|_| Unit::new(&state).count("Tally", 1)).collect();
    for unit in units {
        unit.commit(&mut state);
    }
    assert_eq!(counter(&state, "Tally"), 100);
}

#[test]
fn a_hundred_takes_from_a_stock_of_thirty_succeed_thirty_times() {
    let mut state = after(|unit| unit.count("Stock", 30));
    let units: Vec<_> = (0..100).map(|_| Unit::new(&state).take("Stock", 1)).collect();
    let (mut taken, mut refused) = (0, 0);
    for unit in units {
        let tx = state.begin();
        match unit.prepare(&mut state, tx) {
            Prepared::Accepted => taken += 1,
            Prepared::Conflict(conflict) => {
                assert_eq!(conflict.to_string(), "Guard on Stock (needs at least 1, now 0)");
                refused += 1;
            }
            Prepared::Wait(_) => panic!("nothing is under way"),
        }
        state.publish(tx);
    }
    assert_eq!((taken, refused, counter(&state, "Stock")), (30, 70, 0));
}

#[test]
fn a_guard_is_asked_of_the_merged_counter_and_not_of_the_view() {
    let mut state = after(|unit| unit.count("Stock", 5));
    let (first, late) = (Unit::new(&state).take("Stock", 3), Unit::new(&state).take("Stock", 3));
    first.commit(&mut state);
    assert_eq!(late.conflict(&mut state).kind, ConflictKind::Guard);
    assert_eq!(counter(&state, "Stock"), 2);
}

#[test]
fn every_guard_of_a_unit_holds_in_its_turn() {
    let mut state = after(|unit| unit.count("Stock", 5));
    // Takes 5, gives 2, takes 2: needs 5 at the start.
    let unit = Unit::new(&state).take("Stock", 5).count("Stock", 2).take("Stock", 2);
    // Gives 3, takes 6: needs 3.
    let other = Unit::new(&state).count("Stock", 3).take("Stock", 6);
    Unit::new(&state).count("Stock", -1).commit(&mut state);
    assert_eq!(unit.conflict(&mut state).needs, Some(5));
    other.commit(&mut state);
    assert_eq!(counter(&state, "Stock"), 1);
}

#[test]
fn a_take_that_the_own_view_cannot_cover_notes_nothing() {
    let state = after(|unit| unit.count("Stock", 2));
    let mut unit = Unit::new(&state);
    assert!(!unit.changes.decrement_if_ge(&unit.view, "Stock", true, 3).unwrap());
    assert!(!unit.changes.decrement_if_ge(&unit.view, "Stock", true, u64::MAX).unwrap());
    assert!(unit.changes.is_empty());
}

#[test]
fn a_counter_overflows_neither_in_the_view_nor_at_commit() {
    let mut state = after(|unit| unit.count("Tally", i64::MAX - 1));
    let mut unit = Unit::new(&state);
    let refused = unit.changes.count(&unit.view, "Tally", true, 2);
    assert!(matches!(refused, Err(ChangeError::Overflow { .. })));
    let (first, late) = (Unit::new(&state).count("Tally", 1), Unit::new(&state).count("Tally", 1));
    first.commit(&mut state);
    assert_eq!(late.conflict(&mut state).kind, ConflictKind::Overflow);
    assert_eq!(counter(&state, "Tally"), i64::MAX);
}

#[test]
fn pushes_on_one_view_all_arrive_in_the_order_of_their_commits() {
    let mut state = empty();
    let units: Vec<_> = (0..100).map(|number| Unit::new(&state).push("Jobs", number)).collect();
    for unit in units.iter().rev() {
        unit.commit(&mut state);
    }
    assert_eq!(queue(&state, "Jobs"), (0..100).rev().collect::<Vec<_>>());
}

#[test]
fn producers_do_not_disturb_a_consumer() {
    let mut state = after(|unit| unit.push("Jobs", 1).push("Jobs", 2));
    let consumer = Unit::new(&state).pop("Jobs", 1);
    Unit::new(&state).push("Jobs", 3).commit(&mut state);
    consumer.commit(&mut state);
    assert_eq!(queue(&state, "Jobs"), [2, 3]);
}

#[test]
fn two_consumers_of_one_item_conflict() {
    let mut state = after(|unit| unit.push("Jobs", 1).push("Jobs", 2));
    let (first, late) = (Unit::new(&state).pop("Jobs", 1), Unit::new(&state).pop("Jobs", 1));
    let position = match &state.snapshot().get("Jobs").unwrap().content {
        Content::Queue(items) => *items.first().unwrap().0,
        other => panic!("{other:?}"),
    };
    first.commit(&mut state);
    let conflict = late.conflict(&mut state);
    assert_eq!((conflict.kind, conflict.entry), (ConflictKind::WriteWrite, Some(position.to_string())));
    Unit::new(&state).pop("Jobs", 2).commit(&mut state);
    assert!(queue(&state, "Jobs").is_empty());
}

#[test]
fn a_unit_takes_the_stored_items_before_its_own() {
    let mut state = after(|unit| unit.push("Jobs", 1));
    let mut unit = Unit::new(&state).push("Jobs", 2).pop("Jobs", 1).pop("Jobs", 2);
    assert_eq!(unit.changes.queue_pop(&unit.view, "Jobs", true).unwrap(), None);
    unit.commit(&mut state);
    assert!(queue(&state, "Jobs").is_empty());
}

#[test]
fn writers_of_different_keys_do_not_conflict() {
    let mut state = empty();
    let units: Vec<_> = (0..100).map(|key| Unit::new(&state).enter("Rooms", &key.to_string(), key)).collect();
    for unit in units {
        unit.commit(&mut state);
    }
    assert_eq!(Changes::new().map_len(state.snapshot(), "Rooms").unwrap(), 100);
}

#[test]
fn writers_of_the_same_key_conflict() {
    let mut state = after(|unit| unit.enter("Rooms", "blue", 1));
    let mut removes = Unit::new(&state);
    assert!(removes.changes.map_remove(&removes.view, "Rooms", true, "blue").unwrap());
    let (first, late) = (Unit::new(&state).enter("Rooms", "blue", 2), Unit::new(&state).enter("Rooms", "blue", 3));
    first.commit(&mut state);
    let conflict = late.conflict(&mut state);
    assert_eq!((conflict.entry.as_deref(), &*conflict.value), (Some("blue"), "2"));
    removes.conflict(&mut state);
}

#[test]
fn two_units_that_make_the_same_key_conflict() {
    let mut state = empty();
    let (first, late) = (Unit::new(&state).enter("Rooms", "blue", 2), Unit::new(&state).enter("Rooms", "blue", 3));
    first.commit(&mut state);
    assert_eq!(late.conflict(&mut state).seen, None);
}

#[test]
fn a_bag_gives_as_many_as_it_holds() {
    let mut state = after(|unit| unit.add("Keys", 7).add("Keys", 7));
    let units: Vec<_> = (0..3).map(|_| Unit::new(&state).take_out("Keys", 7)).collect();
    units[0].commit(&mut state);
    units[1].commit(&mut state);
    let conflict = units[2].conflict(&mut state);
    assert_eq!((conflict.kind, conflict.entry.as_deref()), (ConflictKind::WriteWrite, Some("7")));
    assert_eq!(bag_count(&state, "Keys", 7), 0);
}

#[test]
fn an_item_added_meanwhile_covers_a_removal() {
    let mut state = after(|unit| unit.add("Keys", 7));
    let (first, second) = (Unit::new(&state).take_out("Keys", 7), Unit::new(&state).take_out("Keys", 7));
    first.commit(&mut state);
    Unit::new(&state).add("Keys", 7).commit(&mut state);
    second.commit(&mut state);
    assert_eq!(bag_count(&state, "Keys", 7), 0);
}

#[test]
fn a_unit_may_take_out_what_it_added() {
    let mut state = empty();
    Unit::new(&state).add("Keys", 7).take_out("Keys", 7).commit(&mut state);
    assert_eq!(bag_count(&state, "Keys", 7), 0);
}

#[test]
fn a_variable_removed_meanwhile_is_a_conflict_for_those_who_count_on_it() {
    let mut state = after(|unit| unit.count("Tally", 1));
    let late = Unit::new(&state).count("Tally", 1);
    Unit::new(&state).remove("Tally").commit(&mut state);
    let conflict = late.conflict(&mut state);
    assert_eq!((conflict.kind, conflict.current), (ConflictKind::WriteWrite, None));
}

#[test]
fn a_removal_conflicts_with_any_count_since_its_view() {
    let mut state = after(|unit| unit.count("Tally", 1));
    let late = Unit::new(&state).remove("Tally");
    Unit::new(&state).count("Tally", 1).commit(&mut state);
    late.conflict(&mut state);
    assert_eq!(counter(&state, "Tally"), 2);
}
