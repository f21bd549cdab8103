//! The three parts of a client's card, loaded at the same time.

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

on_all_engines! {
    panels_are_fragments,
    the_card_asks_for_its_three_panels,
    panels_of_one_card_agree_on_the_tracking_id,
    panels_of_three_users_agree_on_the_tracking_id,
    panels_of_two_cards_have_two_tracking_ids,
}

const PANELS: [&str; 3] = ["contacts", "deals", "activities"];

fn tracking_id(fragment: &Answer) -> String {
    let tags = html::tags(&fragment.text());
    let found = tags.iter().find_map(|tag| tag.get("data-tracking-id"));
    found.unwrap_or_else(|| panic!("no data-tracking-id in {fragment:?}")).to_owned()
}

/// Opens a new client's card as browsers do: the panels all at once; their tracking ids.
async fn open_card(browsers: &[Client], id: u64) -> Vec<String> {
    let answers = all_at_once(browsers.len(), |number| {
        let browser = browsers[number].clone();
        async move { browser.panel(id, PANELS[number % 3]).await }
    })
    .await;
    answers.into_iter().map(|answer| tracking_id(&answer.expect_status(200))).collect()
}

async fn panels_are_fragments(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    for panel in PANELS {
        let fragment = anna.panel(id, panel).await.expect_status(200);
        assert!(fragment.is_html() && !fragment.text().contains("<html"), "{fragment:?}");
        assert!(!tracking_id(&fragment).is_empty());
    }
    anna.panel(id, "secrets").await.expect_status(404);
}

async fn the_card_asks_for_its_three_panels(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    let card = anna.get(&format!("/clients/{id}")).await.expect_status(200).text();
    for panel in PANELS {
        assert!(card.contains(&format!("/clients/{id}/panels/{panel}")), "{panel}: {card}");
    }
}

/// AC-27 (a) and (c): one browser; three requests, then thirty.
async fn panels_of_one_card_agree_on_the_tracking_id(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for (parallel, times) in [(3, rounds(100, 500)), (30, rounds(10, 100))] {
        let browsers = vec![anna.clone(); parallel];
        for round in 0..times {
            let client = NewClient::valid();
            let id = anna.create(&client).await;
            let mut ids = open_card(&browsers, id).await;
            ids.dedup();
            assert_eq!(ids.len(), 1, "round {round} with {parallel} at once: {ids:?}");
            let rows = server
                .database()
                .number(&format!("SELECT COUNT(*) FROM tracking WHERE account = '{}'", client.account()))
                .await;
            assert_eq!(rows, 1, "round {round} with {parallel} at once");
        }
    }
}

/// AC-27 (b): three users open the same card.
async fn panels_of_three_users_agree_on_the_tracking_id(engine: Engine) {
    let server = Server::on(engine).start().await;
    let users = [server.signed_in("anna").await, server.signed_in("boris").await, server.signed_in("vera").await];
    for round in 0..rounds(30, 300) {
        let id = users[0].create(&NewClient::valid()).await;
        let mut ids = open_card(&users, id).await;
        ids.dedup();
        assert_eq!(ids.len(), 1, "round {round}: {ids:?}");
    }
}

/// Different clients have different rows.
async fn panels_of_two_cards_have_two_tracking_ids(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let first = anna.create(&NewClient::valid()).await;
    let second = anna.create(&NewClient::valid()).await;
    let browser = [anna.clone()];
    assert_ne!(open_card(&browser, first).await, open_card(&browser, second).await);
}
