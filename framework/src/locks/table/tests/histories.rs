//! Random histories: every answer is compared with the model's, and the invariants hold after every step.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::model::{Caller, Model, Verdict, Wait};
use super::*;

/// One thing that happens. `which` picks among what there is at that moment.
#[derive(Debug, Clone)]
enum Event {
    Acquire { owner: u64, name: usize, exclusive: bool },
    Try { owner: u64, name: usize, exclusive: bool },
    Release { owner: u64, name: usize },
    ReleaseOneHeld { which: usize },
    ReleaseAll { owner: u64 },
    Cancel { which: usize, timed_out: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let (owner, name, which) = (0..6_u64, 0..8_usize, 0..64_usize);
    let wish = (owner.clone(), name.clone(), any::<bool>());
    prop_oneof![
        24 => wish.clone().prop_map(|(owner, name, exclusive)| Event::Acquire { owner, name, exclusive }),
        4 => wish.prop_map(|(owner, name, exclusive)| Event::Try { owner, name, exclusive }),
        2 => (owner.clone(), name).prop_map(|(owner, name)| Event::Release { owner, name }),
        8 => which.clone().prop_map(|which| Event::ReleaseOneHeld { which }),
        2 => owner.prop_map(|owner| Event::ReleaseAll { owner }),
        4 => (which, any::<bool>()).prop_map(|(which, timed_out)| Event::Cancel { which, timed_out }),
    ]
}

/// A few names, the first of them wanted most.
fn names() -> Vec<LockName> {
    let scope = |scope| LockName::scope(scope, Some("id"));
    let [session, application, server] = [Scope::Session, Scope::Application, Scope::Server].map(scope);
    vec![name("a"), name("b"), name("a"), name("b"), LockName::APPLICATION, session, application, server]
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Granted,
    Left,
}

/// The table under test, its model, and everything that is out of the table's hands.
struct World<'a> {
    table: LockTable<Caller>,
    model: Model,
    names: Vec<LockName>,
    now: Instant,
    callers: Caller,
    tickets: Vec<(Caller, Ticket)>,
    fates: BTreeMap<Caller, Fate>,
    /// Of each name the last of the queue to be granted, whom nobody older may follow.
    last_granted: BTreeMap<LockName, Caller>,
    /// What happened how often, over all histories: a test of what never happens tests nothing.
    tally: &'a RefCell<BTreeMap<String, usize>>,
}

impl<'a> World<'a> {
    fn new(rules: Rules, tally: &'a RefCell<BTreeMap<String, usize>>) -> Self {
        Self {
            table: LockTable::new(rules),
            model: Model::new(rules),
            names: names(),
            now: Instant::now(),
            callers: 0,
            tickets: Vec::new(),
            fates: BTreeMap::new(),
            last_granted: BTreeMap::new(),
            tally,
        }
    }

    fn happens(&mut self, event: &Event) {
        self.now += Duration::from_millis(1);
        match *event {
            Event::Acquire { owner, name, exclusive } => self.acquire(owner, name, exclusive),
            Event::Try { owner, name, exclusive } => self.try_acquire(owner, name, exclusive),
            Event::Release { owner, name } => self.release(Owner(owner), &self.names[name].clone()),
            Event::ReleaseOneHeld { which } => {
                if let Some(place) = which.checked_rem(self.model.holds.len()) {
                    let hold = self.model.holds[place].clone();
                    self.release(hold.owner, &hold.name);
                }
            }
            Event::ReleaseAll { owner } => self.release_all(Owner(owner)),
            Event::Cancel { which, timed_out } => {
                // Tickets are kept, so that some are of waits that ended long ago; most are young.
                if let Some(back) = which.checked_rem(self.tickets.len()) {
                    self.cancel(self.tickets.len() - 1 - back / 4, timed_out);
                }
            }
        }
        self.assert_invariants();
    }

    fn wish(&mut self, owner: u64, name: usize, exclusive: bool) -> Wait {
        let mode = if exclusive { Exclusive } else { ReadOnly };
        let caller = self.callers;
        self.callers += 1;
        Wait { caller, owner: Owner(owner), name: self.names[name].clone(), mode }
    }

    fn acquire(&mut self, owner: u64, name: usize, exclusive: bool) {
        let wish = self.wish(owner, name, exclusive);
        let Wait { caller, mode, .. } = wish;
        let somebody_waits = self.model.waits.iter().any(|wait| wait.name == wish.name);
        let held = self.table.names.get(&wish.name).is_some_and(|entry| entry.hold(wish.owner).is_some());
        let answer = self.table.acquire(&party(owner), wish.name.clone(), mode, self.now, || (caller, ()));
        let verdict = match answer.step {
            Step::Granted => {
                assert!(held || !somebody_waits, "{owner} overtook who waits for {}", wish.name);
                Verdict::Granted { warned: answer.warning.is_some() }
            }
            Step::Waiting(ticket, ()) => {
                self.tickets.push((caller, ticket));
                Verdict::Waits { warned: answer.warning.is_some() }
            }
            Step::Refused(reason) => self.refused(reason, &wish),
        };
        self.note(&format!("{verdict:?}"));
        assert_eq!(verdict, self.model.acquire(wish, true), "acquire {caller}");
    }

