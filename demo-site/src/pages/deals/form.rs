//! The form of a deal: adding, editing, and what is shown when it was refused.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{deal_of, owner_choices, stage_choices};
use crate::adapters::{Deal, DealAction};
use crate::db::{clients, deals};
use crate::domain::money;
use crate::pages::{filters, viewer};

/// `/deals/new?client=ID`: an empty form; without a client, the question for one.
#[derive(Debug)]
pub(crate) struct DealNewPage;

/// `/deals/{id}/edit`: the form with what is stored.
#[derive(Debug)]
pub(crate) struct DealEditPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "deals/form.html")]
struct DealForm {
    form: Form<Deal>,
    action: DealAction,
    heading: String,
    client: String,
    client_id: i64,
    /// Where "Cancel" and the link above the form lead, and what that is called.
    back: String,
    back_to: String,
}

/// Whom the deal is with: a list to choose from.
#[derive(Debug, Deserialize, Template)]
#[template(path = "deals/client.html")]
struct DealClient {
    q: String,
    /// Id, name, account.
    clients: Vec<(i64, String, String)>,
}

impl PageModule for DealNewPage {
    const INFO: PageInfo = PageInfo::new("deal.new", "/deals/new").title("New deal").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        // A refused form comes by the form's own field.
        let client = cx.query_param("client").or_else(|| cx.form_param("client_id"));
        let Some(client_id) = client.and_then(|text| text.parse().ok()) else {
            let q: String = cx.query_param("q").unwrap_or_default().chars().take(200).collect();
            let clients = deals::clients_like(cx.read().await?, &q, viewer).await?;
            return cx.render(DealClient { q, clients });
        };
        let rows = cx.read().await?;
        if !clients::is_there(rows, client_id, viewer).await? {
            return Err(PageError::NotFound);
        }
        let client = client_name(client_id, cx).await?;
        let form = new_deal(Some(client_id), cx).await?;
        cx.render(DealForm {
            form,
            action: DealAction::Add,
            heading: "New deal".to_owned(),
            back: format!("/clients/{client_id}"),
            back_to: client.clone(),
            client,
            client_id,
        })
    }
}

impl PageModule for DealEditPage {
    const INFO: PageInfo = PageInfo::new("deal.edit", "/deals/{id}/edit").title("Edit deal").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, stored) = deal_of(cx).await?;
        let title = stored.value().title.clone();
        let client_id = stored.value().client_id.unwrap_or_default();
        let client = client_name(client_id, cx).await?;
        let form = cx.form_of(stored).to(format!("/deals/{id}"));
        let form = offering(form, cx).await?;
        cx.render(DealForm {
            form,
            action: DealAction::Save,
            heading: format!("Edit {title}"),
            client,
            client_id,
            back: format!("/deals/{id}"),
            back_to: title,
        })
    }
}

async fn client_name(id: i64, cx: &mut Context<'_>) -> Result<String, PageError> {
    let names = deals::client_names(cx.read().await?, &[id]).await?;
    Ok(names.into_iter().next().map(|(_, name)| name).unwrap_or_default())
}

/// The form of a deal that is not there yet, with what it offers.
pub(super) async fn new_deal(client_id: Option<i64>, cx: &mut Context<'_>) -> Result<Form<Deal>, PageError> {
    let owner_id = Some(viewer(cx)?);
    let stages = stage_choices(cx).await?;
    let asked = cx.query_param("stage").and_then(|text| text.parse().ok());
    let stage_id = asked.or_else(|| stages.first().and_then(|stage| stage.value.parse().ok()));
    let currency = money::USUAL.to_owned();
    let deal = Deal { client_id, owner_id, stage_id, currency, ..Deal::default() };
    let form = cx.form_of(deal).to("/deals");
    offering(form, cx).await
}

/// The form with what it offers: stages, the people at the client, owners.
pub(super) async fn offering(form: Form<Deal>, cx: &mut Context<'_>) -> Result<Form<Deal>, PageError> {
    let client_id = form.value().client_id;
    let stages = stage_choices(cx).await?;
    let owners = owner_choices(form.value().owner_id, cx).await?;
    let people = deals::people(cx.read().await?, client_id.unwrap_or_default()).await?;
    let people = people.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    Ok(form.offer(Deal::STAGE_ID, stages).offer(Deal::OWNER_ID, owners).offer(Deal::PERSON_ID, people))
}

/// The templates' samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder
        .preview::<DealForm>("deals/form.html", include_str!("../../../../templates/deals/form.samples.json"))
        .preview::<DealClient>("deals/client.html", include_str!("../../../../templates/deals/client.samples.json"))
}
