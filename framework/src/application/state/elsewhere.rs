//! What other nodes committed.
//!
//! What is read of the database contains the own transactions that had committed by then and no others, and the log of
//! changes says which those are. So what is published here after a look is: what was read, and on top of it what this node
//! has published without its being in there.

use std::sync::Arc;

use super::{ApplicationState, TxId};
use crate::application::cell::Cell;
use crate::application::snapshot::Snapshot;

impl ApplicationState {
    /// Takes over what the database said of some variables at a moment when the own transactions `seen`, and all that were
    /// named before, had committed and no others.
    pub(crate) fn catch_up(&mut self, cells: Vec<(Arc<str>, Option<Cell>)>, seen: &[TxId]) -> Arc<Snapshot> {
        for tx in seen {
            // Committed, though nobody has said so here: all of it becomes visible, not only what was read.
            self.publish(*tx);
        }
        self.unseen.retain(|(tx, _)| !seen.contains(tx));
        if cells.is_empty() {
            return Arc::clone(&self.published);
        }
        let names: Vec<Arc<str>> = cells.iter().map(|(name, _)| Arc::clone(name)).collect();
        self.replace(cells);
        let unseen = std::mem::take(&mut self.unseen);
        for (_, nets) in &unseen {
            self.apply_where(nets, |name| names.contains(name));
        }
        self.unseen = unseen;
        Arc::clone(&self.published)
    }

    /// Of the own transactions that the log names, those that nobody here knows to have committed: what they changed has
    /// to be read.
    pub(crate) fn unknown(&self, named: &[TxId]) -> Vec<TxId> {
        let known = |tx: &TxId| self.open.contains_key(tx) || self.unseen.iter().any(|(unseen, _)| unseen == tx);
        named.iter().copied().filter(|tx| !known(tx)).collect()
    }

    /// Starts anew as another node, with everything the database has; the own transactions `seen` had committed.
    pub(crate) fn start_anew(&mut self, snapshot: &Snapshot, node: u64, seen: &[TxId]) -> Arc<Snapshot> {
        for tx in seen {
            self.open.remove(tx);
        }
        self.unseen.clear();
        self.numbers.of_node(node);
        let gone = self.published.iter().filter(|(name, cell)| cell.durable && snapshot.get(name).is_none());
        let mut cells: Vec<(Arc<str>, Option<Cell>)> = gone.map(|(name, _)| (Arc::clone(name), None)).collect();
        cells.extend(snapshot.iter().map(|(name, cell)| (Arc::clone(name), Some(Cell::clone(cell)))));
        self.reload(cells)
    }
}
