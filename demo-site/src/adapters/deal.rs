//! A deal: its fields, its table, what is done with it.

use serde_json::json;
use toolcrib::adapter::fold;
use toolcrib::prelude::*;

use super::changes::changes;
use crate::db::journal::{self, Entry};
use crate::db::words::{self, Kind};
use crate::db::{clients, deals, pipelines};
use crate::domain::money;
use crate::pages::{actor, viewer};

/// A deal. What is stored of its worth is `amount_minor`; `amount` is how a form shows it. It has a limit so that the sum of
/// a column fits into a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(table = "deals", version = "version")]
pub struct Deal {
    /// What it is about.
    #[field(required, max_chars = 200)]
    pub title: String,
    /// Whom it is with. It stays with the client it was made with.
    #[field(required, kind = "hidden", label = "Client")]
    pub client_id: Option<i64>,
    /// Whom we speak with there.
    #[field(kind = "select", label = "Contact")]
    pub person_id: Option<i64>,
    /// How far it has come.
    #[field(required, kind = "select", label = "Stage")]
    pub stage_id: Option<i64>,
    /// What it is worth, in hundredths of the currency's unit.
    #[field(column = false, min = 0, max = 10_000_000_000, hint = "Like 1250 or 1250.50.")]
    pub amount: Amount,
    /// The currency's code.
    #[field(required, kind = "select", choices = currencies)]
    pub currency: String,
    /// When it is expected to be closed.
    #[field(label = "Expected on")]
    pub expected_at: Option<Day>,
    /// Whose it is.
    #[field(kind = "select", label = "Owner")]
    pub owner_id: Option<i64>,
    /// Its worth in minor units of the currency.
    #[field(read_only, kind = "hidden")]
    pub amount_minor: i64,
    /// When it was won or lost.
    #[field(read_only, kind = "hidden")]
    pub closed_at: Option<i64>,
    /// When it was changed last.
    #[field(read_only, kind = "hidden")]
    pub updated_at: i64,
}

/// What is done with deals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum DealAction {
    /// A new one.
    #[action(label = "Add deal", right = "edit", success = "deal", failure = "deal.new")]
    Add,
    /// One that is there.
    #[action(
        label = "Save changes",
        right = "edit",
        success = "deal",
        failure = "deal.edit",
        message = "The changes have been saved."
    )]
    Save,
    /// It was never meant.
    #[action(label = "Remove", right = "edit", failure = "deal.edit", no_fields, danger)]
    Remove,
}

/// The currencies a form offers.
pub(super) fn currencies() -> Vec<Choice> {
    money::CURRENCIES.iter().map(|code| Choice::new(*code, *code)).collect()
}

/// Fields that follow from others, or are the program's own.
const DERIVED: [&str; 3] = ["amount", "closed_at", "updated_at"];

impl Execute for DealAction {
    type Adapter = Deal;

    async fn execute(self, form: &mut Form<Deal>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        match self {
            Self::Add => add(form, cx).await,
            Self::Save => save(form, cx).await,
            Self::Remove => remove(form, cx).await,
        }
    }
}

impl Deal {
    /// The row with its amount as a form shows it.
    #[must_use]
    pub fn with_amount(row: Row<Self>) -> Row<Self> {
        let (key, version) = (row.key(), row.version());
        let mut deal = row.into_value();
        deal.amount = Amount(money::hundredths(deal.amount_minor, &deal.currency));
        match key {
            Some(key) => Row::stored(deal, key, version),
            None => Row::from(deal),
        }
    }
}

/// What is typed becomes what is stored: the amount in minor units.
fn take_amount(form: &mut Form<Deal>) {
    match money::minor(form.value().amount.0, &form.value().currency) {
        Ok(minor) => form.value_mut().amount_minor = minor,
        Err(wrong) => form.refuse(Deal::AMOUNT, wrong),
    }
}

/// The stage a form names, kept as it is; or the form is refused.
async fn stage_of(form: &mut Form<Deal>, cx: &mut Context<'_>) -> Result<Option<pipelines::Stage>, PageError> {
    let id = form.value().stage_id.unwrap_or_default();
    let stage = pipelines::hold_stage(cx.tx().await?, id).await?;
    if stage.is_none() {
        form.refuse(Deal::STAGE_ID, "is not there any more");
    }
    Ok(stage)
}

