//! The search for requests that would wait in a circle.
//!
//! A waiter waits for all holders of the name it is incompatible with and for all waiters ahead of it that it is
//! incompatible with. The search goes the other way, from who asks to those who wait for it: that way it meets only
//! owners that wait, however many hold something. Two facts make it short:
//!
//! * Everyone in the queue of a name waits for each of its holders, itself or through others. A name that is held
//!   exclusively is incompatible with all; where it is held read-only, the first in the queue is a writer, who waits for
//!   all holders, and for whom all readers behind it wait.
//! * So a wait for a name closes a circle exactly if one of its *holders* waits for who asks. Who is ahead in its queue
//!   waits for the same holders and leads to nothing else.

use std::collections::HashSet;

use super::LockTable;
use super::entry::Entry;
use crate::locks::{Deadlock, LockName, Owner, Party};

impl<W> LockTable<W> {
    /// Tells whether a wait of `waiter` for `wanted` would close a circle, and which.
    pub(super) fn circle(&self, waiter: &Party, wanted: &LockName) -> Option<Deadlock> {
        let target = self.names.get(wanted)?;
        let mut seen = HashSet::new();
        // Who waits for `waiter`, and for what of `waiter`'s in the end.
        let mut open: Vec<(Owner, Option<&LockName>)> = vec![(waiter.owner, None)];
        while let Some((owner, held)) = open.pop() {
            for name in self.awaited_and_held_by(owner) {
                if !seen.insert(name) {
                    continue;
                }
                let held = held.unwrap_or(name);
                for next in self.names.get(name).into_iter().flat_map(Entry::waiters) {
                    if target.hold(next.owner).is_some() {
                        return Some(Deadlock {
                            waiter: waiter.clone(),
                            holder: next.clone(),
                            wanted: wanted.clone(),
                            held: held.clone(),
                        });
                    }
                    open.push((next.owner, Some(held)));
                }
            }
        }
        None
    }

    /// The names an owner holds and others wait for, looked for on the shorter side: one owner may hold very many names
    /// that nobody wants.
    fn awaited_and_held_by(&self, owner: Owner) -> Vec<&LockName> {
        let Some(held) = self.owners.held(owner) else {
            return Vec::new();
        };
        if held.len() <= self.awaited.len() {
            return held.values().filter(|name| self.awaited.contains(*name)).collect();
        }
        let is_held = |name: &&LockName| self.names.get(*name).is_some_and(|entry| entry.hold(owner).is_some());
        self.awaited.iter().filter(is_held).collect()
    }
}
