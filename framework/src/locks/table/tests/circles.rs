//! Requests that would wait for one another.

use super::*;

fn circle(error: LockError) -> Deadlock {
    match error {
        LockError::Deadlock(circle) => *circle,
        other => panic!("a deadlock, not {other}"),
    }
}

use crate::locks::Deadlock;

#[test]
fn ab_and_ba_are_refused_at_once_and_both_are_named() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    bench.take(1, &a, Exclusive);
    bench.take(2, &b, Exclusive);
    let _ = bench.wait(1, &b, Exclusive, "first");
    let Deadlock { waiter, holder, wanted, held } = circle(bench.refused(2, &a, Exclusive));
    assert_eq!((waiter, holder, wanted, held), (party(2), party(1), a.clone(), b.clone()));
    assert_eq!(bench.table.status().deadlocks_total, 1);
    // The refused one gives up, the other goes on, and a third can have both.
    assert_eq!(bench.release_all(2), ["first"]);
    assert!(bench.release_all(1).is_empty());
    bench.take(3, &a, Exclusive);
    bench.take(3, &b, Exclusive);
}

#[test]
fn a_circle_of_many_is_found_and_the_refused_ones_own_lock_is_named() {
    const MANY: u64 = 50;
    let mut bench = Bench::new();
    let names: Vec<_> = (0..MANY).map(|number| name(&format!("n{number}"))).collect();
    for (owner, own) in (0..).zip(&names) {
        bench.take(owner, own, Exclusive);
    }
    for (owner, next) in (0..).zip(&names[1..]) {
        let _ = bench.wait(owner, next, Exclusive, "waiter");
    }
    let last = MANY - 1;
    let Deadlock { waiter, holder, wanted, held } = circle(bench.refused(last, &names[0], ReadOnly));
    assert_eq!((waiter, holder), (party(last), party(0)));
    assert_eq!((wanted, held), (names[0].clone(), names.last().unwrap().clone()));
}

#[test]
fn a_reader_behind_a_writer_closes_a_circle_with_a_reader_that_holds() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    bench.take(1, &a, ReadOnly);
    let _ = bench.wait(3, &a, Exclusive, "writer");
    bench.take(2, &b, Exclusive);
    let _ = bench.wait(1, &b, Exclusive, "waiter");
    // 2 could share `a` with 1, but waits behind 3, who waits for 1, who waits for 2.
    let Deadlock { holder, held, .. } = circle(bench.refused(2, &a, ReadOnly));
    assert_eq!((holder, held), (party(1), b));
}

#[test]
fn a_circle_through_one_of_many_readers_is_found() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    for owner in 1..=20 {
        bench.take(owner, &a, ReadOnly);
    }
    bench.take(30, &b, Exclusive);
    let _ = bench.wait(13, &b, ReadOnly, "waiter");
    assert_eq!(circle(bench.refused(30, &a, Exclusive)).holder, party(13));
}

#[test]
fn a_circle_through_the_applications_own_lock_is_found() {
    let (mut bench, a) = (Bench::new(), name("a"));
    bench.take(1, &LockName::APPLICATION, Exclusive);
    bench.take(2, &a, Exclusive);
    let _ = bench.wait(1, &a, Exclusive, "waiter");
    assert_eq!(circle(bench.refused(2, &LockName::APPLICATION, Exclusive)).wanted, LockName::APPLICATION);
}

#[test]
fn waiting_for_somebody_that_waits_is_no_circle() {
    let (mut bench, a, b, c) = (Bench::new(), name("a"), name("b"), name("c"));
    bench.take(1, &a, Exclusive);
    bench.take(2, &b, Exclusive);
    bench.take(3, &c, Exclusive);
    let _ = bench.wait(1, &b, Exclusive, "1");
    let _ = bench.wait(4, &a, Exclusive, "4");
    let _ = bench.wait(3, &a, Exclusive, "3");
    assert_eq!(bench.release_all(2), ["1"]);
    assert_eq!(bench.release_all(1), ["4"]);
    assert_eq!(bench.release_all(4), ["3"]);
}

#[test]
fn a_circle_that_was_broken_by_a_time_out_is_none() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    bench.take(1, &a, Exclusive);
    bench.take(2, &b, Exclusive);
    let ticket = bench.wait(1, &b, Exclusive, "first");
    assert!(matches!(bench.table.time_out(&ticket, bench.now), Cancelled::Left { .. }));
    let _ = bench.wait(2, &a, Exclusive, "second");
}

#[test]
fn trying_is_no_deadlock_for_it_does_not_wait() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    bench.take(1, &a, Exclusive);
    bench.take(2, &b, Exclusive);
    let _ = bench.wait(1, &b, Exclusive, "first");
    assert!(matches!(bench.try_take(2, &a, Exclusive), Err(LockError::Held { .. })));
    assert_eq!(bench.table.status().deadlocks_total, 0);
}

#[test]
fn a_circle_is_found_when_its_owners_hold_many_other_names() {
    let (mut bench, a, b) = (Bench::new(), name("a"), name("b"));
    for number in 0..500 {
        bench.take(number % 2 + 1, &name(&format!("other {number}")), Exclusive);
    }
    bench.take(1, &a, Exclusive);
    bench.take(2, &b, ReadOnly);
    let _ = bench.wait(1, &b, Exclusive, "first");
    assert_eq!(circle(bench.refused(2, &a, Exclusive)).held, b);
}
