//! Two people with the same form open: who comes second is shown what was, what is and what they typed (AC-21, W37).

use toolcrib_tests::prelude::*;

use super::page_form::{PageForm, value_of, with};

on_all_engines! {
    who_comes_second_sees_what_was_what_is_and_what_they_typed,
    who_saves_again_is_told_of_a_third_change,
    a_program_is_told_what_is_stored,
    a_client_that_is_gone_is_not_found,
}

/// A client, and the two who edit it.
struct Editors {
    server: Server,
    anna: Client,
    boris: Client,
    id: u64,
}

impl Editors {
    async fn of_one_client(engine: Engine) -> Self {
        let server = Server::on(engine).start().await;
        let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
        let client = NewClient::valid().with("phone", "+45 1").with("city", "Køge").with("email", "first@example.com");
        let id = anna.create(&client).await;
        Self { server, anna, boris, id }
    }

    fn address(&self) -> String {
        format!("/clients/{}", self.id)
    }

    async fn form(&self, editor: &Client) -> PageForm {
        PageForm::open(editor, &format!("{}/edit", self.address()), &self.address()).await
    }

    async fn save(&self, editor: &Client, changed: &[(&str, &str)]) -> Answer {
        let form = self.form(editor).await;
        form.send(editor, &typed(form.shown(), changed)).await
    }

    /// What is stored now.
    async fn stored(&self) -> serde_json::Value {
        self.anna.get_json(&self.address()).await.expect_status(200).json()
    }
}

fn typed(fields: Vec<(String, String)>, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    changed.iter().fold(fields, |fields, (name, value)| with(fields, name, value))
}

/// What the page says about a field beside its control: what is stored now, and what it was.
fn noted(page: &str, field: &str) -> Option<(String, String)> {
    let ids: Vec<_> = html::tags(page).into_iter().filter_map(|tag| tag.get("id").map(str::to_owned)).collect();
    let id = ids.into_iter().find(|id| id.ends_with(&format!("-{field}-stored")))?;
    let (_, note) = page.split_once(&format!("id=\"{id}\""))?;
    let note = note.split("</p>").next()?;
    let inside = |tag: &str| {
        let text = note.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once(&format!("</{tag}>")));
        text.map_or_else(String::new, |(text, _)| html::decode(text))
    };
    Some((inside("ins"), inside("del")))
}

async fn who_comes_second_sees_what_was_what_is_and_what_they_typed(engine: Engine) {
    let editors = Editors::of_one_client(engine).await;
    let boriss = editors.form(&editors.boris).await;
    editors.save(&editors.anna, &[("phone", "+45 2"), ("city", "Ribe <b>")]).await.expect_status(303);

    let fields = typed(boriss.shown(), &[("phone", "+45 3"), ("email", "boris@example.com")]);
    let page = boriss.send(&editors.boris, &fields).await.expect_status(409).text();
    let text = html::visible_text(&page);
    for told in ["Field Phone changed by another user.", "Field City changed by another user."] {
        assert!(text.contains(told), "{told} {text}");
    }
    assert!(!text.contains("Field E-mail changed") && !text.contains("Field Name changed"), "{text}");
    assert_eq!(noted(&page, "phone"), Some(("+45 2".to_owned(), "+45 1".to_owned())), "{page}");
    // What only Boris changed has no past that he does not know.
    assert_eq!(noted(&page, "email"), Some(("first@example.com".to_owned(), String::new())), "{page}");
    // What only the other changed is filled in, and nothing has to be said about it.
    for field in ["city", "name"] {
        assert_eq!(noted(&page, field), None, "{field}: {page}");
    }
    let again = PageForm::in_page(&boriss.page, &page, &editors.address());
    let shown = again.shown();
    for (field, value) in [("phone", "+45 3"), ("city", "Ribe <b>"), ("email", "boris@example.com")] {
        assert_eq!(value_of(&shown, field), value, "{page}");
    }
    assert_eq!(editors.stored().await["phone"], "+45 2");

    let saved = again.send(&editors.boris, &shown).await;
    assert_eq!((saved.status, saved.location()), (303, editors.address().as_str()), "{saved:?}");
    let stored = editors.stored().await;
    let expected = [("phone", "+45 3"), ("city", "Ribe <b>"), ("email", "boris@example.com")];
    assert!(expected.iter().all(|(field, value)| stored[field] == *value), "{stored}");
}

/// Saving again overwrites what the page showed, and nothing that came after it.
async fn who_saves_again_is_told_of_a_third_change(engine: Engine) {
    let editors = Editors::of_one_client(engine).await;
    let boriss = editors.form(&editors.boris).await;
    editors.save(&editors.anna, &[("phone", "+45 2")]).await.expect_status(303);
    let fields = typed(boriss.shown(), &[("phone", "+45 3")]);
    let page = boriss.send(&editors.boris, &fields).await.expect_status(409).text();

    editors.save(&editors.anna, &[("phone", "+45 4")]).await.expect_status(303);
    let again = PageForm::in_page(&boriss.page, &page, &editors.address());
    let page = again.send(&editors.boris, &again.shown()).await.expect_status(409).text();
    assert_eq!(noted(&page, "phone"), Some(("+45 4".to_owned(), "+45 2".to_owned())), "{page}");
    assert_eq!(editors.stored().await["phone"], "+45 4");

    let last = PageForm::in_page(&boriss.page, &page, &editors.address());
    last.send(&editors.boris, &last.shown()).await.expect_status(303);
    assert_eq!(editors.stored().await["phone"], "+45 3");
}

async fn a_program_is_told_what_is_stored(engine: Engine) {
    let editors = Editors::of_one_client(engine).await;
    let boriss = editors.form(&editors.boris).await;
    editors.save(&editors.anna, &[("phone", "+45 2")]).await.expect_status(303);
    let fields = typed(boriss.shown(), &[("email", "boris@example.com")]);
    let answer = boriss.request(&editors.boris, &fields).accept_json().send().await.expect_status(409);
    let told = answer.json();
    assert_eq!(told["errors"], serde_json::json!({ "phone": ["Field Phone changed by another user."] }), "{told}");
    let stored = editors.stored().await;
    assert_eq!(told["stored"], stored, "{told}");
    assert_eq!(stored["email"], "first@example.com");
}

/// It was removed while its form was open.
async fn a_client_that_is_gone_is_not_found(engine: Engine) {
    let editors = Editors::of_one_client(engine).await;
    let form = editors.form(&editors.boris).await;
    let gone = format!("DELETE FROM clients WHERE id = {} RETURNING id", editors.id);
    editors.server.database().number(&gone).await;
    let before = editors.anna.export().await;
    let fields = typed(form.shown(), &[("phone", "+45 3")]);
    form.send(&editors.boris, &fields).await.expect_status(404);
    let answer = form.request(&editors.boris, &fields).accept_json().send().await.expect_status(404);
    assert!(answer.is_json(), "{answer:?}");
    editors.boris.get(&form.page).await.expect_status(404);
    assert_eq!(editors.anna.export().await, before);
}
