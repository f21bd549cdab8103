//! All variables as they stood at one moment.

use std::sync::Arc;

use rpds::HashTrieMapSync;

use super::cell::Cell;

/// Names come from authors, so the hasher need not stand up to chosen names; it is seeded anyway.
type Hasher = foldhash::fast::RandomState;

/// One consistent copy of all variables.
///
/// It never changes; the next one shares with it whatever stayed the same.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    version: u64,
    cells: HashTrieMapSync<Arc<str>, Arc<Cell>, Hasher>,
}

impl Snapshot {
    /// Nothing at all.
    pub(crate) fn empty() -> Self {
        Self { version: 0, cells: HashTrieMapSync::new_with_hasher_and_ptr_kind(Hasher::default()) }
    }

    /// The variables as they were loaded.
    pub(crate) fn from_cells(cells: impl IntoIterator<Item = (Arc<str>, Cell)>) -> Self {
        let mut snapshot = Self::empty();
        for (name, cell) in cells {
            snapshot.version = snapshot.version.max(cell.largest_number());
            snapshot.cells.insert_mut(name, Arc::new(cell));
        }
        snapshot
    }

    /// Grows from one published snapshot to the next.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Cell>> {
        self.cells.get(name)
    }

    /// The variable's own copy of its name, and the variable.
    pub(crate) fn get_entry(&self, name: &str) -> Option<(&Arc<str>, &Arc<Cell>)> {
        self.cells.get_key_value(name)
    }

    /// All variables, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Cell>)> {
        self.cells.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.size()
    }

    /// The next snapshot: this one with some variables changed or, where `None`, removed.
    pub(super) fn with(&self, version: u64, changed: impl IntoIterator<Item = (Arc<str>, Option<Arc<Cell>>)>) -> Self {
        let mut cells = self.cells.clone();
        for (name, cell) in changed {
            match cell {
                Some(cell) => cells.insert_mut(name, cell),
                None => {
                    cells.remove_mut(&name);
                }
            }
        }
        Self { version, cells }
    }
}
