//! One name: who holds it, and who waits for it in which order.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::locks::{Holding, LedgerRow, LockName, Mode, Owner, Party, Queued};

#[derive(Debug)]
pub(super) struct Hold {
    /// In the order of grants.
    pub(super) number: u64,
    /// The ticket it was waited with, if anyone had to wait.
    pub(super) ticket: Option<u64>,
    pub(super) party: Party,
    pub(super) since: Instant,
    pub(super) count: usize,
}

#[derive(Debug)]
pub(super) struct Waiter<W> {
    pub(super) party: Party,
    pub(super) mode: Mode,
    pub(super) since: Instant,
    pub(super) waiter: W,
}

/// What taking again came to.
pub(super) enum Again {
    NotHeld,
    Counted,
    NeedsUpgrade,
}

/// What giving back once came to.
pub(super) enum Left {
    NotHeld,
    StillHeld,
    Gone(Hold),
}

#[derive(Debug)]
pub(super) struct Entry<W> {
    /// The mode it is held in; one for all holders.
    mode: Mode,
    holders: BTreeMap<Owner, Hold>,
    /// Keyed by number, that is by arrival: the first is the next to be served, any is removed without a search.
    queue: BTreeMap<u64, Waiter<W>>,
}

impl<W> Default for Entry<W> {
    fn default() -> Self {
        Self { mode: Mode::default(), holders: BTreeMap::new(), queue: BTreeMap::new() }
    }
}

impl<W> Entry<W> {
    /// Who keeps somebody new from having the lock at once; if only those who wait do, still one who holds it.
    pub(super) fn blocker(&self, mode: Mode) -> Option<&Party> {
        if self.queue.is_empty() && self.fits(mode) { None } else { self.parties().next() }
    }

    fn fits(&self, mode: Mode) -> bool {
        self.holders.is_empty() || !mode.conflicts(self.mode)
    }

    pub(super) fn is_unused(&self) -> bool {
        self.holders.is_empty() && self.queue.is_empty()
    }

    pub(super) fn held(&self) -> usize {
        self.holders.len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn hold(&self, owner: Owner) -> Option<&Hold> {
        self.holders.get(&owner)
    }

    pub(super) fn grant(&mut self, hold: Hold, mode: Mode) {
        debug_assert!(self.fits(mode), "granted in spite of its holders");
        self.mode = mode;
        self.holders.insert(hold.party.owner, hold);
    }

    /// Counts once more, for a holder whose mode covers what it asks for.
    pub(super) fn take_again(&mut self, owner: Owner, mode: Mode) -> Again {
        match self.holders.get_mut(&owner) {
            None => Again::NotHeld,
            Some(_) if self.mode == Mode::ReadOnly && mode == Mode::Exclusive => Again::NeedsUpgrade,
            Some(hold) => {
                hold.count += 1;
                Again::Counted
            }
        }
    }

    pub(super) fn leave(&mut self, owner: Owner) -> Left {
        match self.holders.get_mut(&owner) {
            None => Left::NotHeld,
            Some(hold) if hold.count > 1 => {
                hold.count -= 1;
                Left::StillHeld
            }
            Some(_) => self.remove(owner).map_or(Left::NotHeld, Left::Gone),
        }
    }

    pub(super) fn remove(&mut self, owner: Owner) -> Option<Hold> {
        self.holders.remove(&owner)
    }

    pub(super) fn queue(&mut self, number: u64, waiter: Waiter<W>) {
        self.queue.insert(number, waiter);
    }

    pub(super) fn unqueue(&mut self, number: u64) -> Option<Waiter<W>> {
        self.queue.remove(&number)
    }

    /// Takes the first in the queue if it can have the lock now.
    pub(super) fn take_next(&mut self) -> Option<(u64, Waiter<W>)> {
        let (_, first) = self.queue.first_key_value()?;
        if self.fits(first.mode) { self.queue.pop_first() } else { None }
    }

    /// Those in the queue, in order.
    pub(super) fn waiters(&self) -> impl Iterator<Item = &Party> {
        self.queue.values().map(|waiter| &waiter.party)
    }

    /// The holders, the oldest unit of work first.
    pub(super) fn parties(&self) -> impl Iterator<Item = &Party> {
        self.holders.values().map(|hold| &hold.party)
    }

    pub(super) fn exclusive_holder(&self) -> Option<&Party> {
        if self.mode == Mode::Exclusive { self.parties().next() } else { None }
    }

    pub(super) fn row(&self, name: &LockName) -> LedgerRow {
        let mut holds: Vec<_> = self.holders.values().collect();
        holds.sort_by_key(|hold| (hold.since, hold.number));
        let holding = |hold: &Hold| Holding { party: hold.party.clone(), since: hold.since, count: hold.count };
        let queued = |waiter: &Waiter<W>| {
            let Waiter { party, mode, since, waiter: _ } = waiter;
            Queued { party: party.clone(), mode: *mode, since: *since }
        };
        LedgerRow {
            name: name.clone(),
            mode: self.mode,
            holders: holds.into_iter().map(holding).collect(),
            waiters: self.queue.values().map(queued).collect(),
        }
    }
}
