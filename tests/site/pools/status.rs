//! `/tools/status.json` counts what happened, no more and no less.

use toolcrib_tests::prelude::*;

on_both_engines! {
    counters_match_what_the_clients_counted,
    the_document_says_what_runs,
    attempts_add_up_when_the_load_has_stopped,
}

/// W13.
async fn counters_match_what_the_clients_counted(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 4).panics_expected().start().await;
    let visitor = server.visitor();
    for _ in 0..7 {
        assert_eq!(visitor.drill("").await.status, 200);
    }
    for _ in 0..2 {
        assert_eq!(visitor.drill("fail=panic").await.status, 500);
    }
    server.is_quiet("drill").await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.max, pool.uses_total, pool.panics_total), (4, 9, 2), "{pool:?}");
    assert_eq!((pool.created_total, pool.destroyed_total, pool.idle), (2, 2, 0), "{pool:?}");
    assert_eq!((pool.rejected_total, pool.timed_out_total), (0, 0), "{pool:?}");
}

async fn the_document_says_what_runs(engine: Engine) {
    let server = Server::on(engine).start().await;
    let status = server.status().await;
    assert_eq!(status.workers, 4);
    assert_eq!(status.database.kind, engine.to_string());
    assert_eq!(status.application.lock_owner, None);
    assert_eq!((status.application.lock_waiting, status.locks.held, status.locks.waiting), (0, 0, 0));
    assert!(status.uptime_s < 60);
    let document = server.signed_in("admin").await.get_json("/tools/status.json").await.expect_status(200).json();
    for (part, field) in [("application", "lock_owner"), ("locks", "deadlocks_total"), ("sessions", "ended_total")] {
        assert!(document[part].get(field).is_some(), "no {part}.{field} in {document}");
    }
}

/// G19.
async fn attempts_add_up_when_the_load_has_stopped(engine: Engine) {
    let server = Server::on(engine).panics_expected().start().await;
    let visitor = server.visitor();
    let before = server.status().await.requests;
    let _ = all_at_once(60, |number| {
        let visitor = visitor.clone();
        let query = ["", "fail=error", "fail=panic"][number % 3];
        async move { visitor.drill(query).await.status }
    })
    .await;
    holds_within("attempts = committed + retried + failed + exhausted", Duration::from_secs(5), async || {
        server.status().await.requests.add_up()
    })
    .await;
    let after = server.status().await.requests;
    assert!(after.received >= before.received + 60, "{before:?} then {after:?}");
    assert!(after.failed >= before.failed + 40, "{before:?} then {after:?}");
}
