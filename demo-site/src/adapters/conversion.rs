//! What a lead is turned into: a client, a person there, perhaps a deal.

use serde_json::json;
use toolcrib::prelude::*;

use super::Lead;
use super::deal::currencies;
use crate::db::journal::{self, Actor, Entry};
use crate::db::leads::{self, Converted};
use crate::db::words::{self, Kind};
use crate::db::{clients, deals, pipelines};
use crate::domain::{account_code, money};
use crate::pages::{actor, viewer};

/// The choice of a client that is not there yet.
pub const NEW_CLIENT: &str = "new";

/// The form that converts a lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
pub struct Conversion {
    /// `new`, or the id of a client that is there.
    #[field(required, kind = "select", label = "Client")]
    pub client: String,
    /// The name of a new client.
    #[field(max_chars = 200, label = "Name of the new client")]
    pub client_name: String,
    /// The code of a new client.
    #[field(max_chars = 40, label = "Account", hint = "A short code that no other client has.")]
    pub account: String,
    /// The person's name.
    #[field(required, max_chars = 200, label = "Name")]
    pub person_name: String,
    /// What the person is there, or nothing.
    #[field(max_chars = 100, label = "Job title")]
    pub person_title: String,
    /// The person's e-mail address, or nothing.
    #[field(kind = "email", max_chars = 254, label = "E-mail")]
    pub person_email: String,
    /// The person's phone number, or nothing.
    #[field(kind = "phone", max_chars = 40, label = "Phone")]
    pub person_phone: String,
    /// Whether a deal is made as well.
    #[field(label = "Add a deal")]
    pub with_deal: bool,
    /// What the deal is about.
    #[field(max_chars = 200, label = "Title")]
    pub deal_title: String,
    /// Its worth, in hundredths of the currency's unit.
    #[field(min = 0, max = 10_000_000_000, hint = "Like 1250 or 1250.50.")]
    pub amount: Amount,
    /// The currency's code.
    #[field(kind = "select", choices = currencies)]
    pub currency: String,
    /// Where the deal begins.
    #[field(kind = "select", label = "Stage")]
    pub stage_id: Option<i64>,
}

/// The one thing that is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum ConversionAction {
    /// Client, person and deal are made in one commit.
    #[action(label = "Convert", right = "edit")]
    Convert,
}

impl Execute for ConversionAction {
    type Adapter = Conversion;

    async fn execute(self, form: &mut Form<Conversion>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let (id, viewer, actor, now) = (cx.path("id")?, viewer(cx)?, actor(cx)?, now_micros());
        let tx = cx.tx().await?;
        let taken = leads::take(tx, id, viewer, now).await?;
        let lead = leads::find(tx, id, viewer).await?.or_not_found()?.into_value();
        let next = Done::new().to(format!("/leads/{id}")).json(json!({ "id": id }));
        if !taken {
            return Ok(next.message(format!("{} has been converted already.", lead.name)));
        }
        let Some(made) = convert(form, &lead, cx, now).await? else { return Ok(next) };
        leads::link(cx.tx().await?, id, made).await?;
        index(cx, form.value(), made).await?;
        note(cx, &actor, now, (id, &lead.name), form.value(), made).await?;
        Ok(next.message(format!("{} is a client now.", lead.name)))
    }
}

/// Makes all of it; nothing where the form is refused.
async fn convert(
    form: &mut Form<Conversion>,
    lead: &Lead,
    cx: &mut Context<'_>,
    now: i64,
) -> Result<Option<Converted>, PageError> {
    let stage = check(form, cx).await?;
    if form.is_refused() {
        return Ok(None);
    }
    let Some(client_id) = client_of(form, lead, cx, now).await? else { return Ok(None) };
    let wanted = form.value();
    let tx = cx.tx().await?;
    let person_id = leads::add_person(tx, wanted, client_id, now).await?;
    let mut deal_id = None;
    if let Some(stage) = &stage {
        let minor = money::minor(wanted.amount.0, &wanted.currency).unwrap_or_default();
        let position = deals::place_after(tx, stage.id, None, None).await?.unwrap_or_default();
        let closed_at = stage.is_closed().then_some(now);
        let place = (minor, position, closed_at);
        deal_id = Some(leads::add_deal(tx, wanted, (client_id, person_id), place, lead.owner_id, now).await?);
        cx.publish(format!("deals/{}", stage.pipeline_id), "added", &json!({}));
    }
    Ok(Some(Converted { client_id, person_id, deal_id }))
}