    fn try_acquire(&mut self, owner: u64, name: usize, exclusive: bool) {
        let wish = self.wish(owner, name, exclusive);
        let answer = self.table.try_acquire(&party(owner), wish.name.clone(), wish.mode, self.now);
        let verdict = match answer.step {
            Step::Granted => Verdict::Granted { warned: answer.warning.is_some() },
            Step::Waiting(_, never) => match never {},
            Step::Refused(reason) => self.refused(reason, &wish),
        };
        self.note(&format!("try: {verdict:?}"));
        assert_eq!(verdict, self.model.acquire(wish, false), "try");
    }

    /// Checks what the reason claims and tells its kind.
    fn refused(&self, reason: LockError, wish: &Wait) -> Verdict {
        let holds =
            |owner, name: &LockName| self.model.holds.iter().any(|hold| hold.owner == owner && hold.name == *name);
        match reason {
            LockError::Held { name, by } => {
                assert!(name == wish.name && holds(by.owner, &name), "{by} does not hold {name}");
                Verdict::Held
            }
            LockError::UpgradeDeadlock { .. } => Verdict::Upgrade,
            LockError::OrderViolation { held, wanted } => {
                assert!(holds(wish.owner, &held) && wanted == wish.name && held.rank() > wanted.rank());
                Verdict::OutOfOrder
            }
            LockError::AlreadyWaiting { awaited, .. } => {
                assert!(self.model.waits.iter().any(|wait| wait.owner == wish.owner && wait.name == awaited));
                Verdict::AlreadyWaiting
            }
            LockError::Deadlock(circle) => {
                let Deadlock { waiter, holder, wanted, held } = *circle;
                assert!(waiter.owner == wish.owner && wanted == wish.name);
                assert!(
                    holds(holder.owner, &wanted) && holds(waiter.owner, &held),
                    "{holder} or {waiter} holds nothing"
                );
                let awaits = |owner| self.model.waits.iter().any(|wait| wait.owner == owner && wait.name == held);
                let through = |wait: &Wait| awaits(wait.owner) && self.model.waits_for(holder.owner, wait.owner);
                assert!(
                    awaits(holder.owner) || self.model.waits.iter().any(through),
                    "{holder} does not wait for {held}"
                );
                self.note(if awaits(holder.owner) { "circle of two" } else { "circle through others" });
                Verdict::Circle
            }
            LockError::TooManyWaiters { .. } => Verdict::TooMany,
            other => panic!("{other} is no answer of the table"),
        }
    }

    fn release(&mut self, owner: Owner, name: &LockName) {
        let released = self.table.release(owner, name, self.now);
        let expected = self.model.release(owner, name);
        self.note(if released.was_held { "released" } else { "released what was not held" });
        assert_eq!((released.was_held, &released.granted), (expected.is_some(), &expected.unwrap_or_default()));
        self.granted(&released.granted);
    }

    fn release_all(&mut self, owner: Owner) {
        let held = self.model.holds.iter().filter(|hold| hold.owner == owner).count();
        let all = self.table.release_all(owner, self.now);
        assert_eq!(all.released, held);
        assert_eq!((all.granted.clone(), all.turned_away), self.model.release_all(owner));
        if let Some(caller) = all.turned_away {
            self.note("turned away");
            self.ends(caller, Fate::Left);
        }
        self.granted(&all.granted);
    }

    fn cancel(&mut self, place: usize, timed_out: bool) {
        let (caller, ticket) = &self.tickets[place];
        let (caller, owner, name) = (*caller, ticket.owner(), ticket.name().clone());
        let cancelled =
            if timed_out { self.table.time_out(ticket, self.now) } else { self.table.cancel(ticket, self.now) };
        let expected = self.model.cancel(caller);
        match cancelled {
            Cancelled::Left { waiter, granted } => {
                assert_eq!((waiter, Some(&granted)), (caller, expected.as_ref()));
                self.model.counts.timed_out_total += u64::from(timed_out);
                self.note("left");
                self.ends(caller, Fate::Left);
                self.granted(&granted);
            }
            Cancelled::Granted => {
                let is_its = self.model.holds.iter().any(|hold| hold.caller == Some(caller) && hold.owner == owner);
                assert!(expected.is_none() && is_its, "{caller} was not granted");
                self.note("granted meanwhile");
                self.release(owner, &name);
            }
            Cancelled::Gone => {
                let is_its = self.model.holds.iter().any(|hold| hold.caller == Some(caller));
                assert!(expected.is_none() && !is_its, "{caller} is not gone");
                self.note("gone");
            }
        }
    }

