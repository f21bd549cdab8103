//! Creating and editing clients: all errors at once, nothing half-written, nobody's work overwritten.

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

on_all_engines! {
    all_mistakes_are_told_at_once_and_nothing_is_written,
    what_cannot_be_a_client_is_refused_field_by_field,
    fields_that_the_form_has_not_change_nothing,
    a_saved_client_is_shown_after_a_redirect,
    a_client_is_edited_by_its_form,
    the_second_of_two_editors_is_told_and_keeps_what_they_typed,
    one_of_two_simultaneous_editors_wins,
    a_form_without_a_valid_version_saves_nothing,
    many_writers_at_once_all_write,
}

/// AC-22.
async fn all_mistakes_are_told_at_once_and_nothing_is_written(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await;
    let wrong = NewClient::valid().with("name", "").with("email", "not an address").with("city", "Typed-Town");

    let answer = anna.try_create(&wrong).await.expect_status(422);
    let errors = answer.json();
    for field in ["name", "email"] {
        let told = errors["errors"][field].as_array().is_some_and(|texts| !texts.is_empty());
        assert!(told, "nothing about {field} in {errors}");
    }
    assert!(errors["errors"]["city"].is_null(), "{errors}");

    let page = anna.post_form("/clients", &wrong.fields()).await.expect_status(422).text();
    assert_eq!(html::input_value(&page, "city").as_deref(), Some("Typed-Town"), "{page}");
    assert_eq!(html::input_value(&page, "email").as_deref(), Some("not an address"), "{page}");
    let invalid = |page: &str| html::tags(page).iter().filter(|tag| tag.get("aria-invalid") == Some("true")).count();
    assert_eq!(invalid(&page), 2, "{page}");
    assert_eq!(anna.export().await, before);

    let boris = server.signed_in("boris").await;
    let fresh = boris.get("/clients/new").await.expect_status(200).text();
    assert!(!fresh.contains("Typed-Town") && !fresh.contains("not an address"), "{fresh}");
    assert_eq!(invalid(&fresh), 0, "{fresh}");
}

async fn what_cannot_be_a_client_is_refused_field_by_field(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let existing = NewClient::valid();
    anna.create(&existing).await;
    let before = anna.export().await;
    let long = "x".repeat(10_000);
    let cases = [
        ("name", "   "),
        ("name", long.as_str()),
        ("name", "a\u{0}b"),
        ("name", "line\r\nbreak"),
        ("account", ""),
        ("account", &long),
        ("account", existing.account()),
        ("email", "a@"),
        ("email", "two@at@signs"),
        ("email", "a b@example.com"),
        ("email", "a@b.c\r\nBcc: x@example.com"),
        ("website", "javascript:alert(1)"),
        ("website", " JaVaScRiPt:alert(1)"),
        ("website", "data:text/html,x"),
        ("website", "//evil.example"),
        ("website", "vbscript:x"),
        ("website", "java\tscript:alert(1)"),
    ];
    for (field, value) in cases {
        let answer = anna.try_create(&NewClient::valid().with(field, value)).await;
        assert_eq!(answer.status, 422, "{field} {value:?}: {answer:?}");
        assert!(!answer.json()["errors"][field].is_null(), "{field} {value:?}: {answer:?}");
    }
    assert_eq!(anna.export().await, before);
}

/// S25.
async fn fields_that_the_form_has_not_change_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let extra = client.clone().with("id", "1").with("owner_id", "1").with("role", "admin").with("user[role]", "admin");
    let answer = anna.try_create(&extra).await;
    if answer.status < 300 {
        assert_ne!(answer.json()["id"], 1, "{answer:?}");
    } else {
        assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    }
    anna.get_json("/tools/status.json").await.expect_status(403);
}

async fn a_saved_client_is_shown_after_a_redirect(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let saved = anna.post_form("/clients", &client.fields()).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let card = anna.get(saved.location()).await.expect_status(200).text();
    assert!(card.contains(client.account()), "{card}");
}

