//! What the statements of a transaction do to the tables, written as plainly as possible.

use std::collections::BTreeMap;

use super::*;
use crate::application::cell::{Bag, BagItem, Map, MapEntry, Queue};

#[derive(Debug, Clone)]
struct Row {
    kind: Kind,
    value: Option<Arc<str>>,
    amount: i64,
    version: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    position: Option<u64>,
    value: Option<Arc<str>>,
    amount: i64,
    version: u64,
}

/// The tables `toolcrib_variables` and `toolcrib_variable_entries`.
#[derive(Debug, Clone, Default)]
pub(super) struct Database {
    variables: BTreeMap<Arc<str>, Row>,
    entries: BTreeMap<(Arc<str>, Arc<str>), Entry>,
}

impl Database {
    /// Runs a transaction. Each statement must touch what it says.
    pub(super) fn commit(&mut self, writes: Vec<Write>) {
        for write in writes {
            let shown = format!("{write:?} on {self:?}");
            assert_eq!(self.run(write), Some(()), "no row for {shown}");
        }
    }

    /// Runs a transaction, unless another node was first.
    pub(super) fn try_commit(&mut self, writes: Vec<Write>) -> bool {
        let before = self.clone();
        let done = writes.into_iter().all(|write| self.run(write).is_some());
        if !done {
            *self = before;
        }
        done
    }

    fn run(&mut self, write: Write) -> Option<()> {
        match write {
            Write::PutValue { name, json, version, base } => {
                if self.variables.get(&name).map(|row| row.version) != base {
                    return None;
                }
                let row = Row { kind: Kind::Value, value: Some(json), amount: 0, version };
                let before = self.variables.insert(name, row);
                before.is_none_or(|row| row.kind == Kind::Value).then_some(())
            }
            Write::RemoveVariable { name, kind, base } => {
                let row = self.variables.remove(&name)?;
                self.entries.retain(|(variable, _), _| *variable != name);
                (row.kind == kind && base.is_none_or(|base| row.version == base)).then_some(())
            }
            Write::CreateVariable { name, kind, version } => {
                let row = Row { kind, value: None, amount: 0, version };
                (self.variables.entry(name).or_insert(row).kind == kind).then_some(())
            }
            Write::AddToCounter { name, delta, floor, version, new } => {
                let made = Row { kind: Kind::Counter, value: None, amount: 0, version };
                let row =
                    if new { self.variables.entry(name).or_insert(made) } else { self.variables.get_mut(&name)? };
                let fits = row.kind == Kind::Counter && floor.is_none_or(|floor| row.amount >= floor);
                row.amount += delta;
                row.version = row.version.max(version);
                fits.then_some(())
            }
            Write::PutEntry { name, entry, position, json, version, base } => {
                assert!(self.variables.contains_key(&name));
                let row = Entry { position, value: Some(json), amount: 0, version };
                (self.entries.insert((name, entry), row).map(|row| row.version) == base).then_some(())
            }
            Write::RemoveEntry { name, entry, base } => {
                let row = self.entries.remove(&(name, entry))?;
                base.is_none_or(|base| row.version == base).then_some(())
            }
            Write::AddToEntry { name, entry, delta, floor, version } => {
                assert!(self.variables.contains_key(&name));
                let made = Entry { position: None, value: None, amount: 0, version };
                let key = (name, entry);
                let row = if floor > 0 {
                    self.entries.get_mut(&key)?
                } else {
                    self.entries.entry(key.clone()).or_insert(made)
                };
                let fits = row.amount >= floor;
                row.amount += delta;
                if row.amount == 0 {
                    self.entries.remove(&key);
                }
                fits.then_some(())
            }
        }
    }

    /// What a start would load.
    pub(super) fn load(&self) -> Vec<(Arc<str>, Cell)> {
        let load = |(name, row): (&Arc<str>, &Row)| {
            let entries = || self.entries.iter().filter(|((variable, _), _)| variable == name);
            let value = |json: &Option<Arc<str>>| Value::from_json(Arc::clone(json.as_ref().unwrap()));
            let content =
                match row.kind {
                    Kind::Value => Content::Value(value(&row.value)),
                    Kind::Counter => Content::Counter(row.amount),
                    Kind::Queue => Content::Queue(entries().fold(Queue::new_sync(), |items, (_, row)| {
                        items.insert(row.position.unwrap(), value(&row.value))
                    })),
                    Kind::Map => Content::Map(entries().fold(Map::new_sync(), |items, ((_, key), row)| {
                        items.insert(Arc::clone(key), MapEntry { value: value(&row.value), version: row.version })
                    })),
                    Kind::Bag => Content::Bag(entries().fold(Bag::new_sync(), |items, ((_, text), row)| {
                        let value = Value::from_json(Arc::clone(text));
                        items.insert(Arc::clone(text), BagItem { value, count: row.amount })
                    })),
                };
            (Arc::clone(name), Cell { version: row.version, durable: true, content })
        };
        self.variables.iter().map(load).collect()
    }
}
