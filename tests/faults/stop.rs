//! SIGTERM: ready no more, nothing new, what runs is finished, then the end.

use toolcrib_tests::ServerPlan;
use toolcrib_tests::prelude::*;

on_both_engines! {
    what_runs_is_finished_and_nothing_new_begins,
    while_it_drains_it_is_not_ready_and_answers_what_still_comes,
    a_stop_under_load_loses_nothing_that_was_acknowledged,
    a_second_sigterm_ends_it_at_once,
    a_stop_waits_no_longer_than_its_grace_time,
    an_idle_server_stops_at_once,
}

fn plan(engine: Engine) -> ServerPlan {
    Server::on(engine).setting("REQUEST__TIMEOUT_MS", 60_000)
}

/// Starts `count` requests that hold for so long, and waits until all of them run.
async fn under_way(server: &Server, count: usize, hold_ms: u32) -> Vec<tokio::task::JoinHandle<Option<u16>>> {
    let visitor = server.visitor();
    let running = (0..count)
        .map(|_| {
            let request = visitor.request(reqwest::Method::GET, &format!("/examples/drill?hold_ms={hold_ms}"));
            tokio::spawn(async move { request.accept_json().try_send().await.ok().map(|answer| answer.status) })
        })
        .collect();
    holds_within("all requests are under way", Duration::from_secs(5), async || {
        server.status().await.pool("drill").active == count as u64
    })
    .await;
    running
}

async fn what_runs_is_finished_and_nothing_new_begins(engine: Engine) {
    let mut server = plan(engine).setting("SHUTDOWN__GRACE_MS", 10_000).start().await;
    let running = under_way(&server, 10, 2000).await;
    let mut kept = server.wire().await;
    kept.send_get("/readyz").await;
    assert_eq!(kept.answer(Duration::from_secs(2)).await.map(|answer| answer.status), Some(200));

    server.terminate();
    let newcomer = server.visitor_without_keep_alive();
    holds_within("it is not ready any more", Duration::from_millis(1500), async || {
        let probe = newcomer.request(reqwest::Method::GET, "/readyz").try_send().await;
        probe.map_or(true, |answer| answer.status == 503)
    })
    .await;
    // On a connection that was open before, the answer is no or the end, never yes.
    kept.send_get("/readyz").await;
    let still_ready = kept.answer(Duration::from_secs(1)).await.is_some_and(|answer| answer.status == 200);
    assert!(!still_ready, "it says that it is ready while it stops");

    for request in running {
        assert_eq!(request.await.expect("the task ends"), Some(200), "a request under way was cut off");
    }
    let ended = server.ended_within(Duration::from_secs(5)).expect("it ends when its work is done");
    assert_eq!(ended.code(), Some(0), "{ended}");
}

/// A proxy needs some probes to see it. Until then requests come, and their connections are not kept.
async fn while_it_drains_it_is_not_ready_and_answers_what_still_comes(engine: Engine) {
    let mut server = plan(engine).setting("SHUTDOWN__DRAIN_MS", 3000).start().await;
    let mut kept = server.wire().await;
    kept.send_get("/login").await;
    let before = kept.answer(Duration::from_secs(2)).await.expect("an answer");
    assert_eq!((before.status, before.header("connection")), (200, None));

    let started = Instant::now();
    server.terminate();
    let newcomer = server.visitor_without_keep_alive();
    let probe = || async { newcomer.request(reqwest::Method::GET, "/readyz").try_send().await };
    holds_within("it is not ready any more", Duration::from_secs(1), async || {
        probe().await.expect("an answer").status == 503
    })
    .await;
    let page = newcomer.get("/login").await;
    assert_eq!((page.status, page.header("connection")), (200, Some("close")));
    kept.send_get("/login").await;
    let after = kept.answer(Duration::from_secs(2)).await.expect("an answer on a connection from before");
    assert_eq!((after.status, after.header("connection")), (200, Some("close")));
    assert!(started.elapsed() < Duration::from_secs(3), "too slow a machine to tell: {:?}", started.elapsed());

    let ended = server.ended_within(Duration::from_secs(8)).expect("it ends");
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert!(started.elapsed() >= Duration::from_secs(3), "it did not drain");
}

/// S24 with a ledger: whoever was told 2xx finds their row after the restart.
async fn a_stop_under_load_loses_nothing_that_was_acknowledged(engine: Engine) {
    let mut server = plan(engine).start().await;
    let load = crate::crash::Writers::start(&server, 8).await;
    load.have_written(40).await;
    server.terminate();
    let ended = server.ended_within(Duration::from_secs(30)).expect("it ends");
    assert_eq!(ended.code(), Some(0), "{ended}");
    let ledger = load.stop().await;
    server.start_again().await;
    ledger.holds_on(&server).await;
}

async fn a_second_sigterm_ends_it_at_once(engine: Engine) {
    let mut server = plan(engine).setting("SHUTDOWN__GRACE_MS", 30_000).start().await;
    let running = under_way(&server, 2, 20_000).await;
    server.terminate();
    assert!(server.ended_within(Duration::from_millis(500)).is_none(), "it did not wait for what runs");
    let started = Instant::now();
    server.terminate();
    assert!(server.ended_within(Duration::from_secs(2)).is_some(), "it went on after the second signal");
    assert!(started.elapsed() < Duration::from_secs(1), "it took {:?}", started.elapsed());
    for request in running {
        assert_eq!(request.await.expect("the task ends"), None);
    }
}

async fn a_stop_waits_no_longer_than_its_grace_time(engine: Engine) {
    let mut server = plan(engine).setting("SHUTDOWN__GRACE_MS", 1500).start().await;
    let _running = under_way(&server, 2, 30_000).await;
    let started = Instant::now();
    server.terminate();
    let ended = server.ended_within(Duration::from_secs(6));
    assert!(ended.is_some(), "it still waits after {:?}", started.elapsed());
    let took = started.elapsed();
    assert!((Duration::from_millis(1200)..Duration::from_millis(3000)).contains(&took), "it took {took:?}");
}

async fn an_idle_server_stops_at_once(engine: Engine) {
    let mut server = plan(engine).start().await;
    let anna = server.signed_in("anna").await;
    assert!(anna.is_signed_in().await);
    let started = Instant::now();
    server.terminate();
    let ended = server.ended_within(Duration::from_secs(5)).expect("it ends");
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert!(started.elapsed() < Duration::from_secs(3), "it took {:?}", started.elapsed());
    // A stop of the server is not the end of its visitors' sessions.
    server.start_again().await;
    assert!(anna.is_signed_in().await);
}
