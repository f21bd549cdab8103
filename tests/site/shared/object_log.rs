//! The object log's page: what can be seen, filtered and deleted, and by whom (G16, G17, T30, AC-29).

use std::collections::BTreeMap;

use toolcrib_tests::prelude::*;

use crate::forms;
use crate::forms::Press;
use crate::support::Scene;
use crate::support::value_of;

on_all_engines! {
    entries_are_counted_filtered_and_deleted,
    nobody_but_administrators_sees_or_deletes_entries,
    entries_survive_kill_9,
    texts_of_visitors_are_shown_as_text,
}

const PAGE: &str = "/tools/object-log";

/// Two posts that overlap, the second of which ends later by far: one conflict, one entry.
async fn conflict_once(scene: &Scene) {
    let first = scene.visitor.posting("/examples/tally?hold_ms=300", &[]);
    holds_within("the first is under way", Duration::from_secs(5), async || {
        scene.server.status().await.pool("tally").active == 1
    })
    .await;
    let second = scene.visitor.post("/examples/tally?hold_ms=600", &[]).await;
    let first = first.await.expect("the task ends").expect("an answer");
    assert_eq!(value_of(&second), value_of(&first) + 1);
}

async fn fail_once(scene: &Scene) {
    scene.visitor.post("/examples/tally?fail=error", &[]).await.expect_status(500);
}

/// A number is wanted while somebody holds the lock: as many traces as attempts were denied it.
async fn deny_once(scene: &Scene) {
    let first = scene.visitor.posting("/examples/serial?hold_ms=300", &[]);
    holds_within("the first is under way", Duration::from_secs(5), async || {
        scene.server.status().await.pool("serial").active == 1
    })
    .await;
    let second = scene.visitor.post("/examples/serial", &[]).await;
    let first = first.await.expect("the task ends").expect("an answer");
    assert_eq!(value_of(&second), value_of(&first) + 1);
}

/// Five warnings with three errors between them, and traces; how many of each.
async fn fill(scene: &Scene) -> BTreeMap<&'static str, usize> {
    fail_once(scene).await;
    conflict_once(scene).await;
    conflict_once(scene).await;
    fail_once(scene).await;
    conflict_once(scene).await;
    deny_once(scene).await;
    conflict_once(scene).await;
    fail_once(scene).await;
    conflict_once(scene).await;
    let log = scene.log().await;
    let counts: BTreeMap<_, _> =
        ["warn", "error", "trace"].into_iter().map(|name| (name, log.ids(name).len())).collect();
    assert_eq!((counts["warn"], counts["error"]), (5, 3), "{:?}", log.entries);
    assert_eq!(counts.values().sum::<usize>(), log.entries.len(), "{:?}", log.entries);
    counts
}

/// The page at an address, as administrator. A page shows what its own node still holds back, and not what another one does:
/// so that is stored first.
async fn page(scene: &Scene, path: &str) -> String {
    let _ = scene.log().await;
    scene.admin.get(path).await.expect_status(200).text()
}

/// The number in the heading.
#[track_caller]
fn heading(page: &str) -> usize {
    let headings: Vec<_> = forms::elements(page, "h1").into_iter().map(html::visible_text).collect();
    let number = headings.iter().find_map(|text| text.strip_prefix("Object Log [")?.strip_suffix(']')?.parse().ok());
    number.unwrap_or_else(|| panic!("no heading like \"Object Log [3]\": {headings:?}"))
}

/// The buttons with exactly these words, in order.
fn buttons(page: &str, path: &str, words: &str) -> Vec<Press> {
    forms::presses(page, path).into_iter().filter(|press| press.words == words).collect()
}

/// Where the page shows one priority alone, found by its selection.
async fn filtered(scene: &Scene, priority: &str) -> String {
    let all = page(scene, PAGE).await;
    let (name, options) = forms::options(&all, "-- Show All --");
    let value = options.iter().find(|(text, _)| text.contains(priority)).map(|(_, value)| value);
    format!("{PAGE}?{name}={}", value.unwrap_or_else(|| panic!("no {priority} among {options:?}")))
}

/// Presses a button and follows it back to the page.
async fn press(scene: &Scene, press: &Press) -> String {
    let answer = press.send(&scene.admin).await;
    assert_eq!(answer.status, 303, "{press:?}: {answer:?}");
    assert!(answer.location().starts_with(PAGE), "{answer:?}");
    answer.location().to_owned()
}

