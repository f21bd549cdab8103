//! The form of a client: adding, editing, and what is shown when it was refused.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::client_of;
use crate::adapters::{Client, ClientAction};

/// `/clients/new`: an empty form.
#[derive(Debug)]
pub(crate) struct ClientNewPage;

/// `/clients/{id}/edit`: the form with what is stored.
#[derive(Debug)]
pub(crate) struct ClientEditPage;

/// The form and what is around it.
#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/form.html")]
struct ClientForm {
    form: Form<Client>,
    action: ClientAction,
    heading: String,
    /// Where "Cancel" and the link above the form lead, and what that is called.
    back: String,
    back_to: String,
}

impl PageModule for ClientNewPage {
    const INFO: PageInfo = PageInfo::new("client.new", "/clients/new").title("New client").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Client::default()).to("/clients");
        cx.render(ClientForm {
            form,
            action: ClientAction::Add,
            heading: "New client".to_owned(),
            back: "/clients".to_owned(),
            back_to: "Clients".to_owned(),
        })
    }
}

impl PageModule for ClientEditPage {
    const INFO: PageInfo = PageInfo::new("client.edit", "/clients/{id}/edit").title("Edit client").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, stored) = client_of(cx).await?;
        let name = stored.value().name.clone();
        let form = cx.form_of(stored).to(format!("/clients/{id}"));
        cx.render(ClientForm {
            form,
            action: ClientAction::Save,
            heading: format!("Edit {name}"),
            back: format!("/clients/{id}"),
            back_to: name,
        })
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ClientForm>("clients/form.html", include_str!("../../../../templates/clients/form.samples.json"))
}
