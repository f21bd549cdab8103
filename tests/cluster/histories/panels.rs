//! The three panels of a client's card, which want one tracking row.

use toolcrib_tests::history::History;
use toolcrib_tests::history::once;
use toolcrib_tests::on_all_engines;
use toolcrib_tests::prelude::*;

use super::crowd::CLIENTS;
use super::crowd::Crowd;
use super::crowd::acquitted;
use super::crowd::report;
use super::crowd::roomy;
use super::recorder::Promise;

on_all_engines! {
    panels_of_one_card_are_shown_one_tracking_row,
}

const PANELS: [&str; 3] = ["contacts", "deals", "activities"];

fn tracking_id(fragment: &Answer) -> i64 {
    let found = html::tags(&fragment.text()).iter().find_map(|tag| tag.get("data-tracking-id").map(str::to_owned));
    let found = found.unwrap_or_else(|| panic!("no data-tracking-id in {fragment:?}"));
    found.parse().unwrap_or_else(|_| panic!("no number: {found}"))
}

async fn panels_of_one_card_are_shown_one_tracking_row(engine: Engine) {
    let server = roomy(engine).start_watched().await;
    let anna = server.signed_in("anna").await;
    let crowd = Crowd::of(|| anna.copied()).await;
    let until = Instant::now() + crowd.lasts;
    let (mut operations, mut accounts) = (Vec::new(), Vec::new());
    while Instant::now() < until {
        let client = NewClient::valid();
        let id = anna.create(&client).await;
        accounts.push(client.account().to_owned());
        let opened = all_at_once(CLIENTS, |number| {
            let (member, account) = (crowd.clients[number].clone(), client.account().to_owned());
            let path = format!("/clients/{id}/panels/{}", PANELS[number % 3]);
            async move {
                let panel = member.client.request(reqwest::Method::GET, &path).header("x-requested-with", "fetch");
                member.recorder.ask(panel, Promise::OneUnit, tracking_id).await.of(number, account)
            }
        });
        operations.extend(opened.await);
    }
    let history = History::new(operations);
    let tally = report("panels", &server, &history, &crowd).await;
    assert_eq!((tally.failed, tally.unknown), (0, 0), "{tally:?}");
    acquitted(once::check(&history));
    for account in accounts {
        let rows = format!("SELECT COUNT(*) FROM tracking WHERE account = '{account}'");
        assert_eq!(server.database().number(&rows).await, 1, "{account}");
    }
}