    fn granted(&mut self, callers: &[Caller]) {
        for &caller in callers {
            let (_, ticket) =
                self.tickets.iter().find(|(waiter, _)| *waiter == caller).expect("only who waits is granted");
            let before = self.last_granted.insert(ticket.name().clone(), caller);
            assert!(before < Some(caller), "{caller} was overtaken");
            self.ends(caller, Fate::Granted);
        }
    }

    fn ends(&mut self, caller: Caller, fate: Fate) {
        let before = self.fates.insert(caller, fate);
        assert_eq!(before, None, "wait {caller} ended twice, the second time as {fate:?}");
    }

    fn note(&self, what: &str) {
        *self.tally.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    fn assert_invariants(&self) {
        assert_eq!(self.table.status(), self.model.status());
        let rows = self.table.ledger();
        for row in &rows {
            let readers = row.mode == ReadOnly;
            assert!(row.holders.len() == 1 || (readers && !row.holders.is_empty()), "two owners, or none: {row:?}");
            let first = row.waiters.first();
            assert!(first.is_none_or(|first| !readers || first.mode == Exclusive), "a wake-up was lost: {row:?}");
            let holders: Vec<_> = row.holders.iter().map(|holding| (holding.party.owner, holding.count)).collect();
            let waiters: Vec<_> = row.waiters.iter().map(|queued| (queued.party.owner, queued.mode)).collect();
            let held = self.model.holds.iter().filter(|hold| hold.name == row.name);
            assert!(held.clone().all(|hold| hold.mode == row.mode));
            assert_eq!(holders, held.map(|hold| (hold.owner, hold.count)).collect::<Vec<_>>());
            let waits = self.model.waits.iter().filter(|wait| wait.name == row.name);
            assert_eq!(waiters, waits.map(|wait| (wait.owner, wait.mode)).collect::<Vec<_>>());
        }
        assert!(rows.is_sorted_by(|left, right| left.name < right.name));
        // Nothing is kept but what is of use.
        let LockTable { names, awaited, owners, .. } = &self.table;
        let with_queue: BTreeSet<_> = self.model.waits.iter().map(|wait| wait.name.clone()).collect();
        let busy = self.model.holds.iter().map(|hold| hold.owner);
        let busy: BTreeSet<_> = busy.chain(self.model.waits.iter().map(|wait| wait.owner)).collect();
        assert_eq!((names.len(), owners.len()), (rows.len(), busy.len()));
        assert_eq!(*awaited, with_queue);
        assert_eq!(self.fates.len() + self.model.waits.len(), self.tickets.len(), "somebody got lost");
    }

    /// Lets everyone that does not wait come to its end, again and again; nobody may be left waiting.
    fn everyone_leaves(&mut self) {
        let waiting: Vec<_> = self.model.waits.iter().map(|wait| wait.caller).collect();
        loop {
            let waits = |owner| self.model.waits.iter().any(|wait| wait.owner == owner);
            let Some(owner) = self.model.holds.iter().map(|hold| hold.owner).find(|&owner| !waits(owner)) else {
                break;
            };
            self.release_all(owner);
            self.assert_invariants();
        }
        for caller in waiting {
            assert_eq!(self.fates.get(&caller), Some(&Fate::Granted), "{caller} starved");
        }
        let LockTable { names, awaited, owners, counts, .. } = &self.table;
        assert_eq!((names.len(), awaited.len(), owners.len(), counts.held, counts.waiting), (0, 0, 0, 0, 0));
    }
}

use crate::locks::Deadlock;

#[test]
fn any_history_keeps_the_rules_and_leaves_nothing_behind() {
    let tally = RefCell::new(BTreeMap::new());
    let rules = (1..5_usize, any::<bool>()).prop_map(|(waiters_max, strict)| Rules { waiters_max, strict });
    let histories = (rules, proptest::collection::vec(event(), 1..60));
    let mut runner = TestRunner::new(Config { cases: 10_000, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&histories, |(rules, history)| {
        let mut world = World::new(rules, &tally);
        for event in &history {
            world.happens(event);
        }
        world.everyone_leaves();
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}\n{runner}");
    }
    let tally = tally.into_inner();
    let expected = [
        "Granted { warned: false }",
        "Granted { warned: true }",
        "Waits { warned: false }",
        "Waits { warned: true }",
        "Upgrade",
        "OutOfOrder",
        "AlreadyWaiting",
        "Circle",
        "TooMany",
        "try: Granted { warned: false }",
        "try: Held",
        "circle of two",
        "circle through others",
        "released",
        "released what was not held",
        "turned away",
        "left",
        "granted meanwhile",
        "gone",
    ];
    for what in expected {
        assert!(tally.get(what).is_some_and(|count| *count >= 100), "{what} hardly ever happens: {tally:?}");
    }
}
