//! Write skew: what retrying cannot see and a lock can (G13).

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use crate::support::Scene;
use crate::support::attempts;
use crate::support::number;

on_all_engines! {
    two_who_retry_may_both_have_their_way,
    of_two_who_lock_one_keeps_the_invariant,
    one_after_the_other_keeps_the_invariant_in_either_mode,
}

const SKEW: &str = "/examples/skew";

async fn reset(scene: &Scene) {
    let answer = scene.visitor.post(SKEW, &[("reset", "1")]).await.expect_status(200);
    assert_eq!((number(&answer.json(), "a"), number(&answer.json(), "b")), (1, 1));
}

async fn shown(scene: &Scene) -> (i64, i64) {
    let shown = scene.shown(SKEW).await;
    (number(&shown, "a"), number(&shown, "b"))
}

/// Both at once: each sets its own to 0 if the other's is 1.
async fn both(scene: &Scene, mode: &'static str, hold_ms: u64) -> Vec<Answer> {
    all_at_once(2, |turn| {
        let visitor = scene.visitor.clone();
        let fields = [("mode", mode), ("set", ["a", "b"][turn])];
        async move { visitor.post(&format!("{SKEW}?hold_ms={hold_ms}"), &fields).await.expect_status(200) }
    })
    .await
}

/// Reads do not conflict (D13): the two wrote different variables, each is right on its own, and together they broke
/// what should always hold.
async fn two_who_retry_may_both_have_their_way(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    reset(&scene).await;
    let counts = scene.counts().await;
    let answers = both(&scene, "retry", 500).await;
    assert_eq!(shown(&scene).await, (0, 0));
    assert_eq!(answers.iter().map(attempts).collect::<Vec<_>>(), [1, 1], "no conflict was to be seen");
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    assert_eq!((counts.retried, counts.entries), (0, 0), "{counts:?}");
}

async fn of_two_who_lock_one_keeps_the_invariant(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let mut winners = [0, 0];
    for round in 0..rounds(20, 200) {
        reset(&scene).await;
        let _ = both(&scene, "lock", 20).await;
        match shown(&scene).await {
            (0, 1) => winners[0] += 1,
            (1, 0) => winners[1] += 1,
            other => panic!("round {round} ended with {other:?}"),
        }
    }
    eprintln!("a became 0 {} times, b {} times", winners[0], winners[1]);
    scene.is_quiet().await;
}

async fn one_after_the_other_keeps_the_invariant_in_either_mode(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    for mode in ["retry", "lock"] {
        for (first, second, expected) in [("a", "b", (0, 1)), ("b", "a", (1, 0))] {
            reset(&scene).await;
            for set in [first, second] {
                scene.visitor.post(SKEW, &[("mode", mode), ("set", set)]).await.expect_status(200);
            }
            assert_eq!(shown(&scene).await, expected, "{mode}: {first}, then {second}");
        }
    }
    scene.is_quiet().await;
}
