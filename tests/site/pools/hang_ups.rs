//! Clients who leave.

use toolcrib_tests::prelude::*;
use toolcrib_tests::wire::HangUp;

on_both_engines! {
    a_waiter_whose_connection_breaks_is_never_served,
    a_waiter_who_closes_the_connection_is_never_served,
    broken_connections_leave_no_slot_taken,
    closed_connections_leave_no_slot_taken,
}

/// W3: a visitor who stands in the queue and leaves is taken out of it and never served.
async fn a_waiter_who_leaves_is_never_served(engine: Engine, how: HangUp) {
    let server = Server::on(engine)
        .setting("PAGES__DRILL__MAX", 1)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 15_000)
        .setting("REQUEST__TIMEOUT_MS", 30_000)
        .start_watched()
        .await;
    let visitor = server.visitor();
    let holder = tokio::spawn({
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=3000").await }
    });
    holds_within("the only drill is out", Duration::from_secs(2), async || {
        server.status().await.pool("drill").active == 1
    })
    .await;
    let mut leaving = server.wire().await;
    leaving.send_get("/examples/drill").await;
    holds_within("one waits", Duration::from_secs(2), async || server.status().await.pool("drill").waiting == 1).await;
    leaving.hang_up(how);
    holds_within("nobody waits any more", Duration::from_secs(2), async || {
        let status = server.status().await;
        let pool = status.pool("drill");
        assert_eq!(pool.active, 1, "the holder must still hold while this is observed");
        pool.waiting == 0
    })
    .await;
    assert_eq!(holder.await.expect("the holder is answered").status, 200);
    server.is_quiet("drill").await;
    assert_eq!(server.status().await.pool("drill").uses_total, 1, "the visitor who left was served");
}

/// A visitor who leaves while their page runs gives the slot back when the page ends, not never.
async fn those_who_leave_while_served_leave_no_slot_taken(engine: Engine, how: HangUp) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 10).start_watched().await;
    for _ in 0..3 {
        let mut wires = Vec::new();
        for _ in 0..10 {
            let mut wire = server.wire().await;
            wire.send_get("/examples/drill?hold_ms=500").await;
            wires.push(wire);
        }
        holds_within("all ten drills are out", Duration::from_secs(2), async || {
            server.status().await.pool("drill").active == 10
        })
        .await;
        for wire in wires {
            wire.hang_up(how);
        }
        server.is_quiet("drill").await;
    }
    let visitor = server.visitor();
    let drills = all_at_once(10, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=300").await }
    })
    .await;
    assert!(drills.iter().all(|drill| drill.status == 200), "{drills:?}");
    assert!(drills.iter().all(|drill| drill.took() < Duration::from_millis(550)), "{drills:?}");
}

async fn a_waiter_whose_connection_breaks_is_never_served(engine: Engine) {
    a_waiter_who_leaves_is_never_served(engine, HangUp::Rst).await;
}

async fn a_waiter_who_closes_the_connection_is_never_served(engine: Engine) {
    a_waiter_who_leaves_is_never_served(engine, HangUp::Fin).await;
}

async fn broken_connections_leave_no_slot_taken(engine: Engine) {
    those_who_leave_while_served_leave_no_slot_taken(engine, HangUp::Rst).await;
}

async fn closed_connections_leave_no_slot_taken(engine: Engine) {
    those_who_leave_while_served_leave_no_slot_taken(engine, HangUp::Fin).await;
}
