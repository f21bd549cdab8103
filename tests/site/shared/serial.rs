//! Serial numbers: an object lock inside the unit of work; denied and changed locks are retried (G9 to G11, T15).

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use crate::support::Counts;
use crate::support::Scene;
use crate::support::assert_gap_free;
use crate::support::attempts;
use crate::support::value_of;
use crate::traffic::assert_all_served;
use crate::traffic::burst;
use crate::traffic::paced;
use crate::traffic::seconds;

on_all_engines! {
    a_steady_load_gets_numbers_without_gap_or_repetition,
    a_burst_gets_numbers_without_gap_or_repetition,
    whoever_is_denied_the_lock_is_retried_and_logged,
    a_number_whose_request_failed_is_given_to_the_next,
}

const SERIAL: &str = "/examples/serial";

/// Fails unless these are the next numbers, and every retry is in the log under its own label.
async fn assert_serial(scene: &Scene, answers: &[Answer], before: i64, counts: Counts) -> Counts {
    assert_all_served(answers);
    assert_gap_free(answers.iter().map(value_of).collect(), before);
    assert_eq!(scene.value(SERIAL).await, before + i64::try_from(answers.len()).expect("a small number"));
    scene.is_quiet().await;
    let log = scene.log().await;
    for entry in log.lock_retries() {
        let text = entry.text();
        let names_it = ["SerialNumber lock denied", "SerialNumber lock changed"].iter().any(|what| text.contains(what));
        assert!(names_it && entry.is_at(SERIAL), "{entry:?}");
    }
    let count = |what: &str| log.lock_retries().iter().filter(|entry| entry.text().contains(what)).count();
    let counts = scene.counts().await.since(counts);
    eprintln!(
        "{} numbers, {} retried; in all the log {} denied, {} changed",
        answers.len(),
        counts.retried,
        count("lock denied"),
        count("lock changed")
    );
    assert_eq!((counts.lock_retries as u64, counts.exhausted, counts.failed), (counts.retried, 0, 0), "{counts:?}");
    counts
}

/// AC-13.
async fn a_steady_load_gets_numbers_without_gap_or_repetition(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let (before, counts) = (scene.value(SERIAL).await, scene.counts().await);
    let answers = paced(&scene, 10, seconds(), 8, "/examples/serial?hold_ms=30").await;
    assert_eq!(answers.len() as u64, 10 * seconds());
    assert_serial(&scene, &answers, before, counts).await;
}

/// The same with nearly every attempt meeting another one.
async fn a_burst_gets_numbers_without_gap_or_repetition(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let (before, counts) = (scene.value(SERIAL).await, scene.counts().await);
    let answers =
        burst(&scene, 16, 10, |visitor| async move { visitor.post("/examples/serial?hold_ms=5", &[]).await }).await;
    let counts = assert_serial(&scene, &answers, before, counts).await;
    assert!(counts.retried > 0, "sixteen at once and no lock denied: they do not run in parallel");
}

/// One holds the lock when the other wants it: forced, so that the label is seen.
async fn whoever_is_denied_the_lock_is_retried_and_logged(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    for _ in 0..rounds(3, 20) {
        let (before, counts, log) = (scene.value(SERIAL).await, scene.counts().await, scene.log().await);
        let holder = scene.visitor.posting("/examples/serial?hold_ms=400", &[]);
        holds_within("the first is under way", Duration::from_secs(5), async || {
            scene.server.status().await.pool("serial").active == 1
        })
        .await;
        let second = scene.visitor.post(SERIAL, &[]).await;
        let answers = [holder.await.expect("the task ends").expect("an answer"), second];
        assert_eq!(answers.iter().map(value_of).collect::<Vec<_>>(), [before + 1, before + 2]);
        assert_eq!(attempts(&answers[0]), 1, "{answers:?}");
        assert!(attempts(&answers[1]) > 1, "{answers:?}");
        let counts = assert_serial(&scene, &answers, before, counts).await;
        assert_eq!(counts.retried, attempts(&answers[1]) - 1, "{counts:?}");
        let new = scene.log().await.since(&log);
        assert!(new.iter().any(|entry| entry.text().contains("SerialNumber lock denied")), "{new:?}");
        // G11: nobody is left with the lock; the next gets it at once.
        let next = scene.visitor.post(SERIAL, &[]).await;
        assert_eq!((value_of(&next), attempts(&next)), (before + 3, 1));
    }
}

/// The lock goes with the request however it ends, and the number is not used up.
async fn a_number_whose_request_failed_is_given_to_the_next(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine).setting("REQUEST__TIMEOUT_MS", 1500).panics_expected()).await;
    let before = scene.value(SERIAL).await;
    for (turn, (fail, status)) in [("error", 500), ("panic", 500), ("hang", 503)].into_iter().enumerate() {
        let failed = scene.visitor.post(&format!("/examples/serial?fail={fail}"), &[]).await;
        assert_eq!(failed.status, status, "{fail}: {failed:?}");
        let next = scene.visitor.post(SERIAL, &[]).await;
        let expected = before + 1 + i64::try_from(turn).expect("a small number");
        assert_eq!((value_of(&next), attempts(&next)), (expected, 1), "after {fail}: {next:?}");
    }
    scene.is_quiet().await;
}
