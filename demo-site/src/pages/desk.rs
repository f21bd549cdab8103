//! `/`: where work starts.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::filters::{self, grouped};
use crate::adapters::Client;
use crate::db::desk::{self, Figures, LatestActivity};

/// How many rows each of the two lists has: as many as fit on a screen beside each other.
const ROWS: u32 = 8;

/// The desk: figures, clients changed last, latest activity.
#[derive(Debug)]
pub(crate) struct DeskPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "home/desk.html")]
struct Desk {
    figures: Figures,
    clients: Vec<Row<Client>>,
    activities: Vec<LatestActivity>,
}

impl PageModule for DeskPage {
    const INFO: PageInfo = PageInfo::new("home", "/").title("Desk").login_required().in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let rows = cx.read().await?;
        let figures = desk::figures(rows).await?;
        let activities = desk::latest_activities(rows, i64::from(ROWS)).await?;
        let clients = cx.list::<Client>(&[("sort", "updated")], ROWS).await?;
        cx.render(Desk { figures, clients, activities })
    }
}

impl Desk {
    fn counts(&self) -> [(&'static str, String); 3] {
        let Figures { clients, contacts, open_deals } = &self.figures;
        let deals = open_deals.iter().map(|open| open.deals).sum();
        [("Clients", grouped(*clients)), ("Contacts", grouped(*contacts)), ("Open deals", grouped(deals))]
    }
}

/// The page and its samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<DeskPage>()
        .preview::<Desk>("home/desk.html", include_str!("../../../templates/home/desk.samples.json"))
}
