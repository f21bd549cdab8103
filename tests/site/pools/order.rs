//! First come, first served.

use toolcrib_tests::prelude::*;

on_both_engines! {
    waiting_visitors_are_served_in_the_order_of_their_arrival,
    idle_instances_take_turns,
}

/// The order of AC-1, with one drill so that nobody can overtake unseen. Every visitor has a connection of their
/// own, so the queue is seen to be one for all four workers.
async fn waiting_visitors_are_served_in_the_order_of_their_arrival(engine: Engine) {
    let server = Server::on(engine)
        .setting("PAGES__DRILL__MAX", 1)
        .setting("PAGES__DRILL__QUEUE_MAX", 100)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 15_000)
        .setting("REQUEST__TIMEOUT_MS", 30_000)
        .start_watched()
        .await;
    let visitor = server.visitor();
    let mut waiting = Vec::new();
    for place in 0..20 {
        // The first holds the drill until all the others stand in the queue.
        let query = if place == 0 { "hold_ms=3000" } else { "hold_ms=20" };
        let visitor = visitor.clone();
        waiting.push(tokio::spawn(async move { visitor.drill(query).await }));
        let what = format!("one is served and {place} wait");
        holds_within(&what, Duration::from_secs(2), async || {
            let status = server.status().await;
            let pool = status.pool("drill");
            (pool.active, pool.waiting) == (1, place)
        })
        .await;
    }
    let mut ends = Vec::new();
    for (place, waiting) in waiting.into_iter().enumerate() {
        let drill = waiting.await.expect("the visitor is answered");
        assert_eq!(drill.status, 200, "number {place}: {:?}", drill.answer);
        assert_eq!(drill.uses, place as u64 + 1, "number {place} got the drill out of turn");
        ends.push(drill.finished());
    }
    assert!(ends.is_sorted(), "answers came out of order");
}

/// W4, on one worker, where no other one's idle instances come first: the longest idle instance is taken, never the
/// one that came back last.
async fn idle_instances_take_turns(engine: Engine) {
    let server = Server::on(engine).setting("SERVER__WORKERS", 1).setting("PAGES__DRILL__MAX", 3).start().await;
    let visitor = server.visitor();
    let warm = all_at_once(3, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=300").await }
    })
    .await;
    assert!(warm.iter().all(|drill| drill.status == 200 && drill.uses == 1), "{warm:?}");
    let mut served = Vec::new();
    for _ in 0..9 {
        served.push(visitor.drill("").await.instance);
    }
    assert_eq!(served[0..3], served[3..6], "{served:?}");
    assert_eq!(served[3..6], served[6..9], "{served:?}");
    let mut first = served[0..3].to_vec();
    first.sort();
    first.dedup();
    assert_eq!(first.len(), 3, "{served:?}");
}
