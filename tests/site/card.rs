//! A client's card, the people at it, and what is noted about it.

use toolcrib_tests::prelude::*;

on_all_engines! {
    an_activity_stands_on_the_timeline_of_its_client,
    thirty_two_identical_activities_are_one,
    only_whoever_noted_it_edits_an_activity,
    what_was_changed_is_told_on_the_timeline,
    two_who_change_different_tags_both_get_their_way,
    a_private_client_hides_all_that_belongs_to_it,
    a_private_client_belongs_to_whoever_marks_it,
    whoever_may_only_look_changes_nothing_on_the_card,
    by_one_click_the_other_user_is_right,
    thirty_two_rivals_change_the_number_once,
    a_person_is_added_edited_and_removed,
    thirty_two_identical_removals_remove_once,
}

fn panel(id: u64) -> String {
    format!("/clients/{id}/panels/activities")
}

/// Notes something about a client; its number.
async fn noted(user: &Client, client: u64, kind: &str, subject: &str) -> u64 {
    let answer = user.post_form_json(&panel(client), &[("kind", kind), ("subject", subject)]).await;
    answer.expect_status(200).json()["id"].as_u64().expect("its number")
}

/// Adds somebody who works for a client; the person's number.
async fn employed(user: &Client, account: &str, name: &str) -> u64 {
    let answer = user.post_form_json("/persons", &[("name", name), ("account", account)]).await;
    answer.expect_status(200).json()["id"].as_u64().expect("the person's number")
}

async fn private_client(user: &Client, owner: i64) -> (NewClient, u64) {
    let client = NewClient::valid().with("private", "on").with("owner_id", &owner.to_string());
    let id = user.create(&client).await;
    (client, id)
}

async fn id_of(server: &Server, user: &str) -> i64 {
    server.database().number(&format!("SELECT id FROM toolcrib_users WHERE name = '{user}'")).await
}

async fn an_activity_stands_on_the_timeline_of_its_client(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let person = employed(&anna, client.account(), "Ada Quist").await;
    let fields = [("kind", "call"), ("subject", "Asked <b> for a date"), ("person_id", &person.to_string())];
    let answer = anna.post_form(&panel(id), &fields).await;
    assert_eq!((answer.status, answer.location()), (303, panel(id).as_str()), "{answer:?}");

    let shown = anna.panel(id, "activities").await.expect_status(200);
    let text = html::visible_text(&shown.text());
    assert!(text.contains("Asked <b> for a date") && text.contains("with Ada Quist"), "{text}");
    let hers = anna.get(&format!("/persons/{person}")).await.expect_status(200).text();
    assert!(html::visible_text(&hers).contains("Asked <b> for a date"), "{hers}");

    let answer = anna.post(&panel(id)).header("x-requested-with", "fetch");
    let token = anna.csrf_token().await;
    let refused = answer.form_with_token(&token, &[("kind", "call"), ("subject", "")]).send().await.expect_status(422);
    let part = refused.text();
    assert!(part.contains("Field Subject requires a value.") && !part.contains("<html"), "{part}");

    for number in 0..25 {
        noted(&anna, id, "note", &format!("Note {number}.")).await;
    }
    let first = anna.get_json(&panel(id)).await.expect_status(200).json();
    assert_eq!(first["activities"].as_array().map(Vec::len), Some(20), "{first}");
    let older = first["older"].as_str().expect("another page");
    let second = anna.get_json(&format!("{}?before={older}", panel(id))).await.expect_status(200).json();
    let subjects = second["activities"].to_string();
    assert!(subjects.contains("Asked <b> for a date") && !subjects.contains("Note 24."), "{subjects}");
    let calls = anna.get_json(&format!("{}?kind=call", panel(id))).await.expect_status(200).json();
    assert_eq!(calls["activities"].as_array().map(Vec::len), Some(1), "{calls}");
}

async fn thirty_two_identical_activities_are_one(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    let token = anna.csrf_token().await;
    let statuses = all_at_once(32, |_| {
        let (anna, token) = (anna.clone(), token.clone());
        async move {
            let fields = [("kind", "task"), ("subject", "Send the offer"), ("_once", "one form")];
            anna.post(&panel(id)).form_with_token(&token, &fields).send().await.status
        }
    })
    .await;
    assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
    let rows = server.database().number(&format!("SELECT COUNT(*) FROM activities WHERE client_id = {id}")).await;
    let told = "SELECT COUNT(*) FROM audit_log WHERE record_kind = 'activity'";
    assert_eq!((rows, server.database().number(told).await), (1, 1));
}

