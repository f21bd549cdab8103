//! The bookkeeping of all locks: who holds what, who waits, who is refused.
//!
//! [`LockTable`] is a pure state machine. It neither waits nor wakes nor reads a clock: its shell holds it under a short
//! lock, tells it what happened and *when*, and wakes those whom the answer names after it has let go. `W` stands for a
//! request that waits (the shell stores a channel to it).
//!
//! ```text
//!               ┌─ Granted ─────────────────────► held ── release, release_all
//!   acquire ────┼─ Waiting(Ticket) ► queue ──┬─ granted by release, release_all, cancel or time_out of another
//!               └─ Refused(why)              └─ cancel │ time_out │ release_all of its own
//! ```
//!
//! What it keeps to, at every moment:
//!
//! * A name has one holder, or several that only read.
//! * Nobody overtakes who waits, but a request that takes again what it holds. Nobody waits for what is free.
//! * No requests wait in a circle, so whoever waits is granted once those before it are gone.
//! * An operation costs no more with more names; only a wait that begins looks at others that wait.
//!
//! What it cannot see is a grant whose request is gone. The shell guards every ticket, and a guard that is dropped
//! cancels; after [`Cancelled::Granted`] it releases.

mod circle;
mod entry;
mod outcome;
mod owners;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::time::Instant;

use self::entry::{Again, Entry, Hold, Left, Waiter};
pub(crate) use self::outcome::{Answer, Cancelled, Released, ReleasedAll, Rules, Step, Ticket};
use self::owners::Owners;
use super::{ApplicationLock, LedgerRow, LockError, LockName, Mode, Owner, Party, Status};

/// Decides who gets which lock. See the module's documentation.
#[derive(Debug)]
pub(crate) struct LockTable<W> {
    rules: Rules,
    names: HashMap<LockName, Entry<W>>,
    /// The names somebody waits for: all that the search for circles has to look at.
    awaited: BTreeSet<LockName>,
    owners: Owners,
    /// Numbers waits and grants in one order.
    last_number: u64,
    /// The counts over all names; `names` is read from the table instead.
    counts: Status,
}

/// What can be said of a request before it waits.
enum AtOnce {
    Granted(Option<LockError>),
    Refused(LockError),
    /// Somebody holds it, or waits for it already.
    Busy {
        by: Party,
        warning: Option<LockError>,
    },
}

