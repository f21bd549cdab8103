//! `/clients/{id}/holds`: what goes on behind a card: who holds its lock, who looks at it, who changed it last. In
//! development only.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{client_of, race};
use crate::adapters::Client;
use crate::db::timeline::{self, LastChange};
use crate::pages::filters;

/// Who holds a client.
#[derive(Debug)]
pub(crate) struct ClientHoldsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/panels/holds.html", blocks = ["panel"])]
struct Holds {
    id: i64,
    client: Row<Client>,
    /// The lock's name.
    lock: String,
    holders: Vec<HolderShown>,
    waiting: i64,
    present: Vec<Somebody>,
    last: Option<LastChange>,
}

/// A request that holds the lock.
#[derive(Debug, Deserialize)]
struct HolderShown {
    page: String,
    request: String,
    /// Whether nobody else may hold it.
    exclusive: bool,
    milliseconds: i64,
}

/// Somebody with the card or the form open.
#[derive(Debug, Deserialize)]
struct Somebody {
    name: String,
    doing: String,
}

impl PageModule for ClientHoldsPage {
    const INFO: PageInfo = PageInfo::new("client.holds", "/clients/{id}/holds")
        .title("Behind the card")
        .login_required()
        .background()
        .fragment();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, client) = client_of(cx).await?;
        if !race::is_on(cx) {
            return Err(PageError::NotFound);
        }
        let lock = format!("client/{}", client.value().account);
        let last = timeline::last_change(cx.read().await?, "client", id).await?;
        let present = cx.site().live().present(format!("clients/{id}"));
        let present = present.into_iter().map(|one| Somebody { name: one.display_name, doing: one.doing }).collect();
        let client = cx.row(client);
        let page = Holds { id, client, lock, holders: Vec::new(), waiting: 0, present, last };
        cx.render_part(&page, &page.as_panel())
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Holds>(
        "clients/panels/holds.html",
        include_str!("../../../../templates/clients/panels/holds.samples.json"),
    )
}
