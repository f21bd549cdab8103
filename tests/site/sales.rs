//! Leads, deals and pipelines: made once, moved once, nobody else's business where they are private.

use serde_json::Value;
use toolcrib_tests::prelude::*;

on_all_engines! {
    a_lead_is_converted_once_whoever_presses_how_often,
    a_taken_account_is_refused_in_words_and_nothing_is_made,
    a_deal_moved_twice_at_once_moves_once,
    a_stale_move_is_told_who_was_faster,
    many_movers_in_one_column_leave_one_order,
    a_private_clients_deals_and_leads_are_nobody_elses,
    a_viewer_moves_and_makes_nothing,
    a_deal_is_added_edited_and_removed_by_its_forms,
    yen_have_no_hundredths,
    a_stage_with_deals_goes_only_with_a_place_for_them,
    a_pipeline_is_added_and_removed_while_it_has_no_deals,
}

/// The stages of the first pipeline, as the migrations make them.
const LEAD: &str = "1";
const WON: &str = "4";

async fn add_client(user: &Client) -> u64 {
    user.create(&NewClient::valid()).await
}

async fn add_deal(user: &Client, client: u64, title: &str) -> u64 {
    let client = client.to_string();
    let fields = [
        ("title", title),
        ("client_id", client.as_str()),
        ("stage_id", LEAD),
        ("currency", "EUR"),
        ("amount", "12.50"),
    ];
    let answer = user.post_form_json("/deals", &fields).await.expect_status(200);
    answer.json()["id"].as_u64().unwrap_or_else(|| panic!("no id in {answer:?}"))
}

async fn add_lead(user: &Client, more: &[(&str, &str)]) -> u64 {
    let mut fields = vec![("name", "Maria Keller"), ("company", "Keller"), ("currency", "EUR")];
    fields.extend_from_slice(more);
    let answer = user.post_form_json("/leads", &fields).await.expect_status(200);
    answer.json()["id"].as_u64().unwrap_or_else(|| panic!("no id in {answer:?}"))
}

async fn record(user: &Client, path: &str) -> Value {
    user.get_json(path).await.expect_status(200).json()
}

/// The ids of a column, from the top.
async fn column(user: &Client, stage: &str) -> Vec<u64> {
    let list = record(user, &format!("/deals?stage={stage}")).await;
    let deals = list["deals"].as_array().cloned().unwrap_or_default();
    deals.iter().filter_map(|deal| deal["id"].as_u64()).collect()
}

async fn try_move(user: &Client, id: u64, stage: &str, after: &str, version: &str) -> Answer {
    user.post_form_json(&format!("/deals/{id}/move"), &[("stage", stage), ("after", after), ("version", version)]).await
}

const CONVERSION: [(&str, &str); 7] = [
    ("client", "new"),
    ("client_name", "Keller"),
    ("person_name", "Maria Keller"),
    ("with_deal", "on"),
    ("deal_title", "First order"),
    ("amount", "99.50"),
    ("stage_id", LEAD),
];

