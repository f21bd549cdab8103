//! `/clients/{id}/panels/…`: what the card loads at the same time.
//!
//! The three requests of a freshly opened card arrive together, in one session, and all want the
//! client's tracking row. Whichever comes first makes it; all get the same id. The others wait for it
//! at a lock with the client's name, as in ColdFusion's `cflock`; in another process, at the table's unique index.

use std::time::Duration;

use askama::Template;
use serde::Deserialize;
use toolcrib::page::Knobs;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::client_of;
use crate::adapters::Client;
use crate::db::panels::{self, Contact, Deal};
use crate::db::tracking;
use crate::pages::filters;

/// How long to wait for whoever is just making the client's tracking row.
const TRACKING_WAIT: Duration = Duration::from_secs(10);

/// The people at a client.
#[derive(Debug)]
pub(crate) struct ContactsPanel;

/// The deals with a client.
#[derive(Debug)]
pub(crate) struct DealsPanel;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/panels/contacts.html", blocks = ["panel"])]
struct Contacts {
    id: i64,
    client: Row<Client>,
    tracking_id: i64,
    contacts: Vec<Contact>,
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/panels/deals.html", blocks = ["panel"])]
struct Deals {
    id: i64,
    client: Row<Client>,
    tracking_id: i64,
    deals: Vec<Deal>,
}

impl PageModule for ContactsPanel {
    const INFO: PageInfo =
        PageInfo::new("client.contacts", "/clients/{id}/panels/contacts").title("Contacts").login_required().fragment();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, client, tracking_id) = tracked(cx).await?;
        let contacts = panels::contacts(cx.read().await?, id).await?;
        let panel = Contacts { id, client, tracking_id, contacts };
        if cx.wants_fragment() { cx.fragment(panel.as_panel()) } else { cx.render(panel) }
    }
}

impl PageModule for DealsPanel {
    const INFO: PageInfo =
        PageInfo::new("client.deals", "/clients/{id}/panels/deals").title("Deals").login_required().fragment();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, client, tracking_id) = tracked(cx).await?;
        let deals = panels::deals(cx.read().await?, id).await?;
        let panel = Deals { id, client, tracking_id, deals };
        if cx.wants_fragment() { cx.fragment(panel.as_panel()) } else { cx.render(panel) }
    }
}

/// The client of the panel's address, and the id of its tracking row, made if there is none yet.
pub(in crate::pages) async fn tracked(cx: &mut Context<'_>) -> Result<(i64, Row<Client>, i64), PageError> {
    let (id, client) = client_of(cx).await?;
    let rows = cx.read().await?;
    let account = client.value().account.clone();
    // The row is nearly always there: looked up like this, panels wait for no writer.
    if let Some(tracking_id) = tracking::find(rows, &account).await? {
        return Ok((id, cx.row(client), tracking_id));
    }
    let knobs = cx.knobs();
    let tracking_id = if lock_is_off(cx) {
        knobs.hold().await;
        tracking::insert(cx.tx().await?, &account, now_micros()).await?
    } else {
        client_id(cx.unit(), &account, knobs).await?
    };
    Ok((id, cx.row(client), tracking_id))
}

/// Makes the tracking row of an account, unless somebody else was first.
async fn client_id(unit: &mut Unit, account: &str, knobs: Knobs) -> Result<i64, PageError> {
    // Kept until the commit: whoever gets it next finds the row.
    unit.lock(format!("client/{account}")).exclusive().cluster().within(TRACKING_WAIT).acquire().await?;
    if let Some(tracking_id) = tracking::find(unit.tx().await?, account).await? {
        return Ok(tracking_id);
    }
    knobs.hold().await;
    Ok(tracking::insert(unit.tx().await?, account, now_micros()).await?)
}

/// Whether the query asks for the code without lock and second look, to see what it does. Only where
/// the site was started for tests.
fn lock_is_off(cx: &Context<'_>) -> bool {
    cx.site().settings().test_knobs && cx.query_param("lock") == Some("off")
}

/// The templates' samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    macro_rules! samples {
        ($name:literal) => {
            include_str!(concat!("../../../../templates/clients/panels/", $name, ".samples.json"))
        };
    }
    builder
        .preview::<Contacts>("clients/panels/contacts.html", samples!("contacts"))
        .preview::<Deals>("clients/panels/deals.html", samples!("deals"))
}
