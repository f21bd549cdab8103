//! What one unit of work wants changed, and how the variables look to that unit.
//!
//! [`Changes`] holds no copy of anything: every question is asked with the unit's snapshot, and the
//! answer sees the unit's own changes on top of it. With the first write of something the unit notes
//! what it had seen there, its [`Base`]; the state compares the bases at commit. Reads note nothing,
//! since reads do not conflict.

mod bag;
mod counter;
mod error;
mod map;
mod queue;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use self::error::{ChangeError, KindError};
use super::cell::{Cell, Kind};
use super::snapshot::Snapshot;
use super::value::Value;

/// Longest name of a variable, in bytes.
pub(crate) const NAME_MAX: usize = 200;
/// Longest key of a map, in bytes.
pub(crate) const KEY_MAX: usize = 200;
/// Longest JSON text of one value, in bytes.
pub(crate) const VALUE_MAX: usize = 64 * 1024;
/// Longest JSON text of an item of a bag, in bytes: it is part of a database key.
pub(crate) const BAG_ITEM_MAX: usize = 2_000;

/// All changes of one unit, by variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    by_name: BTreeMap<Arc<str>, Change>,
    last_writer_wins: bool,
}

/// What a unit wants changed about one variable: first it is removed, if it is; then comes the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) durable: bool,
    /// The version in the unit's view when it first changed something; `None` if it was not there.
    pub(crate) seen: Option<u64>,
    /// Whether the variable is removed as it stood in the view, whatever its kind.
    pub(crate) removes: Option<Base>,
    pub(crate) work: Option<Work>,
}

/// What is done to a variable, or to the new one if the old one is removed first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// Replaces the value. The base counts only where nothing is removed.
    Put {
        value: Value,
        base: Base,
    },
    Counter(CounterWork),
    Queue(QueueWork),
    Map(BTreeMap<Arc<str>, MapWork>),
    Bag(BTreeMap<Arc<str>, BagWork>),
}

/// What must be there at commit for a write to be no conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// Whatever: the last writer wins.
    Any,
    /// Nothing.
    Absent,
    /// This version of it.
    Version(u64),
}

/// Merged by addition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CounterWork {
    pub(crate) delta: i64,
    /// The least the merged counter must be before `delta` is added, so that every guarded
    /// decrement of the unit holds in its turn.
    pub(crate) floor: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct QueueWork {
    pub(crate) pushes: VecDeque<Value>,
    /// Positions of the items taken, ascending; they must still be there.
    pub(crate) pops: Vec<u64>,
}

/// The entry of one key: put, or removed where there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MapWork {
    pub(crate) value: Option<Value>,
    pub(crate) base: Base,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BagWork {
    pub(crate) item: Value,
    pub(crate) delta: i64,
    /// How often it must be in the merged bag before `delta` is added, so that every removal of the
    /// unit finds one.
    pub(crate) floor: i64,
}

impl Work {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Put { .. } => Kind::Value,
            Self::Counter(_) => Kind::Counter,
            Self::Queue(_) => Kind::Queue,
            Self::Map(_) => Kind::Map,
            Self::Bag(_) => Kind::Bag,
        }
    }
}

