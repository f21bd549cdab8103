//! What a transaction does to the rows of the database.

use std::sync::Arc;

use super::net::{Net, NetWork};
use super::tally::Tally;
use crate::application::cell::Kind;

/// One statement of a transaction.
///
/// A statement that touches no row where this says it must is a conflict: another process was there. Counts and
/// queues are merged by the database; nothing of it writes a sum that was computed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write {
    /// Inserts the row, which must not be there (`base` is `None`), or updates the one that has this version.
    PutValue { name: Arc<str>, json: Arc<str>, version: u64, base: Option<u64> },
    /// Deletes the row and all its entries. With a base it must have this version.
    RemoveVariable { name: Arc<str>, kind: Kind, base: Option<u64> },
    /// Inserts the row of a queue, map or bag if it is not there; what is there must be of this kind.
    CreateVariable { name: Arc<str>, kind: Kind, version: u64 },
    /// Adds to the amount, which must be at least `floor` before. A `new` counter may not be there yet (it is 0
    /// then), but two transactions may make it at the same time: insert or add.
    AddToCounter { name: Arc<str>, delta: i64, floor: Option<i64>, version: u64, new: bool },
    /// An item of a queue (with its position; never there before) or an entry of a map: inserts it if `base` is
    /// `None`, else updates the one that has this version.
    PutEntry { name: Arc<str>, entry: Arc<str>, position: Option<u64>, json: Arc<str>, version: u64, base: Option<u64> },
    /// Deletes an entry that must be there, with this version if there is a base.
    RemoveEntry { name: Arc<str>, entry: Arc<str>, base: Option<u64> },
    /// Adds to the amount of an item of a bag; `entry` is its JSON text. With a floor above 0 it must be there with
    /// at least that amount; else insert or add. A row that is left with 0 is to be deleted.
    AddToEntry { name: Arc<str>, entry: Arc<str>, delta: i64, floor: i64, version: u64 },
}

impl Write {
    /// The variable it is about.
    pub(crate) fn variable(&self) -> &Arc<str> {
        match self {
            Self::PutValue { name, .. }
            | Self::RemoveVariable { name, .. }
            | Self::CreateVariable { name, .. }
            | Self::AddToCounter { name, .. }
            | Self::PutEntry { name, .. }
            | Self::RemoveEntry { name, .. }
            | Self::AddToEntry { name, .. } => name,
        }
    }
}

/// The entry that stands for a position of a queue: sorted as text it is sorted by position.
fn entry_of_position(position: u64) -> Arc<str> {
    format!("{position:020}").into()
}

impl Net {
    pub(super) fn write(&self, name: &Arc<str>, writes: &mut Vec<Write>) {
        let stored = self.base.filter(|row| row.durable);
        let kept = self.work.as_ref().filter(|_| self.durable);
        let base = stored.filter(|row| row.kind == Kind::Value).map(|row| row.version);
        let overwrites = base.is_some() && matches!(kept, Some(NetWork::Value(_)));
        let name = || Arc::clone(name);
        if let Some(row) = stored.filter(|_| self.removes && !overwrites) {
            writes.push(Write::RemoveVariable { name: name(), kind: row.kind, base });
        }
        let new = stored.is_none() || self.removes;
        let version = self.version;
        match kept {
            None => {}
            Some(NetWork::Value(value)) => {
                let json = Arc::clone(value.json());
                writes.push(Write::PutValue { name: name(), json, version, base });
            }
            Some(NetWork::Counter(tally)) => {
                let (delta, floor) = narrow(*tally);
                // Of a counter made in this transaction the guards are settled; another one may have to make it too.
                writes.push(Write::AddToCounter { name: name(), delta, floor, version, new });
            }
            Some(work) => {
                if new {
                    writes.push(Write::CreateVariable { name: name(), kind: work.kind(), version });
                }
                self.write_entries(work, name, writes);
            }
        }
    }

    fn write_entries(&self, work: &NetWork, name: impl Fn() -> Arc<str>, writes: &mut Vec<Write>) {
        let version = self.version;
        match work {
            NetWork::Value(_) | NetWork::Counter(_) => {}
            NetWork::Queue { pushes, pops } => {
                for position in pops {
                    let entry = entry_of_position(*position);
                    writes.push(Write::RemoveEntry { name: name(), entry, base: None });
                }
                for (position, item) in pushes {
                    let (entry, json) = (entry_of_position(*position), Arc::clone(item.json()));
                    let position = Some(*position);
                    writes.push(Write::PutEntry { name: name(), entry, position, json, version, base: None });
                }
            }
            NetWork::Map(entries) => {
                for (key, net) in entries {
                    let (entry, base, version) = (Arc::clone(key), net.base, net.version);
                    match &net.value {
                        Some(value) => {
                            let json = Arc::clone(value.json());
                            writes.push(Write::PutEntry { name: name(), entry, position: None, json, version, base });
                        }
                        None if base.is_some() => writes.push(Write::RemoveEntry { name: name(), entry, base }),
                        // Put and removed within the transaction.
                        None => {}
                    }
                }
            }
            NetWork::Bag(items) => {
                for (text, item) in items {
                    let (delta, floor) = narrow(item.tally);
                    let (entry, floor) = (Arc::clone(text), floor.unwrap_or(0));
                    if delta != 0 {
                        writes.push(Write::AddToEntry { name: name(), entry, delta, floor, version });
                    }
                }
            }
        }
    }
}

/// Back to 64 bits, where an admitted tally always fits.
fn narrow(tally: Tally) -> (i64, Option<i64>) {
    let clamp = |wide: i128| i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX });
    (clamp(tally.delta), tally.floor.map(clamp))
}
