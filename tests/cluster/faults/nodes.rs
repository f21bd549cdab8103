//! A node is killed, or stands still, in the middle of a load.

use toolcrib_tests::prelude::*;
use toolcrib_tests::random::Random;
use toolcrib_tests::rounds;
use toolcrib_tests::wait::time_passes;

use super::ledger::Load;
use super::scene::LEASE;
use super::scene::NOTICED;
use super::scene::assert_exact;
use super::scene::plan;
use super::scene::recovered;
use super::scene::values;

/// How long who stands still does so: well beyond the lease, whoever notices it late.
const STANDSTILL: Duration = Duration::from_millis(4000);

#[test]
fn what_was_acknowledged_survives_the_kill_of_a_node() {
    toolcrib_tests::run(async {
        let server = plan().start().await;
        let mut random = Random::seeded("the kill of a node");
        for round in 0..rounds(2, 20) {
            let before = values(&server).await;
            let load = Load::start(&server, 4).await;
            load.counts_on(5).await;
            time_passes(Duration::from_millis(random.below(300))).await;
            let node = server.node(round % 2);
            let killed = Instant::now();
            node.kill();
            let again = load.acknowledged_after(killed).await;
            let took = again - killed;
            recovered("all counters count again after the kill of a node", took);
            assert!(took < LEASE + NOTICED + Duration::from_secs(1), "it took {took:?}");
            load.counts_on(5).await;
            let started = Instant::now();
            node.start_again().await;
            server.is_in_rotation(round % 2).await;
            recovered("a killed node is back in rotation after its start", started.elapsed());
            load.counts_on(5).await;
            let ledgers = load.stop().await;
            assert_exact(&server, &before, &ledgers).await;
        }
    });
}

#[test]
fn a_node_that_stood_still_past_its_lease_writes_nothing_of_before() {
    toolcrib_tests::run(async {
        let server = plan().start().await;
        let before = values(&server).await;
        let load = Load::start(&server, 4).await;
        load.counts_on(5).await;
        let paused = Instant::now();
        server.node(0).pause();
        let again = load.acknowledged_after(paused).await;
        recovered("all counters count again after a node stood still", again - paused);
        time_passes(STANDSTILL.saturating_sub(paused.elapsed())).await;
        let resumed = Instant::now();
        server.node(0).resume();
        server.is_in_rotation(0).await;
        recovered("a node that stood still is back in rotation", resumed.elapsed());
        load.counts_on(10).await;
        let ledgers = load.stop().await;
        assert_exact(&server, &before, &ledgers).await;
    });
}
