//! Duplicates are found, merged and taken apart again.

use toolcrib_tests::prelude::*;
use toolcrib_tests::random;

on_all_engines! {
    duplicates_are_suspected_with_reasons,
    two_clients_become_one_and_two_again,
    what_was_changed_since_is_shown_again,
    thirty_two_identical_merges_and_undos_are_one,
    a_merge_is_not_undone_over_a_later_change,
    somebody_elses_private_client_is_neither_compared_nor_merged,
    a_viewer_merges_nothing,
}

/// Two clients with the same name but for the legal form.
async fn twins(user: &Client) -> (u64, u64, NewClient) {
    let name = random::word("Twin");
    let one = NewClient::valid().with("name", &name).with("website", "").with("city", "Leeds");
    let other = NewClient::valid().with("name", &format!("{name} GmbH")).with("website", "").with("city", "York");
    (user.create(&one).await, user.create(&other).await, one)
}

async fn versions(user: &Client, one: u64, other: u64) -> (String, String) {
    (user.version_of(one).await, user.version_of(other).await)
}

async fn merged(user: &Client, one: u64, other: u64, more: &[(&str, &str)]) -> Answer {
    let (version, other_version) = versions(user, one, other).await;
    let mut fields = vec![("version", version.as_str()), ("other_version", other_version.as_str())];
    fields.extend_from_slice(more);
    user.post_form_json(&format!("/clients/{one}/merge/{other}"), &fields).await
}

async fn set(server: &Server, sql: &str) {
    server.database().number(&format!("{sql} RETURNING id")).await;
}

/// A person and a deal for a client.
async fn furnish(server: &Server, client: u64) {
    let person = "INSERT INTO persons (client_id, name, search, sort_name, created_at, updated_at)";
    set(server, &format!("{person} VALUES ({client}, 'Person of {client}', '', '', 1, 1)")).await;
    let deal = "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at)";
    set(server, &format!("{deal} SELECT {client}, 'Deal of {client}', MIN(id), 1, 'EUR', '', 1, 1 FROM stages")).await;
}

async fn owned(server: &Server, client: u64) -> i64 {
    let mut all = 0;
    for table in ["persons", "deals"] {
        all += server.database().number(&format!("SELECT COUNT(*) FROM {table} WHERE client_id = {client}")).await;
    }
    all
}

async fn duplicates_are_suspected_with_reasons(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let (one, other, _) = twins(&anna).await;
    let find = |answer: serde_json::Value| {
        let pairs = answer["pairs"].as_array().expect("a list").clone();
        pairs.into_iter().find(|pair| pair["one"]["id"] == one && pair["other"]["id"] == other)
    };
    let pair = find(anna.get_json("/duplicates").await.expect_status(200).json()).expect("suspected");
    assert!(
        pair["reasons"].as_array().is_some_and(|reasons| reasons.iter().any(|reason| reason == "same name")),
        "{pair}"
    );
    let page = anna.get("/duplicates").await.expect_status(200).text();
    assert!(page.contains(&format!("/clients/{one}/merge/{other}")), "{page}");
    merged(&anna, one, other, &[]).await.expect_status(200);
    assert_eq!(find(anna.get_json("/duplicates").await.json()), None);
}

async fn two_clients_become_one_and_two_again(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let (one, other, was) = twins(&anna).await;
    furnish(&server, one).await;
    furnish(&server, other).await;
    let before = anna.export().await;
    let page = anna.get(&format!("/clients/{one}/merge/{other}")).await.expect_status(200).text();
    assert!(html::has_input(&page, "city") && html::visible_text(&page).contains("York"), "{page}");

    let done = merged(&anna, one, other, &[("city", "right"), ("name", "left")]).await.expect_status(200).json();
    assert_eq!(done["id"], one, "{done}");
    assert_eq!((owned(&server, one).await, owned(&server, other).await), (4, 0));
    let card = anna.get_json(&format!("/clients/{one}")).await.json();
    assert_eq!((&card["name"], &card["city"]), (&was.get("name").into(), &"York".into()), "{card}");
    let gone = anna.get(&format!("/clients/{other}")).await;
    assert_eq!((gone.status, gone.location()), (303, format!("/clients/{one}").as_str()), "{gone:?}");
    anna.get(&format!("/clients/{other}/edit")).await.expect_status(404);
    assert_eq!(anna.export().await.rows.len() + 1, before.rows.len());

    let path = format!("/merges/{}", done["merge"]);
    assert!(anna.get("/merges").await.expect_status(200).text().contains(&path));
    anna.get(&path).await.expect_status(200);
    anna.post_form(&path, &[]).await.expect_status(303);
    assert_eq!((owned(&server, one).await, owned(&server, other).await), (2, 2));
    assert_eq!(anna.export().await, before);
    let again = anna.post_form(&path, &[]).await;
    assert_eq!(again.status, 303, "{again:?}");
    assert_eq!(anna.export().await, before);
}

