//! The conflict-free types as a unit of work sees them (G14, G15).

use super::part::Part;
use super::stored::{decoded, encoded};
use super::{ApplicationError, RcBag, RcCounter, RcMap, RcQueue, Stored, Value};

/// A counter in a unit of work. Units that add to it never conflict.
#[must_use = "looking at a counter changes nothing"]
#[derive(Debug)]
pub struct CounterView<'v>(Of<'v>);

/// A queue in a unit of work. Units that add to it never conflict; two that take the same item do.
#[must_use = "looking at a queue changes nothing"]
#[derive(Debug)]
pub struct QueueView<'v, T> {
    of: Of<'v>,
    _declared: &'v RcQueue<T>,
}

/// A map in a unit of work. Units that write different keys never conflict.
#[must_use = "looking at a map changes nothing"]
#[derive(Debug)]
pub struct MapView<'v, T> {
    of: Of<'v>,
    _declared: &'v RcMap<T>,
}

/// A bag in a unit of work. Units conflict only where two remove the last of the same thing.
#[must_use = "looking at a bag changes nothing"]
#[derive(Debug)]
pub struct BagView<'v, T> {
    of: Of<'v>,
    _declared: &'v RcBag<T>,
}

/// One variable of a unit.
struct Of<'v> {
    part: &'v mut Part,
    name: &'static str,
    durable: bool,
}

impl std::fmt::Debug for Of<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Of<'_> {
    fn decoded<T: Stored>(&self, value: Option<&Value>) -> Result<Option<T>, ApplicationError> {
        value.map(|value| decoded(self.name, value)).transpose()
    }
}

impl<'v> CounterView<'v> {
    pub(super) fn new(part: &'v mut Part, counter: &'v RcCounter) -> Self {
        Self(Of { part, name: counter.name(), durable: counter.is_durable() })
    }

    /// What it counts, this unit's own changes included; 0 where nobody counted yet.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn value(&mut self) -> Result<i64, ApplicationError> {
        let name = self.0.name;
        let (snapshot, changes) = self.0.part.view();
        Ok(changes.counter(snapshot, name)?)
    }

    /// Adds to it, or takes away.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] beyond the range of 64 bits.
    pub fn add(&mut self, amount: i64) -> Result<(), ApplicationError> {
        let (name, durable) = (self.0.name, self.0.durable);
        let (snapshot, changes) = self.0.part.view();
        Ok(changes.count(snapshot, name, durable, amount)?)
    }

    /// Takes `amount` away if there is as much; tells whether it did. Asked again of the merged
    /// count at commit: where others were first and too little is left, the request runs again and
    /// sees that (G15).
    ///
    /// # Errors
    /// As [`CounterView::add`].
    pub fn decrement_if_ge(&mut self, amount: u64) -> Result<bool, ApplicationError> {
        let (name, durable) = (self.0.name, self.0.durable);
        let (snapshot, changes) = self.0.part.view();
        Ok(changes.decrement_if_ge(snapshot, name, durable, amount)?)
    }
}

impl<'v, T: Stored> QueueView<'v, T> {
    pub(super) fn new(part: &'v mut Part, queue: &'v RcQueue<T>) -> Self {
        Self { of: Of { part, name: queue.name(), durable: queue.is_durable() }, _declared: queue }
    }

    /// Adds an item at the end.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] for an item above 64 KiB of JSON.
    pub fn push(&mut self, item: &T) -> Result<(), ApplicationError> {
        let (name, durable) = (self.of.name, self.of.durable);
        let item = encoded(name, item)?;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.queue_push(snapshot, name, durable, item)?)
    }

    /// Takes the first item.
    ///
    /// # Errors
    /// [`ApplicationError::EmptyQueue`] where there is none.
    pub fn pop(&mut self) -> Result<T, ApplicationError> {
        self.pop_if_any()?.ok_or_else(|| ApplicationError::EmptyQueue { name: self.of.name.to_owned() })
    }

    /// Takes the first item, if there is one.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn pop_if_any(&mut self) -> Result<Option<T>, ApplicationError> {
        let (name, durable) = (self.of.name, self.of.durable);
        let (snapshot, changes) = self.of.part.view();
        let item = changes.queue_pop(snapshot, name, durable)?;
        self.of.decoded(item.as_ref())
    }

    /// The first item, which stays.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn peek(&mut self) -> Result<Option<T>, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        let item = changes.queue_peek(snapshot, name)?;
        self.of.decoded(item.as_ref())
    }

    /// All items, the first in front.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn items(&mut self) -> Result<Vec<T>, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        changes.queue_items(snapshot, name)?.iter().map(|item| decoded(name, item)).collect()
    }

    /// How many items there are.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn len(&mut self) -> Result<usize, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.queue_len(snapshot, name)?)
    }

    /// Whether there is no item.
    ///
    /// # Errors
    /// As [`QueueView::len`].
    pub fn is_empty(&mut self) -> Result<bool, ApplicationError> {
        Ok(self.len()? == 0)
    }
}

