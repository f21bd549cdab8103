//! What a table of locks should do, written as plainly as possible: lists, searched from the front.

use super::*;

/// A request for a lock, numbered in order of arrival.
pub(super) type Caller = usize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted { warned: bool },
    Waits { warned: bool },
    Held,
    Upgrade,
    OutOfOrder,
    AlreadyWaiting,
    Circle,
    TooMany,
}

#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub(super) owner: Owner,
    pub(super) name: LockName,
    pub(super) mode: Mode,
    pub(super) count: usize,
    /// Who waited for it, if anyone had to.
    pub(super) caller: Option<Caller>,
}

#[derive(Debug, Clone)]
pub(super) struct Wait {
    pub(super) caller: Caller,
    pub(super) owner: Owner,
    pub(super) name: LockName,
    pub(super) mode: Mode,
}

/// All holds in the order they were granted, all waits in the order they began.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) rules: Rules,
    pub(super) holds: Vec<Hold>,
    pub(super) waits: Vec<Wait>,
    pub(super) counts: Status,
}

fn conflict(left: Mode, right: Mode) -> bool {
    !(left == ReadOnly && right == ReadOnly)
}

impl Model {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, holds: Vec::new(), waits: Vec::new(), counts: Status::default() }
    }

    pub(super) fn acquire(&mut self, wish: Wait, may_wait: bool) -> Verdict {
        if let Some(hold) = self.holds.iter_mut().find(|hold| hold.owner == wish.owner && hold.name == wish.name) {
            if hold.mode == ReadOnly && wish.mode == Exclusive {
                self.counts.deadlocks_total += 1;
                return Verdict::Upgrade;
            }
            hold.count += 1;
            return Verdict::Granted { warned: false };
        }
        let wider = |hold: &Hold| {
            hold.owner == wish.owner && wish.name.rank().is_some_and(|rank| hold.name.rank() > Some(rank))
        };
        let warned = self.holds.iter().any(wider);
        if warned && self.rules.strict {
            return Verdict::OutOfOrder;
        }
        let ahead = self.waits.iter().filter(|wait| wait.name == wish.name).count();
        if ahead == 0 && self.fits(&wish) {
            self.grant(wish, false);
            return Verdict::Granted { warned };
        }
        if !may_wait {
            return Verdict::Held;
        }
        if self.waits.iter().any(|wait| wait.owner == wish.owner) {
            return Verdict::AlreadyWaiting;
        }
        let owner = wish.owner;
        self.waits.push(wish);
        let refusal = if self.waits_for(owner, owner) {
            self.counts.deadlocks_total += 1;
            Verdict::Circle
        } else if ahead >= self.rules.waiters_max {
            Verdict::TooMany
        } else {
            self.counts.waited_total += 1;
            return Verdict::Waits { warned };
        };
        self.waits.pop();
        refusal
    }

    /// Whom an owner waits for without anyone between: who holds what it wants, or is ahead, in a mode that conflicts.
    fn stands_in_the_way_of(&self, owner: Owner) -> Vec<Owner> {
        let Some(place) = self.waits.iter().position(|wait| wait.owner == owner) else {
            return Vec::new();
        };
        let wait = &self.waits[place];
        let holders = self.holds.iter().map(|hold| (hold.owner, &hold.name, hold.mode));
        let ahead = self.waits[..place].iter().map(|ahead| (ahead.owner, &ahead.name, ahead.mode));
        let in_the_way =
            holders.chain(ahead).filter(|(_, name, mode)| **name == wait.name && conflict(*mode, wait.mode));
        in_the_way.map(|(owner, ..)| owner).collect()
    }

    /// Whether `owner` waits for `other`, itself or through others.
    pub(super) fn waits_for(&self, owner: Owner, other: Owner) -> bool {
        let mut reached = self.stands_in_the_way_of(owner);
        let mut looked_at = 0;
        while looked_at < reached.len() {
            for next in self.stands_in_the_way_of(reached[looked_at]) {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            looked_at += 1;
        }
        reached.contains(&other)
    }

    fn fits(&self, wish: &Wait) -> bool {
        !self.holds.iter().any(|hold| hold.name == wish.name && conflict(hold.mode, wish.mode))
    }

    fn grant(&mut self, wish: Wait, waited: bool) {
        let Wait { caller, owner, name, mode } = wish;
        self.holds.push(Hold { owner, name, mode, count: 1, caller: waited.then_some(caller) });
        self.counts.granted_total += 1;
    }

    /// Grants to the first in the queue of a name as long as that is possible.
    fn serve(&mut self, name: &LockName) -> Vec<Caller> {
        let mut granted = Vec::new();
        while let Some(place) = self.waits.iter().position(|wait| wait.name == *name)
            && self.fits(&self.waits[place])
        {
            let wait = self.waits.remove(place);
            granted.push(wait.caller);
            self.grant(wait, true);
        }
        granted
    }

    /// None: it was not held.
    pub(super) fn release(&mut self, owner: Owner, name: &LockName) -> Option<Vec<Caller>> {
        let place = self.holds.iter().position(|hold| hold.owner == owner && hold.name == *name)?;
        self.holds[place].count -= 1;
        if self.holds[place].count > 0 {
            return Some(Vec::new());
        }
        self.holds.remove(place);
        Some(self.serve(name))
    }

    /// Those granted, and the owner's own wait.
    pub(super) fn release_all(&mut self, owner: Owner) -> (Vec<Caller>, Option<Caller>) {
        let mut granted = Vec::new();
        let turned_away = self.waits.iter().position(|wait| wait.owner == owner).map(|place| self.waits.remove(place));
        if let Some(wait) = &turned_away {
            granted.append(&mut self.serve(&wait.name));
        }
        while let Some(place) = self.holds.iter().rposition(|hold| hold.owner == owner) {
            let hold = self.holds.remove(place);
            granted.append(&mut self.serve(&hold.name));
        }
        (granted, turned_away.map(|wait| wait.caller))
    }

    /// Those granted, if the caller was waiting.
    pub(super) fn cancel(&mut self, caller: Caller) -> Option<Vec<Caller>> {
        let place = self.waits.iter().position(|wait| wait.caller == caller)?;
        let wait = self.waits.remove(place);
        Some(self.serve(&wait.name))
    }

    pub(super) fn status(&self) -> Status {
        let is_named = |name: &&LockName| **name != LockName::APPLICATION;
        let held = self.holds.iter().map(|hold| &hold.name).filter(is_named);
        let waiting = self.waits.iter().map(|wait| &wait.name).filter(is_named);
        let names: BTreeSet<_> = held.clone().chain(waiting.clone()).collect();
        Status { names: names.len(), held: held.count(), waiting: waiting.count(), ..self.counts }
    }
}
