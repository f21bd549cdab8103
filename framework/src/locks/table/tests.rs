//! The rules one by one, then all of them under random histories against a naive model.

mod circles;
mod cost;
mod histories;
mod model;

use std::time::Duration;

use super::*;
use crate::locks::{Holding, Queued, Scope};

/// A table whose waiters are texts, and a clock that moves only when told to.
struct Bench {
    table: LockTable<&'static str>,
    now: Instant,
}

fn party(owner: u64) -> Party {
    Party::new(Owner(owner), format!("r{owner}"), "client")
}

fn name(text: &str) -> LockName {
    LockName::named(text).unwrap()
}

impl Bench {
    fn new() -> Self {
        Self::with(Rules { waiters_max: 100, strict: false })
    }

    fn with(rules: Rules) -> Self {
        Self { table: LockTable::new(rules), now: Instant::now() }
    }

    fn ask(&mut self, owner: u64, wanted: &LockName, mode: Mode, waiter: &'static str) -> Answer<()> {
        self.table.acquire(&party(owner), wanted.clone(), mode, self.now, || (waiter, ()))
    }

    fn take(&mut self, owner: u64, wanted: &LockName, mode: Mode) {
        match self.ask(owner, wanted, mode, "nobody").step {
            Step::Granted => {}
            other => panic!("{owner} should be granted {wanted}, not {other:?}"),
        }
    }

    fn wait(&mut self, owner: u64, wanted: &LockName, mode: Mode, waiter: &'static str) -> Ticket {
        match self.ask(owner, wanted, mode, waiter).step {
            Step::Waiting(ticket, ()) => ticket,
            other => panic!("{owner} should wait for {wanted}, not {other:?}"),
        }
    }

    fn refused(&mut self, owner: u64, wanted: &LockName, mode: Mode) -> LockError {
        match self.ask(owner, wanted, mode, "nobody").step {
            Step::Refused(reason) => reason,
            other => panic!("{owner} should be refused {wanted}, not {other:?}"),
        }
    }

    fn try_take(&mut self, owner: u64, wanted: &LockName, mode: Mode) -> Result<(), LockError> {
        match self.table.try_acquire(&party(owner), wanted.clone(), mode, self.now).step {
            Step::Granted => Ok(()),
            Step::Refused(reason) => Err(reason),
            Step::Waiting(_, never) => match never {},
        }
    }

    fn release(&mut self, owner: u64, held: &LockName) -> Vec<&'static str> {
        let released = self.table.release(Owner(owner), held, self.now);
        assert!(released.was_held, "{owner} does not hold {held}");
        released.granted
    }

    fn release_all(&mut self, owner: u64) -> Vec<&'static str> {
        self.table.release_all(Owner(owner), self.now).granted
    }

    fn assert_empty(&self) {
        let Status { names, held, waiting, .. } = self.table.status();
        assert_eq!((names, held, waiting), (0, 0, 0));
        let LockTable { names, awaited, owners, counts, .. } = &self.table;
        assert_eq!((names.len(), awaited.len(), owners.len()), (0, 0, 0));
        assert_eq!((counts.held, counts.waiting), (0, 0));
    }
}

use Mode::{Exclusive, ReadOnly};

#[test]
fn an_exclusive_lock_has_one_owner() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, Exclusive);
    for (owner, mode) in [(2, Exclusive), (3, ReadOnly)] {
        let _ = bench.wait(owner, &a, mode, "waiter");
        assert!(matches!(bench.try_take(owner + 10, &a, mode), Err(LockError::Held { by, .. }) if by == party(1)));
    }
    assert_eq!(bench.table.holders(&a), [party(1)]);
}

#[test]
fn different_names_do_not_disturb_each_other() {
    let mut bench = Bench::new();
    bench.take(1, &name("a"), Exclusive);
    bench.take(2, &name("b"), Exclusive);
    bench.take(3, &LockName::scope(Scope::Session, Some("x")), Exclusive);
    bench.take(4, &LockName::scope(Scope::Session, Some("y")), Exclusive);
    bench.take(5, &LockName::APPLICATION, Exclusive);
}

