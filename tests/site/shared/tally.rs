//! The unprotected counter: written as if alone, retried as a whole when somebody else was faster (G1 to G7).

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;
use toolcrib_tests::wait::time_passes;

use crate::log::Log;
use crate::support::Scene;
use crate::support::assert_gap_free;
use crate::support::attempts;
use crate::support::value_of;
use crate::traffic::assert_all_served;
use crate::traffic::burst;
use crate::traffic::paced;
use crate::traffic::seconds;

on_all_engines! {
    three_overlapping_posts_are_retried_until_each_has_counted,
    a_steady_load_is_counted_exactly_and_every_retry_is_logged,
    a_burst_is_counted_exactly_and_nobody_gives_up,
    who_waits_for_the_next_attempt_holds_nothing,
    a_post_that_fails_changes_nothing_and_is_not_retried,
    too_many_retries_are_an_answer_and_change_nothing,
    reading_neither_retries_nor_logs,
}

const TALLY: &str = "/examples/tally";

/// Sends three posts, 50 ms apart and each once the one before it is under way, of which each waits 300 ms between its
/// read and its write. Nothing if the machine was too busy to let all three begin before the first ended.
async fn three_overlapping(scene: &Scene) -> Option<Vec<Answer>> {
    let mut posts = Vec::new();
    let mut overlap = true;
    for number in 1..=3 {
        posts.push(scene.visitor.posting("/examples/tally?hold_ms=300", &[]));
        let next = tokio::time::Instant::now() + Duration::from_millis(50);
        while overlap && scene.server.status().await.pool("tally").active < number {
            overlap = !posts[0].is_finished();
        }
        tokio::time::sleep_until(next).await;
    }
    let mut answers = Vec::new();
    for post in posts {
        answers.push(post.await.expect("the task ends").expect("an answer"));
    }
    overlap.then_some(answers)
}

/// AC-8.
async fn three_overlapping_posts_are_retried_until_each_has_counted(engine: Engine) {
    let scene = Scene::alone(Server::on(engine)).await;
    let mut done = 0;
    for round in 0.. {
        let (before, log, counts) = (scene.value(TALLY).await, scene.log().await, scene.counts().await);
        let Some(answers) = three_overlapping(&scene).await else {
            assert!(round < 100, "three posts of 300 ms never overlapped");
            continue;
        };
        assert_overlapped(&scene, &answers, before, &log).await;
        let counts = scene.counts().await.since(counts);
        assert_eq!((counts.retried, counts.exhausted, counts.failed), (3, 0, 0), "{counts:?}");
        scene.is_quiet().await;
        done += 1;
        if done == rounds(3, 30) {
            break;
        }
    }
}

/// Fails unless one of the three was retried once and one twice, and the log tells it.
async fn assert_overlapped(scene: &Scene, answers: &[Answer], before: i64, log: &Log) {
    assert_gap_free(answers.iter().map(value_of).collect(), before);
    assert_eq!(scene.value(TALLY).await, before + 3);
    let mut taken: Vec<_> = answers.iter().map(attempts).collect();
    assert_eq!(taken[0], 1, "nobody was before the first: {answers:?}");
    taken.sort_unstable();
    assert_eq!(taken, [1, 2, 3], "{answers:?}");
    for answer in answers {
        assert!(answer.took() < Duration::from_millis(1500), "one took {:?}", answer.took());
    }
    let new = scene.log().await.since(log);
    assert_eq!(new.len(), 3, "{new:?}");
    for entry in &new {
        assert_eq!((entry.priority.as_str(), entry.label.as_str()), ("warn", crate::log::CONFLICT), "{entry:?}");
        assert!(entry.text().contains("Write-Write") && entry.text().contains("Tally"), "{entry:?}");
        assert!(entry.is_at(TALLY), "{entry:?}");
    }
    for answer in answers {
        let id = answer.header("x-request-id").expect("every answer has its request's id");
        let entries = new.iter().filter(|entry| entry.request_id.as_deref() == Some(id)).count();
        assert_eq!(entries as u64, attempts(answer) - 1, "entries of request {id}: {new:?}");
    }
}