/// The pages work without scripts: what a person does, step by step.
async fn a_client_is_edited_by_its_form(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    let form = anna.get(&format!("/clients/{id}/edit")).await.expect_status(200).text();
    let mut fields: Vec<(String, String)> = Vec::new();
    // A box without its tick is not sent.
    let sent = html::tags_named(&form, "input").into_iter().filter(|input| input.get("type") != Some("checkbox"));
    for input in sent {
        if let Some(name) = input.get("name").filter(|name| !["q", "_csrf"].contains(name)) {
            fields.push((name.to_owned(), input.get("value").unwrap_or("").to_owned()));
        }
    }
    for (name, value) in &mut fields {
        if name == "phone" {
            *value = "+45 1234".to_owned();
        }
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let saved = anna.post_form(&format!("/clients/{id}"), &fields).await;
    assert_eq!((saved.status, saved.location()), (303, format!("/clients/{id}").as_str()), "{saved:?}");
    let card = html::visible_text(&anna.get(&format!("/clients/{id}")).await.text());
    assert!(card.contains("+45 1234"), "{card}");
}

/// AC-21, S27.
async fn the_second_of_two_editors_is_told_and_keeps_what_they_typed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let version = anna.version_of(id).await;
    assert_eq!(boris.version_of(id).await, version);

    let annas = client.clone().with("phone", "+45 1111");
    anna.try_save(id, &version, &annas).await.expect_status(200);
    let boriss = client.clone().with("email", "boris-typed@example.com");
    let mut fields = boriss.fields();
    fields.push(("version", &version));
    let refused = boris.post_form(&format!("/clients/{id}"), &fields).await.expect_status(409);
    let page = refused.text();
    assert_eq!(html::input_value(&page, "email").as_deref(), Some("boris-typed@example.com"), "{page}");
    boris.try_save(id, &version, &boriss).await.expect_status(409);

    let card = html::visible_text(&anna.get(&format!("/clients/{id}")).await.text());
    assert!(card.contains("+45 1111") && !card.contains("boris-typed"), "{card}");
    let now = boris.version_of(id).await;
    assert_ne!(now, version);
    boris.try_save(id, &now, &boriss.with("phone", "+45 1111")).await.expect_status(200);
}

/// AC-21: of two who save in the same moment exactly one does.
async fn one_of_two_simultaneous_editors_wins(engine: Engine) {
    let server = Server::on(engine).start().await;
    let users = [server.signed_in("anna").await, server.signed_in("boris").await];
    let tokens = [users[0].csrf_token().await, users[1].csrf_token().await];
    let client = NewClient::valid();
    let id = users[0].create(&client).await;
    for round in 0..rounds(50, 500) {
        let version = users[0].version_of(id).await;
        let statuses = all_at_once(2, |number| {
            let (user, token, version) = (users[number].clone(), tokens[number].clone(), version.clone());
            let client = client.clone().with("phone", &format!("+45 {round} {number}"));
            async move {
                let mut fields = client.fields();
                fields.push(("version", &version));
                user.post(&format!("/clients/{id}")).accept_json().form_with_token(&token, &fields).send().await.status
            }
        })
        .await;
        let mut sorted = statuses.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [200, 409], "round {round}");
        let winner = statuses.iter().position(|status| *status == 200).expect("one of two");
        let card = html::visible_text(&users[0].get(&format!("/clients/{id}")).await.text());
        assert!(card.contains(&format!("+45 {round} {winner}")), "round {round}: {card}");
    }
}

async fn a_form_without_a_valid_version_saves_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let before = anna.export().await;
    let changed = client.with("name", "Changed");
    for version in ["", "abc", "-1", "0", "999", "99999999999999999999"] {
        let answer = anna.try_save(id, version, &changed).await;
        assert!(matches!(answer.status, 400 | 409 | 422), "version {version:?}: {answer:?}");
    }
    let answer = anna.post_form_json(&format!("/clients/{id}"), &changed.fields()).await;
    assert!(matches!(answer.status, 400 | 409 | 422), "{answer:?}");
    assert_eq!(anna.export().await, before);
    anna.try_save(987_654_321, "1", &changed).await.expect_status(404);
}

/// Many writers at once on both engines: "database is locked" is nobody's answer.
async fn many_writers_at_once_all_write(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let clients: Vec<_> = (0..200).map(|_| NewClient::valid()).collect();
    let statuses = toolcrib_tests::load::in_parallel(clients.len(), 32, {
        let (anna, clients) = (anna.clone(), clients.clone());
        move |number| {
            let (anna, token, client) = (anna.clone(), token.clone(), clients[number].clone());
            async move {
                let answer = anna.post("/clients").accept_json().form_with_token(&token, &client.fields()).send().await;
                (answer.status >= 300).then_some(answer)
            }
        }
    })
    .await;
    let refused: Vec<_> = statuses.into_iter().flatten().collect();
    assert!(refused.is_empty(), "{} refused, the first: {:?}", refused.len(), refused.first());
    let export = anna.export().await;
    assert!(clients.iter().all(|client| export.count(client.account()) == 1));
}
