//! The same form sent twice, by impatience or by a script: done once, answered alike (S27).

use toolcrib_tests::prelude::*;

use super::page_form::{PageForm, with};
use super::values::sound;

on_all_engines! {
    a_form_for_a_new_client_sent_by_sixteen_at_once_makes_one,
    a_form_of_a_client_sent_by_sixteen_at_once_changes_it_once,
    the_key_of_a_form_is_of_one_user_and_one_page,
}

/// Sends the same fields so many times at the same moment, and once more; how each was answered.
async fn at_once(client: &Client, form: &PageForm, fields: &[(String, String)], json: bool) -> Vec<(u16, String)> {
    let send = |_| {
        let (client, form, fields) = (client.clone(), form.clone(), fields.to_vec());
        async move {
            let request = form.request(&client, &fields);
            let answer = if json { request.accept_json() } else { request }.send().await;
            let told = if json { answer.text() } else { answer.location().to_owned() };
            (answer.status, told)
        }
    };
    let mut answers = all_at_once(16, send).await;
    answers.push(send(0).await);
    answers
}

async fn a_form_for_a_new_client_sent_by_sixteen_at_once_makes_one(engine: Engine) {
    let server = Server::on(engine).start().await;
    // Each on a connection of its own, so that all workers get their share.
    let anna = server.visitor_without_keep_alive();
    anna.sign_in("anna").await;
    for (json, status) in [(false, 303), (true, 200)] {
        let form = PageForm::open(&anna, "/clients/new", "/clients").await;
        let account = sound("account");
        let fields = with(form.filled(), "account", &account);
        let before = server.database().number("SELECT COUNT(*) FROM clients").await;
        let answers = at_once(&anna, &form, &fields, json).await;
        assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == status), "{answers:?}");
        assert_eq!(server.database().number("SELECT COUNT(*) FROM clients").await, before + 1);
        let sql = format!("SELECT id FROM clients WHERE account = '{account}'");
        let id = server.database().number(&sql).await;
        assert!(answers[0].1.contains(&id.to_string()), "{id}: {answers:?}");
    }
}

async fn a_form_of_a_client_sent_by_sixteen_at_once_changes_it_once(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.visitor_without_keep_alive();
    anna.sign_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    let address = format!("/clients/{id}");
    let version = format!("SELECT version FROM clients WHERE id = {id}");
    for (json, status) in [(false, 303), (true, 200)] {
        let form = PageForm::open(&anna, &format!("{address}/edit"), &address).await;
        let before = server.database().number(&version).await;
        let city = sound("city");
        let answers = at_once(&anna, &form, &with(form.shown(), "city", &city), json).await;
        assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == status), "{answers:?}");
        assert_eq!(server.database().number(&version).await, before + 1);
        assert_eq!(anna.get_json(&address).await.json()["city"], city);
    }
}

/// Nobody is told what came of somebody else's form, and no form is taken for another one.
async fn the_key_of_a_form_is_of_one_user_and_one_page(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let form = PageForm::open(&anna, "/clients/new", "/clients").await;
    let fields = form.filled();
    let annas = form.send(&anna, &fields).await.expect_status(303);

    let token = boris.csrf_token().await;
    let copied = with(fields.clone(), "_csrf", &token);
    let refused = form.send(&boris, &copied).await.expect_status(422);
    assert!(html::visible_text(&refused.text()).contains("Field Account"), "{refused:?}");
    let boriss = form.send(&boris, &with(copied, "account", &sound("account"))).await.expect_status(303);
    assert_ne!(annas.location(), boriss.location());

    let edit = PageForm::open(&anna, &format!("{}/edit", annas.location()), annas.location()).await;
    let key = super::page_form::value_of(&fields, "_once");
    let saved = edit.send(&anna, &with(with(edit.shown(), "_once", key), "city", "Odense")).await;
    assert_eq!((saved.status, saved.location()), (303, annas.location()), "{saved:?}");
    assert_eq!(anna.get_json(annas.location()).await.json()["city"], "Odense");
}
