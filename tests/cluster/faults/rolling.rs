//! One node after the other is stopped and started again while visitors come and go.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use super::ledger::Load;
use super::scene::assert_exact;
use super::scene::plan;
use super::scene::recovered;
use super::scene::values;

/// How long a node may take to finish what it has begun.
const STOPPED: Duration = Duration::from_secs(20);

/// Somebody who signs in once and looks at their clients all the time; how often, and what they saw that was wrong.
async fn look_around(server: &Server, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<(usize, Vec<String>)> {
    let anna = server.signed_in("anna").await;
    tokio::spawn(async move {
        let (mut looks, mut wrong) = (0, Vec::new());
        while !stop.load(Ordering::Relaxed) {
            looks += 1;
            match anna.request(reqwest::Method::GET, "/clients").try_send().await {
                Ok(page) if page.status == 200 && !page.asks_to_sign_in() => {}
                Ok(page) if page.status == 503 && page.header("retry-after").is_some() => {}
                Ok(page) => wrong.push(format!("{page:?}")),
                Err(error) => wrong.push(format!("{error:?}")),
            }
        }
        (looks, wrong)
    })
}

#[test]
fn a_rolling_restart_fails_nobody_and_loses_nothing() {
    toolcrib_tests::run(async {
        // For as long the proxy has time to see that a node takes no more, as `deploy.md` says.
        let server = plan().setting("SHUTDOWN__DRAIN_MS", 500).start().await;
        let before = values(&server).await;
        let stop = Arc::<AtomicBool>::default();
        let mut onlookers = Vec::new();
        for _ in 0..4 {
            onlookers.push(look_around(&server, Arc::clone(&stop)).await);
        }
        let load = Load::start(&server, 3).await;
        load.counts_on(5).await;
        for turn in 0..rounds(2, 20) {
            let (number, node) = (turn % 2, server.node(turn % 2));
            let started = Instant::now();
            node.terminate();
            let ended = node.ended_within(STOPPED).expect("it ends");
            assert_eq!(ended.code(), Some(0), "{ended}");
            recovered("a node has finished what it had begun", started.elapsed());
            load.counts_on(5).await;
            let started = Instant::now();
            node.start_again().await;
            server.is_in_rotation(number).await;
            recovered("a node is back in rotation after its start", started.elapsed());
            load.counts_on(5).await;
        }
        let ledgers = load.stop().await;
        stop.store(true, Ordering::Relaxed);
        let mut wrong = Vec::new();
        for onlooker in onlookers {
            let (looks, seen) = onlooker.await.expect("an onlooker ends");
            assert!(looks > 10, "somebody looked only {looks} times");
            wrong.extend(seen);
        }
        assert!(wrong.is_empty(), "{} looks failed, such as {:?}", wrong.len(), wrong.first());
        let unanswered: usize = ledgers.iter().map(|ledger| ledger.unknown).sum();
        assert_eq!(unanswered, 0, "posts without an answer");
        assert_exact(&server, &before, &ledgers).await;
    });
}