async fn what_was_changed_since_is_shown_again(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let (one, other, was) = twins(&anna).await;
    let (version, other_version) = versions(&anna, one, other).await;
    boris.try_save(one, &version, &was.with("city", "Hull")).await.expect_status(200);
    let path = format!("/clients/{one}/merge/{other}");
    let fields =
        [("version", version.as_str()), ("other_version", &other_version), ("left_city", "Leeds"), ("phone", "right")];
    let page = anna.post_form(&path, &fields).await.expect_status(409).text();
    let text = html::visible_text(&page);
    assert!(text.contains("changed by another user") && text.contains("Hull") && text.contains("was Leeds"), "{text}");
    assert_ne!(html::input_value(&page, "version").as_deref(), Some(version.as_str()));
    anna.post_form_json(&path, &fields).await.expect_status(409);
    anna.post_form_json(&path, &[]).await.expect_status(400);
    anna.get(&format!("/clients/{other}")).await.expect_status(200);
}

async fn thirty_two_identical_merges_and_undos_are_one(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let (one, other, _) = twins(&anna).await;
    furnish(&server, other).await;
    let before = anna.export().await;
    let token = anna.csrf_token().await;
    let (version, other_version) = versions(&anna, one, other).await;
    let path = format!("/clients/{one}/merge/{other}");
    let fields = vec![("version", version), ("other_version", other_version)];
    let posted = |path: String, fields: Vec<(&'static str, String)>| {
        let (anna, token) = (anna.clone(), token.clone());
        all_at_once(32, move |_| {
            let (anna, token, path, fields) = (anna.clone(), token.clone(), path.clone(), fields.clone());
            async move {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                anna.post(&path).accept_json().form_with_token(&token, &fields).send().await
            }
        })
    };
    let answers = posted(path, fields).await;
    let first = answers[0].json()["merge"].clone();
    for answer in &answers {
        assert_eq!((answer.status, &answer.json()["merge"]), (200, &first), "{answer:?}");
    }
    let merges = format!("SELECT COUNT(*) FROM merges WHERE gone_id = {other}");
    assert_eq!(server.database().number(&merges).await, 1);
    assert_eq!(owned(&server, one).await, 2);

    for answer in posted(format!("/merges/{first}"), Vec::new()).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let told = format!("SELECT COUNT(*) FROM audit_log WHERE action = 'undone' AND record_id = {one}");
    assert_eq!(server.database().number(&told).await, 1);
    assert_eq!(anna.export().await, before);
}

async fn a_merge_is_not_undone_over_a_later_change(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let (one, other, was) = twins(&anna).await;
    let done = merged(&anna, one, other, &[]).await.expect_status(200).json();
    let version = anna.version_of(one).await;
    anna.try_save(one, &version, &was.with("city", "Hull")).await.expect_status(200);
    let path = format!("/merges/{}", done["merge"]);
    let refused = anna.post_form(&path, &[]).await.expect_status(409);
    assert!(html::visible_text(&refused.text()).contains("was changed since"), "{refused:?}");
    anna.post_form_json(&path, &[]).await.expect_status(409);
    anna.get(&format!("/clients/{other}")).await.expect_status(303);
}

async fn somebody_elses_private_client_is_neither_compared_nor_merged(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let (one, other, _) = twins(&anna).await;
    let mine = "private = TRUE, owner_id = (SELECT id FROM toolcrib_users WHERE name = 'anna')";
    set(&server, &format!("UPDATE clients SET {mine} WHERE id = {other}")).await;
    let pairs = boris.get_json("/duplicates").await.text();
    assert!(!pairs.contains(&format!("\"id\":{other},")), "{pairs}");
    let fields = [("version", "1"), ("other_version", "1")];
    for path in [format!("/clients/{one}/merge/{other}"), format!("/clients/{other}/merge/{one}")] {
        boris.get(&path).await.expect_status(404);
        boris.post_form(&path, &fields).await.expect_status(404);
        anna.get(&path).await.expect_status(200);
    }
    boris.get(&format!("/clients/{one}/merge/{one}")).await.expect_status(404);
    boris.get(&format!("/clients/{one}/merge/987654")).await.expect_status(404);

    // Anna's merge of it is hers, too, and leads nobody else anywhere.
    let done = merged(&anna, one, other, &[]).await.expect_status(200).json();
    let path = format!("/merges/{}", done["merge"]);
    anna.get(&path).await.expect_status(200);
    boris.get(&path).await.expect_status(404);
    boris.post_form(&path, &[]).await.expect_status(404);
    assert!(!boris.get("/merges").await.text().contains(&format!("{path}\"")));
    boris.get(&format!("/clients/{other}")).await.expect_status(404);
    anna.get(&format!("/clients/{other}")).await.expect_status(303);
}

async fn a_viewer_merges_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, vera) = (server.signed_in("anna").await, server.signed_in("vera").await);
    let (one, other, _) = twins(&anna).await;
    for path in ["/duplicates".to_owned(), "/merges".to_owned(), format!("/clients/{one}/merge/{other}")] {
        vera.get(&path).await.expect_status(403);
    }
    let fields = [("version", "1"), ("other_version", "1")];
    vera.post_form(&format!("/clients/{one}/merge/{other}"), &fields).await.expect_status(403);
    vera.post_form("/merges/1", &[]).await.expect_status(403);
}