/// AC-9.
async fn a_steady_load_is_counted_exactly_and_every_retry_is_logged(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let (before, counts) = (scene.value(TALLY).await, scene.counts().await);
    let answers = paced(&scene, 12, seconds(), 8, "/examples/tally?hold_ms=30").await;
    assert_all_served(&answers);
    assert_eq!(answers.len() as u64, 12 * seconds());
    assert_gap_free(answers.iter().map(value_of).collect(), before);
    assert_eq!(scene.value(TALLY).await, before + i64::try_from(answers.len()).expect("a small number"));
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    eprintln!("{} posts, {} retried", answers.len(), counts.retried);
    assert_eq!((counts.conflicts as u64, counts.exhausted, counts.failed), (counts.retried, 0, 0), "{counts:?}");
    assert_eq!(counts.entries, counts.conflicts, "{counts:?}");
    let more: u64 = answers.iter().map(|answer| attempts(answer) - 1).sum();
    assert_eq!(more, counts.retried, "attempts that the answers tell of");
}

/// AC-9, the burst: so many at once that nearly every attempt meets a conflict.
async fn a_burst_is_counted_exactly_and_nobody_gives_up(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let (before, counts) = (scene.value(TALLY).await, scene.counts().await);
    let started = Instant::now();
    let answers =
        burst(&scene, 64, 20, |visitor| async move { visitor.post("/examples/tally?hold_ms=5", &[]).await }).await;
    let took = started.elapsed();
    assert_all_served(&answers);
    assert_gap_free(answers.iter().map(value_of).collect(), before);
    assert_eq!(scene.value(TALLY).await, before + i64::try_from(answers.len()).expect("a small number"));
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    eprintln!("{} posts in {took:?}, {} retried", answers.len(), counts.retried);
    assert!(counts.retried > 0, "sixty-four at once and no conflict: they do not run in parallel");
    assert_eq!((counts.conflicts as u64, counts.exhausted, counts.failed), (counts.retried, 0, 0), "{counts:?}");
}

/// T12: between two attempts nothing is held, neither an instance nor a connection nor a lock.
async fn who_waits_for_the_next_attempt_holds_nothing(engine: Engine) {
    let plan = Server::on(engine)
        .setting("RETRY__DELAYS_MS", "1500,1500")
        .setting("DATABASE__MAX_CONNECTIONS", 1)
        .setting("DATABASE__MAX_WRITERS", 1);
    let scene = Scene::alone(plan).await;
    let before = scene.value(TALLY).await;
    let counts = scene.counts().await;
    let first = scene.visitor.posting("/examples/tally?hold_ms=300", &[]);
    time_passes(Duration::from_millis(100)).await;
    let second = scene.visitor.posting("/examples/tally?hold_ms=300", &[]);
    let first = first.await.expect("the task ends").expect("an answer");
    assert_eq!(value_of(&first), before + 1);
    holds_within("the second is to be retried", Duration::from_secs(1), async || {
        scene.server.status().await.requests.retried == counts.retried + 1
    })
    .await;

    let asleep = Instant::now();
    let passer_by = scene.server.visitor();
    let (mut looks, mut busy) = (0, 0);
    while asleep.elapsed() < Duration::from_millis(1000) {
        for path in ["/examples/mirror", TALLY] {
            let answer = passer_by.get(path).await.expect_status(200);
            assert!(answer.took() < Duration::from_millis(100), "{path} took {:?}", answer.took());
        }
        let status = scene.server.status().await;
        assert_eq!(status.pool("tally").active, 0, "{:?}", status.pool("tally"));
        assert_eq!(status.application.lock_owner, None);
        looks += 1;
        busy += usize::from(status.database.in_use > 0);
    }
    // Somebody who held a connection would be seen at every look; the log's writer is seen at one or two.
    assert!(busy * 4 < looks, "at {busy} of {looks} looks the one connection was in use");
    // Nor does it keep others from counting.
    let other = scene.visitor.post(TALLY, &[]).await;
    assert!(other.took() < Duration::from_millis(200), "{other:?}");
    assert_eq!(value_of(&other), before + 2);
    let second = second.await.expect("the task ends").expect("an answer");
    assert_eq!((value_of(&second), attempts(&second)), (before + 3, 2));
    assert!(second.took() > Duration::from_millis(1500 + 300), "it did not wait: {second:?}");
    scene.is_quiet().await;
}

