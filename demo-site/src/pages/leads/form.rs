//! The form of a lead: adding, editing, and what is shown when it was refused.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::lead_of;
use crate::adapters::{Lead, LeadAction, LeadStatus};
use crate::domain::money;
use crate::pages::deals::owner_choices;
use crate::pages::viewer;

/// `/leads/new`: an empty form.
#[derive(Debug)]
pub(crate) struct LeadNewPage;

/// `/leads/{id}/edit`: the form with what is stored.
#[derive(Debug)]
pub(crate) struct LeadEditPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "leads/form.html")]
struct LeadForm {
    form: Form<Lead>,
    action: LeadAction,
    heading: String,
    /// Where "Cancel" and the link above the form lead, and what that is called.
    back: String,
    back_to: String,
}

impl PageModule for LeadNewPage {
    const INFO: PageInfo = PageInfo::new("lead.new", "/leads/new").title("New lead").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let owner_id = Some(viewer(cx)?);
        let lead = Lead { currency: money::USUAL.to_owned(), owner_id, ..Lead::default() };
        let form = cx.form_of(lead).to("/leads");
        let form = offering(form, cx).await?;
        cx.render(LeadForm {
            form,
            action: LeadAction::Add,
            heading: "New lead".to_owned(),
            back: "/leads".to_owned(),
            back_to: "Leads".to_owned(),
        })
    }
}

impl PageModule for LeadEditPage {
    const INFO: PageInfo = PageInfo::new("lead.edit", "/leads/{id}/edit").title("Edit lead").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, stored) = lead_of(cx).await?;
        let name = stored.value().name.clone();
        let form = cx.form_of(stored).to(format!("/leads/{id}"));
        let form = offering(form, cx).await?;
        cx.render(LeadForm {
            form,
            action: LeadAction::Save,
            heading: format!("Edit {name}"),
            back: format!("/leads/{id}"),
            back_to: name,
        })
    }
}

/// The form with what it offers: owners, and the statuses a person may choose.
pub(super) async fn offering(form: Form<Lead>, cx: &mut Context<'_>) -> Result<Form<Lead>, PageError> {
    let owners = owner_choices(form.value().owner_id, cx).await?;
    let statuses =
        if form.value().is_converted() { <LeadStatus as FieldType>::choices() } else { LeadStatus::to_choose() };
    Ok(form.offer(Lead::OWNER_ID, owners).offer(Lead::STATUS, statuses))
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<LeadForm>("leads/form.html", include_str!("../../../../templates/leads/form.samples.json"))
}
