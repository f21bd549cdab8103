//! The database server is killed under both nodes and started again.

use toolcrib_tests::Postgres;
use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use super::ledger::Load;
use super::scene::assert_exact;
use super::scene::plan;
use super::scene::recovered;
use super::scene::values;

/// By when a node says that it is not ready, from when its database is gone.
const TOLD: Duration = Duration::from_secs(2);

/// By when all is well again, from when the database answers.
const WELL: Duration = Duration::from_secs(10);

async fn readiness(server: &Server, node: usize) -> Option<u16> {
    let probe = server.node(node).visitor().request(reqwest::Method::GET, "/readyz").try_send().await;
    probe.ok().map(|answer| answer.status)
}

#[test]
fn what_was_acknowledged_survives_the_kill_of_the_database() {
    toolcrib_tests::run(async {
        let mut postgres = Postgres::start().await;
        let server = plan().on_database(&postgres.url()).start().await;
        for _ in 0..rounds(2, 10) {
            let before = values(&server).await;
            let load = Load::start(&server, 4).await;
            load.counts_on(5).await;
            let killed = Instant::now();
            postgres.kill();
            // Asked at the same moment: each may take its second to find out.
            let says_so = async |node| {
                holds_within("it says that it is not ready", TOLD + Duration::from_secs(3), async || {
                    readiness(&server, node).await == Some(503)
                })
                .await;
                let alive = server.node(node).visitor().get("/healthz").await;
                assert_eq!(alive.status, 200, "node {node}: {alive:?}");
            };
            tokio::join!(says_so(0), says_so(1));
            recovered("both nodes say that they are not ready", killed.elapsed());
            assert!(killed.elapsed() < TOLD, "it took {:?}", killed.elapsed());
            postgres.start_again().await;
            let there = Instant::now();
            recovered("PostgreSQL is back after its kill", there - killed);
            for node in 0..2 {
                holds_within("it is ready again", WELL, async || readiness(&server, node).await == Some(200)).await;
            }
            recovered("both nodes are ready after PostgreSQL is back", there.elapsed());
            let again = load.acknowledged_after(there).await;
            recovered("all counters count after PostgreSQL is back", again - there);
            assert!(again - there < WELL, "it took {:?}", again - there);
            load.counts_on(5).await;
            let ledgers = load.stop().await;
            assert_exact(&server, &before, &ledgers).await;
        }
    });
}
