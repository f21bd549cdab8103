//! `kill -9` right after an answer: what was acknowledged is there, and nothing is locked (G24, AC-30).

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use toolcrib_tests::prelude::*;
use toolcrib_tests::random::Random;
use toolcrib_tests::rounds;
use toolcrib_tests::wait::time_passes;

use crate::support::COUNTERS;
use crate::support::Poster;
use crate::support::Scene;
use crate::support::value_of;

on_all_engines! {
    what_was_counted_survives_kill_9_right_after_the_answer,
    what_was_counted_survives_kill_9_under_load,
    a_lock_that_was_held_is_free_after_kill_9,
}

/// AC-30, as it is written: one answer, then the kill.
async fn what_was_counted_survives_kill_9_right_after_the_answer(engine: Engine) {
    let mut scene = Scene::beside_others(Server::on(engine)).await;
    for (path, fields) in COUNTERS {
        let acknowledged = value_of(&scene.visitor.post(path, fields).await);
        scene.server.kill();
        scene.server.start_again().await;
        assert_eq!(scene.value(path).await, acknowledged, "{path} {fields:?}");
        assert_fresh(&scene).await;
        let next = value_of(&scene.visitor.post(path, fields).await);
        assert_eq!(next, acknowledged + 1, "{path} {fields:?}");
    }
}

/// Fails unless pools and locks are those of a server that has just been started.
async fn assert_fresh(scene: &Scene) {
    scene.is_quiet().await;
    let status = scene.server.status().await;
    // One page was opened since, the one that shows the value.
    let used: Vec<_> = status.pools.iter().filter(|pool| pool.uses_total > 1).map(|pool| &pool.page).collect();
    let known = ["app", "home", "login", "status.json"];
    let odd: Vec<_> = used.into_iter().filter(|page| !known.contains(&page.as_str())).collect();
    assert!(odd.is_empty(), "used before anybody came: {odd:?}");
    assert_eq!(status.application.lock_owner, None);
}

/// Adds until the server is gone; the greatest value that was acknowledged, and how many posts were sent.
async fn hammer(
    visitor: Poster,
    path: &'static str,
    fields: &'static [(&'static str, &'static str)],
    best: &AtomicI64,
) {
    loop {
        let request = visitor.client.post(path).accept_json().form_with_token(&visitor.token, fields);
        let Ok(answer) = request.try_send().await else { return };
        best.fetch_max(value_of(&answer), Ordering::Relaxed);
    }
}

async fn what_was_counted_survives_kill_9_under_load(engine: Engine) {
    let mut scene = Scene::beside_others(Server::on(engine)).await;
    let mut random = Random::seeded("kill -9");
    for _ in 0..rounds(1, 10) {
        let mut before = Vec::new();
        for (path, _) in COUNTERS {
            before.push(scene.value(path).await);
        }
        let mut best = Vec::new();
        let mut tasks = Vec::new();
        for (path, fields) in COUNTERS {
            let greatest = Arc::new(AtomicI64::new(0));
            for _ in 0..2 {
                let (visitor, greatest) = (scene.visitor.clone(), Arc::clone(&greatest));
                tasks.push(tokio::spawn(async move { hammer(visitor, path, fields, &greatest).await }));
            }
            best.push(greatest);
        }
        holds_within("all of them count", Duration::from_secs(20), async || {
            best.iter().zip(&before).all(|(best, before)| best.load(Ordering::Relaxed) > before + 3)
        })
        .await;
        time_passes(Duration::from_millis(random.below(300))).await;
        scene.server.kill();
        for task in tasks {
            task.await.expect("who counts ends with the server");
        }
        scene.server.start_again().await;
        for ((path, fields), best) in COUNTERS.iter().zip(&best) {
            let (acknowledged, found) = (best.load(Ordering::Relaxed), scene.value(path).await);
            // Beyond it there may be what was on its way: two clients, on the sales two of either mode.
            assert!(
                (acknowledged..=acknowledged + 4).contains(&found),
                "{path} {fields:?}: {acknowledged} was acknowledged, {found} is there"
            );
        }
        assert_fresh_locks(&scene).await;
    }
}

async fn assert_fresh_locks(scene: &Scene) {
    scene.is_quiet().await;
    for (path, fields) in COUNTERS {
        let before = scene.value(path).await;
        let answer = scene.visitor.post(path, fields).await;
        assert_eq!(value_of(&answer), before + 1, "{path} {fields:?}");
        assert!(answer.took() < Duration::from_secs(2), "{path} {fields:?}: {answer:?}");
    }
}

async fn a_lock_that_was_held_is_free_after_kill_9(engine: Engine) {
    let mut scene = Scene::beside_others(Server::on(engine)).await;
    let (sales, serial) = (scene.value("/examples/sales").await, scene.value("/examples/serial").await);
    let _holders = [
        scene.visitor.posting("/examples/sales?hold_ms=30000", &[("mode", "locked")]),
        scene.visitor.posting("/examples/serial?hold_ms=30000", &[]),
    ];
    scene.application_is_locked(0).await;
    holds_within("the serial number is locked", Duration::from_secs(5), async || {
        scene.server.status().await.pool("serial").active == 1
    })
    .await;
    scene.server.kill();
    scene.server.start_again().await;
    assert_eq!((scene.value("/examples/sales").await, scene.value("/examples/serial").await), (sales, serial));
    assert_fresh_locks(&scene).await;
}
