//! Every field of every form, with everything that has ever broken one: no script runs, nothing fails, and nothing changes
//! but what the form is for (S1, S4, S6, S25, S32, S33).

use std::collections::BTreeSet;

use toolcrib_tests::prelude::*;

use super::page_form::{PageForm, with};
use super::scene::Scene;
use super::snapshot::Snapshot;
use super::values::{HOSTILE, MARK, UNKNOWN, assert_inert, sound};

on_all_engines! {
    no_field_of_any_form_is_a_way_in,
}

/// What is sent once with each form: within the limit of a body, and just beyond it.
const LARGE: [usize; 2] = [1_000_000, 1 << 20];

async fn no_field_of_any_form_is_a_way_in(engine: Engine) {
    let scene = Scene::set(engine).await;
    let forms = scene.forms().await;
    let found: Vec<_> = forms.iter().map(PageForm::kind).collect();
    let edit = format!("/clients/{}", scene.client);
    for known in ["/clients", &edit, "/import", "/login", "/logout", "/tools/object-log", "/examples/mirror"] {
        assert!(forms.iter().any(|form| form.path() == known), "the form of {known} was not found: {found:#?}");
    }
    let (mut sent, mut failed) = (0, Vec::new());
    // What a field does to a page is the same however many processes there are: on two, one form stands for all, unless
    // there is time for them all.
    let is_sent = |form: &&PageForm| engine.nodes() == 1 || toolcrib_tests::long() || form.path() == "/clients";
    for form in forms.iter().filter(is_sent) {
        let before = Snapshot::of(scene.server.database()).await;
        sent += attack(&scene, form, &mut failed).await;
        scene.looks_sound(&form.kind()).await;
        let after = Snapshot::of(scene.server.database()).await;
        failed.extend(scene.not_permitted(form, &before, &after));
    }
    eprintln!("{sent} forms of {} kinds sent", forms.len());
    assert!(scene.admin.is_signed_in().await);
    everything_is_shown_as_text(&scene).await;
    assert!(failed.is_empty(), "{} of them failed:\n{}", failed.len(), failed.join("\n"));
}

/// Sends one form in every bad way; how often.
async fn attack(scene: &Scene, form: &PageForm, failed: &mut Vec<String>) -> usize {
    let shown = form.filled();
    let names: BTreeSet<_> = shown.iter().map(|(name, _)| name.as_str()).collect();
    let text = form.controls.iter().find(|control| control.kind != "hidden");
    let text = text.map_or("unknown", |control| control.name.as_str());
    let mut ways: Vec<(String, Way<'_>)> = Vec::new();
    for (number, name) in names.into_iter().enumerate() {
        // Some for each field, in turns, so that each form gets them all; a new client, and in the long run every form, gets all
        // in each field. A wrong token is refused before the form is looked at; `csrf` has more of them.
        let some = if form.path() == "/clients" { HOSTILE.len() } else { toolcrib_tests::rounds(3, HOSTILE.len()) };
        let values = if name == "_csrf" { 1 } else { some };
        for (what, value) in HOSTILE.into_iter().cycle().skip(number * some).take(values) {
            ways.push((format!("{what} in {name}"), Way::Value(name, value.to_owned())));
        }
        ways.push((format!("{name} twice"), Way::Added(vec![(name, MARK)])));
    }
    // With something to store, or nothing would be done at all.
    let mut unknown = UNKNOWN.to_vec();
    let word = sound(text);
    let is_text = form.controls.iter().any(|control| control.name == text && control.kind == "text");
    unknown.extend(is_text.then_some((text, word.as_str())));
    ways.push(("fields that it has not".to_owned(), Way::Instead(unknown)));
    for size in LARGE {
        ways.push((format!("{size} bytes in {text}"), Way::Value(text, "x".repeat(size))));
    }
    for (what, way) in &ways {
        failed.extend(send(scene, form, what, way).await);
    }
    ways.len()
}

/// How a form is made bad.
enum Way<'a> {
    /// Another value in one field.
    Value(&'a str, String),
    /// Fields behind those that it has, whether it has them already or not.
    Added(Vec<(&'a str, &'a str)>),
    /// Fields that take the place of its own where it has them.
    Instead(Vec<(&'a str, &'a str)>),
}

/// Opens the form, sends it made bad, and looks at the answer; what is wrong with that.
async fn send(scene: &Scene, form: &PageForm, what: &str, way: &Way<'_>) -> Option<String> {
    let (sender, form) = scene.open(form).await;
    let mut fields = form.filled();
    match way {
        Way::Value(name, value) => fields = with(fields, name, value),
        Way::Instead(others) => fields = others.iter().fold(fields, |fields, (name, value)| with(fields, name, value)),
        Way::Added(more) => fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))),
    }
    let answer = form.send(&sender, &fields).await;
    let what = format!("{what} of {}", form.kind());
    if answer.is_html() {
        assert_inert(&what, &answer.text());
    }
    let to = answer.location();
    let is_local = to.is_empty() || (to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'));
    let is_large = matches!(way, Way::Value(_, value) if value.len() >= LARGE[0]);
    let is_answered = answer.status < 500 && (is_large || answer.status != 413);
    let sets_cookie = answer.cookies().iter().any(|cookie| cookie.name == MARK);
    (!is_local || !is_answered || sets_cookie).then(|| format!("{what}: {} {to}", answer.status))
}

/// On all pages there are, and on the cards of all clients that were made on the way.
async fn everything_is_shown_as_text(scene: &Scene) {
    let list = scene.admin.get("/clients?q=planted&size=200").await.expect_status(200).text();
    // Otherwise nothing of it was stored, and the tests above have seen nothing.
    assert!(html::decode(&list).contains("<script>planted()</script>"), "{list}");
    let made = html::linked_clients(&list);
    assert!(made.len() > 5, "only {made:?} were made");
    let cards = made.iter().map(|id| format!("/clients/{id}"));
    for path in scene.pages().into_iter().chain(cards) {
        let page = scene.admin.get(&path).await.expect_status(200).text();
        assert_inert(&path, &page);
    }
    let guarded = scene.admin.export().await.rows.into_iter().flatten().filter(|cell| cell.starts_with("'=HYPERLINK"));
    assert!(guarded.count() > 0, "no formula was stored");
}
