//! The waiting: who is woken, who goes away, and that no grant is ever lost.

use std::pin::Pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};

use tokio::sync::mpsc;

use super::*;
use crate::locks::{Locks, Scope};

use Mode::{Exclusive, ReadOnly};

const MINUTE: Duration = Duration::from_mins(1);
const AT_ONCE: Duration = Duration::from_millis(1);

type Acquiring = Pin<Box<dyn Future<Output = Result<(), LockError>> + Send>>;

fn locks() -> Locks {
    Locks::new(Rules { waiters_max: 1_000, strict: true })
}

fn party() -> Party {
    let owner = Owner::next();
    Party::new(owner, format!("r{}", owner.0), "client")
}

fn name(text: &str) -> LockName {
    LockName::named(text).unwrap()
}

/// A request in the queue: its future was polled once, and nobody wakes it.
fn waiting(locks: &Locks, party: &Party, wanted: &LockName, mode: Mode) -> Acquiring {
    let mut acquiring = acquiring(locks, party, wanted, mode, MINUTE);
    assert!(poll(&mut acquiring).is_pending());
    acquiring
}

fn acquiring(locks: &Locks, party: &Party, wanted: &LockName, mode: Mode, within: Duration) -> Acquiring {
    let (locks, party, wanted) = (locks.clone(), party.clone(), wanted.clone());
    Box::pin(async move { locks.acquire(&party, wanted, mode, within).await })
}

