//! Accounts of clients at other companies: adding them, checking them, who sees them.

use serde_json::Value;
use toolcrib_tests::prelude::*;

on_all_engines! {
    an_account_is_checked_as_soon_as_it_is_added,
    a_company_that_does_not_answer_is_asked_again,
    an_account_that_is_changed_is_checked_anew,
    thirty_two_additions_and_thirty_two_checks_are_one_each,
    accounts_are_as_visible_as_their_client,
    whoever_may_only_look_changes_no_account,
    what_is_no_reference_is_refused,
}

const PATIENCE: Duration = Duration::from_secs(30);

async fn add(user: &Client, client: u64, provider: &str, reference: &str) -> Answer {
    let fields =
        [("client", client.to_string()), ("provider", provider.to_owned()), ("reference", reference.to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    user.post_form_json("/accounts", &fields).await
}

/// The client's accounts, as the panel says them to programs.
async fn accounts(user: &Client, client: u64) -> Vec<Value> {
    let panel = user.get_json(&format!("/clients/{client}/panels/accounts")).await.expect_status(200).json();
    panel["accounts"].as_array().expect("a list").clone()
}

async fn in_state(user: &Client, client: u64, reference: &str, state: &str) -> Value {
    eventually(&format!("{reference} {state}"), PATIENCE, async || {
        let accounts = accounts(user, client).await;
        accounts.into_iter().find(|account| account["reference"] == reference && account["state"] == state)
    })
    .await
}

async fn an_account_is_checked_as_soon_as_it_is_added(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = anna.create(&NewClient::valid()).await;
    add(&anna, client, "ledger", "ab-4711-3").await.expect_status(200);
    add(&anna, client, "parcels", "AB-4711-4").await.expect_status(200);
    let sound = in_state(&anna, client, "AB-4711-3", "sound").await;
    assert!(sound["checked_at"].is_i64(), "{sound}");
    let broken = in_state(&anna, client, "AB-4711-4", "broken").await;
    assert!(broken["message"].as_str().is_some_and(|reason| reason.contains("check digit")), "{broken}");
    let panel = html::visible_text(&anna.panel(client, "accounts").await.expect_status(200).text());
    assert!(panel.contains("AB-4711-3") && panel.contains("Broken") && panel.contains("Prompt Parcels"), "{panel}");
    let listed = anna.get("/accounts?state=broken").await.expect_status(200).text();
    assert!(listed.contains("AB-4711-4") && !listed.contains("AB-4711-3"), "{listed}");
    let timeline = html::visible_text(&anna.panel(client, "activities").await.expect_status(200).text());
    assert!(timeline.contains("AB-4711-4 at Prompt Parcels is broken"), "{timeline}");
}

async fn a_company_that_does_not_answer_is_asked_again(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = anna.create(&NewClient::valid()).await;
    add(&anna, client, "ledger", "DOWN1-X").await.expect_status(200);
    let before = in_state(&anna, client, "DOWN1-X", "unreachable").await;
    assert_eq!(before["message"], "There was no answer.");
    in_state(&anna, client, "DOWN1-X", "sound").await;
}

async fn an_account_that_is_changed_is_checked_anew(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = anna.create(&NewClient::valid()).await;
    let id = add(&anna, client, "ledger", "GONE-1").await.expect_status(200).json()["id"].clone();
    in_state(&anna, client, "GONE-1", "broken").await;
    let address = format!("/accounts/{id}");
    let save = [("_action", "save"), ("provider", "payments"), ("reference", "BACK"), ("version", "1")];
    anna.post_form_json(&address, &save).await.expect_status(200);
    let sound = in_state(&anna, client, "BACK", "sound").await;
    assert_eq!(sound["provider"], "payments", "{sound}");
    anna.post_form_json(&address, &save).await.expect_status(200);
    let stale = [("_action", "save"), ("provider", "ledger"), ("reference", "OTHER"), ("version", "1")];
    anna.post_form_json(&address, &stale).await.expect_status(409);
    let form = anna.get(&address).await.expect_status(200).text();
    assert_eq!(html::input_value(&form, "reference").as_deref(), Some("BACK"), "{form}");
    let version = html::input_value(&form, "version").unwrap_or_default();
    let remove = [("_action", "remove"), ("version", version.as_str())];
    let removed = anna.post_form(&address, &remove).await;
    assert_eq!((removed.status, removed.location()), (303, format!("/clients/{client}").as_str()), "{removed:?}");
    assert!(accounts(&anna, client).await.is_empty());
    anna.post_form(&address, &remove).await.expect_status(404);
}

async fn thirty_two_additions_and_thirty_two_checks_are_one_each(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = anna.create(&NewClient::valid()).await;
    let token = anna.csrf_token().await;
    let all = async |path: String, fields: Vec<(&'static str, String)>| {
        all_at_once(32, |_| {
            let (anna, token, path, fields) = (anna.clone(), token.clone(), path.clone(), fields.clone());
            async move {
                let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                anna.post(&path).accept_json().form_with_token(&token, &fields).send().await.status
            }
        })
        .await
    };
    let fields = vec![("client", client.to_string()), ("provider", "ledger".into()), ("reference", "SLOW-1234".into())];
    let mut added = all("/accounts".to_owned(), fields).await;
    added.sort_unstable();
    assert_eq!((added[0], added[1], added[31]), (200, 422, 422), "one is added, the others are told: {added:?}");
    let account = in_state(&anna, client, "SLOW-1234", "sound").await;
    let noted = "SELECT COUNT(*) FROM audit_log WHERE record_kind = 'external_account' AND action = 'added'";
    assert_eq!(server.database().number(noted).await, 1);

    let jobs = "SELECT COUNT(*) FROM toolcrib_jobs WHERE name = 'check an account'";
    let before = server.database().number(jobs).await;
    let checks =
        all(format!("/accounts/{}", account["id"]), vec![("_action", "check".into()), ("version", "1".into())]).await;
    assert!(checks.iter().all(|status| *status == 200), "{checks:?}");
    in_state(&anna, client, "SLOW-1234", "sound").await;
    let further = server.database().number(jobs).await - before;
    assert!((1..=2).contains(&further), "{further} checks where one was under way");
}

async fn accounts_are_as_visible_as_their_client(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = anna.create(&NewClient::valid()).await;
    let id = add(&anna, client, "ledger", "GONE-SECRET").await.expect_status(200).json()["id"].clone();
    in_state(&anna, client, "GONE-SECRET", "broken").await;
    let owner = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'anna'").await;
    let hide = format!("UPDATE clients SET private = TRUE, owner_id = {owner} WHERE id = {client}");
    server.database().execute(&hide).await;
    let boris = server.signed_in("boris").await;
    for path in ["/accounts", "/accounts?state=broken"] {
        assert!(!boris.get(path).await.expect_status(200).text().contains("GONE-SECRET"), "{path}");
        assert!(anna.get(path).await.expect_status(200).text().contains("GONE-SECRET"), "{path}");
    }
    boris.get(&format!("/accounts/{id}")).await.expect_status(404);
    boris.get(&format!("/clients/{client}/panels/accounts")).await.expect_status(404);
    for action in ["check", "remove", "save"] {
        let fields = [("_action", action), ("version", "1"), ("provider", "ledger"), ("reference", "X")];
        boris.post_form_json(&format!("/accounts/{id}"), &fields).await.expect_status(404);
    }
    add(&boris, client, "ledger", "MINE").await.expect_status(404);
    assert_eq!(accounts(&anna, client).await.len(), 1);
}

async fn whoever_may_only_look_changes_no_account(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = anna.create(&NewClient::valid()).await;
    let id = add(&anna, client, "ledger", "SEEN").await.expect_status(200).json()["id"].clone();
    in_state(&anna, client, "SEEN", "sound").await;
    let vera = server.signed_in("vera").await;
    assert_eq!(accounts(&vera, client).await.len(), 1);
    vera.get("/accounts").await.expect_status(200);
    let panel = vera.panel(client, "accounts").await.expect_status(200).text();
    assert!(!panel.contains("<form"), "{panel}");
    add(&vera, client, "ledger", "HERS").await.expect_status(403);
    vera.post_form_json(&format!("/accounts/{id}"), &[("_action", "check"), ("version", "1")]).await.expect_status(403);
}

async fn what_is_no_reference_is_refused(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = anna.create(&NewClient::valid()).await;
    add(&anna, client, "ledger", "TAKEN").await.expect_status(200);
    for (provider, reference) in [
        ("ledger", ""),
        ("ledger", "a b"),
        ("ledger", "'; --"),
        ("ledger", "taken"),
        ("bank", "X"),
        ("ledger", &"X".repeat(65)),
    ] {
        let refused = add(&anna, client, provider, reference).await;
        assert_eq!(refused.status, 422, "{provider} {reference:?}: {refused:?}");
    }
    add(&anna, 987_654_321, "ledger", "X").await.expect_status(404);
    let fields = [("client", client.to_string()), ("provider", "ledger".into()), ("reference", "a b".into())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = anna.post_form("/accounts", &fields).await.expect_status(422).text();
    assert_eq!(html::input_value(&page, "client").as_deref(), Some(client.to_string().as_str()), "{page}");
    assert_eq!(accounts(&anna, client).await.len(), 1);
}
