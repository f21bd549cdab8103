//! The form of a client: adding, editing, and what is shown when it was refused.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{client_of, race};
use crate::adapters::{Client, ClientAction, SHOWN_TAGS};
use crate::db::timeline::{self, LastChange};
use crate::db::{colleagues, tags};
use crate::domain::tagging;
use crate::pages::{filters, viewer};

/// `/clients/new`: an empty form.
#[derive(Debug)]
pub(crate) struct ClientNewPage;

/// `/clients/{id}/edit`: the form with what is stored.
#[derive(Debug)]
pub(crate) struct ClientEditPage;

/// The form and what is around it.
#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/form.html", blocks = ["news"])]
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
    /// Who was faster, where somebody was: saving was refused.
    #[serde(default)]
    faster: Option<LastChange>,
    /// Who has changed the client since the form was opened.
    #[serde(default)]
    news: Option<LastChange>,
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
            news: None,
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
        let since: Option<i64> = cx.query_param("since").and_then(|version| version.parse().ok());
        let is_news = since.is_some() && stored.version() > since;
        let form = offered(cx, stored).await?.to(format!("/clients/{id}"));
        let (mut faster, mut news) = (None, None);
        if form.is_conflict() || is_news {
            let last = timeline::last_change(cx.read().await?, "client", id).await?;
            *if form.is_conflict() { &mut faster } else { &mut news } = last;
        }
        let page = ClientForm {
            form,
            action: ClientAction::Save,
            heading: format!("Edit {name}"),
            back: format!("/clients/{id}"),
            back_to: name,
            id: Some(id),
            faster,
            news,
            race,
        };
        // Of a form that is being filled in only what is new above it is loaded again.
        if since.is_some() && cx.wants_fragment() { cx.fragment(page.as_news()) } else { cx.render(page) }
    }
}

/// The form of a client, with the users to choose its owner from.
pub(super) async fn offered(cx: &mut Context<'_>, row: impl Into<Row<Client>>) -> Result<Form<Client>, PageError> {
    let row = tagged(cx, row.into()).await?;
    let users = colleagues::offered(cx.read().await?, row.value().owner_id).await?;
    let users = users.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    // What the tags were when the form was shown first: others may have changed some meanwhile.
    let shown = cx.form_param(SHOWN_TAGS).map_or_else(|| row.value().tags.clone(), str::to_owned);
    Ok(cx.form_of(row).offer(Client::OWNER_ID, users).carry(SHOWN_TAGS, shown))
}

/// The same with its tags, which have a table of their own.
async fn tagged(cx: &mut Context<'_>, row: Row<Client>) -> Result<Row<Client>, PageError> {
    let Some(key) = row.key() else { return Ok(row) };
    let tags = tags::of_client(cx.read().await?, key).await?;
    let (version, tags) = (row.version(), tagging::text(tags.iter().map(|tag| tag.name.as_str())));
    Ok(Row::stored(Client { tags, ..row.into_value() }, key, version))
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ClientForm>("clients/form.html", include_str!("../../../../templates/clients/form.samples.json"))
}