async fn a_lead_is_converted_once_whoever_presses_how_often(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = add_lead(&anna, &[]).await;
    let path = format!("/leads/{id}/convert");
    let form = anna.get(&path).await.expect_status(200).text();
    let account = html::input_value(&form, "account").unwrap_or_else(|| panic!("no account in {form}"));
    let token = anna.csrf_token().await;
    let statuses = all_at_once(32, |_| {
        let (anna, token, path, account) = (anna.clone(), token.clone(), path.clone(), account.clone());
        async move {
            let mut fields = CONVERSION.to_vec();
            fields.extend([("account", account.as_str()), ("currency", "EUR")]);
            let answer = anna.post(&path).form_with_token(&token, &fields).send().await;
            (answer.status, answer.location().to_owned())
        }
    })
    .await;
    let lead = format!("/leads/{id}");
    assert!(statuses.iter().all(|(status, location)| *status == 303 && *location == lead), "{statuses:?}");

    let database = server.database();
    for (sql, count) in [
        ("SELECT COUNT(*) FROM clients WHERE name = 'Keller'", 1),
        ("SELECT COUNT(*) FROM persons WHERE name = 'Maria Keller'", 1),
        ("SELECT COUNT(*) FROM deals WHERE title = 'First order' AND amount_minor = 9950", 1),
        ("SELECT COUNT(*) FROM audit_log WHERE action = 'converted'", 1),
        ("SELECT COUNT(*) FROM timeline_events WHERE kind = 'converted'", 1),
        ("SELECT COUNT(*) FROM search_words WHERE word = 'keller' AND kind IN (1, 2)", 2),
    ] {
        assert_eq!(database.number(sql).await, count, "{sql}");
    }
    let stored = record(&anna, &lead).await;
    assert_eq!(stored["status"], "converted");
    let page = anna.get(&lead).await.expect_status(200).text();
    for (kind, field) in [("clients", "client_id"), ("persons", "person_id"), ("deals", "deal_id")] {
        let link = format!("href=\"/{kind}/{}\"", stored[field]);
        assert!(page.contains(&link), "{link} is not in {page}");
    }
    assert_eq!(anna.get(&path).await.expect_status(303).location(), lead);
}

async fn a_taken_account_is_refused_in_words_and_nothing_is_made(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let taken = NewClient::valid();
    anna.create(&taken).await;
    let id = add_lead(&anna, &[]).await;
    let mut fields = CONVERSION.to_vec();
    fields.extend([("account", taken.account()), ("currency", "EUR")]);
    let refused = anna.post_form_json(&format!("/leads/{id}/convert"), &fields).await.expect_status(422);
    let told = refused.json()["errors"]["account"][0].as_str().unwrap_or_default().to_owned();
    assert!(told.contains(&format!("{}-2 is free", taken.account())), "{told}");
    let stored = record(&anna, &format!("/leads/{id}")).await;
    assert_eq!((stored["status"].as_str(), stored["client_id"].is_null()), (Some("new"), true));
    let persons = server.database().number("SELECT COUNT(*) FROM persons WHERE name = 'Maria Keller'").await;
    assert_eq!(persons, 0);
}

async fn a_deal_moved_twice_at_once_moves_once(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = add_client(&anna).await;
    let id = add_deal(&anna, client, "Pilot").await;
    let token = anna.csrf_token().await;
    let statuses = all_at_once(32, |_| {
        let (anna, token) = (anna.clone(), token.clone());
        async move {
            let fields = [("stage", WON), ("after", ""), ("version", "1")];
            anna.post(&format!("/deals/{id}/move")).accept_json().form_with_token(&token, &fields).send().await.status
        }
    })
    .await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let deal = record(&anna, &format!("/deals/{id}")).await;
    assert_eq!((deal["version"].as_u64(), deal["stage_id"].as_u64()), (Some(2), Some(4)));
    assert!(deal["closed_at"].as_i64().is_some(), "{deal}");
    let told = "SELECT COUNT(*) FROM timeline_events WHERE body = 'Moved “Pilot” from Lead to Won'";
    assert_eq!(server.database().number(told).await, 1);

    // Without a script: the same, and a page comes next.
    let back = anna.post_form(&format!("/deals/{id}/move"), &[("stage", LEAD), ("version", "2")]).await;
    assert_eq!((back.status, back.location()), (303, "/deals?pipeline=1"), "{back:?}");
    assert!(record(&anna, &format!("/deals/{id}")).await["closed_at"].is_null());
}