impl Changes {
    /// The changes of a unit of work: a value somebody else wrote meanwhile is a conflict.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The changes of a write outside units: values are written over whatever is there (A1).
    pub(crate) fn last_writer_wins() -> Self {
        Self { last_writer_wins: true, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The changes, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Change)> {
        self.by_name.iter()
    }

    /// Whether anything of it is to be stored.
    pub(crate) fn is_durable(&self, snapshot: &Snapshot) -> bool {
        let removes_stored = |name: &str| snapshot.get(name).is_some_and(|cell| cell.durable);
        self.iter().any(|(name, change)| change.durable || (change.removes.is_some() && removes_stored(name)))
    }

    /// What kind of variable the unit sees under a name, if any.
    pub(crate) fn kind(&self, snapshot: &Snapshot, name: &str) -> Option<Kind> {
        match self.work(name) {
            Some(work) => Some(work.kind()),
            None => self.ground(snapshot, name).map(|cell| cell.kind()),
        }
    }

    /// The names the unit sees, in order; a consistent copy (A14).
    pub(crate) fn names(&self, snapshot: &Snapshot) -> Vec<Arc<str>> {
        let own = self.iter().filter(|(_, change)| change.work.is_some()).map(|(name, _)| name);
        let others = snapshot.iter().map(|(name, _)| name).filter(|name| !self.by_name.contains_key(*name));
        let untouched = self.iter().filter(|(_, change)| change.work.is_none() && change.removes.is_none());
        let mut names: Vec<_> = own.chain(others).chain(untouched.map(|(name, _)| name)).cloned().collect();
        names.sort_unstable();
        names
    }

    /// Removes a variable of whatever kind; false if the unit sees none.
    pub(crate) fn remove(&mut self, snapshot: &Snapshot, name: &str) -> Result<bool, ChangeError> {
        check_name(name)?;
        if self.kind(snapshot, name).is_none() {
            return Ok(false);
        }
        let base = self.base_of(snapshot.get(name).map(|cell| cell.version));
        let change = self.entry(snapshot, name);
        // A value that is put has the base of the first write already.
        let first = match change.work.take() {
            Some(Work::Put { base, .. }) => base,
            _ => base,
        };
        change.removes.get_or_insert(first);
        Ok(true)
    }

    fn work(&self, name: &str) -> Option<&Work> {
        self.by_name.get(name)?.work.as_ref()
    }

    /// What the unit's work builds on: the variable of its view, unless the unit removed it.
    fn ground<'s>(&self, snapshot: &'s Snapshot, name: &str) -> Option<&'s Arc<Cell>> {
        let removed = self.by_name.get(name).is_some_and(|change| change.removes.is_some());
        if removed { None } else { snapshot.get(name) }
    }

    /// Sees to it that the name stands for a variable of this kind, or for none.
    fn expect(&self, snapshot: &Snapshot, name: &str, wanted: Kind) -> Result<(), KindError> {
        match self.kind(snapshot, name) {
            Some(found) if found != wanted => Err(KindError { name: name.to_owned(), wanted, found }),
            _ => Ok(()),
        }
    }

    /// Everything that may be said against a write before it is noted.
    fn check(&self, snapshot: &Snapshot, name: &str, durable: bool, wanted: Kind) -> Result<(), ChangeError> {
        check_name(name)?;
        self.expect(snapshot, name, wanted)?;
        let standing = match self.by_name.get(name) {
            Some(change) if change.work.is_some() => Some(change.durable),
            _ => self.ground(snapshot, name).map(|cell| cell.durable),
        };
        match standing {
            Some(standing) if standing != durable => Err(ChangeError::Durability { name: name.to_owned(), durable }),
            _ => Ok(()),
        }
    }

    /// The note of a variable, made at the first change of it.
    fn entry(&mut self, snapshot: &Snapshot, name: &str) -> &mut Change {
        let seen = snapshot.get_entry(name);
        let name = seen.map_or_else(|| name.into(), |(name, _)| Arc::clone(name));
        self.by_name.entry(name).or_insert_with(|| Change {
            durable: seen.is_some_and(|(_, cell)| cell.durable),
            seen: seen.map(|(_, cell)| cell.version),
            removes: None,
            work: None,
        })
    }

    /// The unit's work on a variable, begun if there was none. Only after [`check`](Self::check).
    fn begin(&mut self, snapshot: &Snapshot, name: &str, durable: bool, empty: impl FnOnce() -> Work) -> &mut Work {
        let change = self.entry(snapshot, name);
        change.durable = durable;
        change.work.get_or_insert_with(empty)
    }

    /// The base of a write, given the version of what is written in the view.
    fn base_of(&self, version: Option<u64>) -> Base {
        match version {
            _ if self.last_writer_wins => Base::Any,
            Some(version) => Base::Version(version),
            None => Base::Absent,
        }
    }
}

fn check_name(name: &str) -> Result<(), ChangeError> {
    if name.is_empty() {
        return Err(ChangeError::Empty);
    }
    if name.len() > NAME_MAX {
        return Err(ChangeError::NameTooLong { length: name.len(), limit: NAME_MAX });
    }
    check_text(name, name)
}

/// PostgreSQL stores no text with a zero in it.
fn check_text(name: &str, text: &str) -> Result<(), ChangeError> {
    if text.contains('\0') { Err(ChangeError::Zero { name: name.replace('\0', "\\0") }) } else { Ok(()) }
}

fn check_size(name: &str, value: &Value, limit: usize) -> Result<(), ChangeError> {
    let length = value.json().len();
    if length > limit { Err(ChangeError::TooLarge { name: name.to_owned(), length, limit }) } else { Ok(()) }
}

/// What is left to say if the work noted under a name is of another kind than was just checked.
fn other_kind(name: &str, wanted: Kind, found: &Work) -> ChangeError {
    KindError { name: name.to_owned(), wanted, found: found.kind() }.into()
}
