//! Plain values: write-write.

use super::*;

#[test]
fn a_committed_value_is_in_the_next_view() {
    let state = after(|unit| unit.put("Tally", 1));
    assert_eq!(number(&state, "Tally"), Some(1));
    assert!(state.is_idle());
}

#[test]
fn nobody_sees_a_unit_before_it_is_published() {
    let mut state = empty();
    let tx = Unit::new(&state).put("Tally", 1).accepted(&mut state);
    assert_eq!(number(&state, "Tally"), None);
    assert_eq!(state.effective(tx, "Tally").unwrap().content, Content::Value(value(1)));
    state.publish(tx);
    assert_eq!(number(&state, "Tally"), Some(1));
}

#[test]
fn a_view_does_not_change_under_the_unit() {
    let mut state = after(|unit| unit.put("Tally", 1));
    let unit = Unit::new(&state);
    Unit::new(&state).put("Tally", 2).commit(&mut state);
    assert_eq!(unit.value("Tally"), Some(1));
}

#[test]
fn a_put_on_a_stale_version_is_refused_and_names_the_object() {
    let mut state = after(|unit| unit.put("Tally", 16));
    let late = Unit::new(&state).put("Tally", 17);
    let seen = late.view.get("Tally").unwrap().version;
    Unit::new(&state).put("Tally", 17).commit(&mut state);
    let current = state.snapshot().get("Tally").unwrap().version;
    let conflict = late.conflict(&mut state);
    let report = format!("Write-Write on Tally (seen version {seen}, now version {current}: 17)");
    assert_eq!(conflict.to_string(), report);
    assert!(state.is_idle());
}

#[test]
fn two_units_that_make_the_same_variable_conflict() {
    let mut state = empty();
    let late = Unit::new(&state).put("Tally", 1);
    Unit::new(&state).put("Tally", 2).commit(&mut state);
    assert_eq!(late.conflict(&mut state).seen, None);
}

#[test]
fn reads_do_not_conflict() {
    let mut state = after(|unit| unit.put("a", 1).put("b", 1));
    let unit = Unit::new(&state);
    let read = unit.value("a").unwrap();
    let unit = unit.put("b", read + 1);
    Unit::new(&state).put("a", 7).commit(&mut state);
    unit.commit(&mut state);
    assert_eq!((number(&state, "a"), number(&state, "b")), (Some(7), Some(2)));
}

#[test]
fn a_second_unit_of_the_same_transaction_is_validated_against_the_first() {
    let mut state = after(|unit| unit.put("Tally", 1));
    let (first, second) = (Unit::new(&state).put("Tally", 2), Unit::new(&state).put("Tally", 2));
    let tx = first.accepted(&mut state);
    assert!(matches!(second.prepare(&mut state, tx), Prepared::Conflict(_)));
    state.publish(tx);
    assert_eq!(number(&state, "Tally"), Some(2));
}

#[test]
fn a_value_on_its_way_in_another_transaction_is_waited_for() {
    let mut state = after(|unit| unit.put("Tally", 1));
    let (first, second) = (Unit::new(&state).put("Tally", 2), Unit::new(&state).put("Tally", 3));
    let one = first.accepted(&mut state);
    let two = state.begin();
    assert_waits(&second.prepare(&mut state, two), one);
    state.discard(one);
    assert_eq!(second.prepare(&mut state, two), Prepared::Accepted);
    state.publish(two);
    assert_eq!(number(&state, "Tally"), Some(3));
}

#[test]
fn a_unit_is_accepted_whole_or_not_at_all() {
    let mut state = after(|unit| unit.put("a", 1).put("z", 1));
    let late = Unit::new(&state).put("a", 2).put("z", 2);
    Unit::new(&state).put("z", 9).commit(&mut state);
    let tx = state.begin();
    assert!(matches!(late.prepare(&mut state, tx), Prepared::Conflict(_)));
    assert!(state.writes(tx).is_empty() && state.is_idle());
    state.publish(tx);
    assert_eq!((number(&state, "a"), number(&state, "z")), (Some(1), Some(9)));
}

#[test]
fn a_conflict_is_told_at_once_even_where_something_else_had_to_be_waited_for() {
    let mut state = after(|unit| unit.put("a", 1).put("z", 1));
    let late = Unit::new(&state).put("a", 2).put("z", 2);
    Unit::new(&state).put("z", 9).commit(&mut state);
    Unit::new(&state).put("a", 9).accepted(&mut state);
    assert_eq!(late.conflict(&mut state).name, "z");
}

#[test]
fn a_removed_value_that_is_put_again_keeps_the_first_base() {
    let mut state = after(|unit| unit.put("Tally", 1));
    let late = Unit::new(&state).remove("Tally").put("Tally", 2);
    let again = Unit::new(&state).put("Tally", 2).remove("Tally").put("Tally", 3);
    Unit::new(&state).put("Tally", 9).commit(&mut state);
    late.conflict(&mut state);
    again.conflict(&mut state);
    Unit::new(&state).remove("Tally").put("Tally", 4).commit(&mut state);
    assert_eq!(number(&state, "Tally"), Some(4));
}