async fn a_stale_move_is_told_who_was_faster(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let client = add_client(&anna).await;
    let id = add_deal(&anna, client, "Pilot").await;
    try_move(&boris, id, WON, "", "1").await.expect_status(200);
    let refused = try_move(&anna, id, "2", "", "1").await.expect_status(409).json();
    let told = refused["errors"]["version"][0].as_str().unwrap_or_default().to_owned();
    assert!(told.contains("Boris") && told.contains("moved it to Won"), "{refused}");
    assert_eq!(refused["card"]["version"], 2, "{refused}");
    let page = anna.post_form(&format!("/deals/{id}/move"), &[("stage", "2"), ("version", "1")]).await;
    let text = html::visible_text(&page.expect_status(409).text());
    assert!(text.contains("moved it to Won a moment ago"), "{text}");
    assert_eq!(record(&anna, &format!("/deals/{id}")).await["stage_id"], 4);
    for (stage, after, version, status) in [
        ("999", "", "2", 409),
        ("1", "999999", "2", 409),
        ("x", "", "2", 400),
        ("1", "y", "2", 400),
        ("1", "", "", 400),
    ] {
        let answer = try_move(&anna, id, stage, after, version).await;
        assert_eq!(answer.status, status, "{stage} {after} {version}: {answer:?}");
    }
    try_move(&anna, 999_999, "1", "", "1").await.expect_status(404);
}

async fn many_movers_in_one_column_leave_one_order(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = add_client(&anna).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(add_deal(&anna, client, &format!("Deal {number}")).await);
    }
    let anchor = ids[0].to_string();
    let token = anna.csrf_token().await;
    let statuses = all_at_once(11, |number| {
        let (anna, token, anchor, id) = (anna.clone(), token.clone(), anchor.clone(), ids[number + 1]);
        async move {
            let fields = [("stage", LEAD), ("after", anchor.as_str()), ("version", "1")];
            anna.post(&format!("/deals/{id}/move")).accept_json().form_with_token(&token, &fields).send().await.status
        }
    })
    .await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let order: Vec<u64> = column(&anna, LEAD).await.into_iter().filter(|id| ids.contains(id)).collect();
    assert_eq!((order.len(), order[0]), (12, ids[0]), "all behind the first: {order:?}");
    let doubled = "SELECT COUNT(*) - COUNT(DISTINCT position) FROM deals WHERE stage_id = 1";
    assert_eq!(server.database().number(doubled).await, 0);
}

async fn a_private_clients_deals_and_leads_are_nobody_elses(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let client = add_client(&anna).await;
    let id = add_deal(&anna, client, "Zyxomma").await;
    let other = add_deal(&anna, add_client(&anna).await, "Open").await;
    let owner = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'anna'").await;
    server
        .database()
        .execute(&format!("UPDATE clients SET private = TRUE, owner_id = {owner} WHERE id = {client}"))
        .await;
    let owner = owner.to_string();
    let lead = add_lead(&anna, &[("private", "on"), ("owner_id", &owner), ("notes", "zyxomma")]).await;

    let total = |list: &Value| list["total"].as_u64().unwrap_or_default();
    let (hers, his) = (record(&anna, "/deals?stage=1").await, record(&boris, "/deals?stage=1").await);
    assert_eq!(total(&hers), total(&his) + 1);
    assert!(!boris.get("/deals").await.expect_status(200).text().contains("Zyxomma"));
    assert!(anna.get("/deals").await.expect_status(200).text().contains("Zyxomma"));
    for path in [
        format!("/deals/{id}"),
        format!("/deals/{id}/edit"),
        format!("/deals/new?client={client}"),
        format!("/leads/{lead}"),
        format!("/leads/{lead}/edit"),
        format!("/leads/{lead}/convert"),
    ] {
        boris.get(&path).await.expect_status(404);
        anna.get(&path).await.expect_status(200);
    }
    assert!(!boris.get("/leads").await.text().contains(&format!("/leads/{lead}\"")));
    let behind = id.to_string();
    try_move(&boris, id, WON, "", "1").await.expect_status(404);
    try_move(&boris, other, LEAD, &behind, "1").await.expect_status(409);
    let client = client.to_string();
    let fields = [("title", "Mine"), ("client_id", client.as_str()), ("stage_id", LEAD), ("currency", "EUR")];
    boris.post_form_json("/deals", &fields).await.expect_status(404);
    for path in [format!("/deals/{id}"), format!("/leads/{lead}"), format!("/leads/{lead}/convert")] {
        for fields in [&[("version", "1"), ("_action", "remove")][..], &[("version", "1"), ("_action", "save")]] {
            boris.post_form_json(&path, fields).await.expect_status(404);
        }
    }
    assert_eq!(record(&anna, &format!("/deals/{id}")).await["version"], 1);
    assert_eq!(record(&anna, &format!("/leads/{lead}")).await["version"], 1);
}

