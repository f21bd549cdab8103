//! `/clients`: the list, and where new clients are posted to.

use std::collections::HashMap;

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::{Client, ClientAction, SavedView, ViewAction};
use crate::db::client_list::{self, Beside, Matching};
use crate::db::tags::{self, Tag};
use crate::db::views::{self, View};
use crate::db::{bulk, client_list::MOST_EXPORTED, colleagues};
use crate::domain::client_filter::{ClientFilter, Owner};
use crate::domain::tagging;
use crate::pages::filters::{self, grouped};
use crate::pages::viewer;

/// The columns of the list: the name of the order, the heading.
const COLUMNS: [(&str, &str); 6] = [
    ("name", "Name"),
    ("account", "Account"),
    ("industry", "Industry"),
    ("city", "City"),
    ("owner", "Owner"),
    ("updated", "Changed"),
];

/// The list of clients.
#[derive(Debug)]
pub(crate) struct ClientsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/list.html")]
struct ClientList {
    list: Paged<Client>,
    /// What the list is narrowed to and sorted by, as an address says it.
    #[serde(default)]
    query: String,
    #[serde(default)]
    offered: Offered,
    /// What stands beside the rows.
    #[serde(default)]
    beside: Vec<Beside>,
    #[serde(default)]
    tags: HashMap<i64, Vec<Tag>>,
    view: Form<SavedView>,
}

/// What can be chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Offered {
    views: Vec<View>,
    owners: Vec<(i64, String)>,
    tags: Vec<Tag>,
    industries: Vec<String>,
    cities: Vec<String>,
}

/// One thing the list is narrowed by, and the address of the list without it.
#[derive(Debug, PartialEq, Eq)]
struct Chip {
    what: &'static str,
    value: String,
    off: String,
}

impl PageModule for ClientsPage {
    const INFO: PageInfo =
        PageInfo::new("clients", "/clients").title("Clients").login_required().in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        let filter = ClientFilter::read(|name| cx.query_param(name));
        let (condition, values) = Matching::new(&filter, viewer).into_parts();
        let list: Paged<Client> = cx.paged_where(condition, values).await?;
        let ids: Vec<i64> = list.rows().iter().filter_map(Row::key).collect();
        if cx.wants_json() {
            let tags = tags::of_clients(cx.read().await?, &ids).await?;
            return cx.json(&as_json(&list, &tags));
        }
        let rows = cx.read().await?;
        let offered = Offered {
            views: views::listed(rows, viewer).await?,
            owners: colleagues::offered(rows, None).await?,
            tags: tags::all(rows).await?,
            industries: client_list::industries(rows, viewer).await?,
            cities: client_list::cities(rows, viewer).await?,
        };
        let beside = client_list::beside(rows, &ids).await?;
        let tags = tags::of_clients(rows, &ids).await?;
        let query = filter.query();
        let view = cx.form_of(SavedView::default()).to("/clients/views").carry("query", query.clone());
        cx.render(ClientList { list, query, offered, beside, tags, view })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = super::form::offered(cx, Client::default()).await?;
        cx.execute_action(ClientAction::Add, form).await
    }
}

/// The address of the list with a query.
pub(super) fn address(query: &str) -> String {
    if query.is_empty() { "/clients".to_owned() } else { format!("/clients?{query}") }
}

fn as_json(list: &Paged<Client>, tags: &HashMap<i64, Vec<Tag>>) -> serde_json::Value {
    let client = |row: &Row<Client>| {
        let tags = row.key().and_then(|id| tags.get(&id)).into_iter().flatten();
        let mut client = row.to_json();
        if let Some(fields) = client.as_object_mut() {
            fields.insert("tags".to_owned(), tagging::text(tags.map(|tag| tag.name.as_str())).into());
        }
        client
    };
    json!({
        "clients": list.rows().iter().map(client).collect::<Vec<_>>(),
        "page": list.page(),
        "pages": list.pages(),
        "total": list.total(),
    })
}