fn poll(acquiring: &mut Acquiring) -> Poll<Result<(), LockError>> {
    acquiring.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn holders(locks: &Locks) -> Vec<Party> {
    locks.ledger().into_iter().flat_map(|row| row.holders).map(|holding| holding.party).collect()
}

/// The one who holds something.
fn only_holder(locks: &Locks) -> Party {
    let [holder] = <[Party; 1]>::try_from(holders(locks)).expect("one holder");
    holder
}

fn assert_empty(locks: &Locks) {
    let Status { names, held, waiting, .. } = locks.status();
    assert_eq!((names, held, waiting, locks.ledger()), (0, 0, 0, vec![]));
}

#[tokio::test]
async fn a_lock_without_a_time_limit_is_refused_even_if_it_is_free() {
    let (locks, a) = (locks(), name("a"));
    let refused = locks.acquire(&party(), a.clone(), Exclusive, Duration::ZERO).await;
    assert_eq!(refused, Err(LockError::NoTimeLimit { name: a }));
    assert_empty(&locks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_waiters_get_the_lock_in_order_of_arrival() {
    let (locks, a) = (locks(), name("a"));
    let first = party();
    locks.acquire(&first, a.clone(), Exclusive, MINUTE).await.unwrap();
    let (served, mut order) = mpsc::unbounded_channel();
    let parties: Vec<_> = (0..20).map(|_| party()).collect();
    for party in &parties {
        let (locks, party, served) = (locks.clone(), party.clone(), served.clone());
        let acquiring = waiting(&locks, &party, &a, Exclusive);
        tokio::spawn(async move {
            acquiring.await.unwrap();
            served.send(party.clone()).unwrap();
            // The holder is alone: its report is there before the next one is granted.
            assert_eq!(only_holder(&locks), party);
            assert_eq!(locks.release_all(party.owner), 1);
        });
    }
    assert_eq!(locks.status().waiting, 20);
    assert!(locks.release(first.owner, &a));
    for expected in parties {
        assert_eq!(order.recv().await, Some(expected));
    }
    drop(served);
    assert_eq!(order.recv().await, None);
    assert_empty(&locks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_increment_what_a_lock_guards_without_losing_one() {
    let (locks, count) = (locks(), Arc::new(Mutex::new(0)));
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (locks, count) = (locks.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                for round in 0..200 {
                    let party = party();
                    if (task + round) % 4 == 0 {
                        locks.acquire(&party, name("count"), ReadOnly, MINUTE).await.unwrap();
                        tokio::task::yield_now().await;
                    } else {
                        locks.acquire(&party, name("count"), Exclusive, MINUTE).await.unwrap();
                        // Read, be interrupted, write: two owners at a time would lose one.
                        let seen = *count.lock().unwrap();
                        tokio::task::yield_now().await;
                        *count.lock().unwrap() = seen + 1;
                    }
                    assert_eq!(locks.release_all(party.owner), 1);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*count.lock().unwrap(), 16 * 200 * 3 / 4);
    assert_empty(&locks);
}

#[tokio::test]
async fn a_time_out_names_the_holders_and_leaves_the_queue() {
    let (locks, a) = (locks(), name("a"));
    let (first, second) = (party(), party());
    locks.try_acquire(&first, a.clone(), ReadOnly).unwrap();
    locks.try_acquire(&second, a.clone(), ReadOnly).unwrap();
    let timed_out = locks.acquire(&party(), a.clone(), Exclusive, AT_ONCE).await;
    let holders = vec![first.clone(), second];
    assert_eq!(timed_out, Err(LockError::TimedOut { name: a.clone(), within: AT_ONCE, holders }));
    assert!(timed_out.unwrap_err().to_string().contains(&format!("held by page client, request {};", first.request)));
    let Status { waiting, timed_out_total, .. } = locks.status();
    assert_eq!((waiting, timed_out_total), (0, 1));
    // Nobody waits any more, so a reader is let in again.
    locks.try_acquire(&party(), a, ReadOnly).unwrap();
}

#[tokio::test]
async fn a_waiter_that_is_dropped_frees_its_place_and_those_behind_it() {
    let (locks, a) = (locks(), name("a"));
    let (reader, next) = (party(), party());
    locks.try_acquire(&reader, a.clone(), ReadOnly).unwrap();
    let writing = waiting(&locks, &party(), &a, Exclusive);
    let reading = waiting(&locks, &next, &a, ReadOnly);
    assert_eq!(locks.status().waiting, 2);
    drop(writing);
    assert_eq!(holders(&locks), [reader.clone(), next.clone()]);
    reading.await.unwrap();
    assert_eq!((locks.release_all(reader.owner), locks.release_all(next.owner)), (1, 1));
    assert_empty(&locks);
}

#[tokio::test]
async fn a_grant_on_its_way_to_a_dropped_waiter_goes_to_the_next() {
    let (locks, a) = (locks(), name("a"));
    let (first, next) = (party(), party());
    locks.try_acquire(&first, a.clone(), Exclusive).unwrap();
    let gone = waiting(&locks, &party(), &a, Exclusive);
    let waiting = waiting(&locks, &next, &a, Exclusive);
    assert!(locks.release(first.owner, &a));
    drop(gone);
    waiting.await.unwrap();
    assert_eq!(only_holder(&locks), next);
    assert_eq!(locks.release_all(next.owner), 1);
    assert_empty(&locks);
}

#[tokio::test]
async fn a_future_that_was_never_polled_asks_for_nothing() {
    let locks = locks();
    drop(acquiring(&locks, &party(), &name("a"), Exclusive, MINUTE));
    assert_eq!(locks.status(), Status::default());
}

#[tokio::test]
async fn a_wait_ends_when_everything_is_taken_from_its_owner() {
    let (locks, a) = (locks(), name("a"));
    let (holder, waiter) = (party(), party());
    locks.try_acquire(&holder, a.clone(), Exclusive).unwrap();
    let waiting = waiting(&locks, &waiter, &a, Exclusive);
    assert_eq!(locks.release_all(waiter.owner), 0);
    assert_eq!(waiting.await, Err(LockError::Ended { name: a }));
    assert_eq!(locks.release_all(holder.owner), 1);
    assert_empty(&locks);
}

#[tokio::test]
async fn a_deadlock_is_refused_without_waiting() {
    let (locks, a) = (locks(), name("a"));
    let (first, second) = (party(), party());
    locks.try_acquire(&first, a.clone(), Exclusive).unwrap();
    locks.try_acquire(&second, LockName::APPLICATION, Exclusive).unwrap();
    let waiting = waiting(&locks, &first, &LockName::APPLICATION, Exclusive);
    assert_eq!(locks.application_lock(), ApplicationLock { holder: Some(second.clone()), waiting: 1 });
    let mut refused = acquiring(&locks, &second, &a, Exclusive, MINUTE);
    assert!(matches!(poll(&mut refused), Poll::Ready(Err(LockError::Deadlock(circle))) if circle.holder == first));
    assert_eq!(locks.release_all(second.owner), 1);
    waiting.await.unwrap();
}

#[tokio::test]
async fn what_the_table_refuses_is_refused() {
    let (locks, a, holder) = (locks(), name("a"), party());
    locks.acquire(&holder, a.clone(), ReadOnly, MINUTE).await.unwrap();
    let upgrade = locks.acquire(&holder, a.clone(), Exclusive, MINUTE).await;
    assert_eq!(upgrade, Err(LockError::UpgradeDeadlock { name: a.clone() }));
    let held = locks.try_acquire(&party(), a.clone(), Exclusive);
    assert_eq!(held, Err(LockError::Held { name: a.clone(), by: holder.clone() }));
    locks.acquire(&holder, LockName::scope(Scope::Server, None), Exclusive, MINUTE).await.unwrap();
    let out_of_order = locks.acquire(&holder, LockName::scope(Scope::Session, None), Exclusive, MINUTE).await;
    assert!(matches!(out_of_order, Err(LockError::OrderViolation { .. })));
    assert!(!locks.release(party().owner, &a));
    assert!(locks.release(holder.owner, &a));
    assert_eq!(locks.release_all(holder.owner), 1);
    assert_empty(&locks);
}

/// Runs both at the same time; the second begins so many rounds of an empty loop later.
fn race(delay: u32, one: impl FnOnce() + Send, other: impl FnOnce()) {
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            one();
        });
        start.wait();
        (0..delay).for_each(|_| std::hint::spin_loop());
        other();
    });
}

#[tokio::test]
async fn a_grant_that_races_with_a_drop_never_leaks() {
    let (locks, a) = (locks(), name("a"));
    let mut granted_first = 0;
    for round in 0..2_000 {
        let (holder, next) = (party(), party());
        locks.try_acquire(&holder, a.clone(), Exclusive).unwrap();
        let leaving = waiting(&locks, &party(), &a, Exclusive);
        let staying = waiting(&locks, &next, &a, Exclusive);
        let before = locks.status().granted_total;
        let (leave, release) = (|| drop(leaving), || assert!(locks.release(holder.owner, &a)));
        // Either may be the one whose thread is started for it, and so be mostly the later one.
        if round % 2 == 0 {
            race(round % 40 * 20, leave, release)
        } else {
            race(round % 40 * 20, release, leave)
        }
        assert_eq!(staying.await, Ok(()), "round {round}");
        assert_eq!(only_holder(&locks), next, "round {round}");
        // One grant more than that to `next`: the one who left was granted before.
        granted_first += locks.status().granted_total - before - 1;
        assert_eq!(locks.release_all(next.owner), 1);
        assert_empty(&locks);
    }
    assert!((1..2_000).contains(&granted_first), "no race: the grant was first {granted_first} times of 2000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_races_with_a_time_out_is_had_or_not_but_never_lost() {
    let (locks, a) = (locks(), name("a"));
    let mut timed_out = 0;
    for round in 0..300_u64 {
        let (holder, waiter) = (party(), party());
        locks.try_acquire(&holder, a.clone(), Exclusive).unwrap();
        let started = Instant::now();
        let waiting = tokio::spawn(acquiring(&locks, &waiter, &a, Exclusive, AT_ONCE));
        while locks.status().waiting == 0 && started.elapsed() < AT_ONCE {
            tokio::task::yield_now().await;
        }
        let moment = started + Duration::from_micros(900 + round * 5);
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        assert!(locks.release(holder.owner, &a));
        match waiting.await.unwrap() {
            Ok(()) => assert_eq!(locks.release_all(waiter.owner), 1, "round {round}"),
            Err(LockError::TimedOut { .. }) => timed_out += 1,
            Err(other) => panic!("round {round}: {other}"),
        }
        assert_empty(&locks);
    }
    assert_eq!(locks.status().timed_out_total, timed_out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiters_that_are_aborted_in_any_state_leave_nothing_behind() {
    let locks = locks();
    let names = [name("a"), name("b"), name("c")];
    for round in 0..200_usize {
        let tasks: Vec<_> = (0..12_usize)
            .map(|task| {
                let (locks, names) = (locks.clone(), names.clone());
                tokio::spawn(async move {
                    let party = party();
                    // As a unit of work does: however it ends, everything is given back.
                    let _unit = Unit(&locks, party.owner);
                    for step in 0..3 {
                        let mode = if (task + step) % 3 == 0 { ReadOnly } else { Exclusive };
                        let wanted = names[(task + step * (task % 2 + 1)) % 3].clone();
                        // Refused where it would close a circle; a wait that is not refused comes to an end.
                        let acquired = locks.acquire(&party, wanted, mode, Duration::from_secs(5)).await;
                        assert!(!matches!(acquired, Err(LockError::TimedOut { .. })), "{acquired:?}");
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks.iter().skip(round % 3).step_by(2) {
            task.abort();
        }
        for task in tasks {
            if let Err(end) = task.await {
                assert!(end.is_cancelled(), "{end}");
            }
        }
        assert_empty(&locks);
    }
}

struct Unit<'a>(&'a Locks, Owner);

impl Drop for Unit<'_> {
    fn drop(&mut self) {
        self.0.release_all(self.1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_distinct_names_end_in_an_empty_table() {
    let locks = locks();
    let tasks: Vec<_> = (0..100)
        .map(|task| {
            let locks = locks.clone();
            tokio::spawn(async move {
                let party = party();
                for number in 0..1_000 {
                    let wanted = name(&format!("account {task}/{number}"));
                    locks.acquire(&party, wanted, Exclusive, MINUTE).await.unwrap();
                }
                assert_eq!(locks.release_all(party.owner), 1_000);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(locks.status().granted_total, 100_000);
    assert_empty(&locks);
}