async fn a_viewer_moves_and_makes_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, vera) = (server.signed_in("anna").await, server.signed_in("vera").await);
    let client = add_client(&anna).await;
    let id = add_deal(&anna, client, "Pilot").await;
    let lead = add_lead(&anna, &[]).await;
    let page = vera.get("/deals").await.expect_status(200).text();
    assert!(!page.contains("/move\"") && !page.contains("data-grip"), "{page}");
    try_move(&vera, id, WON, "", "1").await.expect_status(403);
    let deal = format!("/deals/{id}");
    let (lead, convert) = (format!("/leads/{lead}"), format!("/leads/{lead}/convert"));
    for path in [deal.as_str(), "/deals", "/leads", &lead, &convert, "/pipelines", "/pipelines/1"] {
        vera.post_form_json(path, &[("version", "1")]).await.expect_status(403);
    }
    for path in ["/deals/new", "/leads/new", "/pipelines", "/pipelines/1"] {
        vera.get(path).await.expect_status(403);
    }
    anna.get("/pipelines").await.expect_status(403);
    assert_eq!(record(&anna, &deal).await["version"], 1);
}

async fn a_deal_is_added_edited_and_removed_by_its_forms(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let client = add_client(&anna).await;
    let id = add_deal(&anna, client, "Pilot").await;
    let path = format!("/deals/{id}");
    assert_eq!(record(&anna, &path).await["amount_minor"], 1_250);
    let saved = [("title", "Rollout"), ("amount", "20"), ("stage_id", WON), ("version", "1")];
    anna.post_form_json(&path, &saved).await.expect_status(200);
    let deal = record(&anna, &path).await;
    assert_eq!(
        (deal["title"].as_str(), deal["amount_minor"].as_u64(), deal["version"].as_u64()),
        (Some("Rollout"), Some(2_000), Some(2))
    );
    assert!(deal["closed_at"].as_i64().is_some(), "{deal}");
    let refused = boris.post_form_json(&path, &[("title", "Mine"), ("version", "1")]).await.expect_status(409).json();
    assert_eq!(refused["stored"]["amount"], 2_000, "{refused}");
    // Another client is not the form's to give.
    let other = add_client(&anna).await.to_string();
    anna.post_form_json(&path, &[("client_id", other.as_str()), ("version", "2")]).await.expect_status(200);
    assert_eq!(record(&anna, &path).await["client_id"].as_u64(), Some(client));
    let history = html::visible_text(&anna.get(&path).await.expect_status(200).text());
    assert!(history.contains("Moved from Lead to Won") && history.contains("Added in Lead"), "{history}");

    let version = record(&anna, &path).await["version"].to_string();
    let removed = anna.post_form(&path, &[("_action", "remove"), ("version", &version)]).await;
    assert_eq!((removed.status, removed.location()), (303, "/deals"), "{removed:?}");
    anna.get(&path).await.expect_status(404);
    anna.post_form_json(&path, &[("_action", "remove"), ("version", &version)]).await.expect_status(404);
    let left = format!("SELECT COUNT(*) FROM search_words WHERE kind = 3 AND record_id = {id}");
    assert_eq!(server.database().number(&left).await, 0);
}