/// What no single field can tell. Answers the stage of the deal, where one is wanted.
async fn check(form: &mut Form<Conversion>, cx: &mut Context<'_>) -> Result<Option<pipelines::Stage>, PageError> {
    let wanted = form.value().clone();
    if wanted.client == NEW_CLIENT {
        for (field, text) in [(Conversion::CLIENT_NAME, &wanted.client_name), (Conversion::ACCOUNT, &wanted.account)] {
            if text.is_empty() {
                form.refuse(field, "requires a value");
            }
        }
    }
    if !wanted.with_deal {
        return Ok(None);
    }
    if wanted.deal_title.is_empty() {
        form.refuse(Conversion::DEAL_TITLE, "requires a value");
    }
    if wanted.currency.is_empty() {
        form.refuse(Conversion::CURRENCY, "requires a value");
    }
    if let Err(wrong) = money::minor(wanted.amount.0, &wanted.currency) {
        form.refuse(Conversion::AMOUNT, wrong);
    }
    let stage = pipelines::hold_stage(cx.tx().await?, wanted.stage_id.unwrap_or_default()).await?;
    if stage.is_none() {
        form.refuse(Conversion::STAGE_ID, "requires a value");
    }
    Ok(stage)
}

/// The client that was chosen, or a new one; nothing where its code is taken.
async fn client_of(
    form: &mut Form<Conversion>,
    lead: &Lead,
    cx: &mut Context<'_>,
    now: i64,
) -> Result<Option<i64>, PageError> {
    let viewer = viewer(cx)?;
    let tx = cx.tx().await?;
    if form.value().client != NEW_CLIENT {
        let id = form.value().client.parse().map_err(|_| PageError::NotFound)?;
        if !clients::is_there(tx, id, viewer).await? {
            return Err(PageError::NotFound);
        }
        return Ok(Some(id));
    }
    let made = leads::add_client(tx, form.value(), lead, now).await?;
    if made.is_none() {
        let account = form.value().account.clone();
        let free = account_code::free(&account, &leads::accounts_like(tx, &account).await?);
        form.refuse_in_words(
            Conversion::ACCOUNT,
            format!("Another client has the account {account} already; {free} is free."),
        );
    }
    Ok(made)
}

/// Notes the lead's conversion and everything that was made.
async fn note(
    cx: &mut Context<'_>,
    actor: &Actor,
    now: i64,
    (lead_id, lead_name): (i64, &str),
    wanted: &Conversion,
    made: Converted,
) -> Result<(), PageError> {
    let tx = cx.tx().await?;
    let client = made.client_id;
    if wanted.client == NEW_CLIENT {
        journal::note(tx, actor, now, added("client", client, &wanted.client_name, None)).await?;
    }
    let told = format!("Added {} to the contacts", wanted.person_name);
    let told = Some((client, told.as_str()));
    journal::note(tx, actor, now, added("person", made.person_id, &wanted.person_name, told)).await?;
    if let Some(deal) = made.deal_id {
        let told = format!("Added the deal “{}”", wanted.deal_title);
        let told = Some((client, told.as_str()));
        journal::note(tx, actor, now, added("deal", deal, &wanted.deal_title, told)).await?;
    }
    let entry = Entry {
        action: "converted",
        record_kind: "lead",
        record_id: lead_id,
        record_name: lead_name,
        changes: json!({
            "client": [null, client], "person": [null, made.person_id], "deal": [null, made.deal_id],
        }),
        told: Some((client, &format!("Converted the lead {lead_name}"))),
    };
    journal::note(tx, actor, now, entry).await?;
    cx.publish(format!("clients/{client}"), "converted", &json!({ "by": actor.name }));
    Ok(())
}

/// What the global search finds of it.
async fn index(cx: &mut Context<'_>, wanted: &Conversion, made: Converted) -> Result<(), PageError> {
    let tx = cx.tx().await?;
    if wanted.client == NEW_CLIENT {
        words::index(tx, Kind::Client, made.client_id, &[&wanted.account, &wanted.client_name]).await?;
    }
    let person = [wanted.person_name.as_str(), &wanted.person_title, &wanted.person_email];
    words::index(tx, Kind::Person, made.person_id, &person).await?;
    if let Some(deal) = made.deal_id {
        words::index(tx, Kind::Deal, deal, &[&wanted.deal_title]).await?;
    }
    Ok(())
}

fn added<'a>(record_kind: &'a str, record_id: i64, record_name: &'a str, told: Option<(i64, &'a str)>) -> Entry<'a> {
    Entry { action: "added", record_kind, record_id, record_name, changes: json!({}), told }
}