#[test]
fn a_removed_value_is_gone_and_removing_it_twice_conflicts() {
    let mut state = after(|unit| unit.put("Tally", 1));
    let late = Unit::new(&state).remove("Tally");
    Unit::new(&state).remove("Tally").commit(&mut state);
    assert_eq!(number(&state, "Tally"), None);
    assert_eq!(late.conflict(&mut state).current, None);
}

#[test]
fn a_variable_may_come_back_as_another_kind() {
    let mut state = after(|unit| unit.put("x", 1));
    Unit::new(&state).remove("x").count("x", 5).commit(&mut state);
    assert_eq!(counter(&state, "x"), 5);
}

#[test]
fn outside_units_the_last_writer_wins() {
    let mut state = after(|unit| unit.put("Sales", 1));
    let (first, second) = (Unit::blind(&state).put("Sales", 2), Unit::blind(&state).put("Sales", 2));
    first.commit(&mut state);
    second.commit(&mut state);
    assert_eq!(number(&state, "Sales"), Some(2), "one sale is lost: that is the lesson (A1)");
}

#[test]
fn of_many_that_set_if_absent_exactly_one_does() {
    let mut state = empty();
    let units: Vec<_> = (0..100)
        .map(|number| {
            let mut unit = Unit::blind(&state);
            assert!(unit.changes.put_if_absent(&unit.view, "Started", true, value(number)).unwrap());
            unit
        })
        .collect();
    let tx = state.begin();
    let accepted = units.iter().filter(|unit| unit.prepare(&mut state, tx) == Prepared::Accepted).count();
    state.publish(tx);
    assert_eq!((accepted, number(&state, "Started")), (1, Some(0)));
}

#[test]
fn all_of_a_transaction_becomes_visible_in_one_snapshot() {
    let mut state = empty();
    let before = Arc::clone(state.snapshot());
    let tx = state.begin();
    for name in ["a", "b", "c"] {
        assert_eq!(Unit::new(&state).put(name, 1).prepare(&mut state, tx), Prepared::Accepted);
    }
    let published = state.publish(tx);
    assert_eq!((before.len(), published.len()), (0, 3));
    assert!(published.version() > before.version());
}

#[test]
fn a_publish_keeps_what_others_published_meanwhile() {
    let mut state = empty();
    let one = Unit::new(&state).put("a", 1).count("c", 1).accepted(&mut state);
    let two = Unit::new(&state).put("b", 1).count("c", 1).accepted(&mut state);
    state.publish(two);
    state.publish(one);
    assert_eq!((number(&state, "a"), number(&state, "b"), counter(&state, "c")), (Some(1), Some(1), 2));
}

#[test]
fn versions_grow_in_whichever_order_transactions_end() {
    let mut state = after(|unit| unit.count("c", 1));
    let one = Unit::new(&state).count("c", 1).accepted(&mut state);
    let two = Unit::new(&state).count("c", 1).accepted(&mut state);
    let mut versions = vec![state.snapshot().get("c").unwrap().version];
    for tx in [two, one] {
        versions.push(state.publish(tx).get("c").unwrap().version);
    }
    assert!(versions.is_sorted() && versions[1] != versions[2], "{versions:?}");
}

#[test]
fn versions_start_above_the_largest_loaded() {
    let cell = Cell { version: 41, durable: true, content: Content::Value(value(1)) };
    let mut state = ApplicationState::new(Snapshot::from_cells([("Tally".into(), cell)]));
    Unit::new(&state).put("new", 1).commit(&mut state);
    assert!(state.snapshot().get("new").unwrap().version > 41);
}

#[test]
fn what_the_database_says_replaces_what_is_published() {
    let mut state = after(|unit| unit.put("a", 1).put("b", 1).count("c", 1));
    let late = Unit::new(&state).put("a", 5);
    let stale = Unit::new(&state).remove("c");
    let version = stale.view.get("c").unwrap().version;
    let cell = |version, content| Some(Cell { version, durable: true, content });
    state.reload(vec![
        ("a".into(), cell(90, Content::Value(value(7)))),
        ("b".into(), None),
        ("c".into(), cell(version, Content::Counter(9))),
    ]);
    assert_eq!((number(&state, "a"), number(&state, "b"), counter(&state, "c")), (Some(7), None, 9));
    assert_eq!(late.conflict(&mut state).current, Some(90));
    stale.conflict(&mut state);
    Unit::new(&state).put("a", 8).commit(&mut state);
    assert!(state.snapshot().get("a").unwrap().version > 90);
}

#[test]
fn a_declaration_that_differs_is_refused() {
    let state = after(|unit| unit.put("a", 1).count("c", 1));
    let mut unit = Unit::new(&state);
    let volatile = unit.changes.put(&unit.view, "a", false, value(2));
    assert!(matches!(volatile, Err(ChangeError::Durability { durable: false, .. })));
    let value = unit.changes.put(&unit.view, "c", true, value(2));
    assert!(matches!(value, Err(ChangeError::Kind(_))));
    assert!(unit.changes.is_empty());
}
