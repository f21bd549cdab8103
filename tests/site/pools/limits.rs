//! How many instances there are, who waits, and who is turned away.

use std::collections::BTreeMap;

use toolcrib_tests::Drill;
use toolcrib_tests::ServerPlan;
use toolcrib_tests::prelude::*;
use toolcrib_tests::wait::time_passes;

use crate::assert_about;

on_both_engines! {
    twenty_visitors_share_ten_drills_in_two_turns,
    fifty_requests_of_one_browser_use_one_instance,
    fifty_requests_on_fifty_connections_use_one_instance,
    a_pool_starts_empty,
    a_burst_of_two_hundred_never_makes_an_eleventh_drill,
    who_waits_too_long_is_told_to_come_back,
    who_finds_the_queue_full_is_turned_away_at_once,
    a_crowded_page_does_not_hold_up_the_others,
    a_queue_without_time_refuses_at_once,
    instances_that_are_not_cached_are_destroyed_after_each_use,
    the_menu_makes_no_instance_of_the_pages_it_names,
}

/// Ten instances, and a queue like that of the scenarios.
fn ten_drills(engine: Engine) -> ServerPlan {
    Server::on(engine)
        .setting("PAGES__DRILL__MAX", 10)
        .setting("PAGES__DRILL__QUEUE_MAX", 100)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 2000)
        .setting("REQUEST__TIMEOUT_MS", 20_000)
}

/// Opens another page every 100 ms until told to stop; how long each time took.
fn passer_by(server: &Server) -> (tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<Vec<Duration>>) {
    let visitor = server.visitor();
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let walk = tokio::spawn(async move {
        let mut times = Vec::new();
        while stopped.try_recv().is_err() {
            times.push(visitor.get("/examples/mirror").await.expect_status(200).took());
            time_passes(Duration::from_millis(100)).await;
        }
        times
    });
    (stop, walk)
}

/// AC-1.
async fn twenty_visitors_share_ten_drills_in_two_turns(engine: Engine) {
    let server = ten_drills(engine).setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 5000).start().await;
    let (stop, walk) = passer_by(&server);
    let visitor = server.visitor();
    let mut drills = all_at_once(20, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=1000").await }
    })
    .await;
    let _ = stop.send(());
    drills.sort_by_key(Drill::finished);

    for (place, drill) in drills.iter().enumerate() {
        assert_eq!(drill.status, 200, "{:?}", drill.answer);
        assert_about(drill.took(), if place < 10 { 1000 } else { 2000 }, &format!("number {place} of 20"));
    }
    let mut uses: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for drill in &drills {
        uses.entry(&drill.instance).or_default().push(drill.uses);
    }
    assert_eq!(uses.len(), 10, "instances that served: {uses:?}");
    assert!(uses.values().all(|uses| uses == &[1, 2]), "each drill is used twice: {uses:?}");
    assert_eq!(server.status().await.pool("drill").created_total, 10);

    let times = walk.await.expect("the passer-by walked on");
    assert!(times.len() >= 10, "the passer-by opened only {} pages", times.len());
    let slowest = times.iter().max().expect("at least one page");
    assert!(*slowest < Duration::from_millis(100), "another page took {slowest:?} meanwhile");

    for _ in 0..50 {
        assert_eq!(visitor.drill("").await.status, 200);
    }
    assert_eq!(server.status().await.pool("drill").created_total, 10);
}

/// AC-1b, from one browser.
async fn fifty_requests_of_one_browser_use_one_instance(engine: Engine) {
    let server = ten_drills(engine).start().await;
    let visitor = server.visitor();
    fifty_in_a_row(&server, &visitor).await;
}

/// AC-1b, with a connection for each request: whichever worker gets it, an idle instance goes before a new one.
async fn fifty_requests_on_fifty_connections_use_one_instance(engine: Engine) {
    let server = ten_drills(engine).start().await;
    let visitor = server.visitor_without_keep_alive();
    fifty_in_a_row(&server, &visitor).await;
}

/// The rest of W1: nothing is made before it is needed.
async fn a_pool_starts_empty(engine: Engine) {
    let server = ten_drills(engine).start().await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.max, pool.created_total, pool.idle, pool.active), (10, 0, 0, 0), "{pool:?}");
    assert_eq!(pool.state, "serving");
}

/// W2.
async fn a_burst_of_two_hundred_never_makes_an_eleventh_drill(engine: Engine) {
    let server = ten_drills(engine)
        .setting("POOL__QUEUE_MAX", 300)
        .setting("PAGES__DRILL__QUEUE_MAX", 300)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 15_000)
        .start()
        .await;
    let visitor = server.visitor();
    let drills = all_at_once(200, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=20").await }
    })
    .await;
    let refused: Vec<_> = drills.iter().filter(|drill| drill.status != 200).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.created_total, pool.uses_total), (10, 200), "{pool:?}");
}

