//! Ten thousand requests at four times what the pool can take, with everything going wrong that can.

use std::collections::BTreeMap;

use toolcrib_tests::load::in_parallel;
use toolcrib_tests::prelude::*;
use toolcrib_tests::random::Random;
use toolcrib_tests::rounds;
use toolcrib_tests::wire::HangUp;
use toolcrib_tests::wire::Wire;

on_both_engines! {
    nothing_is_left_over_after_ten_thousand_requests_of_all_kinds,
}

const MAX: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Good,
    Panic,
    Error,
    HangUpAtOnce,
    HangUpLater,
}

/// 10 % panics, 10 % errors, 10 % clients that hang up, the rest good; in random order.
fn mixture(total: usize) -> Vec<Kind> {
    let mut kinds: Vec<_> = (0..total)
        .map(|number| match number % 20 {
            0 | 1 => Kind::Panic,
            2 | 3 => Kind::Error,
            4 => Kind::HangUpAtOnce,
            5 => Kind::HangUpLater,
            _ => Kind::Good,
        })
        .collect();
    Random::seeded("saturation").shuffle(&mut kinds);
    kinds
}

async fn hang_up(port: u16, number: usize, kind: Kind) {
    let mut wire = Wire::connect(port).await;
    wire.send_get("/examples/drill?hold_ms=2").await;
    if kind == Kind::HangUpLater {
        // Somewhere in the queue, in the page or just after it: anywhere will do.
        toolcrib_tests::wait::time_passes(Duration::from_millis(number as u64 % 10)).await;
    }
    wire.hang_up(if number.is_multiple_of(2) { HangUp::Fin } else { HangUp::Rst });
}

/// Sends one request; its status, unless its client hung up.
async fn request(visitor: Client, port: u16, number: usize, kind: Kind) -> Option<u16> {
    match kind {
        Kind::Good => Some(visitor.drill("hold_ms=2").await.status),
        Kind::Panic => Some(visitor.drill("hold_ms=2&fail=panic").await.status),
        Kind::Error => Some(visitor.drill("hold_ms=2&fail=error").await.status),
        Kind::HangUpAtOnce | Kind::HangUpLater => {
            hang_up(port, number, kind).await;
            None
        }
    }
}

/// Sends them all, four times as many at once as there are instances; how often each kind got each status.
async fn storm(server: &Server, kinds: Vec<Kind>) -> BTreeMap<(Kind, u16), usize> {
    let (visitor, port) = (server.visitor(), server.port());
    let answers = in_parallel(kinds.len(), 4 * MAX, {
        let kinds = kinds.clone();
        move |number| request(visitor.clone(), port, number, kinds[number])
    })
    .await;
    let mut seen = BTreeMap::new();
    for (kind, status) in kinds.into_iter().zip(answers) {
        if let Some(status) = status {
            *seen.entry((kind, status)).or_default() += 1;
        }
    }
    seen
}

/// Fails unless as many requests as there are instances run at once now, none of them waiting for another.
async fn the_next_run_at_once(server: &Server) {
    let visitor = server.visitor();
    let drills = all_at_once(MAX, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=400").await }
    })
    .await;
    for drill in &drills {
        assert_eq!(drill.status, 200, "{:?}", drill.answer);
        assert!(drill.took() < Duration::from_millis(700), "it had to wait: {:?}", drill.answer);
    }
}

async fn nothing_is_left_over_after_ten_thousand_requests_of_all_kinds(engine: Engine) {
    let server = Server::on(engine)
        .setting("PAGES__DRILL__MAX", MAX)
        .setting("PAGES__DRILL__QUEUE_MAX", 200)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 20_000)
        .setting("REQUEST__TIMEOUT_MS", 30_000)
        .environment("RUST_LOG", "error")
        .panics_expected()
        .start_watched()
        .await;
    let total = rounds(10_000, 100_000);
    let started = Instant::now();
    let seen = storm(&server, mixture(total)).await;
    let took = started.elapsed();
    eprintln!("{total} requests took {took:?}");
    let tenth = total / 10;
    let expected = [((Kind::Good, 200), 7 * tenth), ((Kind::Panic, 500), tenth), ((Kind::Error, 500), tenth)];
    assert_eq!(seen, BTreeMap::from(expected));

    server.is_quiet("drill").await;
    the_next_run_at_once(&server).await;
    server.is_quiet("drill").await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!(pool.panics_total, tenth as u64, "{pool:?}");
    assert_eq!((pool.timed_out_total, pool.rejected_total, pool.state.as_str()), (0, 0, "serving"), "{pool:?}");
    assert!(pool.idle <= pool.max, "{pool:?}");
    holds_within("every attempt is accounted for", Duration::from_secs(5), async || {
        server.status().await.requests.add_up()
    })
    .await;
    assert!(toolcrib_tests::long() || took < Duration::from_secs(60), "it took {took:?}");
}
