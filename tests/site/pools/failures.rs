//! Panics, errors and pages that never end: no slot leaks, no poisoned instance serves again.

use toolcrib_tests::prelude::*;

on_both_engines! {
    thirty_panics_cost_no_capacity,
    an_instance_that_panicked_serves_nobody_again,
    an_instance_whose_page_failed_is_kept,
    a_page_that_never_ends_is_ended,
    a_panic_disturbs_no_other_instance,
}

/// W12.
async fn thirty_panics_cost_no_capacity(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 10).panics_expected().start().await;
    let visitor = server.visitor();
    for turn in 0..30 {
        let failed = visitor.drill("fail=panic").await;
        assert_eq!(failed.status, 500, "panic number {turn}: {:?}", failed.answer);
    }
    let drills = all_at_once(10, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=300").await }
    })
    .await;
    for drill in &drills {
        assert_eq!(drill.status, 200, "{:?}", drill.answer);
        assert!(drill.took() < Duration::from_millis(550), "it had to wait: {:?}", drill.answer);
    }
    server.is_quiet("drill").await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.panics_total, pool.active, pool.waiting), (30, 0, 0), "{pool:?}");
}

/// A panicking instance is thrown away, and nobody sees what it held.
async fn an_instance_that_panicked_serves_nobody_again(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 1).panics_expected().start().await;
    let visitor = server.visitor();
    let set = visitor.post_form_json("/examples/drill", &[("set", "poison")]).await.expect_status(200);
    let poisoned = set.json()["instance"].to_string();
    assert_eq!(visitor.drill("fail=panic").await.status, 500);
    let next = visitor.drill("").await;
    assert_eq!((next.status, next.uses, next.leftover.as_deref()), (200, 1, None), "{:?}", next.answer);
    assert_ne!(next.instance, poisoned);
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.created_total, pool.destroyed_total), (2, 1), "{pool:?}");
}

/// An error is an answer like any other: the instance goes back.
async fn an_instance_whose_page_failed_is_kept(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 10).start().await;
    let visitor = server.visitor();
    for _ in 0..5 {
        let failed = visitor.drill("fail=error").await;
        assert_eq!(failed.status, 500, "{:?}", failed.answer);
    }
    let next = visitor.drill("").await;
    assert_eq!((next.status, next.uses), (200, 6), "{:?}", next.answer);
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.created_total, pool.destroyed_total, pool.panics_total), (1, 0, 0), "{pool:?}");
}

/// A page past the request's deadline answers 503; its instance is thrown away and its slot comes back.
async fn a_page_that_never_ends_is_ended(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 3).setting("REQUEST__TIMEOUT_MS", 1000).start().await;
    let visitor = server.visitor();
    let hung = all_at_once(3, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("fail=hang").await }
    })
    .await;
    for drill in &hung {
        assert_eq!(drill.status, 503, "{:?}", drill.answer);
        drill.answer.retry_after();
        crate::assert_about(drill.took(), 1000, "a page past its deadline");
    }
    server.is_quiet("drill").await;
    let next = visitor.drill("").await;
    assert_eq!((next.status, next.uses), (200, 1), "{:?}", next.answer);
    let status = server.status().await;
    assert_eq!(status.pool("drill").destroyed_total, 3, "{:?}", status.pool("drill"));
}

/// A panic in one page is no business of those who use another instance at that moment.
async fn a_panic_disturbs_no_other_instance(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 10).panics_expected().start().await;
    let visitor = server.visitor();
    let answers = all_at_once(10, |number| {
        let visitor = visitor.clone();
        let query = if number < 3 { "hold_ms=100&fail=panic" } else { "hold_ms=400" };
        async move { visitor.drill(query).await.status }
    })
    .await;
    assert_eq!(answers, [500, 500, 500, 200, 200, 200, 200, 200, 200, 200]);
}
