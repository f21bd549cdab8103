//! Object locks beside commits (G9-G11).

use super::*;

fn version(state: &ApplicationState, name: &str) -> Option<u64> {
    state.snapshot().get(name).map(|cell| cell.version)
}

#[test]
fn a_locked_variable_is_written_by_its_holder_only() {
    let mut state = after(|unit| unit.put("SerialNumber", 1));
    let (holder, other) = (Unit::new(&state).put("SerialNumber", 2), Unit::new(&state).put("SerialNumber", 2));
    let seen = version(&state, "SerialNumber");
    assert_eq!(state.lock_object(holder.owner, "SerialNumber", seen), ObjectLock::Granted);
    let conflict = other.conflict(&mut state);
    assert_eq!(conflict.to_string(), "Write-Lock on SerialNumber (locked by another request)");
    holder.commit(&mut state);
    state.release_objects(holder.owner);
    assert!(state.is_idle());
}

#[test]
fn a_lock_taken_by_another_is_denied_at_once() {
    let mut state = after(|unit| unit.put("SerialNumber", 1));
    let (holder, other) = (Owner::next(), Owner::next());
    let seen = version(&state, "SerialNumber");
    assert_eq!(state.lock_object(holder, "SerialNumber", seen), ObjectLock::Granted);
    assert_eq!(state.lock_object(other, "SerialNumber", seen), ObjectLock::Denied { holder });
    assert_eq!(state.lock_object(holder, "SerialNumber", seen), ObjectLock::Granted, "again by its holder");
    state.release_objects(holder);
    assert_eq!(state.lock_object(other, "SerialNumber", seen), ObjectLock::Granted);
}

#[test]
fn a_lock_on_what_has_changed_is_held_and_has_to_be_released() {
    let mut state = after(|unit| unit.put("SerialNumber", 1));
    let late = Unit::new(&state).put("SerialNumber", 2);
    let seen = version(&state, "SerialNumber");
    Unit::new(&state).put("SerialNumber", 2).commit(&mut state);
    let lock = state.lock_object(late.owner, "SerialNumber", seen);
    assert_eq!((lock, lock.is_held()), (ObjectLock::Changed, true));
    // Whoever took it for granted would hand out the same number twice.
    assert_eq!(late.conflict(&mut state).kind, ConflictKind::WriteWrite);
    let next = Owner::next();
    let seen = version(&state, "SerialNumber");
    assert!(!state.lock_object(next, "SerialNumber", seen).is_held(), "still held");
    state.release_objects(late.owner);
    assert_eq!(state.lock_object(next, "SerialNumber", seen), ObjectLock::Granted);
}

#[test]
fn a_lock_is_changed_while_a_change_is_on_its_way() {
    let mut state = after(|unit| unit.put("SerialNumber", 1));
    let seen = version(&state, "SerialNumber");
    let tx = Unit::new(&state).put("SerialNumber", 2).accepted(&mut state);
    let owner = Owner::next();
    assert_eq!(state.lock_object(owner, "SerialNumber", seen), ObjectLock::Changed);
    state.publish(tx);
    let seen = version(&state, "SerialNumber");
    assert_eq!(state.lock_object(owner, "SerialNumber", seen), ObjectLock::Granted);
}

#[test]
fn a_variable_that_does_not_exist_may_be_locked() {
    let mut state = empty();
    let (owner, other) = (Owner::next(), Owner::next());
    assert_eq!(state.lock_object(owner, "new", None), ObjectLock::Granted);
    assert_eq!(state.lock_object(other, "gone", Some(3)), ObjectLock::Changed);
    assert_eq!(state.holders().len(), 2);
    state.release_objects(owner);
    state.release_objects(other);
    assert!(state.is_idle());
}

#[test]
fn a_lock_stands_in_the_way_of_conflict_free_operations_as_well() {
    let mut state = after(|unit| unit.count("c", 1));
    let seen = version(&state, "c");
    assert_eq!(state.lock_object(Owner::next(), "c", seen), ObjectLock::Granted);
    assert_eq!(Unit::new(&state).count("c", 1).conflict(&mut state).kind, ConflictKind::WriteLock);
}
