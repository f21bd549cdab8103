//! Every form of every page, sent as a browser without scripts sends it, and as our script does (W35, W36).

use toolcrib_tests::prelude::*;

use super::page_form::{PageForm, with};
use super::scene::Scene;

on_all_engines! {
    every_button_of_every_form_works_without_scripts,
    every_form_of_an_adapter_answers_the_script_in_place,
    a_hundred_forms_are_taken_though_nobody_opens_a_page,
}

/// Opened, filled in, sent; the answer is a page, or leads to one.
async fn every_button_of_every_form_works_without_scripts(engine: Engine) {
    let scene = Scene::set(engine).await;
    let forms = scene.forms().await;
    assert!(forms.len() > 10, "too few forms: {forms:#?}");
    for form in &forms {
        for button in 0..form.buttons.len().max(1) {
            let (sender, form) = scene.open(form).await;
            let mut fields = form.filled();
            if let Some((name, value)) = form.buttons.get(button).filter(|(name, _)| !name.is_empty()) {
                fields = with(fields, name, value);
            }
            let what = format!("button {button} of {}", form.kind());
            let answer = form.send(&sender, &fields).await;
            if answer.status == 303 {
                let next = sender.get(answer.location()).await;
                assert!(next.status == 200 && next.is_html(), "{what} leads to {}: {next:?}", answer.location());
            } else {
                let told = toolcrib_tests::html::visible_text(&answer.text());
                // What has deals does not go.
                let is_kept = answer.status == 422 && form.path().starts_with("/pipelines") && told.contains("deals");
                assert!((answer.status == 200 || is_kept) && answer.is_html(), "{what}: {told} {answer:?}");
                assert!(answer.text().contains("</html>"), "{what} is answered by a part of a page: {answer:?}");
            }
        }
    }
}

/// The script is told what comes next instead of being led there, and is given the part with its form where something is
/// wrong with it.
async fn every_form_of_an_adapter_answers_the_script_in_place(engine: Engine) {
    let scene = Scene::set(engine).await;
    let forms = scene.forms().await;
    let mut told = 0;
    for form in forms.iter().filter(|form| form.is_of_an_adapter() || form.part.is_some()) {
        let (sender, form) = scene.open(form).await;
        let answer = form.request(&sender, &form.filled()).header("x-requested-with", "fetch").send().await;
        let said = toolcrib_tests::html::visible_text(&answer.text());
        assert_eq!(answer.status, 200, "{}: {said} {answer:?}", form.kind());
        if answer.is_json() {
            let next = answer.json();
            let local = next["location"].as_str().is_none_or(|to| to.starts_with('/') && !to.starts_with("//"));
            assert!(local && (next["location"].is_string() || next.get("message").is_some()), "{next}");
            told += 1;
        } else {
            // A report, which only a page without a place for it shows, or a part with the form to be sent again.
            let is_part = form.part.is_none() || answer.text().contains("<form");
            assert!(is_part && answer.is_html(), "{}: {answer:?}", form.kind());
        }
        if form.part.is_some() {
            let (sender, form) = scene.open(&form).await;
            let text = form.controls.iter().find(|control| !matches!(control.kind.as_str(), "hidden" | "select"));
            let Some(text) = text else { continue };
            let fields = with(form.filled(), &text.name, "a\0b");
            let answer = form.request(&sender, &fields).header("x-requested-with", "fetch").send().await;
            let page = answer.text();
            let is_part = page.contains("<form") && !page.contains("<html");
            assert!(answer.status == 422 && answer.is_html() && is_part, "{}: {answer:?}", form.kind());
        }
    }
    assert!(told >= 2, "no form was answered in place");
}

/// Each form that was done leaves a message for the next page; whoever sends forms and opens no page is not stopped by them.
async fn a_hundred_forms_are_taken_though_nobody_opens_a_page(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    let form = PageForm::open(&anna, &format!("/clients/{id}/edit"), &format!("/clients/{id}")).await;
    // A key for each: otherwise it would be the same form again.
    let fields: Vec<_> =
        form.shown().into_iter().filter(|(name, _)| !name.starts_with('_') || name == "_csrf").collect();
    for version in 1..=100 {
        let fields = with(with(fields.clone(), "version", &version.to_string()), "city", &format!("Town {version}"));
        let answer = form.send(&anna, &fields).await;
        assert_eq!(answer.status, 303, "form {version}: {answer:?}");
    }
    let card = anna.get(&format!("/clients/{id}")).await.expect_status(200).text();
    assert!(html::visible_text(&card).contains("Town 100"), "{card}");
}
