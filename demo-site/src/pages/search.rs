//! `/search`: one box for clients, people and deals.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::filters;
use crate::adapters::Client;
use crate::db::search::{self, FoundContact, FoundDeal};

/// How many of each kind are shown: whoever needs more types another letter.
const LIMIT: u32 = 20;

/// Finds clients, contacts and deals by a part of their text.
#[derive(Debug)]
pub(crate) struct SearchPage;

#[derive(Debug, Default, Deserialize, Template)]
#[template(path = "search/results.html")]
struct Results {
    q: String,
    clients: Vec<Row<Client>>,
    contacts: Vec<FoundContact>,
    deals: Vec<FoundDeal>,
}

impl PageModule for SearchPage {
    const INFO: PageInfo = PageInfo::new("search", "/search").title("Search").login_required();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let q = cx.query_param("q").unwrap_or_default().trim().to_owned();
        let results = if q.is_empty() { Results::default() } else { found(cx, q).await? };
        if cx.wants_json() { cx.json(&results.as_json()) } else { cx.render(results) }
    }
}

async fn found(cx: &mut Context<'_>, q: String) -> Result<Results, PageError> {
    let clients = cx.list::<Client>(&[("q", &q)], LIMIT).await?;
    let rows = cx.read().await?;
    let contacts = search::contacts(rows, &q, i64::from(LIMIT)).await?;
    let deals = search::deals(rows, &q, i64::from(LIMIT)).await?;
    Ok(Results { q, clients, contacts, deals })
}

impl Results {
    fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.contacts.is_empty() && self.deals.is_empty()
    }

    fn as_json(&self) -> serde_json::Value {
        let Self { q, clients, contacts, deals } = self;
        let clients = clients.iter().map(Row::to_json);
        let contacts = contacts.iter().map(|found| json!({ "name": found.name, "client_id": found.client_id }));
        let deals = deals.iter().map(|found| json!({ "title": found.title, "client_id": found.client_id }));
        json!({
            "q": q,
            "clients": clients.collect::<Vec<_>>(),
            "contacts": contacts.collect::<Vec<_>>(),
            "deals": deals.collect::<Vec<_>>(),
        })
    }
}

/// The page and its samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<SearchPage>()
        .preview::<Results>("search/results.html", include_str!("../../../templates/search/results.samples.json"))
}
