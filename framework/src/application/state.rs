//! The bookkeeping of all application variables: what is published, what is on its way, who holds what.
//!
//! [`ApplicationState`] is a pure state machine: it neither waits nor stores. Its actor asks it, stores what
//! [`writes`](ApplicationState::writes) says, and tells it how that ended.
//!
//! ```text
//! begin ─► prepare (one unit) ──┬─ Accepted ─► prepare (next unit) … ─► writes ─► COMMIT ──┬─ publish
//!                               ├─ Wait(other): again when that one has ended               └─ discard (and reload)
//!                               └─ Conflict: nothing of this unit is kept
//! ```
//!
//! What it keeps to, at every moment:
//!
//! * Nothing is lost: a write whose base is no longer what stands there is refused (G2), also if the newer one is
//!   held by the same transaction and not published yet.
//! * A unit is accepted whole or not at all, and becomes visible whole, in one snapshot.
//! * Whatever is accepted can be published, in whichever order transactions end and whichever of them are discarded.
//!   So conflict-free operations are admitted by the worst that may still come, and one whose outcome hangs on
//!   others waits for them.
//! * A unit that waits holds nothing, so none wait in a circle.

mod elsewhere;
mod judge;
mod net;
mod numbers;
mod tally;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use self::judge::{Scene, Verdict};
use self::net::Net;
use self::numbers::Numbers;
pub(crate) use self::write::Write;
use super::cell::{Cell, Kind};
use super::change::Changes;
use super::conflict::{Conflict, ConflictKind};
use super::objects::{Claim, ObjectLock, Objects};
use super::snapshot::Snapshot;
use crate::locks::Owner;

/// One transaction of the database, which may carry several units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TxId(u64);

impl TxId {
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// The transaction the log of changes calls by this number.
    pub(crate) fn named(number: u64) -> Self {
        Self(number)
    }
}

/// How a unit fared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Prepared {
    /// It is part of the transaction now.
    Accepted,
    /// It hangs on how this other transaction ends. Nothing was noted: prepare it again then.
    Wait(TxId),
    /// It has to be run again from a new view.
    Conflict(Conflict),
}

/// Decides what is committed. See the module's documentation.
#[derive(Debug)]
pub(crate) struct ApplicationState {
    published: Arc<Snapshot>,
    /// Transactions that have accepted something and not ended.
    open: BTreeMap<TxId, BTreeMap<Arc<str>, Net>>,
    /// Published transactions that what is read of other nodes' changes need not contain yet, the oldest first. Empty
    /// where there are no other nodes.
    unseen: Vec<(TxId, BTreeMap<Arc<str>, Net>)>,
    objects: Objects,
    numbers: Numbers,
    next_tx: u64,
}

