//! `/leads/{id}/convert`: a lead becomes a client, a person there, perhaps a deal.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::lead_of;
use crate::adapters::{Conversion, ConversionAction, Lead, NEW_CLIENT};
use crate::db::leads;
use crate::domain::account_code;
use crate::pages::deals::stage_choices;
use crate::pages::viewer;

/// The form that converts a lead.
#[derive(Debug)]
pub(crate) struct LeadConvertPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "leads/convert.html")]
struct LeadConvert {
    id: i64,
    name: String,
    form: Form<Conversion>,
    /// How many clients it may belong to were found.
    found: usize,
}

impl PageModule for LeadConvertPage {
    const INFO: PageInfo =
        PageInfo::new("lead.convert", "/leads/{id}/convert").title("Convert lead").right("edit").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, lead) = lead_of(cx).await?;
        if lead.value().is_converted() {
            return cx.redirect(format!("/leads/{id}"));
        }
        let (form, found) = proposal(lead.value(), cx).await?;
        let name = lead.value().name.clone();
        cx.render(LeadConvert { id, name, form, found })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (_, lead) = lead_of(cx).await?;
        let (form, _) = proposal(lead.value(), cx).await?;
        cx.execute_action(ConversionAction::Convert, form).await
    }
}

/// What the form begins with, and how many clients were found that the lead may belong to.
async fn proposal(lead: &Lead, cx: &mut Context<'_>) -> Result<(Form<Conversion>, usize), PageError> {
    let viewer = viewer(cx)?;
    let company = if lead.company.is_empty() { &lead.name } else { &lead.company };
    let rows = cx.read().await?;
    let candidates = leads::candidates(rows, &lead.company, &lead.email, viewer).await?;
    let stem = account_code::stem(company);
    let account = account_code::free(&stem, &leads::accounts_like(rows, &stem).await?);
    let stages = stage_choices(cx).await?;
    let mut choices = vec![Choice::new(NEW_CLIENT, format!("A new client: {company}"))];
    for client in &candidates {
        choices.push(Choice::new(client.id.to_string(), format!("{} ({})", client.name, client.account)));
    }
    let first = stages.first().and_then(|stage| stage.value.parse().ok());
    let proposed = Conversion {
        // One that is there already is the likelier one.
        client: candidates.first().map_or_else(|| NEW_CLIENT.to_owned(), |client| client.id.to_string()),
        client_name: company.clone(),
        account,
        person_name: lead.name.clone(),
        person_title: lead.title.clone(),
        person_email: lead.email.clone(),
        person_phone: lead.phone.clone(),
        with_deal: lead.amount_minor > 0,
        deal_title: format!("First order of {company}"),
        amount: lead.amount,
        currency: lead.currency.clone(),
        stage_id: first,
    };
    let form = cx.form_of(proposed).offer(Conversion::CLIENT, choices).offer(Conversion::STAGE_ID, stages);
    Ok((form, candidates.len()))
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder
        .preview::<LeadConvert>("leads/convert.html", include_str!("../../../../templates/leads/convert.samples.json"))
}
