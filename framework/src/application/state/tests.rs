//! Facts about commits, one by one; random histories are in `histories` (against `spec` and `database`) and `retries`.

mod conflict_free;
mod database;
mod elsewhere;
mod histories;
mod in_flight;
mod locking;
mod retries;
mod spec;
mod stored;
mod values;

use super::*;
use crate::application::cell::Content;
use crate::application::change::ChangeError;
use crate::application::value::Value;

/// A unit of work by hand: what it saw, and what it wants.
struct Unit {
    owner: Owner,
    view: Arc<Snapshot>,
    changes: Changes,
}

impl Unit {
    fn new(state: &ApplicationState) -> Self {
        Self { owner: Owner::next(), view: Arc::clone(state.snapshot()), changes: Changes::new() }
    }

    /// A write outside units.
    fn blind(state: &ApplicationState) -> Self {
        Self { changes: Changes::last_writer_wins(), ..Self::new(state) }
    }

    fn value(&self, name: &str) -> Option<i64> {
        self.changes.value(&self.view, name).unwrap().map(|value| value.decode().unwrap())
    }

    fn put(mut self, name: &str, number: i64) -> Self {
        self.changes.put(&self.view, name, true, value(number)).unwrap();
        self
    }

    fn remove(mut self, name: &str) -> Self {
        assert!(self.changes.remove(&self.view, name).unwrap());
        self
    }

    fn count(mut self, name: &str, by: i64) -> Self {
        self.changes.count(&self.view, name, true, by).unwrap();
        self
    }

    fn take(mut self, name: &str, by: u64) -> Self {
        assert!(self.changes.decrement_if_ge(&self.view, name, true, by).unwrap());
        self
    }

    fn push(mut self, name: &str, item: i64) -> Self {
        self.changes.queue_push(&self.view, name, true, value(item)).unwrap();
        self
    }

    fn pop(mut self, name: &str, expected: i64) -> Self {
        assert_eq!(self.changes.queue_pop(&self.view, name, true).unwrap(), Some(value(expected)));
        self
    }

    fn enter(mut self, name: &str, key: &str, number: i64) -> Self {
        self.changes.map_put(&self.view, name, true, key, value(number)).unwrap();
        self
    }

    fn add(mut self, name: &str, item: i64) -> Self {
        self.changes.bag_add(&self.view, name, true, value(item)).unwrap();
        self
    }

    fn take_out(mut self, name: &str, item: i64) -> Self {
        assert!(self.changes.bag_remove(&self.view, name, true, &value(item)).unwrap());
        self
    }

    fn prepare(&self, state: &mut ApplicationState, tx: TxId) -> Prepared {
        state.prepare(tx, self.owner, &self.changes)
    }

    /// Prepares in a transaction of its own, which stays open.
    #[track_caller]
    fn accepted(&self, state: &mut ApplicationState) -> TxId {
        let tx = state.begin();
        assert_eq!(self.prepare(state, tx), Prepared::Accepted);
        tx
    }

    #[track_caller]
    fn commit(&self, state: &mut ApplicationState) {
        let tx = self.accepted(state);
        state.publish(tx);
    }

    /// Prepares in a transaction of its own and expects to be refused.
    #[track_caller]
    fn conflict(&self, state: &mut ApplicationState) -> Conflict {
        let tx = state.begin();
        match self.prepare(state, tx) {
            Prepared::Conflict(conflict) => conflict,
            other => panic!("{other:?} instead of a conflict"),
        }
    }
}

fn value(number: i64) -> Value {
    Value::encode(&number).unwrap()
}

fn empty() -> ApplicationState {
    ApplicationState::new(Snapshot::empty())
}

/// A state after one unit.
fn after(unit: impl FnOnce(Unit) -> Unit) -> ApplicationState {
    let mut state = empty();
    unit(Unit::new(&state)).commit(&mut state);
    state
}

fn number(state: &ApplicationState, name: &str) -> Option<i64> {
    Unit::new(state).value(name)
}

fn counter(state: &ApplicationState, name: &str) -> i64 {
    Changes::new().counter(state.snapshot(), name).unwrap()
}

fn queue(state: &ApplicationState, name: &str) -> Vec<i64> {
    let items = Changes::new().queue_items(state.snapshot(), name).unwrap();
    items.iter().map(|item| item.decode().unwrap()).collect()
}

fn bag_count(state: &ApplicationState, name: &str, item: i64) -> u64 {
    Changes::new().bag_count(state.snapshot(), name, &value(item)).unwrap()
}

#[track_caller]
fn assert_waits(prepared: &Prepared, tx: TxId) {
    assert_eq!(*prepared, Prepared::Wait(tx));
}