async fn entries_are_counted_filtered_and_deleted(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let counts = fill(&scene).await;
    let total: usize = counts.values().sum();
    let all = page(&scene, PAGE).await;
    assert_eq!(heading(&all), total);
    assert_eq!(buttons(&all, PAGE, "delete").len(), total, "each row has its button: {all}");

    let warnings = filtered(&scene, "warn").await;
    let shown = page(&scene, &warnings).await;
    assert_eq!(buttons(&shown, &warnings, "delete").len(), 5, "{shown}");
    let ids = scene.log().await.ids("warn");

    // One: the newest stands on top, and is gone.
    let back = press(&scene, &buttons(&shown, &warnings, "delete")[0]).await;
    assert_eq!(scene.log().await.ids("warn"), ids[1..]);
    let shown = page(&scene, &back).await;
    assert_eq!(buttons(&shown, &back, "delete").len(), 4, "it comes back to the same filter, {back}");

    // Down to the third of what the filter shows: three warnings, and nothing that it does not show.
    press(&scene, &buttons(&shown, &back, "delete down to")[2]).await;
    let log = scene.log().await;
    assert_eq!(log.ids("warn"), ids[4..]);
    assert_eq!((log.ids("error").len(), log.ids("trace").len()), (3, counts["trace"]));
    assert_eq!(heading(&page(&scene, PAGE).await), total - 4);

    // The same button once more, from a page that is out of date: nothing more is lost.
    let stale = buttons(&shown, &back, "delete down to")[2].send(&scene.admin).await;
    assert!(stale.status < 500, "{stale:?}");
    assert_eq!(scene.log().await.ids("warn"), ids[4..]);

    // All of one priority.
    let all = page(&scene, PAGE).await;
    let whole: Vec<_> = forms::presses(&all, PAGE)
        .into_iter()
        .filter(|press| press.words.contains("delete all") || press.words.contains("delete the"))
        .collect();
    assert_eq!(whole.len(), 3, "one button for each priority that there is: {whole:?}");
    let errors = whole.iter().find(|press| {
        press.words.contains("error") || press.fields.iter().any(|(_, value)| value == "error" || value == "2")
    });
    press(&scene, errors.unwrap_or_else(|| panic!("none for errors: {whole:?}"))).await;
    let log = scene.log().await;
    assert_eq!((log.ids("warn").len(), log.ids("error").len(), log.ids("trace").len()), (1, 0, counts["trace"]));
}

async fn nobody_but_administrators_sees_or_deletes_entries(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    fill(&scene).await;
    let before = scene.log().await;
    let shown = page(&scene, PAGE).await;
    let presses: Vec<_> = forms::presses(&shown, PAGE).into_iter().filter(|press| press.method == "post").collect();
    let deletes: Vec<_> = presses.into_iter().filter(|press| press.words.contains("delete")).collect();
    assert!(deletes.len() > 10, "{deletes:?}");

    let stranger = scene.server.visitor();
    let seen = stranger.get(PAGE).await;
    assert!(seen.asks_to_sign_in(), "{seen:?}");
    assert!(!seen.text().contains("Commit failure"), "{seen:?}");
    stranger.get_json("/tools/object-log.json").await.expect_status(401);
    let vera = scene.server.signed_in("vera").await;
    for path in [PAGE, "/tools/object-log.json", "/tools/events.json"] {
        let refused = vera.get(path).await.expect_status(403);
        assert!(!refused.text().contains("Commit failure"), "{refused:?}");
    }

    let (strangers, veras) = (stranger.csrf_token().await, vera.csrf_token().await);
    for delete in &deletes {
        let answer = delete.send_with(&stranger, "_csrf", Some(&strangers)).await;
        assert!(answer.status == 401 || answer.asks_to_sign_in(), "{delete:?}: {answer:?}");
        delete.send_with(&vera, "_csrf", Some(&veras)).await.expect_status(403);
        delete.send(&vera).await.expect_status(403);
        // Nor does an administrator without the token, or by following a link.
        delete.send_with(&scene.admin, "_csrf", None).await.expect_status(403);
        delete.send_with(&scene.admin, "_csrf", Some(&veras)).await.expect_status(403);
        let link = scene.admin.get(&delete.as_link()).await;
        assert!(link.status < 500, "{delete:?}: {link:?}");
    }
    assert_eq!(scene.log().await.entries, before.entries);
}

/// T11: they are not part of what they report on, nor only in memory.
async fn entries_survive_kill_9(engine: Engine) {
    let mut scene = Scene::beside_others(Server::on(engine)).await;
    conflict_once(&scene).await;
    scene.visitor.post("/examples/tally?fail=error", &[]).await.expect_status(500);
    let before = scene.log().await.entries;
    assert_eq!(before.len(), 2, "{before:?}");
    scene.server.kill();
    scene.server.start_again().await;
    assert_eq!(scene.log().await.entries, before);
}

/// An address is a visitor's text; on the page it must not be markup. A secret in it is not kept.
async fn texts_of_visitors_are_shown_as_text(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let evil = html::percent_encoded("<script>alert(1)</script>\"><img src=x>");
    let path = format!("/examples/tally?fail=error&password=hunter2-of-mine&x={evil}");
    scene.visitor.post(&path, &[]).await.expect_status(500);
    let shown = page(&scene, PAGE).await;
    assert_eq!(heading(&shown), 1);
    for markup in ["<script>alert", "<img src=x"] {
        assert!(!shown.contains(markup), "{shown}");
    }
    let log = scene.log().await;
    assert_eq!(log.entries.len(), 1);
    let document = scene.admin.get("/tools/object-log.json").await.text();
    assert!(!shown.contains("hunter2") && !document.contains("hunter2"), "{document}");
}
