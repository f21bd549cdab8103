//! Conflict-free maps: writers of different keys never conflict, writers of the same key do.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ChangeError, Changes, KEY_MAX, MapWork, VALUE_MAX, Work, check_size, check_text, other_kind};
use crate::application::cell::{Content, Kind, Map};
use crate::application::snapshot::Snapshot;
use crate::application::value::Value;

impl Changes {
    /// The value the unit sees under a key.
    pub(crate) fn map_value<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        name: &str,
        key: &str,
    ) -> Result<Option<&'a Value>, ChangeError> {
        self.expect(snapshot, name, Kind::Map)?;
        Ok(match self.map_work(name).and_then(|work| work.get(key)) {
            Some(own) => own.value.as_ref(),
            None => self.map_ground(snapshot, name).and_then(|map| Some(&map.get(key)?.value)),
        })
    }

    /// How many keys the unit sees.
    pub(crate) fn map_len(&self, snapshot: &Snapshot, name: &str) -> Result<usize, ChangeError> {
        self.expect(snapshot, name, Kind::Map)?;
        let ground = self.map_ground(snapshot, name);
        let stored = |key: &str| ground.is_some_and(|map| map.contains_key(key));
        let own = || self.map_work(name).into_iter().flatten();
        let added = own().filter(|(key, own)| own.value.is_some() && !stored(key)).count();
        let removed = own().filter(|(key, own)| own.value.is_none() && stored(key)).count();
        Ok((ground.map_or(0, Map::size) + added).saturating_sub(removed))
    }

    /// The entries the unit sees, by key.
    pub(crate) fn map_entries(
        &self,
        snapshot: &Snapshot,
        name: &str,
    ) -> Result<BTreeMap<Arc<str>, Value>, ChangeError> {
        self.expect(snapshot, name, Kind::Map)?;
        let stored = self.map_ground(snapshot, name).into_iter().flat_map(Map::iter);
        let mut entries: BTreeMap<_, _> = stored.map(|(key, entry)| (Arc::clone(key), entry.value.clone())).collect();
        for (key, own) in self.map_work(name).into_iter().flatten() {
            match &own.value {
                Some(value) => entries.insert(Arc::clone(key), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(entries)
    }

    /// Puts a value under a key.
    pub(crate) fn map_put(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        key: &str,
        value: Value,
    ) -> Result<(), ChangeError> {
        self.check(snapshot, name, durable, Kind::Map)?;
        check_size(name, &value, VALUE_MAX)?;
        if key.len() > KEY_MAX {
            return Err(ChangeError::KeyTooLong { name: name.to_owned(), length: key.len(), limit: KEY_MAX });
        }
        check_text(name, key)?;
        self.map_write(snapshot, name, durable, key, Some(value))
    }

    /// Removes a key; false, and nothing noted, if the unit does not see it.
    pub(crate) fn map_remove(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        key: &str,
    ) -> Result<bool, ChangeError> {
        self.check(snapshot, name, durable, Kind::Map)?;
        if self.map_value(snapshot, name, key)?.is_none() {
            return Ok(false);
        }
        self.map_write(snapshot, name, durable, key, None)?;
        Ok(true)
    }

    fn map_write(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        key: &str,
        value: Option<Value>,
    ) -> Result<(), ChangeError> {
        let stored = self.map_ground(snapshot, name).and_then(|map| map.get_key_value(key));
        let base = self.base_of(stored.map(|(_, entry)| entry.version));
        match self.begin(snapshot, name, durable, || Work::Map(BTreeMap::new())) {
            Work::Map(work) => match work.get_mut(key) {
                // It keeps the base of the first write.
                Some(own) => own.value = value,
                None => {
                    let key = stored.map_or_else(|| key.into(), |(key, _)| Arc::clone(key));
                    work.insert(key, MapWork { value, base });
                }
            },
            other => return Err(other_kind(name, Kind::Map, other)),
        }
        Ok(())
    }

    fn map_ground<'s>(&self, snapshot: &'s Snapshot, name: &str) -> Option<&'s Map> {
        match &self.ground(snapshot, name)?.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    fn map_work(&self, name: &str) -> Option<&BTreeMap<Arc<str>, MapWork>> {
        match self.work(name)? {
            Work::Map(work) => Some(work),
            _ => None,
        }
    }
}
