//! The application's lock against the clock: how long others wait, and that readers do not.

use std::sync::Arc;

use toolcrib_tests::prelude::*;

use crate::support::Poster;
use crate::support::Scene;
use crate::support::assert_about;
use crate::support::value_of;

on_all_engines! {
    who_waits_too_long_for_the_lock_is_told_to_come_back,
    readers_do_not_wait_for_the_holder_of_the_lock,
    waiters_get_the_lock_in_the_order_of_their_arrival,
}

const SALES: &str = "/examples/sales";

/// A5. Both kinds of writers wait for the holder, and no longer than they may.
async fn who_waits_too_long_for_the_lock_is_told_to_come_back(engine: Engine) {
    let scene = Scene::alone(Server::on(engine).setting("APPLICATION__LOCK_TIMEOUT_MS", 1000)).await;
    let before = scene.value(SALES).await;
    let log = scene.log().await;
    let holder = scene.visitor.posting("/examples/sales?hold_ms=3000", &[("mode", "locked")]);
    scene.application_is_locked(0).await;
    let waiters = all_at_once(2, |turn| {
        let visitor = scene.visitor.clone();
        async move { visitor.post(SALES, &[("mode", ["locked", "update"][turn])]).await }
    })
    .await;
    assert!(!holder.is_finished(), "the holder was to hold all the while");
    let new = scene.log().await.since(&log);
    for waiter in &waiters {
        assert_eq!(waiter.status, 503, "{waiter:?}");
        waiter.retry_after();
        assert_about(waiter.took(), 1000, "a waiter");
        let id = waiter.header("x-request-id").expect("every answer has its request's id");
        let told = new.iter().filter(|entry| entry.request_id.as_deref() == Some(id)).count();
        assert_eq!(told, 1, "entries of the waiter {id}: {new:?}");
    }
    // Nobody is kept from the rest of the site, and the holder gets its sale.
    scene.visitor.client.get("/examples/mirror").await.expect_status(200);
    let holder = holder.await.expect("the task ends").expect("an answer");
    assert_eq!(value_of(&holder), before + 1);
    assert_eq!(value_of(&scene.visitor.post(SALES, &[("mode", "locked")]).await), before + 2);
    scene.is_quiet().await;
}

/// Reads over four connections as long as somebody holds the lock for two seconds: how long it took to read what is
/// locked, and a page that has nothing to do with it.
async fn reads_under_the_lock(scene: &Scene, readers: &[Poster]) -> (Vec<Duration>, Vec<Duration>) {
    let before = scene.value(SALES).await;
    let holder = scene.visitor.posting("/examples/sales?hold_ms=2000", &[("mode", "locked")]);
    scene.application_is_locked(0).await;
    let holder = Arc::new(holder);
    let answers = all_at_once(readers.len(), |turn| {
        let (reader, holder) = (readers[turn].client.clone(), Arc::clone(&holder));
        async move {
            let mut answers = Vec::new();
            while !holder.is_finished() {
                let sales = reader.get_json(SALES).await.expect_status(200);
                answers.push((sales, reader.get_json("/examples/mirror").await.expect_status(200)));
            }
            answers
        }
    })
    .await;
    let holder = Arc::into_inner(holder).expect("the readers are gone").await;
    let holder = holder.expect("the task ends").expect("an answer");
    assert_eq!(value_of(&holder), before + 1);
    assert_eq!(scene.value(SALES).await, before + 1, "and then the new value");
    // Who asked before the holder ended counts, however late the answer came. What was to be read is certain only for
    // answers that were there a moment before the holder's own.
    let end = holder.finished - Duration::from_millis(100);
    let answers: Vec<_> = answers.into_iter().flatten().filter(|(sales, _)| sales.started < end).collect();
    for (sales, _) in answers.iter().filter(|(sales, _)| sales.finished < end) {
        assert_eq!(value_of(sales), before, "the last completed value");
    }
    answers.iter().map(|(sales, other)| (sales.took(), other.took())).unzip()
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// A7.
async fn readers_do_not_wait_for_the_holder_of_the_lock(engine: Engine) {
    let scene = Scene::alone(Server::on(engine)).await;
    let readers = scene.strangers(4).await;
    let (mut locked, mut others) = (Vec::new(), Vec::new());
    for round in 0.. {
        if locked.len() >= 1000 {
            break;
        }
        assert!(round < 20, "only {} reads in {round} rounds of two seconds", locked.len());
        let (sales, other) = reads_under_the_lock(&scene, &readers).await;
        locked.extend(sales);
        others.extend(other);
    }
    let (count, locked, others) = (locked.len(), p99(locked), p99(others));
    eprintln!("p99 of {count} reads: {locked:?}, of another page: {others:?}");
    // On a machine so busy that pages without a lock are slow, those with one may be as slow, and no slower.
    assert!(locked < Duration::from_millis(50).max(2 * others), "p99 is {locked:?}, that of another page {others:?}");
    scene.is_quiet().await;
}

/// A2: first come, first served, at each node.
async fn waiters_get_the_lock_in_the_order_of_their_arrival(engine: Engine) {
    let scene = Scene::alone(Server::on(engine)).await;
    let before = scene.value(SALES).await;
    let visitor = Poster::new(scene.server.node(0).visitor()).await;
    let holder = visitor.posting("/examples/sales?hold_ms=1500", &[("mode", "locked")]);
    scene.application_is_locked(0).await;
    let mut waiters = Vec::new();
    for place in 1..=10 {
        waiters.push(visitor.posting(SALES, &[("mode", "locked")]));
        scene.application_is_locked(place).await;
    }
    assert!(!holder.is_finished(), "the holder let go before all had come");
    let mut values = vec![value_of(&holder.await.expect("the task ends").expect("an answer"))];
    for waiter in waiters {
        values.push(value_of(&waiter.await.expect("the task ends").expect("an answer")));
    }
    assert_eq!(values, (before + 1..=before + 11).collect::<Vec<_>>());
    scene.is_quiet().await;
}