#[test]
fn readers_hold_a_lock_together_and_a_writer_waits_for_all_of_them() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, ReadOnly);
    bench.take(2, &a, ReadOnly);
    let _ = bench.wait(3, &a, Exclusive, "writer");
    assert!(bench.release(1, &a).is_empty());
    assert_eq!(bench.release(2, &a), ["writer"]);
    assert_eq!(bench.table.holders(&a), [party(3)]);
}

#[test]
fn a_new_reader_waits_behind_a_waiting_writer() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, ReadOnly);
    let _ = bench.wait(2, &a, Exclusive, "writer");
    let _ = bench.wait(3, &a, ReadOnly, "reader");
    assert!(matches!(bench.try_take(4, &a, ReadOnly), Err(LockError::Held { .. })));
    assert_eq!(bench.release(1, &a), ["writer"]);
    assert_eq!(bench.release(2, &a), ["reader"]);
}

#[test]
fn readers_side_by_side_in_front_are_granted_together_and_none_behind_a_writer() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, Exclusive);
    for (owner, mode, waiter) in [(2, ReadOnly, "r2"), (3, ReadOnly, "r3"), (4, Exclusive, "w4"), (5, ReadOnly, "r5")] {
        let _ = bench.wait(owner, &a, mode, waiter);
    }
    assert_eq!(bench.release(1, &a), ["r2", "r3"]);
    assert!(bench.release(3, &a).is_empty());
    assert_eq!(bench.release(2, &a), ["w4"]);
    assert_eq!(bench.release(4, &a), ["r5"]);
}

#[test]
fn waiters_get_an_exclusive_lock_in_order_of_arrival() {
    let (mut bench, a) = (Bench::new(), name("a"));
    let waiters = ["2", "3", "4", "5"];
    bench.take(1, &a, Exclusive);
    for (owner, waiter) in (2..).zip(waiters) {
        let _ = bench.wait(owner, &a, Exclusive, waiter);
    }
    for (owner, waiter) in (1..).zip(waiters) {
        assert_eq!(bench.release(owner, &a), [waiter]);
    }
}

#[test]
fn a_lock_is_given_back_as_often_as_it_was_taken() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, Exclusive);
    bench.take(1, &a, Exclusive);
    bench.take(1, &a, ReadOnly);
    let _ = bench.wait(2, &a, Exclusive, "next");
    assert!(bench.release(1, &a).is_empty());
    assert!(bench.release(1, &a).is_empty());
    assert_eq!(bench.release(1, &a), ["next"]);
    assert!(!bench.table.release(Owner(1), &a, bench.now).was_held);
}

#[test]
fn a_reader_takes_its_lock_again_although_a_writer_waits() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, ReadOnly);
    let _ = bench.wait(2, &a, Exclusive, "writer");
    bench.take(1, &a, ReadOnly);
    assert!(bench.release(1, &a).is_empty());
    assert_eq!(bench.release(1, &a), ["writer"]);
}

#[test]
fn exclusive_on_top_of_read_only_is_refused_at_once_and_the_lock_is_free_afterwards() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, ReadOnly);
    assert!(matches!(bench.refused(1, &a, Exclusive), LockError::UpgradeDeadlock { name } if name == a));
    assert!(matches!(bench.try_take(1, &a, Exclusive), Err(LockError::UpgradeDeadlock { .. })));
    assert_eq!(bench.table.status().deadlocks_total, 2);
    assert!(bench.release(1, &a).is_empty());
    bench.assert_empty();
    bench.take(2, &a, Exclusive);
}

