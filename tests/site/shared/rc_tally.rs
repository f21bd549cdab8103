//! The conflict-free counter: any number of visitors add to it at once, nobody is retried, the log stays empty (G8).

use toolcrib_tests::prelude::*;

use crate::support::Scene;
use crate::support::attempts;
use crate::support::value_of;
use crate::traffic::assert_all_served;
use crate::traffic::burst;
use crate::traffic::paced;
use crate::traffic::seconds;

on_all_engines! {
    a_steady_load_is_counted_without_a_single_conflict,
    a_burst_is_counted_without_a_single_conflict,
    overlapping_posts_run_side_by_side,
}

const RC_TALLY: &str = "/examples/rc-tally";

/// Fails unless exactly `answers` were counted and nobody noticed anybody.
async fn assert_undisturbed(scene: &Scene, answers: &[Answer], before: i64, counts: crate::support::Counts) {
    assert_all_served(answers);
    assert!(answers.iter().all(|answer| attempts(answer) == 1));
    assert_eq!(scene.value(RC_TALLY).await, before + i64::try_from(answers.len()).expect("a small number"));
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    assert_eq!((counts.entries, counts.retried, counts.exhausted, counts.failed), (0, 0, 0, 0), "{counts:?}");
}

/// AC-10.
async fn a_steady_load_is_counted_without_a_single_conflict(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let (before, counts) = (scene.value(RC_TALLY).await, scene.counts().await);
    let answers = paced(&scene, 12, seconds(), 8, "/examples/rc-tally?hold_ms=30").await;
    assert_eq!(answers.len() as u64, 12 * seconds());
    assert_undisturbed(&scene, &answers, before, counts).await;
}

/// AC-10, the burst.
async fn a_burst_is_counted_without_a_single_conflict(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let (before, counts) = (scene.value(RC_TALLY).await, scene.counts().await);
    let answers =
        burst(&scene, 64, 20, |visitor| async move { visitor.post("/examples/rc-tally?hold_ms=5", &[]).await }).await;
    assert_undisturbed(&scene, &answers, before, counts).await;
}

/// Without this the exact sum would prove nothing: ten that each wait 300 ms are served in the time of one.
async fn overlapping_posts_run_side_by_side(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let (before, counts) = (scene.value(RC_TALLY).await, scene.counts().await);
    let started = Instant::now();
    let answers = all_at_once(10, |_| {
        let visitor = scene.visitor.clone();
        async move { visitor.post("/examples/rc-tally?hold_ms=300", &[]).await }
    })
    .await;
    assert!(started.elapsed() < Duration::from_millis(2000), "ten times 300 ms took {:?}", started.elapsed());
    assert!(answers.iter().all(|answer| (before + 1..=before + 10).contains(&value_of(answer))), "{answers:?}");
    assert_undisturbed(&scene, &answers, before, counts).await;
}
