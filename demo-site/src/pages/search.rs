//! `/search`: one box for clients, people, deals and notes.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::db::Value;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{filters, viewer};
use crate::adapters::Client;
use crate::db::search::{FoundContact, FoundDeal, FoundNote, Search};
use crate::domain::words;

/// How many of each kind are shown: whoever needs more types another letter.
const LIMIT: u32 = 20;

/// As many parameters as [`LIMIT`].
const AMONG: &str = "id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";

/// Finds clients, contacts, deals and notes by how their words begin.
#[derive(Debug)]
pub(crate) struct SearchPage;

/// What was found; a script asks for the lists alone while somebody types.
#[derive(Debug, Default, Deserialize, Template)]
#[template(path = "search/results.html", blocks = ["found"])]
struct Results {
    q: String,
    clients: Vec<Row<Client>>,
    contacts: Vec<FoundContact>,
    deals: Vec<FoundDeal>,
    notes: Vec<FoundNote>,
}

impl PageModule for SearchPage {
    const INFO: PageInfo = PageInfo::new("search", "/search").title("Search").login_required();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let q = cx.query_param("q").unwrap_or_default().trim().to_owned();
        let results = found(cx, q).await?;
        if cx.wants_json() { cx.json(&results.as_json()) } else { cx.render_part(&results, &results.as_found()) }
    }
}

async fn found(cx: &mut Context<'_>, q: String) -> Result<Results, PageError> {
    let words = words::typed(&q);
    if words.is_empty() {
        return Ok(Results { q, ..Results::default() });
    }
    let viewer = viewer(cx)?;
    let rows = cx.read().await?;
    let search = Search::new(rows, words, viewer, LIMIT).await?;
    let ids = search.clients(rows).await?;
    let contacts = search.contacts(rows).await?;
    let deals = search.deals(rows).await?;
    let notes = search.notes(rows).await?;
    let clients = if ids.is_empty() {
        Vec::new()
    } else {
        // No client has the number -1.
        let among = ids.into_iter().chain(std::iter::repeat(-1)).map(Value::from).take(LIMIT as usize).collect();
        cx.list_where::<Client>(AMONG, among, LIMIT).await?
    };
    Ok(Results { q, clients, contacts, deals, notes })
}

impl Results {
    fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.contacts.is_empty() && self.deals.is_empty() && self.notes.is_empty()
    }

    fn as_json(&self) -> serde_json::Value {
        let Self { q, clients, contacts, deals, notes } = self;
        let clients = clients.iter().map(Row::to_json);
        let contacts =
            contacts.iter().map(|found| json!({ "id": found.id, "name": found.name, "client_id": found.client_id }));
        let deals =
            deals.iter().map(|found| json!({ "id": found.id, "title": found.title, "client_id": found.client_id }));
        let notes =
            notes.iter().map(|found| json!({ "id": found.id, "subject": found.subject, "client_id": found.client_id }));
        json!({
            "q": q,
            "clients": clients.collect::<Vec<_>>(),
            "contacts": contacts.collect::<Vec<_>>(),
            "deals": deals.collect::<Vec<_>>(),
            "notes": notes.collect::<Vec<_>>(),
        })
    }
}

/// The page and its samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<SearchPage>()
        .preview::<Results>("search/results.html", include_str!("../../../templates/search/results.samples.json"))
}