#[test]
fn giving_back_what_is_not_held_does_nothing_and_says_so() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, Exclusive);
    let _ = bench.wait(2, &a, Exclusive, "waiter");
    for owner in [2, 3] {
        let released = bench.table.release(Owner(owner), &a, bench.now);
        assert!(!released.was_held && released.granted.is_empty());
    }
    assert_eq!(bench.table.holders(&a), [party(1)]);
}

#[test]
fn trying_never_waits_and_never_overtakes() {
    let (mut bench, a) = (Bench::new(), name("a"));
    assert_eq!(bench.try_take(1, &a, ReadOnly), Ok(()));
    assert_eq!(bench.try_take(2, &a, ReadOnly), Ok(()));
    let held = LockError::Held { name: a.clone(), by: party(1) };
    assert_eq!(bench.try_take(3, &a, Exclusive), Err(held.clone()));
    let _ = bench.wait(4, &a, Exclusive, "writer");
    assert_eq!(bench.try_take(5, &a, ReadOnly), Err(held));
    assert_eq!(bench.table.status().waiting, 1);
}

#[test]
fn only_so_many_wait_for_one_name() {
    let mut bench = Bench::with(Rules { waiters_max: 1, strict: false });
    let (a, b) = (name("a"), name("b"));
    bench.take(1, &a, Exclusive);
    bench.take(1, &b, Exclusive);
    let _ = bench.wait(2, &a, Exclusive, "first");
    assert!(matches!(bench.refused(3, &a, Exclusive), LockError::TooManyWaiters { limit: 1, .. }));
    let _ = bench.wait(3, &b, Exclusive, "at another name");
}

#[test]
fn an_owner_waits_for_one_lock_at_a_time() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    bench.take(1, &a, Exclusive);
    bench.take(1, &b, Exclusive);
    let ticket = bench.wait(2, &a, Exclusive, "waiter");
    for wanted in [&a, &b] {
        let expected = LockError::AlreadyWaiting { wanted: wanted.clone(), awaited: a.clone() };
        assert_eq!(bench.refused(2, wanted, Exclusive), expected);
    }
    assert!(matches!(bench.table.cancel(&ticket, bench.now), Cancelled::Left { waiter: "waiter", .. }));
    let _ = bench.wait(2, &b, Exclusive, "waiter");
}

#[test]
fn a_writer_that_leaves_lets_the_readers_behind_it_in() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, ReadOnly);
    let ticket = bench.wait(2, &a, Exclusive, "writer");
    let _ = bench.wait(3, &a, ReadOnly, "r3");
    let _ = bench.wait(4, &a, ReadOnly, "r4");
    let Cancelled::Left { waiter: "writer", granted } = bench.table.cancel(&ticket, bench.now) else {
        panic!("the writer was waiting");
    };
    assert_eq!(granted, ["r3", "r4"]);
    assert_eq!(bench.table.holders(&a), [party(1), party(3), party(4)]);
}

#[test]
fn who_is_cancelled_after_its_grant_is_told_so_and_still_holds() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, Exclusive);
    let ticket = bench.wait(2, &a, Exclusive, "waiter");
    let _ = bench.wait(3, &a, Exclusive, "next");
    assert_eq!(bench.release(1, &a), ["waiter"]);
    assert!(matches!(bench.table.cancel(&ticket, bench.now), Cancelled::Granted));
    assert!(matches!(bench.table.time_out(&ticket, bench.now), Cancelled::Granted));
    assert_eq!(bench.table.status().timed_out_total, 0);
    assert_eq!(bench.release(2, &a), ["next"]);
    assert!(matches!(bench.table.cancel(&ticket, bench.now), Cancelled::Gone));
}

#[test]
fn an_old_ticket_does_not_touch_what_its_owner_took_later() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, Exclusive);
    let ticket = bench.wait(2, &a, Exclusive, "waiter");
    let _ = bench.release_all(2);
    let _ = bench.release_all(1);
    bench.take(2, &a, Exclusive);
    assert!(matches!(bench.table.cancel(&ticket, bench.now), Cancelled::Gone));
}

