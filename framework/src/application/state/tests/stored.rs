//! What goes to the database.

use super::*;

fn writes(unit: &Unit, state: &mut ApplicationState) -> Vec<Write> {
    let tx = unit.accepted(state);
    let writes = state.writes(tx);
    state.discard(tx);
    writes
}

fn version(state: &ApplicationState, name: &str) -> u64 {
    state.snapshot().get(name).unwrap().version
}

#[test]
fn a_value_is_written_over_the_version_it_had() {
    let mut state = after(|unit| unit.put("Tally", 1));
    let base = version(&state, "Tally");
    let unit = Unit::new(&state).put("Tally", 2);
    let expected = Write::PutValue { name: "Tally".into(), json: "2".into(), version: base + 2, base: Some(base) };
    assert_eq!(writes(&unit, &mut state), [expected]);
    // However often, and whatever happened in between, within the transaction.
    let unit = Unit::new(&state).put("Tally", 2).remove("Tally").put("Tally", 3);
    assert!(matches!(&writes(&unit, &mut state)[..], [Write::PutValue { base: Some(it), .. }] if *it == base));
}

#[test]
fn a_value_has_the_version_of_its_row() {
    let mut state = empty();
    let tx = Unit::new(&state).put("Tally", 1).accepted(&mut state);
    let [Write::PutValue { version: stored, base: None, .. }] = state.writes(tx)[..] else { panic!("not a put") };
    state.publish(tx);
    assert_eq!(version(&state, "Tally"), stored);
}

#[test]
fn counts_are_merged_by_the_database() {
    let mut state = after(|unit| unit.count("c", 5));
    let unit = Unit::new(&state).take("c", 4).count("c", 1).count("d", 2);
    let writes = writes(&unit, &mut state);
    let [Write::AddToCounter { delta: -3, floor: Some(4), new: false, .. }, made] = &writes[..] else {
        panic!("{writes:?}")
    };
    assert!(matches!(made, Write::AddToCounter { delta: 2, floor: None, new: true, .. }));
}

#[test]
fn several_units_make_one_write() {
    let mut state = after(|unit| unit.count("c", 5));
    let tx = state.begin();
    for by in [3, 2] {
        assert_eq!(Unit::new(&state).take("c", by).prepare(&mut state, tx), Prepared::Accepted);
    }
    let writes = state.writes(tx);
    assert!(matches!(&writes[..], [Write::AddToCounter { delta: -5, floor: Some(5), .. }]), "{writes:?}");
}

#[test]
fn only_entries_that_changed_are_written() {
    let mut state = after(|unit| unit.push("q", 1).push("q", 2).enter("m", "a", 1).enter("m", "b", 1).add("b", 7));
    let unit = Unit::new(&state).pop("q", 1).push("q", 3).enter("m", "a", 2).take_out("b", 7);
    let writes = writes(&unit, &mut state);
    assert!(
        matches!(
            &writes[..],
            [
                Write::AddToEntry { delta: -1, floor: 1, .. },
                Write::PutEntry { position: None, base: Some(_), .. },
                Write::RemoveEntry { base: None, .. },
                Write::PutEntry { position: Some(_), base: None, .. },
            ]
        ),
        "{writes:?}"
    );
}

#[test]
fn volatile_variables_are_not_written() {
    let mut state = empty();
    let mut unit = Unit::new(&state);
    unit.changes.put(&unit.view, "v", false, value(1)).unwrap();
    unit.changes.count(&unit.view, "c", false, 1).unwrap();
    assert!(!unit.changes.is_durable(&unit.view));
    let tx = unit.accepted(&mut state);
    assert_eq!(state.writes(tx), []);
    state.publish(tx);
    assert_eq!(counter(&state, "c"), 1);
}

#[test]
fn a_durable_variable_made_volatile_leaves_the_database() {
    let mut state = after(|unit| unit.put("v", 1));
    let mut unit = Unit::new(&state).remove("v");
    unit.changes.put(&unit.view, "v", false, value(2)).unwrap();
    assert!(unit.changes.is_durable(&unit.view));
    assert!(matches!(&writes(&unit, &mut state)[..], [Write::RemoveVariable { base: Some(_), .. }]));
}

#[test]
fn a_kind_that_changes_is_removed_and_made_anew() {
    let mut state = after(|unit| unit.push("x", 1));
    let unit = Unit::new(&state).remove("x").enter("x", "a", 1);
    let writes = writes(&unit, &mut state);
    assert!(
        matches!(
            &writes[..],
            [
                Write::RemoveVariable { kind: Kind::Queue, base: None, .. },
                Write::CreateVariable { kind: Kind::Map, .. },
                Write::PutEntry { base: None, .. },
            ]
        ),
        "{writes:?}"
    );
}

#[test]
fn what_appears_and_vanishes_within_a_transaction_is_not_written() {
    let mut state = empty();
    let unit = Unit::new(&state).put("v", 1).remove("v").count("c", 1).remove("c");
    assert_eq!(writes(&unit, &mut state), []);
}