impl<'v, T: Stored> MapView<'v, T> {
    pub(super) fn new(part: &'v mut Part, map: &'v RcMap<T>) -> Self {
        Self { of: Of { part, name: map.name(), durable: map.is_durable() }, _declared: map }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn get(&mut self, key: &str) -> Result<Option<T>, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        let value = changes.map_value(snapshot, name, key)?.cloned();
        self.of.decoded(value.as_ref())
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] for a key above 200 bytes or a value above 64 KiB of JSON.
    pub fn put(&mut self, key: &str, value: &T) -> Result<(), ApplicationError> {
        let (name, durable) = (self.of.name, self.of.durable);
        let value = encoded(name, value)?;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.map_put(snapshot, name, durable, key, value)?)
    }

    /// Removes a key; tells whether it was there.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn remove(&mut self, key: &str) -> Result<bool, ApplicationError> {
        let (name, durable) = (self.of.name, self.of.durable);
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.map_remove(snapshot, name, durable, key)?)
    }

    /// How many keys there are.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn len(&mut self) -> Result<usize, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.map_len(snapshot, name)?)
    }

    /// Whether there is no key.
    ///
    /// # Errors
    /// As [`MapView::len`].
    pub fn is_empty(&mut self) -> Result<bool, ApplicationError> {
        Ok(self.len()? == 0)
    }

    /// All keys and values, by key.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn entries(&mut self) -> Result<Vec<(String, T)>, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        let entries = changes.map_entries(snapshot, name)?;
        entries.iter().map(|(key, value)| Ok((key.to_string(), decoded(name, value)?))).collect()
    }
}

impl<'v, T: Stored> BagView<'v, T> {
    pub(super) fn new(part: &'v mut Part, bag: &'v RcBag<T>) -> Self {
        Self { of: Of { part, name: bag.name(), durable: bag.is_durable() }, _declared: bag }
    }

    /// Adds a thing.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] for a thing above 2,000 bytes of JSON.
    pub fn add(&mut self, thing: &T) -> Result<(), ApplicationError> {
        let (name, durable) = (self.of.name, self.of.durable);
        let thing = encoded(name, thing)?;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.bag_add(snapshot, name, durable, thing)?)
    }

    /// Removes one of a thing; tells whether there was one.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn remove(&mut self, thing: &T) -> Result<bool, ApplicationError> {
        let (name, durable) = (self.of.name, self.of.durable);
        let thing = encoded(name, thing)?;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.bag_remove(snapshot, name, durable, &thing)?)
    }

    /// How many of a thing there are.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn count(&mut self, thing: &T) -> Result<u64, ApplicationError> {
        let name = self.of.name;
        let thing = encoded(name, thing)?;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.bag_count(snapshot, name, &thing)?)
    }

    /// All things, and how many there are of each.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn items(&mut self) -> Result<Vec<(T, u64)>, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        changes.bag_items(snapshot, name)?.iter().map(|(thing, count)| Ok((decoded(name, thing)?, *count))).collect()
    }

    /// How many things there are in all.
    ///
    /// # Errors
    /// As [`BagView::items`].
    pub fn len(&mut self) -> Result<u64, ApplicationError> {
        let name = self.of.name;
        let (snapshot, changes) = self.of.part.view();
        Ok(changes.bag_items(snapshot, name)?.iter().map(|(_, count)| count).sum())
    }

    /// Whether there is nothing in it.
    ///
    /// # Errors
    /// As [`BagView::len`].
    pub fn is_empty(&mut self) -> Result<bool, ApplicationError> {
        Ok(self.len()? == 0)
    }
}
