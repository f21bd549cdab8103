//! What a transaction does to one variable, all its units taken together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Numbers;
use super::tally::Tally;
use crate::application::cell::{Bag, BagItem, Cell, Content, Kind, Map, MapEntry, Queue};
use crate::application::change::{Change, Work};
use crate::application::value::Value;

/// The net effect of a transaction on a variable.
#[derive(Debug)]
pub(super) struct Net {
    /// The variable that was published when the transaction first touched it.
    pub(super) base: Option<Row>,
    /// Whether that variable goes before the work is done.
    pub(super) removes: bool,
    /// Grows with every unit accepted.
    pub(super) version: u64,
    pub(super) durable: bool,
    /// `None`: the variable is gone.
    pub(super) work: Option<NetWork>,
}

/// A variable as it stands in the database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) kind: Kind,
    pub(super) durable: bool,
}

#[derive(Debug)]
pub(super) enum NetWork {
    Value(Value),
    Counter(Tally),
    Queue { pushes: BTreeMap<u64, Value>, pops: BTreeSet<u64> },
    Map(BTreeMap<Arc<str>, NetEntry>),
    Bag(BTreeMap<Arc<str>, NetItem>),
}

/// A key that is put or, without a value, removed.
#[derive(Debug)]
pub(super) struct NetEntry {
    pub(super) value: Option<Value>,
    pub(super) version: u64,
    /// The version of the entry that was published when the transaction first touched it.
    pub(super) base: Option<u64>,
}

#[derive(Debug)]
pub(super) struct NetItem {
    pub(super) item: Value,
    pub(super) tally: Tally,
}

impl NetWork {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Value(_) => Kind::Value,
            Self::Counter(_) => Kind::Counter,
            Self::Queue { .. } => Kind::Queue,
            Self::Map(_) => Kind::Map,
            Self::Bag(_) => Kind::Bag,
        }
    }

    fn empty(kind: &Work) -> Self {
        match kind {
            Work::Put { value, .. } => Self::Value(value.clone()),
            Work::Counter(_) => Self::Counter(Tally::default()),
            Work::Queue(_) => Self::Queue { pushes: BTreeMap::new(), pops: BTreeSet::new() },
            Work::Map(_) => Self::Map(BTreeMap::new()),
            Work::Bag(_) => Self::Bag(BTreeMap::new()),
        }
    }
}

impl Net {
    pub(super) fn new(published: Option<&Cell>) -> Self {
        let base = published.map(|cell| Row { version: cell.version, kind: cell.kind(), durable: cell.durable });
        Self { base, removes: false, version: 0, durable: false, work: None }
    }

    /// Adds what a further unit does; it was judged before.
    pub(super) fn accept(&mut self, change: &Change, published: Option<&Cell>, numbers: &mut Numbers) {
        self.version = numbers.next();
        if change.removes.is_some() {
            self.removes = true;
            self.work = None;
        }
        let Some(work) = &change.work else { return };
        self.durable = change.durable;
        let stored = published.filter(|_| !self.removes).map(|cell| &cell.content);
        let net = self.work.get_or_insert_with(|| NetWork::empty(work));
        match (net, work) {
            (NetWork::Counter(tally), Work::Counter(work)) => {
                *tally = tally.then(Tally { delta: work.delta.into(), floor: work.floor.map(Into::into) });
            }
            (NetWork::Queue { pushes, pops }, Work::Queue(work)) => {
                pops.extend(&work.pops);
                pushes.extend(work.pushes.iter().map(|item| (numbers.next(), item.clone())));
            }
            (NetWork::Map(entries), Work::Map(work)) => {
                for (key, own) in work {
                    let stored = if let Some(Content::Map(stored)) = stored { stored.get(key) } else { None };
                    let base = stored.map(|entry| entry.version);
                    let empty = || NetEntry { value: None, version: 0, base };
                    let entry = entries.entry(Arc::clone(key)).or_insert_with(empty);
                    entry.value.clone_from(&own.value);
                    entry.version = self.version;
                }
            }
            (NetWork::Bag(items), Work::Bag(work)) => {
                for (text, own) in work {
                    let empty = || NetItem { item: own.item.clone(), tally: Tally::default() };
                    let item = items.entry(Arc::clone(text)).or_insert_with(empty);
                    item.tally = item.tally.then(Tally { delta: own.delta.into(), floor: Some(own.floor.into()) });
                }
            }
            (net, work) => *net = NetWork::empty(work),
        }
    }

    /// The variable with this effect on top of what is published. `publish` is the version of the snapshot it is to
    /// become part of.
    pub(super) fn apply(&self, published: Option<&Cell>, publish: Option<u64>) -> Option<Cell> {
        let stored = published.filter(|_| !self.removes).map(|cell| cell.content.clone());
        let content = match self.work.as_ref()? {
            NetWork::Value(value) => Content::Value(value.clone()),
            NetWork::Counter(tally) => {
                let count = if let Some(Content::Counter(count)) = stored { count } else { 0 };
                Content::Counter(add(count, *tally))
            }
            NetWork::Queue { pushes, pops } => {
                let mut items = if let Some(Content::Queue(items)) = stored { items } else { Queue::new_sync() };
                for position in pops {
                    items.remove_mut(position);
                }
                for (position, item) in pushes {
                    items.insert_mut(*position, item.clone());
                }
                Content::Queue(items)
            }
            NetWork::Map(changed) => {
                let mut entries = if let Some(Content::Map(entries)) = stored { entries } else { Map::new_sync() };
                for (key, entry) in changed {
                    match &entry.value {
                        Some(value) => {
                            let version = entry.version;
                            entries.insert_mut(Arc::clone(key), MapEntry { value: value.clone(), version });
                        }
                        None => {
                            entries.remove_mut(key);
                        }
                    }
                }
                Content::Map(entries)
            }
            NetWork::Bag(changed) => {
                let mut items = if let Some(Content::Bag(items)) = stored { items } else { Bag::new_sync() };
                for (text, changed) in changed {
                    let count = add(items.get(text).map_or(0, |item| item.count), changed.tally);
                    if count > 0 {
                        items.insert_mut(Arc::clone(text), BagItem { value: changed.item.clone(), count });
                    } else {
                        items.remove_mut(text);
                    }
                }
                Content::Bag(items)
            }
        };
        // The version of a value is the one its row has. Of the others several transactions may be under way and end
        // in any order, so each of them gets a new one as it is published.
        let version = match (publish, &content) {
            (None, _) | (_, Content::Value(_)) => self.version,
            (Some(version), _) => version,
        };
        Some(Cell { version, durable: self.durable, content })
    }
}

/// Never leaves the range, for it was admitted; unless the count was reloaded meanwhile, and then it stops there.
fn add(count: i64, tally: Tally) -> i64 {
    let sum = i128::from(count) + tally.delta;
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}