async fn yen_have_no_hundredths(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = add_client(&anna).await.to_string();
    let mut fields = vec![
        ("title", "桜"),
        ("client_id", client.as_str()),
        ("stage_id", LEAD),
        ("currency", "JPY"),
        ("amount", "12.50"),
    ];
    let refused = anna.post_form_json("/deals", &fields).await.expect_status(422).json();
    assert!(refused["errors"]["amount"][0].as_str().unwrap_or_default().contains("JPY has no hundredths"), "{refused}");
    fields.retain(|(name, _)| *name != "amount");
    fields.push(("amount", "1250"));
    let id = anna.post_form_json("/deals", &fields).await.expect_status(200).json()["id"].to_string();
    assert_eq!(record(&anna, &format!("/deals/{id}")).await["amount_minor"], 1_250);
    let form = anna.get(&format!("/deals/{id}/edit")).await.expect_status(200).text();
    assert_eq!(html::input_value(&form, "amount").as_deref(), Some("1250.00"), "{form}");
    let text = html::visible_text(&anna.get(&format!("/deals/{id}")).await.text());
    assert!(text.contains("JPY 1,250"), "{text}");
}

async fn a_stage_with_deals_goes_only_with_a_place_for_them(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, admin) = (server.signed_in("anna").await, server.signed_in("admin").await);
    let client = add_client(&anna).await;
    let id = add_deal(&anna, client, "Pilot").await;
    let path = "/pipelines/1";
    let remove = [("_action", "remove_stage"), ("_row", LEAD), ("version", "1")];
    let refused = admin.post_form(path, &remove).await.expect_status(422).text();
    assert!(html::visible_text(&refused).contains("in Lead. Choose a stage to move them to."), "{refused}");
    let mut moving = remove.to_vec();
    moving.push(("to", "2"));
    admin.post_form(path, &moving).await.expect_status(303);
    let deal = record(&anna, &format!("/deals/{id}")).await;
    assert_eq!((deal["stage_id"].as_u64(), deal["version"].as_u64()), (Some(2), Some(2)));
    admin.post_form(path, &moving).await.expect_status(404);
    // A stage is one of its own pipeline's page.
    admin.post_form_json("/pipelines", &[("name", "Renewals")]).await.expect_status(200);
    let foreign = server.database().number("SELECT MIN(id) FROM stages WHERE pipeline_id <> 1").await.to_string();
    let fields = [("_action", "save_stage"), ("_row", foreign.as_str()), ("version", "1"), ("name", "Stolen")];
    admin.post_form_json(path, &fields).await.expect_status(404);
    let double = [("_action", "save_stage"), ("_row", "3"), ("version", "1"), ("name", "Won")];
    admin.post_form_json(path, &double).await.expect_status(422);
    // An outcome closes what stands there.
    let closing = [
        ("_action", "save_stage"),
        ("_row", "2"),
        ("version", "1"),
        ("name", "Qualified"),
        ("probability", "30"),
        ("outcome", "won"),
    ];
    admin.post_form_json(path, &closing).await.expect_status(200);
    assert!(record(&anna, &format!("/deals/{id}")).await["closed_at"].as_i64().is_some());
}

async fn a_pipeline_is_added_and_removed_while_it_has_no_deals(engine: Engine) {
    let server = Server::on(engine).start().await;
    let admin = server.signed_in("admin").await;
    let made = admin.post_form_json("/pipelines", &[("name", "Renewals")]).await.expect_status(200).json();
    let path = format!("/pipelines/{}", made["id"]);
    admin.post_form_json("/pipelines", &[("name", "Renewals")]).await.expect_status(422);
    let pipeline = record(&admin, &path).await;
    assert_eq!(pipeline["stages"].as_array().map(Vec::len), Some(4), "{pipeline}");
    let token = admin.csrf_token().await;
    let statuses = all_at_once(32, |_| {
        let (admin, token, path) = (admin.clone(), token.clone(), path.clone());
        async move {
            let fields = [("_action", "up"), ("version", "1")];
            admin.post(&path).accept_json().form_with_token(&token, &fields).send().await.status
        }
    })
    .await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
    let first = record(&admin, "/pipelines").await["pipelines"][0]["id"].clone();
    assert_eq!(first, made["id"]);
    admin.post_form_json(&path, &[("_action", "remove"), ("version", "2")]).await.expect_status(200);
    admin.get(&path).await.expect_status(404);
    let refused = admin.post_form_json("/pipelines/1", &[("_action", "remove"), ("version", "1")]).await;
    assert!(refused.status == 422 || refused.status == 409, "{refused:?}");
}