impl ApplicationState {
    /// Starts with the variables as they were loaded.
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        let numbers = Numbers::after(snapshot.version());
        Self {
            published: Arc::new(snapshot),
            open: BTreeMap::new(),
            unseen: Vec::new(),
            objects: Objects::default(),
            numbers,
            next_tx: 0,
        }
    }

    /// As [`ApplicationState::new`], for one of several nodes: no number given out here is given out by another one.
    pub(crate) fn of_node(snapshot: Snapshot, node: u64) -> Self {
        let mut state = Self::new(snapshot);
        state.numbers.of_node(node);
        state
    }

    /// What everybody sees.
    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.published
    }

    /// A number for a new transaction. It is held only once it has accepted something.
    pub(crate) fn begin(&mut self) -> TxId {
        self.next_tx += 1;
        TxId(self.next_tx)
    }

    /// A variable as the transaction would leave it if it were published now.
    pub(crate) fn effective(&self, tx: TxId, name: &str) -> Option<Arc<Cell>> {
        let published = self.published.get(name);
        match self.open.get(&tx).and_then(|nets| nets.get(name)) {
            Some(net) => net.apply(published.map(Arc::as_ref), None).map(Arc::new),
            None => published.cloned(),
        }
    }

    /// Takes a unit into a transaction if everything it wants can be granted; else nothing is noted.
    pub(crate) fn prepare(&mut self, tx: TxId, owner: Owner, changes: &Changes) -> Prepared {
        let mut wait = None;
        for (name, change) in changes.iter() {
            if self.objects.is_held_by_other(name, owner) {
                return Prepared::Conflict(self.lock_conflict(tx, name, change.seen));
            }
            match self.scene(tx, name).judge(change) {
                Verdict::Fine => {}
                // A conflict further on still counts: no outcome of the other can undo it.
                Verdict::Wait(other) => wait = wait.or(Some(other)),
                Verdict::Conflict(conflict) => return Prepared::Conflict(conflict),
            }
        }
        if let Some(other) = wait {
            return Prepared::Wait(other);
        }
        for (name, change) in changes.iter() {
            let nets = self.open.entry(tx).or_default();
            let net = match nets.entry(Arc::clone(name)) {
                btree_map::Entry::Occupied(entry) => entry.into_mut(),
                btree_map::Entry::Vacant(entry) => entry.insert(Net::new(self.published.get(name).map(Arc::as_ref))),
            };
            net.accept(change, self.published.get(name).map(Arc::as_ref), &mut self.numbers);
        }
        Prepared::Accepted
    }

    /// What the transaction does to the rows of durable variables, by name; to be run in this order.
    pub(crate) fn writes(&self, tx: TxId) -> Vec<Write> {
        let mut writes = Vec::new();
        for (name, net) in self.open.get(&tx).into_iter().flatten() {
            net.write(name, &mut writes);
        }
        writes
    }

    /// Ends a transaction whose rows are stored: all of it becomes visible in one snapshot.
    pub(crate) fn publish(&mut self, tx: TxId) -> Arc<Snapshot> {
        let told = self.numbers.has_others() && !self.writes(tx).is_empty();
        if let Some(nets) = self.open.remove(&tx) {
            self.apply_where(&nets, |_| true);
            if told {
                self.unseen.push((tx, nets));
            }
        }
        Arc::clone(&self.published)
    }

    fn apply_where(&mut self, nets: &BTreeMap<Arc<str>, Net>, concerned: impl Fn(&Arc<str>) -> bool) {
        let version = self.numbers.next();
        let changed = nets.iter().filter(|(name, _)| concerned(name)).map(|(name, net)| {
            let cell = net.apply(self.published.get(name).map(Arc::as_ref), Some(version));
            (Arc::clone(name), cell.map(Arc::new))
        });
        self.published = Arc::new(self.published.with(version, changed));
    }

    /// Ends a transaction that came to nothing.
    pub(crate) fn discard(&mut self, tx: TxId) {
        self.open.remove(&tx);
    }

    /// Transactions on their way that change this variable.
    pub(crate) fn in_flight(&self, name: &str) -> Vec<TxId> {
        self.open.iter().filter(|(_, nets)| nets.contains_key(name)).map(|(tx, _)| *tx).collect()
    }

    /// Replaces variables by what the database says; `None` where it has none.
    ///
    /// To be called when no transaction is [in flight](Self::in_flight) on them: what the database says may or may
    /// not contain the changes of one that is.
    pub(crate) fn reload(&mut self, cells: Vec<(Arc<str>, Option<Cell>)>) -> Arc<Snapshot> {
        self.replace(cells);
        Arc::clone(&self.published)
    }

    fn replace(&mut self, cells: Vec<(Arc<str>, Option<Cell>)>) {
        for (_, cell) in &cells {
            self.numbers.above(cell.as_ref().map_or(0, Cell::largest_number));
        }
        let version = self.numbers.next();
        let changed = cells.into_iter().map(|(name, cell)| {
            let cell = cell.map(|mut cell| {
                // The version of a value is that of its row. All others only have to differ from any seen before.
                if cell.kind() != Kind::Value {
                    cell.version = version;
                }
                Arc::new(cell)
            });
            (name, cell)
        });
        self.published = Arc::new(self.published.with(version, changed));
    }

    /// Whether nothing is on its way, held or waited for.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.objects.is_empty()
    }

    /// Locks a variable for one unit until [`release_objects`](Self::release_objects); never waits (G10).
    ///
    /// `seen` is the version in the unit's view. [`ObjectLock::Changed`] *is held* and has to be released (G11).
    pub(crate) fn lock_object(&mut self, owner: Owner, name: &str, seen: Option<u64>) -> ObjectLock {
        if let Some(holder) = self.objects.lock(owner, name) {
            return ObjectLock::Denied { holder };
        }
        let published = self.published.get(name).map(|cell| cell.version);
        // A change that is only waiting for its COMMIT will make this view an old one.
        let changing = self.open.values().any(|nets| nets.contains_key(name));
        if published == seen && !changing { ObjectLock::Granted } else { ObjectLock::Changed }
    }

    /// Asks for the locks of several variables at once, in order of arrival.
    pub(crate) fn claim(&mut self, owner: Owner, names: &[Arc<str>]) -> Claim {
        self.objects.claim(owner, names)
    }

    /// Gives up all of an owner's locks, and its place in the queue; tells whose claims are granted by it.
    pub(crate) fn release_objects(&mut self, owner: Owner) -> Vec<Owner> {
        self.objects.release(owner)
    }

    /// Who holds which variable, by name.
    pub(crate) fn holders(&self) -> Vec<(Arc<str>, Owner)> {
        self.objects.holders()
    }

    fn scene<'a>(&'a self, tx: TxId, name: &'a str) -> Scene<'a> {
        let of = |nets: &'a BTreeMap<Arc<str>, Net>| nets.get(name);
        Scene {
            name,
            published: self.published.get(name).map(Arc::as_ref),
            own: self.open.get(&tx).and_then(of),
            others: self.open.iter().filter(|(id, _)| **id != tx).filter_map(|(id, n)| Some((*id, of(n)?))).collect(),
        }
    }

    fn lock_conflict(&self, tx: TxId, name: &str, seen: Option<u64>) -> Conflict {
        let cell = self.effective(tx, name);
        Conflict {
            kind: ConflictKind::WriteLock,
            name: name.to_owned(),
            entry: None,
            seen,
            current: cell.as_ref().map(|cell| cell.version),
            needs: None,
            value: cell.as_ref().map(|cell| cell.content.excerpt()).unwrap_or_default(),
        }
    }
}
