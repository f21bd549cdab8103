//! `/leads/{id}`: one lead, what became of it, and where its changes are posted to.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::form::offering;
use super::lead_of;
use crate::adapters::{Lead, LeadAction};
use crate::db::{colleagues, leads};
use crate::pages::{filters, viewer};

/// One lead.
#[derive(Debug)]
pub(crate) struct LeadPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "leads/record.html")]
struct LeadRecord {
    id: i64,
    form: Form<Lead>,
    owner: Option<String>,
    /// What it was turned into, as far as it may be seen.
    client: leads::Link,
    person: leads::Link,
    deal: leads::Link,
}

impl PageModule for LeadPage {
    const INFO: PageInfo = PageInfo::new("lead", "/leads/{id}").title("Lead").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, lead) = lead_of(cx).await?;
        if cx.wants_json() {
            let lead = cx.row::<Lead>(lead);
            return cx.json(&lead.to_json());
        }
        let viewer = viewer(cx)?;
        let owner_id = lead.value().owner_id;
        let rows = cx.read().await?;
        let [client, person, deal] = leads::links(rows, lead.value(), viewer).await?;
        let owners = colleagues::offered(rows, owner_id).await?;
        let owner = owners.into_iter().find(|(id, _)| Some(*id) == owner_id).map(|(_, name)| name);
        let form = cx.form_of(lead).to(format!("/leads/{id}"));
        let form = offering(form, cx).await?;
        cx.render(LeadRecord { id, form, owner, client, person, deal })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (_, stored) = lead_of(cx).await?;
        let form = cx.form_of(stored);
        let form = offering(form, cx).await?;
        // A program that names no action saves.
        match cx.form_param("_action") {
            Some("remove") => cx.execute_action(LeadAction::Remove, form).await,
            _ => cx.execute_action(LeadAction::Save, form).await,
        }
    }
}

impl LeadRecord {
    fn lead(&self) -> &Row<Lead> {
        self.form.row()
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<LeadRecord>("leads/record.html", include_str!("../../../../templates/leads/record.samples.json"))
}