impl<W> LockTable<W> {
    /// Makes an empty table.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            names: HashMap::new(),
            awaited: BTreeSet::new(),
            owners: Owners::default(),
            last_number: 0,
            counts: Status::default(),
        }
    }

    /// Asks for a lock: it is granted, or refused, or the request gets a place in the queue.
    ///
    /// `wait` makes the two ends of the waiting request and is called only if it waits, under the shell's lock.
    pub(crate) fn acquire<R>(
        &mut self,
        party: &Party,
        name: LockName,
        mode: Mode,
        now: Instant,
        wait: impl FnOnce() -> (W, R),
    ) -> Answer<R> {
        let warning = match self.at_once(party, &name, mode, now) {
            AtOnce::Granted(warning) => return Answer { step: Step::Granted, warning },
            AtOnce::Refused(reason) => return Answer::refused(reason),
            AtOnce::Busy { by: _, warning } => warning,
        };
        if let Err(reason) = self.may_wait(party, &name) {
            return Answer::refused(reason);
        }
        let (waiter, receiver) = wait();
        let ticket = Ticket { number: self.next_number(), owner: party.owner, name };
        self.join(&ticket, Waiter { party: party.clone(), mode, since: now, waiter });
        Answer { step: Step::Waiting(ticket, receiver), warning }
    }

    /// Asks for a lock without waiting: what is not free is refused as [`LockError::Held`].
    pub(crate) fn try_acquire(
        &mut self,
        party: &Party,
        name: LockName,
        mode: Mode,
        now: Instant,
    ) -> Answer<Infallible> {
        match self.at_once(party, &name, mode, now) {
            AtOnce::Granted(warning) => Answer { step: Step::Granted, warning },
            AtOnce::Refused(reason) => Answer::refused(reason),
            AtOnce::Busy { by, warning: _ } => Answer::refused(LockError::Held { name, by }),
        }
    }

    /// Gives a lock back once. Who took it twice holds it until it gave it back twice.
    pub(crate) fn release(&mut self, owner: Owner, name: &LockName, now: Instant) -> Released<W> {
        match self.names.get_mut(name).map_or(Left::NotHeld, |entry| entry.leave(owner)) {
            Left::NotHeld => Released { was_held: false, granted: Vec::new() },
            Left::StillHeld => Released { was_held: true, granted: Vec::new() },
            Left::Gone(hold) => {
                self.note_gone(&hold, name);
                Released { was_held: true, granted: self.serve(name, now) }
            }
        }
    }

    /// Takes everything from an owner whose unit of work is over, the last taken first, its place in a queue included.
    pub(crate) fn release_all(&mut self, owner: Owner, now: Instant) -> ReleasedAll<W> {
        let mut all = ReleasedAll { released: 0, granted: Vec::new(), turned_away: None };
        if let Some((number, name)) = self.owners.awaited(owner) {
            all.turned_away = self.leave_queue(owner, &name, number);
            all.granted.append(&mut self.serve(&name, now));
        }
        while let Some(name) = self.owners.last_held(owner) {
            let Some(hold) = self.names.get_mut(&name).and_then(|entry| entry.remove(owner)) else {
                debug_assert!(false, "{name} is not held by {owner:?}");
                break;
            };
            self.note_gone(&hold, &name);
            all.released += 1;
            all.granted.append(&mut self.serve(&name, now));
        }
        all
    }

    /// Takes a request that went away out of the queue.
    pub(crate) fn cancel(&mut self, ticket: &Ticket, now: Instant) -> Cancelled<W> {
        let Ticket { number, owner, ref name } = *ticket;
        if let Some(waiter) = self.leave_queue(owner, name, number) {
            return Cancelled::Left { waiter, granted: self.serve(name, now) };
        }
        match self.names.get(name).and_then(|entry| entry.hold(owner)) {
            Some(hold) if hold.ticket == Some(number) => Cancelled::Granted,
            Some(_) | None => Cancelled::Gone,
        }
    }

    /// Takes a request whose time is over out of the queue: as [`cancel`](Self::cancel), but it counts.
    pub(crate) fn time_out(&mut self, ticket: &Ticket, now: Instant) -> Cancelled<W> {
        let cancelled = self.cancel(ticket, now);
        self.counts.timed_out_total += u64::from(matches!(cancelled, Cancelled::Left { .. }));
        cancelled
    }

    /// Who holds a lock, the oldest unit of work first.
    pub(crate) fn holders(&self, name: &LockName) -> Vec<Party> {
        self.names.get(name).into_iter().flat_map(Entry::parties).cloned().collect()
    }

    /// Tells the counts of this moment.
    pub(crate) fn status(&self) -> Status {
        let application = self.names.get(&LockName::APPLICATION);
        let (held, waiting) = application.map_or((0, 0), |entry| (entry.held(), entry.waiting()));
        Status {
            names: self.names.len() - usize::from(application.is_some()),
            held: self.counts.held - held,
            waiting: self.counts.waiting - waiting,
            ..self.counts
        }
    }

    /// Tells who has the application's own lock.
    pub(crate) fn application(&self) -> ApplicationLock {
        self.names.get(&LockName::APPLICATION).map_or_else(ApplicationLock::default, |entry| ApplicationLock {
            holder: entry.exclusive_holder().cloned(),
            waiting: entry.waiting(),
        })
    }

    /// Tells of one name; nothing, where nobody holds it.
    pub(crate) fn row(&self, name: &LockName) -> Option<LedgerRow> {
        self.names.get(name).map(|entry| entry.row(name))
    }

    /// Tells everything, by name. Looks at all names.
    pub(crate) fn ledger(&self) -> Vec<LedgerRow> {
        let mut rows: Vec<_> = self.names.iter().map(|(name, entry)| entry.row(name)).collect();
        rows.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        rows
    }

    fn at_once(&mut self, party: &Party, name: &LockName, mode: Mode, now: Instant) -> AtOnce {
        let mut blocker = None;
        if let Some(entry) = self.names.get_mut(name) {
            match entry.take_again(party.owner, mode) {
                // Also when a writer waits: it waits for this very request.
                Again::Counted => return AtOnce::Granted(None),
                Again::NeedsUpgrade => {
                    self.counts.deadlocks_total += 1;
                    return AtOnce::Refused(LockError::UpgradeDeadlock { name: name.clone() });
                }
                Again::NotHeld => blocker = entry.blocker(mode).cloned(),
            }
        }
        let warning = match self.out_of_order(party.owner, name) {
            Some(violation) if self.rules.strict => return AtOnce::Refused(violation),
            warning => warning,
        };
        if let Some(by) = blocker {
            return AtOnce::Busy { by, warning };
        }
        self.hold(party.clone(), None, name, mode, now);
        AtOnce::Granted(warning)
    }

    fn out_of_order(&self, owner: Owner, wanted: &LockName) -> Option<LockError> {
        let (widest, held) = self.owners.widest_scope(owner)?;
        let narrower = wanted.rank()? < widest;
        narrower.then(|| LockError::OrderViolation { held: held.clone(), wanted: wanted.clone() })
    }

    fn may_wait(&mut self, party: &Party, name: &LockName) -> Result<(), LockError> {
        if let Some((_, awaited)) = self.owners.awaited(party.owner) {
            return Err(LockError::AlreadyWaiting { wanted: name.clone(), awaited });
        }
        if let Some(deadlock) = self.circle(party, name) {
            self.counts.deadlocks_total += 1;
            return Err(LockError::Deadlock(Box::new(deadlock)));
        }
        let limit = self.rules.waiters_max;
        if self.names.get(name).is_some_and(|entry| entry.waiting() >= limit) {
            return Err(LockError::TooManyWaiters { name: name.clone(), limit });
        }
        Ok(())
    }

    fn join(&mut self, ticket: &Ticket, waiter: Waiter<W>) {
        let Ticket { number, owner, ref name } = *ticket;
        self.names.entry(name.clone()).or_default().queue(number, waiter);
        self.awaited.insert(name.clone());
        self.owners.waits(owner, number, name.clone());
        self.counts.waiting += 1;
        self.counts.waited_total += 1;
    }

    /// Takes a waiter out of the queue, if it is still there. Those behind it have to be served then.
    fn leave_queue(&mut self, owner: Owner, name: &LockName, number: u64) -> Option<W> {
        let waiter = self.names.get_mut(name)?.unqueue(number)?;
        self.note_left_queue(owner, name);
        Some(waiter.waiter)
    }

    fn note_left_queue(&mut self, owner: Owner, name: &LockName) {
        if self.names.get(name).is_none_or(|entry| entry.waiting() == 0) {
            self.awaited.remove(name);
        }
        self.owners.waits_no_more(owner);
        self.counts.waiting -= 1;
    }

    /// Grants what became free to those in front of the queue; the one place where a wait ends well.
    fn serve(&mut self, name: &LockName, now: Instant) -> Vec<W> {
        let mut granted = Vec::new();
        while let Some((ticket, next)) = self.names.get_mut(name).and_then(Entry::take_next) {
            self.note_left_queue(next.party.owner, name);
            self.hold(next.party, Some(ticket), name, next.mode, now);
            granted.push(next.waiter);
        }
        if self.names.get(name).is_some_and(Entry::is_unused) {
            self.names.remove(name);
        }
        granted
    }

    fn hold(&mut self, party: Party, ticket: Option<u64>, name: &LockName, mode: Mode, since: Instant) {
        let number = self.next_number();
        self.owners.holds(party.owner, number, name.clone());
        let hold = Hold { number, ticket, party, since, count: 1 };
        self.names.entry(name.clone()).or_default().grant(hold, mode);
        self.counts.held += 1;
        self.counts.granted_total += 1;
    }

    fn note_gone(&mut self, hold: &Hold, name: &LockName) {
        self.owners.holds_no_more(hold.party.owner, hold.number, name);
        self.counts.held -= 1;
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
