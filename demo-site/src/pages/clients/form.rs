//! The form of a client: adding, editing, and what is shown when it was refused.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{client_of, race};
use crate::adapters::{Client, ClientAction};
use crate::db::colleagues;
use crate::db::timeline::{self, LastChange};
use crate::pages::{filters, viewer};

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
    /// The client that is edited.
    #[serde(default)]
    id: Option<i64>,
    /// Who was faster, where somebody was.
    #[serde(default)]
    faster: Option<LastChange>,
    /// Whether somebody can be made to be faster, to see what happens.
    #[serde(default)]
    race: bool,
}

impl PageModule for ClientNewPage {
    const INFO: PageInfo = PageInfo::new("client.new", "/clients/new").title("New client").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let mine = Client { owner_id: Some(viewer(cx)?), ..Client::default() };
        let form = offered(cx, mine).await?.to("/clients");
        cx.render(ClientForm {
            form,
            action: ClientAction::Add,
            heading: "New client".to_owned(),
            back: "/clients".to_owned(),
            back_to: "Clients".to_owned(),
            id: None,
            faster: None,
            race: false,
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
        let race = race::is_on(cx) && !stored.value().private;
        let form = offered(cx, stored).await?.to(format!("/clients/{id}"));
        let faster =
            if form.is_conflict() { timeline::last_change(cx.read().await?, "client", id).await? } else { None };
        cx.render(ClientForm {
            form,
            action: ClientAction::Save,
            heading: format!("Edit {name}"),
            back: format!("/clients/{id}"),
            back_to: name,
            id: Some(id),
            faster,
            race,
        })
    }
}

/// The form of a client, with the users to choose its owner from.
pub(super) async fn offered(cx: &mut Context<'_>, row: impl Into<Row<Client>>) -> Result<Form<Client>, PageError> {
    let row = row.into();
    let users = colleagues::offered(cx.read().await?, row.value().owner_id).await?;
    let users = users.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    Ok(cx.form_of(row).offer(Client::OWNER_ID, users))
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ClientForm>("clients/form.html", include_str!("../../../../templates/clients/form.samples.json"))
}
