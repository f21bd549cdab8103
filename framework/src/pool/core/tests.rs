//! The rules one by one, then all of them under random schedules against a naive model.

mod model;
mod schedules;

use super::*;
use std::time::Duration;

type Core = PoolCore<&'static str, &'static str>;

const MINUTE: Duration = Duration::from_mins(1);

/// A pool and a clock that moves only when told to.
struct Bench {
    core: Core,
    now: Instant,
}

impl Bench {
    fn new(max: usize, queue_max: usize) -> Self {
        Self::placed(max, queue_max, Placement::LocalFirst)
    }

    fn placed(max: usize, queue_max: usize, placement: Placement) -> Self {
        let core = Core::new(Limits { max, queue_max }, placement, 4);
        Self { core, now: Instant::now() }
    }

    fn checkout(&mut self, home: usize) -> Checkout<&'static str, ()> {
        self.checkout_within("nobody", home, Duration::ZERO)
    }

    fn checkout_within(&mut self, waiter: &'static str, home: usize, patience: Duration) -> Checkout<&'static str, ()> {
        self.core.checkout(home, self.now, self.now + patience, || (waiter, ()))
    }

    fn wait(&mut self, waiter: &'static str, patience: Duration) -> Ticket {
        match self.checkout_within(waiter, 0, patience) {
            Checkout::Waiting(ticket, ()) => ticket,
            other => panic!("{waiter} should wait, not {other:?}"),
        }
    }

    fn approve(&mut self) -> Approval {
        match self.checkout(0) {
            Checkout::Create(approval) => approval,
            other => panic!("expected leave to create, not {other:?}"),
        }
    }

    /// Makes `count` instances that are in use.
    fn create(&mut self, count: usize) {
        for _ in 0..count {
            let approval = self.approve();
            self.core.created(approval);
        }
    }

    fn reuse(&mut self, home: usize) -> &'static str {
        match self.checkout(home) {
            Checkout::Reuse(instance) => instance,
            other => panic!("expected an idle instance, not {other:?}"),
        }
    }

    fn checkin(&mut self, instance: &'static str, home: usize) -> Handover<&'static str, &'static str> {
        self.core.checkin(instance, home, self.now)
    }

    fn put_idle(&mut self, instance: &'static str, home: usize) {
        let handover = self.checkin(instance, home);
        assert!(matches!(handover, Handover::Settled), "{handover:?}");
    }

    fn status(&self) -> Status {
        self.core.status()
    }
}

#[track_caller]
fn refusal(checkout: Checkout<&'static str, ()>) -> Refusal {
    match checkout {
        Checkout::Refused(refusal) => refusal,
        other => panic!("expected a refusal, not {other:?}"),
    }
}

/// Who was given what: the instance, or `None` for leave to create one.
#[track_caller]
fn grant(handover: Handover<&'static str, &'static str>) -> (&'static str, Option<&'static str>, Option<Approval>) {
    match handover {
        Handover::Granted(Grant { waiter, granted: Granted::Reuse(instance) }) => (waiter, Some(instance), None),
        Handover::Granted(Grant { waiter, granted: Granted::Create(approval) }) => (waiter, None, Some(approval)),
        other => panic!("expected a grant, not {other:?}"),
    }
}

#[test]
fn starts_empty() {
    let bench = Bench::new(32, 100);
    assert_eq!(bench.status(), Status { max: 32, ..Status::default() });
}

#[test]
fn fifty_requests_in_a_row_create_one_instance_whatever_their_worker() {
    let mut bench = Bench::new(32, 100);
    bench.create(1);
    bench.put_idle("a", 0);
    for request in 1..50 {
        assert_eq!(bench.reuse(request % 4), "a");
        bench.put_idle("a", 0);
    }
    let status = bench.status();
    assert_eq!((status.created_total, status.uses_total, status.idle), (1, 50, 1));
}

#[test]
fn idle_instances_are_reused_round_robin() {
    let mut bench = Bench::new(3, 0);
    bench.create(3);
    for instance in ["a", "b", "c"] {
        bench.put_idle(instance, 0);
    }
    for expected in ["a", "b", "c", "a", "b", "c", "a", "b", "c"] {
        assert_eq!(bench.reuse(0), expected);
        bench.put_idle(expected, 0);
    }
}

