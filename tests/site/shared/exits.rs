//! However the holder of the application's lock ends, the next one in line gets it (A4, T4, T27).

use toolcrib_tests::prelude::*;
use toolcrib_tests::wait::time_passes;
use toolcrib_tests::wire::HangUp;

use crate::log::Entry;
use crate::support::Scene;
use crate::support::value_of;

on_all_engines! {
    every_way_out_of_a_page_gives_the_lock_back,
    a_holder_whose_client_leaves_gives_the_lock_back,
    a_waiter_whose_client_leaves_is_in_nobodys_way,
}

const SALES: &str = "/examples/sales";
const LOCKED: [(&str, &str); 1] = [("mode", "locked")];

/// How soon the next one in line has the lock, is done and has answered.
const SOON: Duration = Duration::from_millis(200);

/// How a holder ends: what to ask for, what it answers, whether its sale counts, a word for the log.
struct Way {
    query: &'static str,
    status: u16,
    counts: bool,
    log: Option<&'static [&'static str]>,
}

/// AC-18 (a) to (d).
const WAYS: [Way; 4] = [
    Way { query: "?hold_ms=600", status: 200, counts: true, log: None },
    Way { query: "?hold_ms=600&fail=error", status: 500, counts: false, log: Some(&["fail", "error"]) },
    Way { query: "?hold_ms=600&fail=panic", status: 500, counts: false, log: Some(&["panic"]) },
    Way { query: "?hold_ms=100&fail=hang", status: 503, counts: false, log: Some(&["overran", "deadline"]) },
];

/// Fails unless one new entry tells how that request ended.
#[track_caller]
fn assert_logged(new: &[Entry], answer: &Answer, words: &[&str]) {
    let id = answer.header("x-request-id").expect("every answer has its request's id");
    let own: Vec<_> = new.iter().filter(|entry| entry.request_id.as_deref() == Some(id)).collect();
    assert_eq!(own.len(), 1, "entries of the holder: {new:?}");
    assert_eq!((own[0].priority.as_str(), own[0].is_at(SALES)), ("error", true), "{own:?}");
    let label = own[0].label.to_lowercase();
    assert!(words.iter().any(|word| label.contains(word)), "none of {words:?}: {own:?}");
}

async fn every_way_out_of_a_page_gives_the_lock_back(engine: Engine) {
    let plan = Server::on(engine)
        .setting("APPLICATION__LOCK_TIMEOUT_MS", 3000)
        .setting("REQUEST__TIMEOUT_MS", 1500)
        .panics_expected();
    let scene = Scene::alone(plan).await;
    for way in WAYS {
        let (before, log) = (scene.value(SALES).await, scene.log().await);
        let holder = scene.visitor.posting(&format!("{SALES}{}", way.query), &LOCKED);
        scene.application_is_locked(0).await;
        if way.status == 503 {
            // The waiter must come later than the holder by enough to have time left when the holder's is up.
            time_passes(Duration::from_millis(700)).await;
        }
        let waiter = scene.visitor.posting(SALES, &LOCKED);
        scene.application_is_locked(1).await;
        assert!(!holder.is_finished(), "{}: the holder ended before anybody waited", way.query);
        let holder = holder.await.expect("the task ends").expect("an answer");
        let waiter = waiter.await.expect("the task ends").expect("an answer");
        assert_eq!(holder.status, way.status, "{}: {holder:?}", way.query);
        assert_eq!(value_of(&waiter), before + 1 + i64::from(way.counts), "{}", way.query);
        let after = waiter.finished.saturating_duration_since(holder.finished);
        assert!(after < SOON, "{}: the next was done {after:?} after the holder's end", way.query);
        let new = scene.log().await.since(&log);
        match way.log {
            Some(words) => assert_logged(&new, &holder, words),
            None => assert!(new.is_empty(), "{new:?}"),
        }
        scene.is_quiet().await;
    }
}

/// AC-18 (e). What has begun may go on to its end; longer than that nobody waits.
async fn a_holder_whose_client_leaves_gives_the_lock_back(engine: Engine) {
    let scene = Scene::alone(Server::on(engine).setting("APPLICATION__LOCK_TIMEOUT_MS", 3000)).await;
    for how in [HangUp::Fin, HangUp::Rst] {
        let before = scene.value(SALES).await;
        let mut leaving = scene.server.wire().await;
        let request = scene.visitor.raw_post(leaving.host(), "/examples/sales?hold_ms=1000", "mode=locked");
        let started = Instant::now();
        leaving.send(request).await;
        scene.application_is_locked(0).await;
        let waiter = scene.visitor.posting(SALES, &LOCKED);
        scene.application_is_locked(1).await;
        leaving.hang_up(how);
        let waiter = waiter.await.expect("the task ends").expect("an answer");
        let value = value_of(&waiter);
        assert!((before + 1..=before + 2).contains(&value), "{before} became {value}");
        let after = waiter.finished - started;
        assert!(after < Duration::from_millis(1000) + SOON, "{how:?}: the next was done after {after:?}");
        assert_eq!(scene.value(SALES).await, value);
        scene.is_quiet().await;
    }
}

/// T27: the lock is not granted to somebody who is gone, at least not for longer than that takes.
async fn a_waiter_whose_client_leaves_is_in_nobodys_way(engine: Engine) {
    let scene = Scene::alone(Server::on(engine).setting("APPLICATION__LOCK_TIMEOUT_MS", 5000)).await;
    for how in [HangUp::Fin, HangUp::Rst] {
        let holder = scene.visitor.posting("/examples/sales?hold_ms=1000", &LOCKED);
        scene.application_is_locked(0).await;
        let mut leaving = scene.server.wire().await;
        let request = scene.visitor.raw_post(leaving.host(), SALES, "mode=locked");
        leaving.send(request).await;
        scene.application_is_locked(1).await;
        let waiter = scene.visitor.posting(SALES, &LOCKED);
        scene.application_is_locked(2).await;
        leaving.hang_up(how);
        assert!(!holder.is_finished(), "the holder ended before anybody left");
        let holder = holder.await.expect("the task ends").expect("an answer");
        let waiter = waiter.await.expect("the task ends").expect("an answer");
        assert!(value_of(&waiter) > value_of(&holder));
        let after = waiter.finished.saturating_duration_since(holder.finished);
        assert!(after < SOON, "{how:?}: the next was done {after:?} after the holder's end");
        scene.is_quiet().await;
        assert_eq!(value_of(&scene.visitor.post(SALES, &LOCKED).await), scene.value(SALES).await);
    }
}