async fn add(form: &mut Form<Deal>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let (viewer, actor, now) = (viewer(cx)?, actor(cx)?, now_micros());
    let client_id = form.value().client_id.unwrap_or_default();
    // Somebody else's private client is as little there as one that never was.
    if !clients::is_there(cx.tx().await?, client_id, viewer).await? {
        return Err(PageError::NotFound);
    }
    take_amount(form);
    let Some(stage) = stage_of(form, cx).await? else { return Ok(Done::new()) };
    let position = deals::place_after(cx.tx().await?, stage.id, None, None).await?;
    form.value_mut().closed_at = stage.is_closed().then_some(now);
    form.value_mut().updated_at = now;
    form.also("position", position.unwrap_or_default());
    form.also("search", fold(&form.value().title));
    form.also("created_at", now);
    let done = form.save(cx).await?;
    let (Some(id), false) = (form.key(), form.is_refused()) else { return Ok(done) };
    let title = &form.value().title;
    let entry = Entry {
        action: "added",
        record_kind: "deal",
        record_id: id,
        record_name: title,
        changes: json!({ "stage": [null, stage.name] }),
        told: Some((client_id, &format!("Added the deal “{title}” in {}", stage.name))),
    };
    journal::note(cx.tx().await?, &actor, now, entry).await?;
    words::index(cx.tx().await?, Kind::Deal, id, &[title]).await?;
    tell(cx, "added", client_id, &[stage.pipeline_id], &actor.name);
    let message = format!("{title} has been added.");
    Ok(done.message(message))
}

async fn save(form: &mut Form<Deal>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let (viewer, actor, now) = (viewer(cx)?, actor(cx)?, now_micros());
    let id = form.required_key()?;
    let stage = stage_of(form, cx).await?;
    let tx = cx.tx().await?;
    deals::hold(tx, id, viewer).await?.or_not_found()?;
    let stored = deals::find(tx, id, viewer).await?.or_not_found()?;
    // Here and not only when it is written: what is compared there knows no amount.
    if stored.version() != Some(form.required_version()?) {
        form.refuse_stale(stored);
        return Ok(Done::new());
    }
    let before = stored.into_value();
    form.value_mut().client_id = before.client_id;
    take_amount(form);
    let Some(stage) = stage else { return Ok(Done::new()) };
    let moved = before.stage_id != Some(stage.id);
    if moved {
        let position = deals::place_after(cx.tx().await?, stage.id, None, Some(id)).await?;
        form.also("position", position.unwrap_or_default());
        form.value_mut().closed_at = stage.is_closed().then_some(now);
    }
    let mut changed = changes(&before, form.value(), &DERIVED);
    form.also("search", fold(&form.value().title));
    form.also("updated_at", now);
    let done = form.save(cx).await?;
    if form.is_refused() || changed.is_empty() {
        return Ok(done);
    }
    let title = &form.value().title;
    let mut pipelines = vec![stage.pipeline_id];
    if moved {
        let from = pipelines::stage(cx.tx().await?, before.stage_id.unwrap_or_default()).await?;
        changed.remove("stage_id");
        pipelines.extend(from.as_ref().map(|stage| stage.pipeline_id));
        changed.insert("stage".to_owned(), json!([from.map(|stage| stage.name), stage.name]));
    }
    let told = if moved {
        format!("Moved “{title}” to {}", stage.name)
    } else {
        format!("Changed the deal “{title}”")
    };
    let entry = Entry {
        action: if moved { "moved" } else { "changed" },
        record_kind: "deal",
        record_id: id,
        record_name: title,
        changes: changed.into(),
        told: before.client_id.map(|client| (client, told.as_str())),
    };
    journal::note(cx.tx().await?, &actor, now, entry).await?;
    words::index(cx.tx().await?, Kind::Deal, id, &[title]).await?;
    tell(cx, "changed", before.client_id.unwrap_or_default(), &pipelines, &actor.name);
    Ok(done)
}

async fn remove(form: &mut Form<Deal>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let (actor, now) = (actor(cx)?, now_micros());
    let (id, deal) = (form.required_key()?, form.value().clone());
    let done = form.remove(cx).await?;
    if form.is_refused() {
        return Ok(done);
    }
    let told = format!("Removed the deal “{}”", deal.title);
    let entry = Entry {
        action: "removed",
        record_kind: "deal",
        record_id: id,
        record_name: &deal.title,
        changes: json!({}),
        told: deal.client_id.map(|client| (client, told.as_str())),
    };
    let tx = cx.tx().await?;
    journal::note(tx, &actor, now, entry).await?;
    words::forget(tx, Kind::Deal, id).await?;
    let stage = pipelines::stage(tx, deal.stage_id.unwrap_or_default()).await?;
    let pipelines: Vec<i64> = stage.map(|stage| stage.pipeline_id).into_iter().collect();
    tell(cx, "removed", deal.client_id.unwrap_or_default(), &pipelines, &actor.name);
    Ok(done.to("/deals").message(format!("{} has been removed.", deal.title)))
}

/// Tells the boards and the client's card. A board is not told what: the deal may be a private client's.
pub(crate) fn tell(cx: &mut Context<'_>, event: &str, client_id: i64, pipelines: &[i64], by: &str) {
    for pipeline in pipelines {
        cx.publish(format!("deals/{pipeline}"), event, &json!({}));
    }
    cx.publish(format!("clients/{client_id}"), event, &json!({ "by": by }));
}