#[test]
fn at_the_limit_an_instance_of_the_callers_worker_comes_first_then_the_oldest_of_all() {
    let mut bench = Bench::new(4, 0);
    bench.create(4);
    for (instance, home) in [("a", 2), ("b", 1), ("c", 3), ("d", 1)] {
        bench.put_idle(instance, home);
    }
    assert_eq!([1, 1, 1, 1].map(|home| bench.reuse(home)), ["b", "d", "a", "c"]);
    assert_eq!(refusal(bench.checkout(1)), Refusal::NoWait);
}

#[test]
fn a_lone_request_takes_what_is_idle_elsewhere_and_a_busy_pool_creates_here() {
    let mut bench = Bench::new(0, 0);
    bench.create(2);
    bench.put_idle("a", 2);
    bench.put_idle("b", 2);
    assert_eq!(bench.reuse(1), "a", "nobody else is at work");
    let Checkout::Create(approval) = bench.checkout(1) else { panic!("b is on another worker and a is in use") };
    bench.core.created(approval);
    assert_eq!(bench.reuse(2), "b");
}

#[test]
fn oldest_first_goes_round_robin_over_all_workers() {
    let mut bench = Bench::placed(3, 0, Placement::OldestFirst);
    bench.create(3);
    for (instance, home) in [("a", 2), ("b", 1), ("c", 0)] {
        bench.put_idle(instance, home);
    }
    for (expected, home) in [("a", 2), ("b", 1), ("c", 0), ("a", 2), ("b", 1), ("c", 0)] {
        assert_eq!(bench.reuse(1), expected);
        bench.put_idle(expected, home);
    }
}

#[test]
fn a_worker_past_the_last_counts_from_zero_again() {
    let mut bench = Bench::new(0, 0);
    bench.create(2);
    bench.put_idle("a", 1);
    bench.put_idle("b", usize::MAX); // 4 * n + 3
    assert_eq!(bench.reuse(7), "b");
    let core = Core::new(Limits { max: 1, queue_max: 0 }, Placement::LocalFirst, 0);
    assert_eq!(core.shelf_of(5), 0);
}

#[test]
fn instances_being_created_count_against_the_limit() {
    let mut bench = Bench::new(2, 0);
    let (first, _second) = (bench.approve(), bench.approve());
    assert_eq!(refusal(bench.checkout(0)), Refusal::NoWait);
    bench.core.created(first);
    assert_eq!(refusal(bench.checkout(0)), Refusal::NoWait);
    assert_eq!((bench.status().active, bench.status().creating), (1, 1));
}

#[test]
fn zero_means_unlimited() {
    let mut bench = Bench::new(0, 0);
    bench.create(1000);
    assert_eq!(bench.status().active, 1000);
}

#[test]
fn a_deadline_that_is_now_never_waits() {
    let mut bench = Bench::new(1, 100);
    bench.create(1);
    assert_eq!(refusal(bench.checkout(0)), Refusal::NoWait);
    assert_eq!((bench.status().waiting, bench.status().rejected_total), (0, 1));
}

#[test]
fn a_full_queue_refuses_at_once() {
    let mut bench = Bench::new(1, 1);
    bench.create(1);
    bench.wait("ann", MINUTE);
    let refused = bench.checkout_within("bob", 0, MINUTE);
    assert_eq!(refusal(refused), Refusal::QueueFull);
    assert_eq!((bench.status().waiting, bench.status().rejected_total), (1, 1));
}

#[test]
fn places_of_the_timed_out_are_free_for_newcomers() {
    let mut bench = Bench::new(1, 1);
    bench.create(1);
    bench.wait("ann", Duration::from_secs(1));
    bench.now += Duration::from_secs(1);
    bench.wait("bob", MINUTE);
    assert_eq!(bench.core.expire(bench.now), ["ann"]);
    assert_eq!((bench.status().waiting, bench.status().timed_out_total), (1, 1));
}

