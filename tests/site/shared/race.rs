//! Races on demand: the page that runs a few visitors against one another and shows what became of each.

use serde_json::Value;
use toolcrib_tests::prelude::*;

use crate::support::Scene;
use crate::support::number;

on_all_engines! {
    a_race_on_the_tally_counts_all_and_shows_the_retries,
    a_race_on_the_others_ends_as_each_of_them_promises,
    a_race_on_unlocked_sales_loses_some,
    races_are_limited,
    a_reader_is_shown_the_race_as_a_page,
}

const RACE: &str = "/examples/race";

/// Starts a race, after the one before it if there is one.
async fn race(scene: &Scene, example: &str, clients: usize) -> Value {
    let clients = clients.to_string();
    eventually("the site has time for a race", Duration::from_secs(20), async || {
        let answer = scene.visitor.post(RACE, &[("example", example), ("clients", &clients)]).await;
        if matches!(answer.status, 429 | 503) {
            answer.retry_after();
            return None;
        }
        Some(answer.expect_status(200).json())
    })
    .await
}

/// The attempts of each visitor.
#[track_caller]
fn attempts(document: &Value) -> &Vec<Value> {
    document["attempts"].as_array().unwrap_or_else(|| panic!("no attempts in {document}"))
}

async fn a_race_on_the_tally_counts_all_and_shows_the_retries(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let counts = scene.counts().await;
    let done = race(&scene, "tally", 5).await;
    let (before, after) = (number(&done, "before"), number(&done, "after"));
    assert_eq!((after, number(&done, "expected")), (before + 5, before + 5), "{done}");
    assert_eq!(scene.value("/examples/tally").await, after);
    assert!(attempts(&done).len() > 5, "five at once, and nobody was retried: {done}");
    assert!(done["attempts"].to_string().contains("Write-Write"), "{done}");
    scene.is_quiet().await;
    let counts = scene.counts().await.since(counts);
    let retried = attempts(&done).len() - 5;
    assert_eq!(counts.conflicts, retried, "each of them is in the log: {counts:?} {done}");
}

async fn a_race_on_the_others_ends_as_each_of_them_promises(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    for (example, path) in [
        ("rc-tally", "/examples/rc-tally"),
        ("serial", "/examples/serial"),
        ("sales-locked", "/examples/sales"),
        ("sales-update", "/examples/sales"),
    ] {
        for clients in [2, 8] {
            let done = race(&scene, example, clients).await;
            let added = i64::try_from(clients).expect("few");
            assert_eq!(number(&done, "after"), number(&done, "before") + added, "{done}");
            assert_eq!(number(&done, "expected"), number(&done, "after"), "{done}");
            assert_eq!(scene.value(path).await, number(&done, "after"), "{example}");
            if example != "serial" {
                assert_eq!(attempts(&done).len(), clients, "{example} retries nobody: {done}");
            }
        }
    }
    for example in ["skew-retry", "skew-lock"] {
        let done = race(&scene, example, 2).await;
        let shown = scene.shown("/examples/skew").await;
        let left = number(&shown, "a") + number(&shown, "b");
        assert_eq!(left, i64::from(example == "skew-lock"), "{example}: {shown} {done}");
    }
    scene.is_quiet().await;
}

/// What the lock is for.
async fn a_race_on_unlocked_sales_loses_some(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    for _ in 0..5 {
        let done = race(&scene, "sales-unlocked", 5).await;
        let (before, after) = (number(&done, "before"), number(&done, "after"));
        assert_eq!(number(&done, "expected"), before + 5, "{done}");
        assert!(after > before && after <= before + 5, "{done}");
        if after < before + 5 {
            return;
        }
    }
    panic!("five races without the lock, and nothing was lost");
}

/// Anybody may start one, so nobody may start many.
async fn races_are_limited(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let before = scene.value("/examples/tally").await;
    let answers = all_at_once(30, |_| {
        let visitor = scene.visitor.clone();
        async move { visitor.post(RACE, &[("example", "tally"), ("clients", "8")]).await }
    })
    .await;
    let (run, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(!run.is_empty() && !refused.is_empty(), "{} ran, {} were refused", run.len(), refused.len());
    for answer in &refused {
        assert!(matches!(answer.status, 429 | 503), "{answer:?}");
        answer.retry_after();
    }
    let ran = i64::try_from(run.len()).expect("few");
    assert_eq!(scene.value("/examples/tally").await, before + 8 * ran);
    scene.is_quiet().await;
}

async fn a_reader_is_shown_the_race_as_a_page(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let page = scene.visitor.client.get(RACE).await.expect_status(200);
    assert!(page.is_html(), "{page:?}");
    let presses = crate::forms::presses(&page.text(), RACE);
    let start = presses.iter().find(|press| press.action == RACE && press.method == "post");
    assert!(start.is_some(), "no form that starts a race: {presses:?}");
    for name in ["example", "clients"] {
        assert!(html::has_input(&page.text(), name), "{name}");
    }
    let fields = [("example", "tally"), ("clients", "3")];
    let request = scene.visitor.client.post(RACE).form_with_token(&scene.visitor.token, &fields);
    let page = request.send().await.expect_status(200).text();
    assert!(html::visible_text(&page).contains("Write-Write") || page.contains("retr"), "{page}");
}