async fn only_whoever_noted_it_edits_an_activity(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let id = anna.create(&NewClient::valid()).await;
    let activity = noted(&anna, id, "call", "First call").await;
    let address = format!("/activities/{activity}");
    let version = html::input_value(&anna.get(&address).await.expect_status(200).text(), "version").expect("a version");
    let fields = [("_action", "save"), ("version", version.as_str()), ("subject", "Second call")];
    boris.get(&address).await.expect_status(403);
    boris.post_form_json(&address, &fields).await.expect_status(403);
    let saved = anna.post_form(&address, &fields).await;
    assert_eq!((saved.status, saved.location()), (303, format!("/clients/{id}").as_str()), "{saved:?}");
    let late = [("_action", "save"), ("version", version.as_str()), ("subject", "Third call")];
    anna.post_form_json(&address, &late).await.expect_status(409);
    assert!(anna.panel(id, "activities").await.text().contains("Second call"));

    boris.post_form_json(&address, &[("_action", "remove")]).await.expect_status(403);
    anna.post_form(&address, &[("_action", "remove")]).await.expect_status(303);
    anna.get(&address).await.expect_status(404);
    let told = anna.panel(id, "activities").await.text();
    assert!(told.contains("Removed the call “Second call”."), "{told}");
}

async fn what_was_changed_is_told_on_the_timeline(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid().with("city", "Bonn");
    let id = anna.create(&client).await;
    let version = anna.version_of(id).await;
    anna.try_save(id, &version, &client.clone().with("city", "Køge")).await.expect_status(200);
    let version = anna.version_of(id).await;
    let owner = id_of(&server, "boris").await.to_string();
    anna.try_save(id, &version, &client.with("city", "Køge").with("owner_id", &owner)).await.expect_status(200);
    let text = html::visible_text(&anna.panel(id, "activities").await.text());
    for told in ["Added this client.", "Changed city from “Bonn” to “Køge”.", "Changed owner from nothing to “"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    // What changes nothing is told nowhere.
    let before = server.database().number("SELECT COUNT(*) FROM audit_log").await;
    let version = anna.version_of(id).await;
    anna.post_form_json(&format!("/clients/{id}"), &[("version", version.as_str()), ("city", "Køge")])
        .await
        .expect_status(200);
    assert_eq!(server.database().number("SELECT COUNT(*) FROM audit_log").await, before);
}

async fn two_who_change_different_tags_both_get_their_way(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let client = NewClient::valid().with("tags", "old, VIP ,vip");
    let id = anna.create(&client).await;
    let address = format!("/clients/{id}");
    assert_eq!(anna.get_json(&address).await.json()["tags"], "old, VIP");
    let mut annas = sent(&anna.get(&format!("{address}/edit")).await.text());
    let mut boriss = annas.clone();
    for (form, tags) in [(&mut annas, "old, VIP, fair"), (&mut boriss, "vip")] {
        for (_, value) in form.iter_mut().filter(|(name, _)| name == "tags") {
            tags.clone_into(value);
        }
    }
    for (user, form) in [(&anna, annas), (&boris, boriss)] {
        let fields: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        user.post_form(&address, &fields).await.expect_status(303);
    }
    assert_eq!(anna.get_json(&address).await.json()["tags"], "fair, VIP");
    let text = html::visible_text(&anna.panel(id, "activities").await.text());
    assert!(text.contains("Changed tags from “old, VIP” to “old, VIP, fair”."), "{text}");
    let version = anna.version_of(id).await;
    let wrong = anna.try_save(id, &version, &client.with("tags", &"x".repeat(41))).await.expect_status(422).json();
    assert!(wrong["errors"]["tags"].is_array(), "{wrong}");
    let list = anna.get_json("/clients?sort=updated").await.json();
    assert!(list["clients"].to_string().contains("fair, VIP"), "{list}");
}

async fn a_private_client_hides_all_that_belongs_to_it(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let (client, id) = private_client(&anna, id_of(&server, "anna").await).await;
    let person = employed(&anna, client.account(), "Secret Quist").await;
    let activity = noted(&anna, id, "note", "A secret").await;
    let open = NewClient::valid();
    boris.create(&open).await;
    for path in [
        format!("/clients/{id}"),
        format!("/clients/{id}/edit"),
        panel(id),
        format!("/persons/{person}"),
        format!("/persons/{person}/edit"),
        format!("/persons/new?client={id}"),
        format!("/activities/{activity}"),
    ] {
        anna.get(&path).await.expect_status(200);
        boris.get(&path).await.expect_status(404);
    }
    let found = boris.get_json("/persons?q=quist").await.expect_status(200).json();
    assert_eq!(found["total"], 0, "{found}");
    assert_eq!(anna.get_json("/persons?q=quist").await.json()["total"], 1);

    boris.post_form_json(&panel(id), &[("kind", "note"), ("subject", "x")]).await.expect_status(404);
    boris.post_form_json(&format!("/clients/{id}/race"), &[("version", "1")]).await.expect_status(404);
    boris.post_form_json(&format!("/persons/{person}"), &[("_action", "remove")]).await.expect_status(404);
    let wrong = [("name", "x"), ("account", client.account())];
    let refused = boris.post_form_json("/persons", &wrong).await.expect_status(422).json();
    let unknown = boris.post_form_json("/persons", &[("name", "x"), ("account", "nowhere")]).await.json();
    assert_eq!(refused, unknown);
    // Nor can somebody be moved there, or an activity be with somebody there.
    let his =
        boris.post_form_json("/persons", &[("name", "His"), ("account", open.account())]).await.json()["id"].clone();
    let moved = [("version", "1"), ("account", client.account())];
    boris.post_form_json(&format!("/persons/{his}"), &moved).await.expect_status(422);
    let person = person.to_string();
    let with = [("kind", "note"), ("subject", "x"), ("person_id", person.as_str())];
    let open_id =
        server.database().number(&format!("SELECT id FROM clients WHERE account = '{}'", open.account())).await;
    boris.post_form_json(&format!("/clients/{open_id}/panels/activities"), &with).await.expect_status(422);
}

async fn a_private_client_belongs_to_whoever_marks_it(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let boris = id_of(&server, "boris").await.to_string();
    for owner in ["", boris.as_str()] {
        let client = NewClient::valid().with("private", "on").with("owner_id", owner);
        let refused = anna.try_create(&client).await.expect_status(422).json();
        assert!(refused["errors"]["owner_id"].is_array(), "{refused}");
    }
    private_client(&anna, id_of(&server, "anna").await).await;
    anna.try_create(&NewClient::valid().with("owner_id", "987654")).await.expect_status(422);
}

async fn whoever_may_only_look_changes_nothing_on_the_card(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, vera) = (server.signed_in("anna").await, server.signed_in("vera").await);
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let person = employed(&anna, client.account(), "Ada Quist").await;
    for path in [format!("/clients/{id}"), panel(id), "/persons".to_owned(), format!("/persons/{person}")] {
        let page = vera.get(&path).await.expect_status(200).text();
        assert!(
            !page.contains(">Edit<") && !page.contains("Add person") && !page.contains("data-part="),
            "{path}: {page}"
        );
    }
    for path in ["/persons/new".to_owned(), format!("/persons/{person}/edit")] {
        vera.get(&path).await.expect_status(403);
    }
    let fields = [("kind", "note"), ("subject", "x"), ("name", "x"), ("account", client.account()), ("version", "1")];
    for path in [panel(id), "/persons".to_owned(), format!("/persons/{person}"), format!("/clients/{id}/race")] {
        vera.post_form_json(&path, &fields).await.expect_status(403);
    }
}