#[test]
fn the_waiting_end_is_made_only_for_those_who_wait() {
    let mut bench = Bench::new(1, 0);
    let now = bench.now;
    let unreachable = || -> (&'static str, ()) { panic!("nobody waits here") };
    let Checkout::Create(approval) = bench.core.checkout(0, now, now + MINUTE, unreachable) else {
        panic!("the pool is empty");
    };
    bench.core.created(approval);
    assert_eq!(refusal(bench.core.checkout(0, now, now + MINUTE, unreachable)), Refusal::QueueFull);
    bench.put_idle("a", 0);
    assert!(matches!(bench.core.checkout(0, now, now, unreachable), Checkout::Reuse("a")));
}

#[test]
fn a_checked_in_instance_goes_to_the_first_who_waits_whatever_their_worker() {
    let mut bench = Bench::new(1, 2);
    bench.create(1);
    bench.wait("ann", MINUTE);
    bench.wait("bob", MINUTE);
    let (waiter, instance, _) = grant(bench.checkin("a", 3));
    assert_eq!((waiter, instance), ("ann", Some("a")));
    let status = bench.status();
    assert_eq!((status.active, status.idle, status.waiting, status.uses_total), (1, 0, 1, 2));
}

#[test]
fn discarded_capacity_goes_to_the_first_who_waits() {
    let mut bench = Bench::new(1, 2);
    bench.create(1);
    bench.wait("ann", MINUTE);
    bench.wait("bob", MINUTE);
    let (waiter, instance, approval) = grant(bench.core.discard(bench.now));
    assert_eq!((waiter, instance), ("ann", None));
    bench.core.created(approval.expect("leave to create"));
    let status = bench.status();
    assert_eq!((status.active, status.created_total, status.destroyed_total), (1, 2, 1));
}

#[test]
fn thirty_panics_cost_no_capacity() {
    let mut bench = Bench::new(10, 0);
    for _ in 0..30 {
        bench.create(1);
        assert!(matches!(bench.core.discard(bench.now), Handover::Settled));
    }
    bench.create(10);
    let status = bench.status();
    assert_eq!((status.active, status.created_total, status.destroyed_total), (10, 40, 30));
}

#[test]
fn a_module_that_is_not_cached_is_created_and_destroyed_each_time() {
    let mut bench = Bench::new(10, 0);
    for _ in 0..5 {
        bench.create(1);
        assert!(matches!(bench.core.discard(bench.now), Handover::Settled));
    }
    let status = bench.status();
    assert_eq!((status.created_total, status.destroyed_total, status.idle), (5, 5, 0));
}

#[test]
fn a_failed_creation_gives_its_capacity_to_the_first_who_waits() {
    let mut bench = Bench::new(1, 2);
    let approval = bench.approve();
    bench.wait("ann", MINUTE);
    let (waiter, _, approval) = grant(bench.core.create_failed(approval, bench.now));
    assert_eq!(waiter, "ann");
    let last = bench.core.create_failed(approval.expect("leave to create"), bench.now);
    assert!(matches!(last, Handover::Settled));
    let expected = Status { max: 1, ..Status::default() };
    assert_eq!(bench.status(), expected, "nothing was created or used");
}

#[test]
fn a_grant_skips_those_past_their_deadline_and_they_are_told_later() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    bench.wait("ann", Duration::from_secs(1));
    bench.wait("bob", Duration::from_secs(3));
    bench.wait("cyd", Duration::from_secs(2));
    bench.now += Duration::from_secs(2);
    let (waiter, _, _) = grant(bench.checkin("a", 0));
    assert_eq!(waiter, "bob");
    assert_eq!(bench.status().timed_out_total, 2);
    assert!(bench.core.next_deadline().is_some_and(|deadline| deadline <= bench.now));
    assert_eq!(bench.core.expire(bench.now), ["ann", "cyd"]);
    assert_eq!(bench.core.next_deadline(), None);
    assert_eq!(bench.status().timed_out_total, 2, "counted once");
}

#[test]
fn an_instance_nobody_has_time_for_becomes_idle() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    bench.wait("ann", Duration::from_secs(1));
    bench.now += Duration::from_secs(1);
    bench.put_idle("a", 0);
    assert_eq!(bench.reuse(0), "a");
}

#[test]
fn the_next_deadline_is_the_earliest_not_the_firsts() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    bench.wait("ann", MINUTE);
    let bob = bench.wait("bob", Duration::from_secs(1));
    let ann_leaves = bench.now + MINUTE;
    assert_eq!(bench.core.next_deadline(), Some(bench.now + Duration::from_secs(1)));
    assert!(bench.core.cancel(bob));
    assert_eq!(bench.core.next_deadline(), Some(ann_leaves));
}