impl ClientList {
    fn count_line(&self) -> String {
        let found = if self.filter().is_narrowed() { " found" } else { "" };
        let noun = if self.list.total() == 1 { "client" } else { "clients" };
        format!("{} {noun}{found}", grouped(self.list.total()))
    }

    fn filter(&self) -> ClientFilter {
        ClientFilter::from_query(&self.query)
    }

    /// The owner asked for, as its control says it.
    fn owner(&self) -> String {
        self.filter().owner.map(|owner| owner.to_string()).unwrap_or_default()
    }

    fn tag(&self) -> String {
        self.filter().tag.map(|tag| tag.to_string()).unwrap_or_default()
    }

    /// Whether more is asked for than words.
    fn has_more_filters(&self) -> bool {
        self.chips().iter().any(|chip| chip.what != "Search")
    }

    fn chips(&self) -> Vec<Chip> {
        let filter = self.filter();
        let chip = |what, name: &str, value: String| Chip { what, value, off: address(&filter.query_without(name)) };
        let named = |names: &[(i64, String)], id| {
            names.iter().find(|(known, _)| *known == id).map_or("unknown", |(_, name)| name.as_str()).to_owned()
        };
        let owner = filter.owner.map(|owner| match owner {
            Owner::Me => "me".to_owned(),
            Owner::Nobody => "nobody".to_owned(),
            Owner::User(id) => named(&self.offered.owners, id),
        });
        let tags: Vec<(i64, String)> = self.offered.tags.iter().map(|tag| (tag.id, tag.name.clone())).collect();
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        [
            text(&filter.q).map(|q| chip("Search", "q", q)),
            owner.map(|owner| chip("Owner", "owner", owner)),
            filter.tag.map(|tag| chip("Tag", "tag", named(&tags, tag))),
            text(&filter.industry).map(|industry| chip("Industry", "industry", industry)),
            text(&filter.city).map(|city| chip("City", "city", city)),
            filter.private.map(|private| chip("Private", "private", if private { "yes" } else { "no" }.to_owned())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn beside(&self, client: &Row<Client>) -> Option<&Beside> {
        self.beside.iter().find(|beside| Some(beside.id) == client.key())
    }

    fn tags_of(&self, client: &Row<Client>) -> &[Tag] {
        client.key().and_then(|id| self.tags.get(&id)).map_or(&[], Vec::as_slice)
    }

    /// Whether all that was found may be changed at once, where it is more than this page shows.
    fn may_choose_all(&self) -> bool {
        self.list.pages() > 1 && usize::try_from(self.list.total()).is_ok_and(|total| total <= bulk::MOST)
    }

    fn is_exportable(&self) -> bool {
        usize::try_from(self.list.total()).is_ok_and(|total| total <= MOST_EXPORTED)
    }

    fn total(&self) -> String {
        grouped(self.list.total())
    }

    /// The query with its question mark, to be put behind an address.
    fn suffix(&self) -> String {
        if self.query.is_empty() { String::new() } else { format!("?{}", self.query) }
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ClientList>("clients/list.html", include_str!("../../../../templates/clients/list.samples.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_filter_has_a_way_to_take_it_off() {
        let sample = json!({
            "list": {}, "view": {}, "query": "q=acme&owner=1&tag=9&city=K%C3%B6ln&private=yes&sort=-city",
            "offered": { "owners": [[1, "Anna"]] }
        });
        let list: ClientList = serde_json::from_value(sample).unwrap();
        let chips = list.chips();
        let shown: Vec<_> = chips.iter().map(|chip| (chip.what, chip.value.as_str())).collect();
        assert_eq!(
            shown,
            [("Search", "acme"), ("Owner", "Anna"), ("Tag", "unknown"), ("City", "Köln"), ("Private", "yes")]
        );
        assert_eq!(chips[0].off, "/clients?owner=1&tag=9&city=K%C3%B6ln&private=yes&sort=-city");
        assert!(list.has_more_filters());
    }
}
