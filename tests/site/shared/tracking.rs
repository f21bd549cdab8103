//! The ColdFusion article's race: three panels of one card, opened at the same moment, want the one tracking row (C1 to
//! C3, AC-27, T16).

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use crate::support::Scene;

on_all_engines! {
    three_panels_of_one_session_make_one_row,
    three_panels_of_three_sessions_make_one_row,
    thirty_panels_at_once_make_one_row,
    the_lock_alone_makes_one_row,
    without_lock_and_index_there_are_three_rows;
    // It starts the second server itself.
    on_one_node: panels_of_two_servers_on_one_database_make_one_row,
}

const PANELS: [&str; 3] = ["contacts", "deals", "activities"];

#[track_caller]
fn tracking_id(fragment: &Answer) -> String {
    assert_eq!(fragment.status, 200, "{fragment:?}");
    let tags = html::tags(&fragment.text());
    let found = tags.iter().find_map(|tag| tag.get("data-tracking-id"));
    found.unwrap_or_else(|| panic!("no data-tracking-id in {fragment:?}")).to_owned()
}

/// Opens the card of a new account, by each of these browsers one panel at the same moment; the ids that they were
/// shown, each once, and how many rows there are.
async fn open_card(scene: &Scene, browsers: &[Client], query: &'static str) -> (Vec<String>, i64) {
    let client = NewClient::valid();
    let id = browsers[0].create(&client).await;
    let answers = all_at_once(browsers.len(), |turn| {
        let (browser, panel) = (browsers[turn].clone(), format!("{}{query}", PANELS[turn % 3]));
        async move { browser.panel(id, &panel).await }
    })
    .await;
    let mut ids: Vec<_> = answers.iter().map(tracking_id).collect();
    ids.sort();
    ids.dedup();
    let rows = format!("SELECT COUNT(*) FROM tracking WHERE account = '{}'", client.account());
    (ids, scene.server.database().number(&rows).await)
}

/// Fails unless each of many fresh accounts gets one row, and all are shown its id.
async fn one_row_each(scene: &Scene, browsers: &[Client], query: &'static str) {
    for round in 0..rounds(20, 100) {
        let (ids, rows) = open_card(scene, browsers, query).await;
        assert_eq!((ids.len(), rows), (1, 1), "round {round}: {ids:?}");
    }
    scene.is_quiet().await;
}

/// (a)
async fn three_panels_of_one_session_make_one_row(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let anna = scene.server.signed_in("anna").await;
    one_row_each(&scene, &vec![anna; 3], "").await;
}

/// (b)
async fn three_panels_of_three_sessions_make_one_row(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let mut users = Vec::new();
    for name in ["anna", "boris", "vera"] {
        users.push(scene.server.signed_in(name).await);
    }
    one_row_each(&scene, &users, "").await;
}

/// (c)
async fn thirty_panels_at_once_make_one_row(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let anna = scene.server.signed_in("anna").await;
    one_row_each(&scene, &vec![anna; 30], "").await;
}

/// (d): no lock of one process reaches the other; the index does.
async fn panels_of_two_servers_on_one_database_make_one_row(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let beside = Server::on(engine).environment("DATABASE_URL", scene.server.database().url()).start().await;
    let browsers = [
        scene.server.signed_in("anna").await,
        beside.signed_in("anna").await,
        scene.server.signed_in("boris").await,
        beside.signed_in("boris").await,
    ];
    one_row_each(&scene, &browsers, "").await;
    // The gap between look-up and insert made wide, so that both are surely in it.
    for round in 0..rounds(3, 20) {
        let (ids, rows) = open_card(&scene, &browsers, "?hold_ms=100").await;
        assert_eq!((ids.len(), rows), (1, 1), "round {round} with a wide gap: {ids:?}");
    }
}

/// (e): with no index to save it.
async fn the_lock_alone_makes_one_row(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    scene.execute("DROP INDEX tracking_account").await;
    let anna = scene.server.signed_in("anna").await;
    one_row_each(&scene, &vec![anna.clone(); 3], "").await;
    for round in 0..rounds(5, 20) {
        let (ids, rows) = open_card(&scene, &vec![anna.clone(); 3], "?hold_ms=100").await;
        assert_eq!((ids.len(), rows), (1, 1), "round {round} with a wide gap: {ids:?}");
    }
}

/// (e), the control: the article's code, and what came of it.
async fn without_lock_and_index_there_are_three_rows(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let anna = vec![scene.server.signed_in("anna").await; 3];
    // The index alone is enough as well.
    let (ids, rows) = open_card(&scene, &anna, "?lock=off&hold_ms=100").await;
    assert_eq!((ids.len(), rows), (1, 1), "with the index: {ids:?}");
    scene.execute("DROP INDEX tracking_account").await;
    let (ids, rows) = open_card(&scene, &anna, "?lock=off&hold_ms=100").await;
    assert_eq!((ids.len(), rows), (3, 3), "with neither: {ids:?}");
}