#[test]
fn a_caller_that_left_is_never_granted() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    let ann = bench.wait("ann", MINUTE);
    bench.wait("bob", MINUTE);
    assert!(bench.core.cancel(ann));
    assert!(!bench.core.cancel(ann), "cancelled once");
    let (waiter, _, _) = grant(bench.checkin("a", 0));
    assert_eq!(waiter, "bob");
    assert_eq!(bench.status().cancelled_total, 1);
}

#[test]
fn cancelling_after_the_grant_or_the_time_out_changes_nothing() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    let ann = bench.wait("ann", MINUTE);
    let bob = bench.wait("bob", Duration::from_secs(1));
    let (waiter, _, _) = grant(bench.checkin("a", 0));
    assert_eq!(waiter, "ann");
    bench.now += Duration::from_secs(1);
    assert_eq!(bench.core.expire(bench.now), ["bob"]);
    let before = bench.status();
    assert!(!bench.core.cancel(ann) && !bench.core.cancel(bob));
    assert_eq!(bench.status(), before);
}

#[test]
fn a_grant_that_reaches_nobody_goes_to_the_next_and_counts_as_cancelled() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    bench.wait("ann", MINUTE);
    bench.wait("bob", MINUTE);
    let (waiter, instance, _) = grant(bench.checkin("a", 1));
    assert_eq!(waiter, "ann");
    let back = Granted::Reuse(instance.expect("an instance"));
    let (waiter, instance, _) = grant(bench.core.take_back(back, 1, bench.now));
    assert_eq!((waiter, instance), ("bob", Some("a")));
    let status = bench.status();
    assert_eq!((status.cancelled_total, status.uses_total, status.active), (1, 2, 1));
}

#[test]
fn leave_to_create_that_reaches_nobody_is_free_again() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    bench.wait("ann", MINUTE);
    let (_, _, approval) = grant(bench.core.discard(bench.now));
    let back = Granted::Create(approval.expect("leave to create"));
    assert!(matches!(bench.core.take_back(back, 0, bench.now), Handover::Settled));
    let status = bench.status();
    assert_eq!((status.creating, status.active, status.cancelled_total), (0, 0, 1));
    bench.create(1);
}

#[test]
fn clearing_removes_the_idle_and_leaves_those_in_use() {
    let mut bench = Bench::new(3, 0);
    bench.create(3);
    bench.put_idle("a", 3);
    bench.put_idle("b", 0);
    assert_eq!(bench.core.clear_idle(), ["a", "b"]);
    let status = bench.status();
    assert_eq!((status.active, status.idle, status.destroyed_total), (1, 0, 2));
    bench.create(2);
}

#[test]
fn turning_away_tells_everyone_once() {
    let mut bench = Bench::new(1, 9);
    bench.create(1);
    bench.wait("ann", MINUTE);
    bench.wait("bob", Duration::from_secs(1));
    bench.wait("cyd", MINUTE);
    bench.now += Duration::from_secs(1);
    let (waiter, _, _) = grant(bench.checkin("a", 0));
    assert_eq!(waiter, "ann");
    assert_eq!(bench.core.turn_away(), ["bob", "cyd"]);
    assert!(bench.core.expire(bench.now + MINUTE).is_empty());
    let status = bench.status();
    assert_eq!((status.timed_out_total, status.rejected_total, status.waiting), (1, 1, 0));
}

#[test]
fn a_closed_pool_lets_nobody_in_and_keeps_nothing() {
    let mut bench = Bench::new(2, 9);
    bench.create(2);
    bench.put_idle("a", 0);
    assert_eq!(bench.reuse(0), "a");
    bench.wait("ann", MINUTE);
    let (idle, waiting) = bench.core.close();
    assert_eq!((idle, waiting), (vec![], vec!["ann"]));
    assert_eq!(refusal(bench.checkout_within("bob", 0, MINUTE)), Refusal::Closed);
    assert!(matches!(bench.checkin("a", 0), Handover::Unwanted("a")));
    assert!(matches!(bench.core.discard(bench.now), Handover::Settled));
    let status = bench.status();
    assert_eq!((status.active, status.idle, status.destroyed_total, status.rejected_total), (0, 0, 2, 2));
    assert_eq!(bench.core.close(), (vec![], vec![]));
}