#[test]
fn a_time_out_is_counted_and_a_cancel_is_not() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, Exclusive);
    let ticket = bench.wait(2, &a, Exclusive, "waiter");
    assert!(matches!(bench.table.cancel(&ticket, bench.now), Cancelled::Left { .. }));
    let ticket = bench.wait(2, &a, Exclusive, "waiter");
    assert!(matches!(bench.table.time_out(&ticket, bench.now), Cancelled::Left { .. }));
    let Status { timed_out_total, granted_total, waited_total, waiting, .. } = bench.table.status();
    assert_eq!((timed_out_total, granted_total, waited_total, waiting), (1, 1, 2, 0));
}

#[test]
fn the_end_of_a_unit_gives_everything_back_last_taken_first() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    bench.take(1, &a, Exclusive);
    bench.take(1, &b, Exclusive);
    bench.take(1, &b, Exclusive);
    let _ = bench.wait(2, &a, Exclusive, "at a");
    let _ = bench.wait(3, &b, Exclusive, "at b");
    let all = bench.table.release_all(Owner(1), bench.now);
    assert_eq!((all.released, all.granted, all.turned_away), (2, vec!["at b", "at a"], None));
    let all = bench.table.release_all(Owner(1), bench.now);
    assert_eq!((all.released, all.granted, all.turned_away), (0, vec![], None));
}

#[test]
fn the_end_of_a_unit_ends_its_wait() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &a, ReadOnly);
    let ticket = bench.wait(2, &a, Exclusive, "writer");
    let _ = bench.wait(3, &a, ReadOnly, "reader");
    let all = bench.table.release_all(Owner(2), bench.now);
    assert_eq!((all.released, all.granted, all.turned_away), (0, vec!["reader"], Some("writer")));
    assert!(matches!(bench.table.cancel(&ticket, bench.now), Cancelled::Gone));
    let _ = bench.release_all(1);
    let _ = bench.release_all(3);
    bench.assert_empty();
}

#[test]
fn a_strict_table_refuses_scopes_out_of_order() {
    let mut bench = Bench::with(Rules { waiters_max: 10, strict: true });
    let [session, application, server] =
        [Scope::Session, Scope::Application, Scope::Server].map(|scope| LockName::scope(scope, None));
    bench.take(1, &application, ReadOnly);
    let violation = LockError::OrderViolation { held: application.clone(), wanted: session.clone() };
    assert_eq!(bench.refused(1, &session, Exclusive), violation);
    assert_eq!(bench.try_take(1, &session, Exclusive), Err(violation));
    bench.take(1, &server, Exclusive);
    // The widest is named.
    assert!(matches!(bench.refused(1, &session, ReadOnly), LockError::OrderViolation { held, .. } if held == server));
    // What it holds it may take again, and names have no order.
    bench.take(1, &application, ReadOnly);
    bench.take(1, &name("a"), Exclusive);
    bench.take(1, &LockName::APPLICATION, Exclusive);
    bench.take(1, &LockName::scope(Scope::Server, Some("other")), Exclusive);
    // In order, and again once the wider ones are given back.
    let _ = bench.release_all(1);
    for scope in [&session, &application, &server] {
        bench.take(1, scope, Exclusive);
    }
    let _ = (bench.release(1, &server), bench.release(1, &application));
    bench.take(1, &LockName::scope(Scope::Session, Some("other")), Exclusive);
}

