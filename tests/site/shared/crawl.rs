//! A link follower opens all that links lead to, as search engines and prefetching browsers do, and changes nothing
//! (D10, T30).

use std::collections::BTreeSet;
use std::collections::VecDeque;

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use crate::support::COUNTERS;
use crate::support::SHARED;
use crate::support::Scene;
use crate::support::value_of;

on_all_engines! {
    following_every_link_changes_nothing,
}

/// Where a crawl begins; what is not linked from anywhere is opened all the same.
const SEEDS: [&str; 10] = [
    "/",
    "/examples",
    "/examples/race",
    "/clients",
    "/tools/object-log",
    "/tools/object-log.json",
    "/tools/locks",
    "/tools/jobs",
    "/tools/jobs.json",
    "/tools/events.json",
];

/// All addresses of this site that a page leads to, whatever the tag.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in html::tags(page) {
        for attribute in ["href", "src", "action", "formaction", "data-href", "data-src", "data-url"] {
            let Some(link) = tag.get(attribute) else { continue };
            let link = link.split('#').next().unwrap_or("");
            if link.starts_with('/') && !link.starts_with("//") {
                found.push(link.to_owned());
            }
        }
    }
    found
}

/// Opens up to so many pages; the ones that failed.
async fn crawl(client: &Client, limit: usize) -> (usize, Vec<String>) {
    let mut known: BTreeSet<String> = SEEDS.iter().chain(&SHARED).map(|seed| (*seed).to_owned()).collect();
    let mut queue: VecDeque<String> = known.iter().cloned().collect();
    let (mut opened, mut failed) = (0, Vec::new());
    while let Some(path) = queue.pop_front() {
        if opened == limit {
            break;
        }
        opened += 1;
        let answer = client.get(&path).await;
        if answer.status >= 500 {
            failed.push(format!("{path}: {}", answer.status));
        }
        let next = if answer.is_html() { links(&answer.text()) } else { Vec::new() };
        for link in next.into_iter().chain([answer.location().to_owned()]) {
            if link.starts_with('/') && known.insert(link.clone()) {
                queue.push_back(link);
            }
        }
    }
    (opened, failed)
}

async fn following_every_link_changes_nothing(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    for (path, fields) in COUNTERS {
        value_of(&scene.visitor.post(path, fields).await);
        scene.visitor.post(&format!("{path}?fail=error"), fields).await.expect_status(500);
    }
    scene.visitor.post("/examples/card-game", &[("move", "a card")]).await.expect_status(200);
    let before = (scene.shared_state().await, scene.log().await.entries, scene.admin.export().await);
    assert_eq!(before.1.len(), COUNTERS.len());

    let vera = scene.server.signed_in("vera").await;
    let administrator = scene.server.signed_in("admin").await;
    for (who, client) in [("a stranger", &scene.server.visitor()), ("vera", &vera), ("admin", &administrator)] {
        let (opened, failed) = crawl(client, rounds(250, 2000)).await;
        eprintln!("{who} opened {opened} pages");
        assert!(opened > 15, "{who} found only {opened} pages");
        assert!(failed.is_empty(), "{who}: {failed:?}");
        let log = scene.log().await.entries;
        assert!(before.1.iter().all(|entry| log.contains(entry)), "{who} deleted from the log: {log:?}");
        assert_eq!(scene.shared_state().await, before.0, "{who}");
        assert_eq!(scene.admin.export().await, before.2, "{who}");
        assert!(who == "a stranger" || client.is_signed_in().await, "{who} was signed out by a link");
    }
    scene.is_quiet().await;
}
