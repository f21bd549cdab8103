//! Conflict-free queues: any number of producers; consumers conflict with one another only.

use std::ops::Bound;

use super::{ChangeError, Changes, QueueWork, VALUE_MAX, Work, check_size, other_kind};
use crate::application::cell::{Content, Kind, Queue};
use crate::application::snapshot::Snapshot;
use crate::application::value::Value;

impl Changes {
    /// How many items the unit sees.
    pub(crate) fn queue_len(&self, snapshot: &Snapshot, name: &str) -> Result<usize, ChangeError> {
        self.expect(snapshot, name, Kind::Queue)?;
        let stored = self.queue_ground(snapshot, name).map_or(0, Queue::size);
        let (pushes, pops) = self.queue_work(name).map_or((0, 0), |work| (work.pushes.len(), work.pops.len()));
        Ok((stored + pushes).saturating_sub(pops))
    }

    /// The item [`queue_pop`](Self::queue_pop) would take.
    pub(crate) fn queue_peek(&self, snapshot: &Snapshot, name: &str) -> Result<Option<Value>, ChangeError> {
        self.expect(snapshot, name, Kind::Queue)?;
        let stored = self.first_stored(snapshot, name).map(|(_, item)| item);
        Ok(stored.or_else(|| self.queue_work(name)?.pushes.front().cloned()))
    }

    /// The items the unit sees, the first in front.
    pub(crate) fn queue_items(&self, snapshot: &Snapshot, name: &str) -> Result<Vec<Value>, ChangeError> {
        self.expect(snapshot, name, Kind::Queue)?;
        let taken = self.queue_work(name).map_or(0, |work| work.pops.len());
        let stored = self.queue_ground(snapshot, name).into_iter().flat_map(Queue::values).skip(taken);
        let pushed = self.queue_work(name).into_iter().flat_map(|work| &work.pushes);
        Ok(stored.chain(pushed).cloned().collect())
    }

    /// Adds an item at the end. Never a conflict.
    pub(crate) fn queue_push(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        item: Value,
    ) -> Result<(), ChangeError> {
        self.check(snapshot, name, durable, Kind::Queue)?;
        check_size(name, &item, VALUE_MAX)?;
        match self.begin(snapshot, name, durable, || Work::Queue(QueueWork::default())) {
            Work::Queue(work) => work.pushes.push_back(item),
            other => return Err(other_kind(name, Kind::Queue, other)),
        }
        Ok(())
    }

    /// Takes the first item; `None`, and nothing noted, if the unit sees none. An item another unit
    /// took meanwhile is a conflict.
    pub(crate) fn queue_pop(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
    ) -> Result<Option<Value>, ChangeError> {
        self.check(snapshot, name, durable, Kind::Queue)?;
        let stored = self.first_stored(snapshot, name);
        if stored.is_none() && self.queue_work(name).is_none_or(|work| work.pushes.is_empty()) {
            return Ok(None);
        }
        let work = match self.begin(snapshot, name, durable, || Work::Queue(QueueWork::default())) {
            Work::Queue(work) => work,
            other => return Err(other_kind(name, Kind::Queue, other)),
        };
        Ok(match stored {
            Some((position, item)) => {
                work.pops.push(position);
                Some(item)
            }
            None => work.pushes.pop_front(),
        })
    }

    /// The first item of the view that the unit has not taken. It takes them in order, so everything
    /// up to its last one is taken.
    fn first_stored(&self, snapshot: &Snapshot, name: &str) -> Option<(u64, Value)> {
        let taken = self.queue_work(name).and_then(|work| work.pops.last());
        let from = taken.map_or(Bound::Unbounded, |position| Bound::Excluded(*position));
        let (position, item) = self.queue_ground(snapshot, name)?.range((from, Bound::Unbounded)).next()?;
        Some((*position, item.clone()))
    }

    fn queue_ground<'s>(&self, snapshot: &'s Snapshot, name: &str) -> Option<&'s Queue> {
        match &self.ground(snapshot, name)?.content {
            Content::Queue(items) => Some(items),
            _ => None,
        }
    }

    fn queue_work(&self, name: &str) -> Option<&QueueWork> {
        match self.work(name)? {
            Work::Queue(work) => Some(work),
            _ => None,
        }
    }
}
