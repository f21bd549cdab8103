//! `/clients`: the list, and where new clients are posted to.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::{Client, ClientAction};
use crate::pages::filters::{self, grouped};

/// The columns of the list: the name of the order, the heading.
const COLUMNS: [(&str, &str); 5] =
    [("name", "Name"), ("account", "Account"), ("industry", "Industry"), ("city", "City"), ("updated", "Changed")];

/// The list of clients.
#[derive(Debug)]
pub(crate) struct ClientsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/list.html")]
struct ClientList {
    list: Paged<Client>,
}

impl PageModule for ClientsPage {
    const INFO: PageInfo =
        PageInfo::new("clients", "/clients").title("Clients").login_required().in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let list = ClientList { list: cx.paged().await? };
        if cx.wants_json() { cx.json(&list.as_json()) } else { cx.render(list) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = super::form::offered(cx, Client::default()).await?;
        cx.execute_action(ClientAction::Add, form).await
    }
}

impl ClientList {
    fn count_line(&self) -> String {
        match (self.list.total(), self.list.q().is_empty()) {
            (1, true) => "1 client".to_owned(),
            (1, false) => "1 client found".to_owned(),
            (total, true) => format!("{} clients", grouped(total)),
            (total, false) => format!("{} clients found", grouped(total)),
        }
    }

    fn as_json(&self) -> serde_json::Value {
        json!({
            "clients": self.list.rows().iter().map(Row::to_json).collect::<Vec<_>>(),
            "page": self.list.page(),
            "pages": self.list.pages(),
            "total": self.list.total(),
        })
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ClientList>("clients/list.html", include_str!("../../../../templates/clients/list.samples.json"))
}
