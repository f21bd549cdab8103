//! `/`: where work starts.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{filters, viewer};
use crate::db::desk::{self, Happening, OpenDeal, Pipeline, RecentClient};
use crate::db::tasks::{self, Counts, StoredTask};
use crate::domain::agenda::{Show, Span};

/// How many rows each list has: as many as fit on a screen beside each other.
const ROWS: i64 = 8;
/// How many things that happened are told.
const HAPPENINGS: i64 = 10;

/// The desk: what is to be done, what may be sold, what moved lately.
#[derive(Debug)]
pub(crate) struct DeskPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "home/desk.html", blocks = ["tasks"])]
struct Desk {
    now: i64,
    counts: Counts,
    tasks: Vec<StoredTask>,
    deals: Vec<OpenDeal>,
    pipeline: Vec<Pipeline>,
    clients: Vec<RecentClient>,
    happenings: Vec<Happening>,
}

impl PageModule for DeskPage {
    const INFO: PageInfo = PageInfo::new("home", "/").title("Desk").login_required().in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (me, now) = (viewer(cx)?, now_micros());
        let rows = cx.read().await?;
        // Late ones first, then those of today.
        let due = Span { to: Show::Today.span(now).to, ..Show::All.span(now) };
        let desk = Desk {
            now,
            counts: tasks::counts(rows, me, Some(me), now).await?,
            tasks: tasks::open(rows, me, Some(me), due, ROWS).await?,
            deals: desk::open_deals(rows, me, ROWS).await?,
            pipeline: desk::pipeline(rows, me).await?,
            clients: desk::recent_clients(rows, me, ROWS).await?,
            happenings: desk::happenings(rows, me, now, HAPPENINGS).await?,
        };
        cx.render_part(&desk, &desk.as_tasks())
    }
}

impl Desk {
    /// Whether nobody has begun yet.
    fn is_new(&self) -> bool {
        self.clients.is_empty() && self.happenings.is_empty() && self.counts.open == 0
    }
}

/// The page and its samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<DeskPage>()
        .preview::<Desk>("home/desk.html", include_str!("../../../templates/home/desk.samples.json"))
}