/// G6.
async fn a_post_that_fails_changes_nothing_and_is_not_retried(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine).panics_expected()).await;
    let before = scene.value(TALLY).await;
    for (fail, times) in [("error", 2), ("panic", 2)] {
        for _ in 0..times {
            let log = scene.log().await;
            let counts = scene.counts().await;
            let answer = scene.visitor.post(&format!("/examples/tally?fail={fail}"), &[]).await;
            assert_eq!((answer.status, attempts(&answer)), (500, 1), "{answer:?}");
            assert!(!answer.text().contains("test knob"), "the cause is for the log alone: {answer:?}");
            let new = scene.log().await.since(&log);
            assert_eq!(new.len(), 1, "{new:?}");
            assert_eq!((new[0].priority.as_str(), new[0].is_at(TALLY)), ("error", true), "{new:?}");
            assert!(new[0].text().contains("test knob"), "the log tells the cause: {new:?}");
            let counts = scene.counts().await.since(counts);
            assert_eq!((counts.failed, counts.retried), (1, 0), "{counts:?}");
        }
    }
    assert_eq!(scene.value(TALLY).await, before);
    assert_eq!(value_of(&scene.visitor.post(TALLY, &[]).await), before + 1);
    scene.is_quiet().await;
}

/// G3: as many attempts as the schedule allows, then 503, one entry that says so, and nothing of it stays.
async fn too_many_retries_are_an_answer_and_change_nothing(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine).setting("RETRY__DELAYS_MS", "10")).await;
    let log = scene.log().await;
    let counts = scene.counts().await;
    let before = scene.value(TALLY).await;
    // Others count faster than this one can: each of its attempts meets a newer value.
    let slow = scene.visitor.posting("/examples/tally?hold_ms=1000", &[]);
    let mut counted = 0;
    while !slow.is_finished() {
        value_of(&scene.visitor.post(TALLY, &[]).await);
        counted += 1;
        time_passes(Duration::from_millis(20)).await;
    }
    let slow = slow.await.expect("the task ends").expect("an answer");
    assert_eq!(slow.status, 503, "{slow:?}");
    slow.retry_after();
    assert_eq!(scene.value(TALLY).await, before + counted);
    let id = slow.header("x-request-id").expect("every answer has its request's id");
    let new: Vec<_> =
        scene.log().await.since(&log).into_iter().filter(|entry| entry.request_id.as_deref() == Some(id)).collect();
    let grave = new.iter().filter(|entry| matches!(entry.priority.as_str(), "fatal" | "error")).count();
    assert_eq!(grave, 1, "{new:?}");
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    assert_eq!((counts.exhausted, counts.failed), (1, 0), "{counts:?}");
    assert_eq!(counts.conflicts as u64, counts.retried, "one entry for each retry: {counts:?}");
}

/// G20: whoever only looks takes part in no conflict, and nobody who writes is in their way.
async fn reading_neither_retries_nor_logs(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let counts = scene.counts().await;
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let writer = tokio::spawn({
        let visitor = scene.visitor.clone();
        async move {
            let mut written = 0;
            while !*stopped.borrow_and_update() {
                value_of(&visitor.post(TALLY, &[]).await);
                written += 1;
            }
            written
        }
    });
    let answers = burst(&scene, 8, 25, |visitor| async move { visitor.client.get_json(TALLY).await }).await;
    stop.send(true).expect("the writer listens");
    let written: i64 = writer.await.expect("the writer ends");
    assert_all_served(&answers);
    assert!(answers.iter().all(|answer| attempts(answer) == 1));
    assert!(written > 0);
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    assert_eq!((counts.retried, counts.entries), (0, 0), "{counts:?}");
}
