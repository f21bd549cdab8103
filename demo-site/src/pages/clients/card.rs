//! `/clients/{id}`: the card, and where changes to a client are posted to.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::form::offered;
use super::{client_of, race};
use crate::adapters::{Client, ClientAction};
use crate::db::colleagues;
use crate::db::tags::{self, Tag};
use crate::domain::tagging;
use crate::pages::{filters, merges};

/// The client's card. Its panels are pages of their own, loaded at the same time.
#[derive(Debug)]
pub(crate) struct ClientPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/card.html", blocks = ["head", "facts"])]
struct ClientCard {
    client: Row<Client>,
    id: i64,
    /// Who looks after it.
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    /// Whether what goes on behind the page is shown: who holds it, who looks at it.
    #[serde(default)]
    holds: bool,
}

impl PageModule for ClientPage {
    const INFO: PageInfo = PageInfo::new("client", "/clients/{id}").title("Client").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, client) = match client_of(cx).await {
            Err(PageError::NotFound) => return merges::where_it_went(cx).await,
            found => found?,
        };
        let tags = tags::of_client(cx.read().await?, id).await?;
        let names = tagging::text(tags.iter().map(|tag| tag.name.as_str()));
        let version = client.version();
        let tagged = Client { tags: names, ..client.into_value() };
        let client: Row<Client> = cx.row(Row::stored(tagged, id, version));
        if cx.wants_json() {
            return cx.json(&client.to_json());
        }
        let owner = match client.value().owner_id {
            Some(owner) => colleagues::name(cx.read().await?, owner).await?,
            None => None,
        };
        let card = ClientCard { client, id, owner, tags, holds: race::is_on(cx) };
        // What another user changes is loaded again, each part by itself.
        match cx.query_param("part").filter(|_| cx.wants_fragment()) {
            Some("facts") => cx.fragment(card.as_facts()),
            Some(_) => cx.fragment(card.as_head()),
            None => cx.render(card),
        }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (_, stored) = client_of(cx).await?;
        let form = offered(cx, stored).await?;
        cx.execute_action(ClientAction::Save, form).await
    }
}

impl ClientCard {
    /// The website, if following it is safe. Saving checks it too; a row may come from elsewhere.
    fn website(&self) -> Option<String> {
        let website = self.client.text(Client::WEBSITE);
        let safe = website.starts_with("https://") || website.starts_with("http://");
        safe.then_some(website)
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ClientCard>("clients/card.html", include_str!("../../../../templates/clients/card.samples.json"))
}
