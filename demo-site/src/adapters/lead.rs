//! A lead: somebody who may become a client.

use serde_json::json;
use toolcrib::adapter::{fold, fold_all};
use toolcrib::prelude::*;

use super::changes::changes;
use super::deal::currencies;
use crate::db::journal::{self, Entry};
use crate::db::leads;
use crate::domain::money;
use crate::pages::{actor, viewer};

/// A lead. What is stored of its worth is `amount_minor`; `amount` is how a form shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(
    table = "leads",
    version = "version",
    search = "search",
    sort(updated = "-updated_at", name = "sort_name"),
    page_size = 25
)]
pub struct Lead {
    /// The person's name.
    #[field(required, max_chars = 200)]
    pub name: String,
    /// Where he or she works, or nothing.
    #[field(max_chars = 200)]
    pub company: String,
    /// What he or she is there, or nothing.
    #[field(max_chars = 100, label = "Job title")]
    pub title: String,
    /// An e-mail address, or nothing.
    #[field(kind = "email", max_chars = 254, label = "E-mail")]
    pub email: String,
    /// A phone number, or nothing.
    #[field(kind = "phone", max_chars = 40)]
    pub phone: String,
    /// How we know of each other, or nothing.
    #[field(max_chars = 100, hint = "A fair, a referral, the website.")]
    pub source: String,
    /// How far it has come.
    #[field(required, filter)]
    pub status: LeadStatus,
    /// What it may be worth, in hundredths of the currency's unit.
    #[field(column = false, min = 0, max = 10_000_000_000, hint = "Like 1250 or 1250.50.")]
    pub amount: Amount,
    /// The currency's code.
    #[field(required, kind = "select", choices = currencies)]
    pub currency: String,
    /// Whatever else is known.
    #[field(kind = "lines", max_chars = 5_000)]
    pub notes: String,
    /// Whose it is.
    #[field(kind = "select", label = "Owner", filter)]
    pub owner_id: Option<i64>,
    /// Whether only its owner sees it.
    #[field(label = "Private", hint = "Only its owner sees it.")]
    pub private: bool,
    /// Its worth in minor units of the currency.
    #[field(read_only, kind = "hidden")]
    pub amount_minor: i64,
    /// When it was changed last.
    #[field(read_only, kind = "hidden")]
    pub updated_at: i64,
    /// When it became a client.
    #[field(read_only, kind = "hidden")]
    pub converted_at: Option<i64>,
    /// The client it became.
    #[field(read_only, kind = "hidden")]
    pub client_id: Option<i64>,
    /// The person there.
    #[field(read_only, kind = "hidden")]
    pub person_id: Option<i64>,
    /// The deal that was made with it.
    #[field(read_only, kind = "hidden")]
    pub deal_id: Option<i64>,
}

/// How far a lead has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
pub enum LeadStatus {
    /// Nobody has spoken with them yet.
    #[default]
    New,
    /// Somebody does.
    Working,
    /// Worth a deal.
    Qualified,
    /// They are a client. Only a conversion makes that.
    Converted,
    /// They are not interested.
    Lost,
}

/// What is done with leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum LeadAction {
    /// A new one.
    #[action(label = "Add lead", right = "edit", success = "lead", failure = "lead.new")]
    Add,
    /// One that is there.
    #[action(
        label = "Save changes",
        right = "edit",
        success = "lead",
        failure = "lead.edit",
        message = "The changes have been saved."
    )]
    Save,
    /// Nothing will come of it, and nobody needs to know.
    #[action(label = "Remove", right = "edit", failure = "lead.edit", no_fields, danger)]
    Remove,
}

/// Fields that follow from others, or are the program's own.
const DERIVED: [&str; 2] = ["amount", "updated_at"];

impl Execute for LeadAction {
    type Adapter = Lead;

    async fn execute(self, form: &mut Form<Lead>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        if self == Self::Remove {
            return remove(form, cx).await;
        }
        let (viewer, actor, now) = (viewer(cx)?, actor(cx)?, now_micros());
        let before = match form.key() {
            None => Lead::default(),
            Some(id) => {
                let tx = cx.tx().await?;
                leads::hold(tx, id, viewer).await?.or_not_found()?;
                let stored = leads::find(tx, id, viewer).await?.or_not_found()?;
                // Here and not only when it is written: what is compared there knows no amount.
                if stored.version() != Some(form.required_version()?) {
                    form.refuse_stale(stored);
                    return Ok(Done::new());
                }
                stored.into_value()
            }
        };
        check(form, &before, viewer);
        let lead = form.value();
        let (search, sort_name) = (fold_all(&[&lead.name, &lead.company, &lead.email]), fold(&lead.name));
        let changed = changes(&before, lead, &DERIVED);
        form.also("search", search);
        form.also("sort_name", sort_name);
        form.also("updated_at", now);
        if self == Self::Add {
            form.also("created_at", now);
        }
        let done = form.save(cx).await?;
        let (Some(id), false) = (form.key(), form.is_refused() || changed.is_empty()) else { return Ok(done) };
        let name = &form.value().name;
        let action = if self == Self::Add { "added" } else { "changed" };
        // What a new one has is in the record itself.
        let changes = if self == Self::Add { json!({}) } else { changed.into() };
        let entry = Entry { action, record_kind: "lead", record_id: id, record_name: name, changes, told: None };
        journal::note(cx.tx().await?, &actor, now, entry).await?;
        Ok(if self == Self::Add { done.message(format!("{name} has been added.")) } else { done })
    }
}

/// What no single field can tell.
fn check(form: &mut Form<Lead>, before: &Lead, viewer: i64) {
    let lead = form.value();
    let (private, owner, status) = (lead.private, lead.owner_id, lead.status);
    if private && owner != Some(viewer) {
        form.refuse_in_words(Lead::OWNER_ID, "A private lead belongs to whoever makes it private: choose yourself.");
    }
    if (status == LeadStatus::Converted) != (before.status == LeadStatus::Converted) {
        form.refuse_in_words(Lead::STATUS, "A lead is converted by its own form, once.");
    }
    match money::minor(form.value().amount.0, &form.value().currency) {
        Ok(minor) => form.value_mut().amount_minor = minor,
        Err(wrong) => form.refuse(Lead::AMOUNT, wrong),
    }
}

async fn remove(form: &mut Form<Lead>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let (actor, now) = (actor(cx)?, now_micros());
    let (id, name) = (form.required_key()?, form.value().name.clone());
    let done = form.remove(cx).await?;
    if form.is_refused() {
        return Ok(done);
    }
    let entry = Entry {
        action: "removed",
        record_kind: "lead",
        record_id: id,
        record_name: &name,
        changes: json!({}),
        told: None,
    };
    journal::note(cx.tx().await?, &actor, now, entry).await?;
    Ok(done.to("/leads").message(format!("{name} has been removed.")))
}

impl Lead {
    /// The row with its amount as a form shows it.
    #[must_use]
    pub fn with_amount(row: Row<Self>) -> Row<Self> {
        let (key, version) = (row.key(), row.version());
        let mut lead = row.into_value();
        lead.amount = Amount(money::hundredths(lead.amount_minor, &lead.currency));
        match key {
            Some(key) => Row::stored(lead, key, version),
            None => Row::from(lead),
        }
    }

    /// Whether it is a client already.
    #[must_use]
    pub fn is_converted(&self) -> bool {
        self.status == LeadStatus::Converted
    }
}

impl LeadStatus {
    /// Those a person may choose.
    #[must_use]
    pub fn to_choose() -> Vec<Choice> {
        <Self as FieldType>::choices().into_iter().filter(|choice| choice.value != "converted").collect()
    }
}