/// What a form of a client sends as it stands.
fn sent(page: &str) -> Vec<(String, String)> {
    let form = page.split_once("<form class=\"form\" id=\"client-").map_or("", |(_, rest)| rest);
    let form = form.split("</form>").next().unwrap_or_default();
    let inputs = html::tags_named(form, "input").into_iter().filter(|input| input.get("type") != Some("checkbox"));
    let named =
        inputs.filter_map(|input| Some((input.get("name")?.to_owned(), input.get("value").unwrap_or("").to_owned())));
    named.filter(|(name, _)| !["_csrf", "_once"].contains(&name.as_str())).collect()
}

async fn by_one_click_the_other_user_is_right(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let client = NewClient::valid().with("phone", "+45 1").with("city", "Bonn");
    let id = anna.create(&client).await;
    let version = boris.version_of(id).await;
    let mut form = sent(&anna.get(&format!("/clients/{id}/edit")).await.text());
    boris.try_save(id, &version, &client.with("phone", "+45 2")).await.expect_status(200);
    for (name, value) in &mut form {
        match name.as_str() {
            "phone" => "+45 3".clone_into(value),
            "city" => "Køge".clone_into(value),
            _ => {}
        }
    }
    let pairs = |form: &[(String, String)]| -> Vec<(String, String)> { form.to_vec() };
    let post = async |form: Vec<(String, String)>| {
        let fields: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        anna.post_form(&format!("/clients/{id}"), &fields).await
    };
    let page = post(pairs(&form)).await.expect_status(409).text();
    let text = html::visible_text(&page);
    for told in ["It was +45 1", "The other user stored +45 2", "You typed +45 3", "Keep what is stored"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let mut form = sent(&page);
    assert!(form.contains(&("_clash".to_owned(), "phone".to_owned())), "{form:?}");
    form.push(("_action".to_owned(), "save:theirs".to_owned()));
    post(form).await.expect_status(303);
    let stored = anna.get_json(&format!("/clients/{id}")).await.json();
    assert_eq!((&stored["phone"], &stored["city"]), (&"+45 2".into(), &"Køge".into()), "{stored}");
}

async fn thirty_two_rivals_change_the_number_once(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let version = anna.version_of(id).await;
    let token = anna.csrf_token().await;
    let statuses = all_at_once(32, |_| {
        let (anna, token, version) = (anna.clone(), token.clone(), version.clone());
        async move {
            let fields = [("version", version.as_str())];
            anna.post(&format!("/clients/{id}/race")).form_with_token(&token, &fields).send().await.status
        }
    })
    .await;
    assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
    assert_ne!(anna.get_json(&format!("/clients/{id}")).await.json()["phone"], client.get("phone"));
    let told = format!(
        "SELECT COUNT(*) FROM audit_log WHERE record_kind = 'client' AND record_id = {id} AND action = 'changed'"
    );
    assert_eq!(server.database().number(&told).await, 1);

    let refused = anna.post_form(&format!("/clients/{id}"), &[("version", &version), ("phone", "+45 9")]).await;
    let page = refused.expect_status(409).text();
    assert!(html::visible_text(&page).contains("It was Boris"), "{page}");
    anna.post_form_json(&format!("/clients/{id}/race"), &[("version", "x")]).await.expect_status(400);
}

async fn a_person_is_added_edited_and_removed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let (first, second) = (NewClient::valid(), NewClient::valid());
    let (first_id, second_id) = (anna.create(&first).await, anna.create(&second).await);
    let page = anna.get(&format!("/persons/new?client={first_id}")).await.expect_status(200).text();
    assert_eq!(html::input_value(&page, "account").as_deref(), Some(first.account()), "{page}");
    let person = employed(&anna, first.account(), "Åsa Quist").await;
    assert_eq!(anna.get_json("/persons?q=%C3%85SA").await.json()["total"], 1);
    assert!(anna.panel(first_id, "contacts").await.text().contains("Åsa Quist"));

    let address = format!("/persons/{person}");
    let moved = [("version", "1"), ("account", second.account()), ("email", "asa@example.com")];
    let saved = anna.post_form(&address, &moved).await;
    assert_eq!((saved.status, saved.location()), (303, address.as_str()), "{saved:?}");
    assert!(!anna.panel(first_id, "contacts").await.text().contains("Åsa Quist"));
    assert!(anna.panel(second_id, "contacts").await.text().contains("Åsa Quist"));
    assert!(anna.panel(first_id, "activities").await.text().contains("Åsa Quist works elsewhere now."));
    anna.post_form_json(&address, &[("version", "1"), ("name", "x")]).await.expect_status(409);
    anna.post_form_json(&address, &[("version", "2"), ("name", " ")]).await.expect_status(422);
    anna.post_form_json("/persons", &[("name", "x"), ("account", "nowhere")]).await.expect_status(422);

    let gone = anna.post_form(&address, &[("_action", "remove"), ("version", "2")]).await;
    assert_eq!((gone.status, gone.location()), (303, format!("/clients/{second_id}").as_str()), "{gone:?}");
    anna.get(&address).await.expect_status(404);
}

async fn thirty_two_identical_removals_remove_once(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let person = employed(&anna, client.account(), "Ada Quist").await;
    let token = anna.csrf_token().await;
    let statuses = all_at_once(32, |_| {
        let (anna, token) = (anna.clone(), token.clone());
        async move {
            let fields = [("_action", "remove"), ("version", "1"), ("_once", "one form")];
            anna.post(&format!("/persons/{person}")).form_with_token(&token, &fields).send().await.status
        }
    })
    .await;
    assert!(statuses.iter().all(|status| matches!(status, 303 | 404)), "{statuses:?}");
    let told = format!("SELECT COUNT(*) FROM timeline_events WHERE client_id = {id} AND kind = 'removed'");
    assert_eq!(server.database().number(&told).await, 1);
}