/// AC-2.
async fn who_waits_too_long_is_told_to_come_back(engine: Engine) {
    let server = ten_drills(engine).start().await;
    let visitor = server.visitor();
    let answers = all_at_once(20, |_| {
        let visitor = visitor.clone();
        async move { visitor.get("/examples/drill?hold_ms=5000").await }
    })
    .await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((served.len(), refused.len()), (10, 10), "{refused:?}");
    for answer in &served {
        assert_about(answer.took(), 5000, "a served request");
    }
    for answer in &refused {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_about(answer.took(), 2000, "a refusal");
        answer.retry_after();
        assert!(answer.is_html() && answer.text().contains("<html"), "{answer:?}");
    }
    server.is_quiet("drill").await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.timed_out_total, pool.idle, pool.created_total), (10, 10, 10), "{pool:?}");
}

/// AC-3.
async fn who_finds_the_queue_full_is_turned_away_at_once(engine: Engine) {
    let server = ten_drills(engine).setting("PAGES__DRILL__QUEUE_MAX", 5).start().await;
    let visitor = server.visitor();
    // Connections first: the limit of 200 ms is the server's, not the handshakes'.
    let _ = all_at_once(40, |_| {
        let visitor = visitor.clone();
        async move { visitor.get("/healthz").await }
    })
    .await;
    let answers = all_at_once(40, |_| {
        let visitor = visitor.clone();
        async move { visitor.get("/examples/drill?hold_ms=1500").await }
    })
    .await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((served.len(), refused.len()), (15, 25), "{refused:?}");
    for answer in &refused {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.took() < Duration::from_millis(200), "{answer:?}");
        answer.retry_after();
    }
    server.is_quiet("drill").await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.rejected_total, pool.timed_out_total), (25, 0), "{pool:?}");
}

/// A crowd in front of one page, more than there are instances of anything, is no concern of those who want another.
async fn a_crowded_page_does_not_hold_up_the_others(engine: Engine) {
    let server = ten_drills(engine)
        .setting("PAGES__DRILL__MAX", 4)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 4000)
        .start_watched()
        .await;
    let visitor = server.visitor();
    let crowd = tokio::spawn({
        let visitor = visitor.clone();
        async move {
            all_at_once(80, |_| {
                let visitor = visitor.clone();
                async move { visitor.drill("hold_ms=1000").await.status }
            })
            .await
        }
    });
    holds_within("the crowd waits", Duration::from_secs(2), async || server.status().await.pool("drill").waiting >= 70)
        .await;
    let passer_by = server.visitor();
    let mut times = Vec::new();
    while !crowd.is_finished() {
        times.push(passer_by.get("/examples/mirror").await.expect_status(200).took());
    }
    assert!(times.len() >= 10, "only {} pages in all that time: {times:?}", times.len());
    let slowest = times.iter().max().expect("at least one page");
    assert!(*slowest < Duration::from_millis(200), "another page took {slowest:?} meanwhile");
    let statuses = crowd.await.expect("the crowd is answered");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    server.is_quiet("drill").await;
}

/// W3: with no time to wait, an exhausted pool answers at once, as the original did.
async fn a_queue_without_time_refuses_at_once(engine: Engine) {
    let server = ten_drills(engine)
        .setting("PAGES__DRILL__MAX", 1)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 0)
        .start_watched()
        .await;
    let visitor = server.visitor();
    let holder = tokio::spawn({
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=1000").await }
    });
    holds_within("the only drill is out", Duration::from_secs(1), async || {
        server.status().await.pool("drill").active == 1
    })
    .await;
    let refused = visitor.drill("").await;
    assert_eq!(refused.status, 503, "{:?}", refused.answer);
    assert!(refused.took() < Duration::from_millis(200), "{:?}", refused.answer);
    assert_eq!(holder.await.expect("the holder ends").status, 200);
}

/// W8.
async fn instances_that_are_not_cached_are_destroyed_after_each_use(engine: Engine) {
    let server = ten_drills(engine).setting("PAGES__DRILL__CACHE", "destroy").start().await;
    let visitor = server.visitor();
    for _ in 0..5 {
        assert_eq!(visitor.drill("").await.uses, 1);
    }
    server.is_quiet("drill").await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.created_total, pool.destroyed_total, pool.idle), (5, 5, 0), "{pool:?}");
}

/// W27: what a page says about itself in the menu needs no instance of it.
async fn the_menu_makes_no_instance_of_the_pages_it_names(engine: Engine) {
    let server = ten_drills(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = server.status().await;
    let home = anna.get("/").await.expect_status(200).text();
    assert!(html::tags_named(&home, "a").iter().any(|link| link.get("href") == Some("/clients")), "{home}");
    let after = server.status().await;
    let made: Vec<_> = after
        .pools
        .iter()
        .filter(|pool| before.pool(&pool.page).created_total != pool.created_total)
        .map(|pool| &pool.page)
        .collect();
    assert!(made.len() <= 1, "opening the home desk made instances of {made:?}");
}

async fn fifty_in_a_row(server: &Server, visitor: &Client) {
    let mut instances = Vec::new();
    for turn in 1..=50 {
        let drill = visitor.drill("").await;
        assert_eq!((drill.status, drill.uses), (200, turn), "{:?}", drill.answer);
        instances.push(drill.instance);
    }
    instances.dedup();
    assert_eq!(instances.len(), 1, "instances that served: {instances:?}");
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.created_total, pool.uses_total), (1, 50), "{pool:?}");
}
