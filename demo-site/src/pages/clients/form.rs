//! The form of a client: adding, editing, and what is shown when it was refused.

use askama::Template;
use serde_json::json;
use toolcrib::prelude::*;

use super::card::as_json;
use super::field::{FIELDS, Field};
use crate::db::clients::{self, Client};
use crate::domain::FieldErrors;
use crate::domain::client::ClientInput;

/// `/clients/new`: an empty form.
#[derive(Debug)]
pub struct ClientNewPage;

/// `/clients/{id}/edit`: the form with what is stored.
#[derive(Debug)]
pub struct ClientEditPage;

/// The form and all it may say. Filled with what was typed, never with what was made of it.
#[derive(Debug, Template)]
#[template(path = "clients/form.html")]
pub(super) struct ClientForm {
    input: ClientInput,
    errors: FieldErrors,
    /// The client being edited, with the version the edit started from.
    edited: Option<Edited>,
    /// What somebody else stored meanwhile.
    stored: Option<ClientInput>,
}

#[derive(Debug)]
struct Edited {
    id: i64,
    name: String,
    version: i64,
}

impl PageModule for ClientNewPage {
    const INFO: PageInfo = PageInfo::new("client.new", "/clients/new").title("New client").right(super::EDIT);

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.render(ClientForm::creating(ClientInput::default()))
    }
}

impl PageModule for ClientEditPage {
    const INFO: PageInfo = PageInfo::new("client.edit", "/clients/{id}/edit").title("Edit client").right(super::EDIT);

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let id = cx.path("id")?;
        let client = clients::find(cx.read().await?, id).await?.or_not_found()?;
        cx.render(ClientForm::editing(&client, client.version, ClientInput::from(&client)))
    }
}

/// The client is stored: to its card.
pub(super) fn saved(cx: &mut Context<'_>, id: i64, message: &str) -> PageResult {
    if cx.wants_json() {
        return cx.json(&json!({ "id": id }));
    }
    cx.flash(message)?;
    cx.redirect(format!("/clients/{id}"))
}

/// Nothing is stored: the form again, with what was typed and what is wrong with it.
pub(super) fn refuse(cx: &mut Context<'_>, mut form: ClientForm, errors: FieldErrors) -> PageResult {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if cx.wants_json() {
        return cx.json_with(status, &json!({ "errors": errors }));
    }
    form.errors = errors;
    cx.render_with(status, form)
}

/// Nothing is stored, because somebody else was faster: the form again, both versions in it. It
/// now carries the stored version, so saving once more is a decision, not an accident.
pub(super) fn conflict(cx: &mut Context<'_>, mut form: ClientForm, stored: &Client) -> PageResult {
    let status = StatusCode::CONFLICT;
    if cx.wants_json() {
        let message = "This client was changed by another user.";
        let answer = json!({ "errors": { "version": [message] }, "stored": as_json(stored) });
        return cx.json_with(status, &answer);
    }
    form.stored = Some(ClientInput::from(stored));
    if let Some(edited) = &mut form.edited {
        edited.version = stored.version;
    }
    cx.render_with(status, form)
}

impl ClientForm {
    pub(super) fn creating(input: ClientInput) -> Self {
        Self { input, errors: FieldErrors::new(), edited: None, stored: None }
    }

    pub(super) fn editing(client: &Client, version: i64, input: ClientInput) -> Self {
        let edited = Edited { id: client.id, name: client.name.clone(), version };
        Self { edited: Some(edited), ..Self::creating(input) }
    }

    pub(super) fn input(&self) -> &ClientInput {
        &self.input
    }

    fn heading(&self) -> String {
        match &self.edited {
            Some(edited) => format!("Edit {}", edited.name),
            None => "New client".to_owned(),
        }
    }

    fn action(&self) -> String {
        match &self.edited {
            Some(edited) => format!("/clients/{}", edited.id),
            None => "/clients".to_owned(),
        }
    }

    /// What the link above the form says; it leads to [`ClientForm::action`], as "Cancel" does.
    fn back(&self) -> &str {
        self.edited.as_ref().map_or("Clients", |edited| &edited.name)
    }

    fn submit(&self) -> &'static str {
        if self.edited.is_some() { "Save changes" } else { "Add client" }
    }

    fn version(&self) -> Option<i64> {
        self.edited.as_ref().map(|edited| edited.version)
    }

    /// The fields, in the order of the form.
    fn fields(&self) -> [Field<'_>; FIELDS.len()] {
        FIELDS.each_ref().map(|spec| Field::of(spec, &self.input, &self.errors, self.stored.as_ref()))
    }

    fn summary(&self) -> String {
        match self.errors.iter().count() {
            1 => "One field needs your attention".to_owned(),
            count => format!("{count} fields need your attention"),
        }
    }

    fn is_conflict(&self) -> bool {
        self.stored.is_some()
    }

    /// Names the fields in which the two versions differ.
    fn conflict_line(&self) -> String {
        let fields = self.fields();
        let differing: Vec<_> = fields.iter().filter(|field| field.stored.is_some()).map(|field| field.label).collect();
        if differing.is_empty() {
            return "Nothing has been saved, but what you typed is what is stored now.".to_owned();
        }
        format!(
            "Nothing has been saved. What you typed is still here; it differs from what is stored \
             now in: {}.",
            differing.join(", ")
        )
    }
}
