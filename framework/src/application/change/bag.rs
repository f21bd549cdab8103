//! Conflict-free bags: adding is always free, removing as long as enough are left for everyone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{BAG_ITEM_MAX, BagWork, ChangeError, Changes, Work, check_size, other_kind};
use crate::application::cell::{Bag, Content, Kind};
use crate::application::snapshot::Snapshot;
use crate::application::value::Value;

impl Changes {
    /// How often the unit sees the item.
    pub(crate) fn bag_count(&self, snapshot: &Snapshot, name: &str, item: &Value) -> Result<u64, ChangeError> {
        self.expect(snapshot, name, Kind::Bag)?;
        Ok(u64::try_from(self.count_of(snapshot, name, item)).unwrap_or(0))
    }

    /// The items the unit sees and how often, by their JSON texts.
    pub(crate) fn bag_items(&self, snapshot: &Snapshot, name: &str) -> Result<Vec<(Value, u64)>, ChangeError> {
        self.expect(snapshot, name, Kind::Bag)?;
        let stored = self.bag_ground(snapshot, name).into_iter().flat_map(Bag::iter);
        let mut items: BTreeMap<&Arc<str>, (&Value, i64)> =
            stored.map(|(text, item)| (text, (&item.value, item.count))).collect();
        for (text, own) in self.bag_work(name).into_iter().flatten() {
            let (_, count) = items.entry(text).or_insert((&own.item, 0));
            *count = count.saturating_add(own.delta);
        }
        let counted = items.into_values().map(|(item, count)| (item.clone(), u64::try_from(count).unwrap_or(0)));
        Ok(counted.filter(|(_, count)| *count > 0).collect())
    }

    /// Puts one more of the item into the bag. Never a conflict.
    pub(crate) fn bag_add(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        item: Value,
    ) -> Result<(), ChangeError> {
        self.check(snapshot, name, durable, Kind::Bag)?;
        check_size(name, &item, BAG_ITEM_MAX)?;
        self.bag_change(snapshot, name, durable, item, 1)
    }

    /// Takes one of the item out; false, and nothing noted, if the unit sees none. It is a conflict
    /// only if others have taken the last one meanwhile.
    pub(crate) fn bag_remove(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        item: &Value,
    ) -> Result<bool, ChangeError> {
        self.check(snapshot, name, durable, Kind::Bag)?;
        if self.count_of(snapshot, name, item) < 1 {
            return Ok(false);
        }
        self.bag_change(snapshot, name, durable, item.clone(), -1)?;
        Ok(true)
    }

    fn bag_change(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        item: Value,
        by: i64,
    ) -> Result<(), ChangeError> {
        let overflow = || ChangeError::Overflow { name: name.to_owned() };
        let count = self.count_of(snapshot, name, &item);
        count.checked_add(by).ok_or_else(overflow)?;
        let work = match self.begin(snapshot, name, durable, || Work::Bag(BTreeMap::new())) {
            Work::Bag(work) => work,
            other => return Err(other_kind(name, Kind::Bag, other)),
        };
        let text = Arc::clone(item.json());
        let own = work.entry(text).or_insert(BagWork { item, delta: 0, floor: 0 });
        if by < 0 {
            // One must be left when all that this unit did before is done.
            own.floor = own.floor.max(1_i64.saturating_sub(own.delta));
        }
        own.delta = own.delta.checked_add(by).ok_or_else(overflow)?;
        Ok(())
    }

    fn count_of(&self, snapshot: &Snapshot, name: &str, item: &Value) -> i64 {
        let stored = self.bag_ground(snapshot, name).and_then(|bag| bag.get(item.json()));
        let own = self.bag_work(name).and_then(|work| work.get(item.json()));
        stored.map_or(0, |item| item.count).saturating_add(own.map_or(0, |own| own.delta))
    }

    fn bag_ground<'s>(&self, snapshot: &'s Snapshot, name: &str) -> Option<&'s Bag> {
        match &self.ground(snapshot, name)?.content {
            Content::Bag(items) => Some(items),
            _ => None,
        }
    }

    fn bag_work(&self, name: &str) -> Option<&BTreeMap<Arc<str>, BagWork>> {
        match self.work(name)? {
            Work::Bag(work) => Some(work),
            _ => None,
        }
    }
}
