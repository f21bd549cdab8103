//! `/clients/{id}`: the card, and where changes to a client are posted to.

use askama::Template;
use serde_json::json;
use toolcrib::prelude::*;

use super::form::{self, ClientForm};
use super::require_edit;
use crate::db::clients::{self, Client, Updated};
use crate::domain::client::ClientInput;
use crate::pages::filters;

/// The client's card. Its panels are pages of their own, loaded at the same time.
#[derive(Debug)]
pub struct ClientPage;

#[derive(Debug, Template)]
#[template(path = "clients/card.html")]
struct ClientCard {
    client: Client,
}

impl PageModule for ClientPage {
    const INFO: PageInfo = PageInfo::new("client", "/clients/{id}").title("Client").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let id = cx.path("id")?;
        let client = clients::find(cx.read().await?, id).await?.or_not_found()?;
        if cx.wants_json() { cx.json(&as_json(&client)) } else { cx.render(ClientCard { client }) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        require_edit(cx)?;
        let id = cx.path("id")?;
        let version = cx
            .form_param("version")
            .and_then(|version| version.parse().ok())
            .ok_or_else(|| PageError::bad_request("The form does not say which version it is of."))?;
        let input: ClientInput = cx.form()?;
        let stored = clients::find(cx.tx().await?, id).await?.or_not_found()?;
        let form = ClientForm::editing(&stored, version, input);
        let client = match form.input().validate() {
            Ok(client) => client,
            Err(errors) => return form::refuse(cx, form, errors),
        };
        match clients::update(cx.tx().await?, id, version, &client, now_micros()).await {
            Ok(Updated::Done) => form::saved(cx, id, "The changes have been saved."),
            Ok(Updated::Stale) => form::conflict(cx, form, &stored),
            Ok(Updated::Gone) => Err(PageError::NotFound),
            Err(error) => {
                let errors = error.into_field_errors()?;
                form::refuse(cx, form, errors)
            }
        }
    }
}

/// A client as JSON: what the form may change, and what an edit needs.
pub(super) fn as_json(client: &Client) -> serde_json::Value {
    json!({
        "id": client.id,
        "name": client.name,
        "account": client.account,
        "industry": client.industry,
        "city": client.city,
        "website": client.website,
        "phone": client.phone,
        "email": client.email,
        "notes": client.notes,
        "version": client.version,
    })
}

impl ClientCard {
    /// The website, if following it is safe. Saving checks it too; a row may come from elsewhere.
    fn website(&self) -> Option<&str> {
        let website = self.client.website.as_str();
        let safe = website.starts_with("https://") || website.starts_with("http://");
        safe.then_some(website)
    }
}