#[test]
fn a_lenient_table_grants_scopes_out_of_order_and_warns() {
    let mut bench = Bench::new();
    let (session, server) = (LockName::scope(Scope::Session, None), LockName::scope(Scope::Server, None));
    bench.take(1, &server, Exclusive);
    let violation = LockError::OrderViolation { held: server.clone(), wanted: session.clone() };
    let answer = bench.ask(1, &session, Exclusive, "nobody");
    assert!(matches!(answer.step, Step::Granted));
    assert_eq!(answer.warning, Some(violation));
    // Taking it again is no news.
    assert_eq!(bench.ask(1, &session, Exclusive, "nobody").warning, None);
    // It waits with a warning, too.
    bench.take(2, &LockName::scope(Scope::Application, None), Exclusive);
    let answer = bench.ask(2, &session, Exclusive, "waiter");
    assert!(matches!(answer.step, Step::Waiting(..)));
    assert!(matches!(answer.warning, Some(LockError::OrderViolation { .. })));
}

#[test]
fn the_counts_leave_out_the_applications_own_lock() {
    let (mut bench, a) = (Bench::new(), name("a"));
    assert_eq!(bench.table.application(), ApplicationLock { holder: None, waiting: 0 });
    bench.take(1, &LockName::APPLICATION, Exclusive);
    let _ = bench.wait(2, &LockName::APPLICATION, Exclusive, "waiter");
    let _ = bench.wait(3, &LockName::APPLICATION, ReadOnly, "waiter");
    assert_eq!(bench.table.application(), ApplicationLock { holder: Some(party(1)), waiting: 2 });
    let expected = Status { granted_total: 1, waited_total: 2, ..Status::default() };
    assert_eq!(bench.table.status(), expected);
    bench.take(4, &a, ReadOnly);
    bench.take(5, &a, ReadOnly);
    let _ = bench.wait(6, &a, Exclusive, "waiter");
    let Status { names, held, waiting, .. } = bench.table.status();
    assert_eq!((names, held, waiting), (1, 2, 1));
    // A reader is no owner of the application.
    let _ = (bench.release_all(1), bench.release_all(2));
    assert_eq!(bench.table.application(), ApplicationLock { holder: None, waiting: 0 });
}

#[test]
fn the_ledger_tells_who_holds_and_who_waits_since_when() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    let start = bench.now;
    let later = |seconds| start + Duration::from_secs(seconds);
    bench.take(1, &b, Exclusive);
    bench.take(9, &a, ReadOnly);
    bench.now = later(1);
    bench.take(2, &a, ReadOnly);
    bench.take(2, &a, ReadOnly);
    bench.now = later(2);
    let _ = bench.wait(3, &a, Exclusive, "writer");
    let _ = bench.wait(4, &a, ReadOnly, "reader");
    let [of_a, of_b] = <[LedgerRow; 2]>::try_from(bench.table.ledger()).unwrap();
    assert_eq!((of_a.name, of_a.mode, of_b.name, of_b.mode), (a.clone(), ReadOnly, b, Exclusive));
    let holding = |owner, seconds, count| Holding { party: party(owner), since: later(seconds), count };
    let queued = |owner, mode, seconds| Queued { party: party(owner), mode, since: later(seconds) };
    assert_eq!(of_a.holders, [holding(9, 0, 1), holding(2, 1, 2)]);
    assert_eq!(of_a.waiters, [queued(3, Exclusive, 2), queued(4, ReadOnly, 2)]);
    assert_eq!((of_b.holders, of_b.waiters), (vec![holding(1, 0, 1)], vec![]));
    // A lock is held from its grant on, not from the beginning of the wait.
    bench.now = later(3);
    let _ = (bench.release_all(9), bench.release_all(2));
    assert_eq!(bench.table.ledger()[0].holders, [holding(3, 3, 1)]);
}

#[test]
fn a_name_is_gone_when_nobody_uses_it() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    bench.take(1, &a, Exclusive);
    let ticket = bench.wait(2, &a, Exclusive, "waiter");
    bench.take(2, &b, ReadOnly);
    assert!(matches!(bench.table.cancel(&ticket, bench.now), Cancelled::Left { .. }));
    assert!(bench.release(1, &a).is_empty());
    assert!(bench.release(2, &b).is_empty());
    bench.assert_empty();
}
