//! `/clients/{id}/panels/…`: what the card loads at the same time.
//!
//! The three requests of a freshly opened card arrive together, in one session, and all want the
//! client's tracking row. Whichever comes first makes it; all get the same id.

use askama::Template;
use toolcrib::prelude::*;

use crate::db::clients::{self, Client};
use crate::db::panels::{self, Activity, Contact, Deal};
use crate::db::tracking;
use crate::pages::filters;

/// The people at a client.
#[derive(Debug)]
pub struct ContactsPanel;

/// The deals with a client.
#[derive(Debug)]
pub struct DealsPanel;

/// What happened with a client lately.
#[derive(Debug)]
pub struct ActivitiesPanel;

#[derive(Debug, Template)]
#[template(path = "clients/panels/contacts.html", blocks = ["panel"])]
struct Contacts {
    client: Client,
    tracking_id: i64,
    contacts: Vec<Contact>,
}

#[derive(Debug, Template)]
#[template(path = "clients/panels/deals.html", blocks = ["panel"])]
struct Deals {
    client: Client,
    tracking_id: i64,
    deals: Vec<Deal>,
}

#[derive(Debug, Template)]
#[template(path = "clients/panels/activities.html", blocks = ["panel"])]
struct Activities {
    client: Client,
    tracking_id: i64,
    activities: Vec<Activity>,
}

impl PageModule for ContactsPanel {
    const INFO: PageInfo =
        PageInfo::new("client.contacts", "/clients/{id}/panels/contacts").title("Contacts").login_required().fragment();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (client, tracking_id) = tracked(cx).await?;
        let contacts = panels::contacts(cx.read().await?, client.id).await?;
        let panel = Contacts { client, tracking_id, contacts };
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
        let (client, tracking_id) = tracked(cx).await?;
        let deals = panels::deals(cx.read().await?, client.id).await?;
        let panel = Deals { client, tracking_id, deals };
        if cx.wants_fragment() { cx.fragment(panel.as_panel()) } else { cx.render(panel) }
    }
}

impl PageModule for ActivitiesPanel {
    const INFO: PageInfo = PageInfo::new("client.activities", "/clients/{id}/panels/activities")
        .title("Activities")
        .login_required()
        .fragment();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (client, tracking_id) = tracked(cx).await?;
        let activities = panels::activities(cx.read().await?, client.id).await?;
        let panel = Activities { client, tracking_id, activities };
        if cx.wants_fragment() { cx.fragment(panel.as_panel()) } else { cx.render(panel) }
    }
}

/// The client of the panel's address, and the id of its tracking row, made if there is none yet.
async fn tracked(cx: &mut Context<'_>) -> Result<(Client, i64), PageError> {
    let id = cx.path("id")?;
    let rows = cx.read().await?;
    let client = clients::find(rows, id).await?.or_not_found()?;
    // The row is nearly always there: looked up like this, panels wait for no writer.
    if let Some(tracking_id) = tracking::find(rows, &client.account).await? {
        return Ok((client, tracking_id));
    }
    let tracking_id = tracking::client_id(cx.tx().await?, &client.account, now_micros()).await?;
    Ok((client, tracking_id))
}
