//! ASP's `NumberOfSales`: exact under the lock and by `update`, wrong without either (A1 to A6).

use toolcrib_tests::ServerPlan;
use toolcrib_tests::load::in_parallel;
use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use crate::support::Scene;
use crate::support::assert_gap_free;
use crate::support::value_of;
use crate::traffic::assert_all_served;

on_all_engines! {
    sales_under_the_lock_are_counted_exactly,
    sales_by_update_are_counted_exactly,
    sales_without_either_are_lost,
    locked_and_updated_sales_may_be_mixed,
    a_site_with_two_connections_does_not_stall_on_the_lock,
}

const SALES: &str = "/examples/sales";

/// AC-17 in its long form is two hundred clients, which want more room than a page has by default.
fn roomy(engine: Engine) -> ServerPlan {
    Server::on(engine)
        .setting("POOL__MAX", 256)
        .setting("POOL__QUEUE_MAX", 512)
        .setting("POOL__QUEUE_TIMEOUT_MS", 60_000)
        .setting("REQUEST__TIMEOUT_MS", 60_000)
        .setting("APPLICATION__LOCK_TIMEOUT_MS", 60_000)
}

/// Forty (two hundred) clients at once, each selling ten times, and each in the mode that its number gives.
async fn sell(
    scene: &Scene,
    query: &'static str,
    mode: impl Fn(usize) -> &'static str + Clone + Send + 'static,
) -> Vec<Answer> {
    let clients = rounds(40, 200);
    let visitors = scene.strangers(clients).await;
    let answers = all_at_once(clients, |number| {
        let (visitor, mode) = (visitors[number].clone(), mode(number));
        async move {
            let mut answers = Vec::new();
            for _ in 0..10 {
                answers.push(visitor.post(&format!("{SALES}{query}"), &[("mode", mode)]).await);
            }
            answers
        }
    })
    .await;
    answers.into_iter().flatten().collect()
}

async fn sold_exactly(engine: Engine, query: &'static str, mode: fn(usize) -> &'static str) {
    let scene = Scene::beside_others(roomy(engine)).await;
    let (before, counts) = (scene.value(SALES).await, scene.counts().await);
    let answers = sell(&scene, query, mode).await;
    assert_all_served(&answers);
    assert_gap_free(answers.iter().map(value_of).collect(), before);
    assert_eq!(scene.value(SALES).await, before + i64::try_from(answers.len()).expect("a small number"));
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    assert_eq!((counts.retried, counts.exhausted, counts.failed), (0, 0, 0), "{counts:?}");
}

/// AC-17.
async fn sales_under_the_lock_are_counted_exactly(engine: Engine) {
    sold_exactly(engine, "?hold_ms=1", |_| "locked").await;
}

async fn sales_by_update_are_counted_exactly(engine: Engine) {
    sold_exactly(engine, "", |_| "update").await;
}

/// A2: whoever changes a variable in one message waits for the holder of the lock.
async fn locked_and_updated_sales_may_be_mixed(engine: Engine) {
    sold_exactly(engine, "?hold_ms=1", |number| ["locked", "update"][number % 2]).await;
}

/// The control: requests do run at the same time, and only the lock or the update saved the sum.
async fn sales_without_either_are_lost(engine: Engine) {
    let scene = Scene::beside_others(roomy(engine)).await;
    let before = scene.value(SALES).await;
    let answers = sell(&scene, "?hold_ms=1", |_| "unlocked").await;
    assert_all_served(&answers);
    let sold = i64::try_from(answers.len()).expect("a small number");
    let after = scene.value(SALES).await;
    eprintln!("{sold} sales, {} counted", after - before);
    assert!(after > before && after < before + sold, "{before} and {sold} sales made {after}");
    scene.is_quiet().await;
}

/// T25: whoever waits for the lock holds no connection, and whoever holds it gets one.
async fn a_site_with_two_connections_does_not_stall_on_the_lock(engine: Engine) {
    let plan = Server::on(engine)
        .setting("DATABASE__MAX_CONNECTIONS", 2)
        .setting("DATABASE__MAX_WRITERS", 2)
        .setting("POOL__MAX", 64)
        .setting("APPLICATION__LOCK_TIMEOUT_MS", 20_000);
    let scene = Scene::beside_others(plan).await;
    let anna = scene.server.signed_in("anna").await;
    let before = scene.value(SALES).await;
    let sellers = in_parallel(80, 40, {
        let visitor = scene.visitor.clone();
        move |number| {
            let visitor = visitor.clone();
            let mode = ["locked", "locked", "update"][number % 3];
            async move { visitor.post(&format!("{SALES}?hold_ms=20"), &[("mode", mode)]).await }
        }
    });
    let sellers = tokio::spawn(sellers);
    let mut pages = 0;
    while !sellers.is_finished() {
        // Each of these reads the database, and the last one writes to it.
        for path in ["/clients", "/search?q=a", SALES] {
            let answer = anna.get(path).await.expect_status(200);
            assert!(answer.took() < Duration::from_secs(2), "{path} took {:?}", answer.took());
        }
        anna.create(&NewClient::valid()).await;
        pages += 1;
    }
    assert!(pages > 1, "the load was over before anybody could look");
    let answers = sellers.await.expect("the sellers are answered");
    assert_all_served(&answers);
    assert_gap_free(answers.iter().map(value_of).collect(), before);
    scene.is_quiet().await;
}
