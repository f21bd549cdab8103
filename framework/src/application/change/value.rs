//! Plain values.

use super::{Base, ChangeError, Changes, KindError, VALUE_MAX, Work, check_size};
use crate::application::cell::{Content, Kind};
use crate::application::snapshot::Snapshot;
use crate::application::value::Value;

impl Changes {
    /// The value the unit sees.
    pub(crate) fn value<'a>(&'a self, snapshot: &'a Snapshot, name: &str) -> Result<Option<&'a Value>, ChangeError> {
        let found = match self.work(name) {
            Some(Work::Put { value, .. }) => return Ok(Some(value)),
            Some(work) => work.kind(),
            // The way of most reads: one look into the snapshot.
            None => match self.ground(snapshot, name).map(|cell| &cell.content) {
                None => return Ok(None),
                Some(Content::Value(value)) => return Ok(Some(value)),
                Some(other) => other.kind(),
            },
        };
        Err(KindError { name: name.to_owned(), wanted: Kind::Value, found }.into())
    }

    /// Replaces the value, or makes the variable.
    pub(crate) fn put(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        value: Value,
    ) -> Result<(), ChangeError> {
        let base = self.base_of(snapshot.get(name).map(|cell| cell.version));
        self.put_on(snapshot, name, durable, value, base)
    }

    /// Makes the variable if the unit sees none (A8); false if it sees one. Somebody else making it
    /// meanwhile is a conflict, also where otherwise the last writer wins.
    pub(crate) fn put_if_absent(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        value: Value,
    ) -> Result<bool, ChangeError> {
        if self.value(snapshot, name)?.is_some() {
            return Ok(false);
        }
        self.put_on(snapshot, name, durable, value, Base::Absent)?;
        Ok(true)
    }

    fn put_on(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        durable: bool,
        value: Value,
        base: Base,
    ) -> Result<(), ChangeError> {
        self.check(snapshot, name, durable, Kind::Value)?;
        check_size(name, &value, VALUE_MAX)?;
        let work = self.begin(snapshot, name, durable, || Work::Put { value: value.clone(), base });
        // What was put before keeps its base: that of the first write.
        if let Work::Put { value: put, .. } = work {
            *put = value;
        }
        Ok(())
    }
}
