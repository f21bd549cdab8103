//! Locks whose holder's node is gone or stands still.

use toolcrib_tests::prelude::*;
use toolcrib_tests::wait::time_passes;

use super::scene::LEASE;
use super::scene::NOTICED;
use super::scene::Poster;
use super::scene::is_busy;
use super::scene::plan;
use super::scene::recovered;
use super::scene::value_of;

const SALES: &str = "/examples/sales";
const LOCKED: [(&str, &str); 1] = [("mode", "locked")];
const SERIAL: &str = "/examples/serial";

/// The lock excludes over nodes at all; all that follows rests on it.
#[test]
fn who_holds_the_lock_at_one_node_keeps_the_other_waiting() {
    toolcrib_tests::run(async {
        let server = plan().start().await;
        let (first, second) = (Poster::at(&server, 0).await, Poster::at(&server, 1).await);
        let before = first.value(SALES).await;
        let holder = first.posting(&format!("{SALES}?hold_ms=1500"), &LOCKED);
        is_busy(&server, 0, "sales").await;
        let waiter = second.post(SALES, &LOCKED).await;
        let holder = holder.await.expect("the task ends").expect("an answer");
        assert_eq!((value_of(&holder), value_of(&waiter)), (before + 1, before + 2));
        assert!(waiter.finished > holder.finished, "the second did not wait for the first");
        recovered("the lock goes from one node to the other", waiter.finished - holder.finished);
    });
}

/// Kills node 0 while it holds what that post needs; how long until node 1 has it.
async fn freed_by_a_kill(path: &str, page: &str, fields: &[(&str, &str)]) {
    let server = plan().start().await;
    let (first, second) = (Poster::at(&server, 0).await, Poster::at(&server, 1).await);
    let before = second.value(path).await;
    let holder = first.posting(&format!("{path}?hold_ms=60000"), fields);
    is_busy(&server, 0, page).await;
    // Somebody waits already; the next one comes afterwards.
    let waiting = second.posting(path, fields);
    time_passes(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "{path} was not held");
    let killed = Instant::now();
    server.node(0).kill();
    let late = second.post(path, fields).await;
    let waiting = waiting.await.expect("the task ends").expect("an answer");
    let mut values = [value_of(&waiting), value_of(&late)];
    values.sort_unstable();
    assert_eq!(values, [before + 1, before + 2], "{path}");
    assert_eq!(second.value(path).await, before + 2, "what the killed one had begun has counted");
    assert!(holder.await.expect("the task ends").is_none(), "the killed node has answered");
    let took = waiting.finished.min(late.finished) - killed;
    recovered(&format!("{page}: what a killed node held is free"), took);
    assert!(took < LEASE + NOTICED, "it took {took:?}");
}

#[test]
fn the_application_s_lock_of_a_killed_node_is_free_when_its_lease_is_up() {
    toolcrib_tests::run(freed_by_a_kill(SALES, "sales", &LOCKED));
}

#[test]
fn an_object_lock_of_a_killed_node_is_free_when_its_lease_is_up() {
    toolcrib_tests::run(freed_by_a_kill(SERIAL, "serial", &[]));
}

/// Pauses node 0 while it holds what that post needs, until node 1 has had it, and lets it go on: it comes too late.
async fn too_late_after_a_pause(path: &str, page: &str, fields: &[(&str, &str)]) {
    let server = plan().start().await;
    let (first, second) = (Poster::at(&server, 0).await, Poster::at(&server, 1).await);
    let before = second.value(path).await;
    let holder = first.posting(&format!("{path}?hold_ms=700"), fields);
    is_busy(&server, 0, page).await;
    assert!(!holder.is_finished(), "it was over before it could be paused");
    let paused = Instant::now();
    server.node(0).pause();
    let value = value_of(&second.post(path, fields).await);
    let took = paused.elapsed();
    recovered(&format!("{page}: what a paused node held is free"), took);
    assert!(took < LEASE + NOTICED, "it took {took:?}");
    assert_eq!(value, before + 1, "{path}");
    server.node(0).resume();
    let late = holder.await.expect("the task ends").expect("an answer");
    let counted = match late.status {
        // It was run again, and counted on from what the other had left.
        200 => {
            assert_eq!(value_of(&late), before + 2, "{path}: it has written over the other's value");
            2
        }
        503 => {
            late.retry_after();
            1
        }
        _ => panic!("{late:?}"),
    };
    eprintln!("{path}: the late one was answered {}", late.status);
    server.is_in_rotation(0).await;
    for node in 0..2 {
        let looker = Poster::at(&server, node).await;
        holds_within("both nodes show what was counted", Duration::from_secs(3), async || {
            looker.value(path).await == before + counted
        })
        .await;
    }
    // And it is in nobody's way any more.
    for node in [1, 0] {
        let answer = Poster::at(&server, node).await.post(path, fields).await;
        assert!(answer.took() < Duration::from_secs(2), "at node {node}: {answer:?}");
        assert_eq!(value_of(&answer), before + counted + if node == 1 { 1 } else { 2 });
    }
}

#[test]
fn a_holder_of_the_application_s_lock_who_was_paused_past_the_lease_does_not_write() {
    toolcrib_tests::run(too_late_after_a_pause(SALES, "sales", &LOCKED));
}

#[test]
fn a_holder_of_an_object_lock_who_was_paused_past_the_lease_does_not_write() {
    toolcrib_tests::run(too_late_after_a_pause(SERIAL, "serial", &[]));
}
