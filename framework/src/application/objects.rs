//! Who holds the object lock of which variable (G9-G11), and who is in line for several of them.
//!
//! An object lock is never waited for: who is denied runs again later. A *claim* is how such a unit gets its turn: it
//! asks for all its names at once before it starts, and waits in the order of arrival. A claim is granted as soon as
//! it is the first in line for each of its names and none of them is held. The oldest claim is first everywhere, and
//! only who holds nothing may wait, so nobody waits in a circle.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::locks::Owner;

/// How an attempt to lock a variable ended (G10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a changed lock is held as well and has to be released"]
pub(crate) enum ObjectLock {
    Granted,
    /// Held by this owner, or this owner's claim comes first.
    Denied {
        holder: Owner,
    },
    /// Granted, and *held*, but the variable is not what the unit has seen.
    Changed,
}

impl ObjectLock {
    /// Whether it has to be released.
    #[cfg(test)]
    pub(crate) fn is_held(self) -> bool {
        !matches!(self, Self::Denied { .. })
    }
}

/// How a claim began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a granted claim has to be released"]
pub(crate) enum Claim {
    Granted,
    Queued,
    /// The owner holds or waits for others already; to wait on top of that might never end.
    Refused,
}

#[derive(Debug, Default)]
pub(super) struct Objects {
    by_name: HashMap<Arc<str>, Object>,
    held: HashMap<Owner, BTreeSet<Arc<str>>>,
    /// Claims that wait, in order of arrival.
    claims: BTreeMap<u64, Waiting>,
    waiting: HashMap<Owner, u64>,
    next_claim: u64,
}

#[derive(Debug, Default)]
struct Object {
    holder: Option<Owner>,
    /// Claims that wait for it.
    line: BTreeSet<u64>,
}

#[derive(Debug)]
struct Waiting {
    owner: Owner,
    names: BTreeSet<Arc<str>>,
}

impl Objects {
    /// Takes the lock, or tells who is in the way.
    pub(super) fn lock(&mut self, owner: Owner, name: &str) -> Option<Owner> {
        if let Some(object) = self.by_name.get(name) {
            match object.holder {
                Some(holder) if holder == owner => return None,
                Some(holder) => return Some(holder),
                None => {}
            }
            // Nobody overtakes those in line.
            let first = object.line.first().and_then(|claim| self.claims.get(claim));
            if let Some(claim) = first.filter(|claim| claim.owner != owner) {
                return Some(claim.owner);
            }
        }
        self.hold(owner, &name.into());
        None
    }

    pub(super) fn claim(&mut self, owner: Owner, names: &[Arc<str>]) -> Claim {
        let names: BTreeSet<Arc<str>> = names.iter().cloned().collect();
        if self.waiting.contains_key(&owner) {
            return Claim::Refused;
        }
        let own = self.held.get(&owner);
        let free = |name| match self.by_name.get(name) {
            Some(object) => object.line.is_empty() && object.holder.is_none(),
            None => true,
        };
        if names.iter().all(|name| own.is_some_and(|own| own.contains(name)) || free(name)) {
            for name in &names {
                self.hold(owner, name);
            }
            return Claim::Granted;
        }
        if own.is_some() {
            return Claim::Refused;
        }
        self.next_claim += 1;
        for name in &names {
            self.by_name.entry(Arc::clone(name)).or_default().line.insert(self.next_claim);
        }
        self.waiting.insert(owner, self.next_claim);
        self.claims.insert(self.next_claim, Waiting { owner, names });
        Claim::Queued
    }

    pub(super) fn release(&mut self, owner: Owner) -> Vec<Owner> {
        let mut freed = self.leave_line(owner);
        for name in self.held.remove(&owner).unwrap_or_default() {
            if let Some(object) = self.by_name.get_mut(&name) {
                object.holder = None;
            }
            freed.insert(name);
        }
        self.hand_on(&freed)
    }

    #[cfg(test)]
    pub(super) fn cancel_claim(&mut self, owner: Owner) -> Vec<Owner> {
        let freed = self.leave_line(owner);
        self.hand_on(&freed)
    }

    pub(super) fn is_held_by_other(&self, name: &str, owner: Owner) -> bool {
        self.by_name.get(name).and_then(|object| object.holder).is_some_and(|holder| holder != owner)
    }

    pub(super) fn holders(&self) -> Vec<(Arc<str>, Owner)> {
        let held = self.by_name.iter().filter_map(|(name, object)| Some((Arc::clone(name), object.holder?)));
        let mut holders: Vec<_> = held.collect();
        holders.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        holders
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty() && self.held.is_empty() && self.claims.is_empty() && self.waiting.is_empty()
    }

    fn hold(&mut self, owner: Owner, name: &Arc<str>) {
        self.by_name.entry(Arc::clone(name)).or_default().holder = Some(owner);
        self.held.entry(owner).or_default().insert(Arc::clone(name));
    }

    /// Takes an owner's claim out of all lines; tells the names it stood in line for.
    fn leave_line(&mut self, owner: Owner) -> BTreeSet<Arc<str>> {
        let Some(number) = self.waiting.remove(&owner) else { return BTreeSet::new() };
        let Some(claim) = self.claims.remove(&number) else { return BTreeSet::new() };
        for name in &claim.names {
            if let Some(object) = self.by_name.get_mut(name) {
                object.line.remove(&number);
            }
        }
        claim.names
    }

    /// Grants what the names that became free allow, the oldest claim first. Only claims that are first in line for
    /// one of those names can have become grantable.
    fn hand_on(&mut self, freed: &BTreeSet<Arc<str>>) -> Vec<Owner> {
        let first = |name| self.by_name.get(name)?.line.first().copied();
        let candidates: BTreeSet<u64> = freed.iter().filter_map(first).collect();
        let mut granted = Vec::new();
        for number in candidates {
            let Some(owner) = self.grantable(number) else { continue };
            for name in self.leave_line(owner) {
                self.hold(owner, &name);
            }
            granted.push(owner);
        }
        for name in freed {
            if self.by_name.get(name).is_some_and(|object| object.holder.is_none() && object.line.is_empty()) {
                self.by_name.remove(name);
            }
        }
        granted
    }

    fn grantable(&self, number: u64) -> Option<Owner> {
        let claim = self.claims.get(&number)?;
        let mine = |name| match self.by_name.get(name) {
            Some(object) => object.line.first() == Some(&number) && object.holder.is_none_or(|it| it == claim.owner),
            None => false,
        };
        claim.names.iter().all(mine).then_some(claim.owner)
    }
}
