//! A person at a client.

use serde_json::{Value, json};
use toolcrib::adapter::{fold, fold_all};
use toolcrib::prelude::*;

use crate::db::journal::{self, Entry};
use crate::db::persons;
use crate::db::words::{self, Kind};
use crate::domain::changes;
use crate::pages::{actor, viewer};

/// Somebody who works for a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(
    table = "persons",
    version = "version",
    search = "search",
    sort(name = "sort_name", newest = "-id"),
    page_size = 25
)]
pub struct Person {
    /// The person's name.
    #[field(required, max_chars = 200)]
    pub name: String,
    /// The account of the client he or she works for.
    #[field(
        required,
        column = false,
        max_chars = 40,
        label = "Client",
        hint = "The client's account, such as TC-1001."
    )]
    pub account: String,
    /// What the person is there, or nothing.
    #[field(max_chars = 100, label = "Position")]
    pub title: String,
    /// An e-mail address, or nothing.
    #[field(kind = "email", max_chars = 254, label = "E-mail")]
    pub email: String,
    /// A phone number, or nothing.
    #[field(kind = "phone", max_chars = 40)]
    pub phone: String,
    /// Anything else, or nothing.
    #[field(kind = "lines", max_chars = 4_000)]
    pub notes: String,
    /// The client.
    #[field(read_only, kind = "hidden")]
    pub client_id: i64,
    /// When it was changed last.
    #[field(read_only, kind = "hidden")]
    pub updated_at: i64,
}

/// What is done with people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum PersonAction {
    /// A new one.
    #[action(label = "Add person", right = "edit", success = "person", failure = "person.new")]
    Add,
    /// One that is there.
    #[action(
        label = "Save changes",
        right = "edit",
        success = "person",
        failure = "person.edit",
        message = "The changes have been saved."
    )]
    Save,
    /// Away with it.
    #[action(label = "Remove", right = "edit", failure = "person.edit", no_fields, danger)]
    Remove,
}

impl Execute for PersonAction {
    type Adapter = Person;

    /// The page has made sure that the visitor may see the person.
    async fn execute(self, form: &mut Form<Person>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        match self {
            Self::Add => add(form, cx).await,
            Self::Save => save(form, cx).await,
            Self::Remove => remove(form, cx).await,
        }
    }

    async fn after_execute(self, form: &mut Form<Person>, cx: &mut Context<'_>) -> Result<(), PageError> {
        let (id, person) = (form.required_key()?, form.value().clone());
        let tx = cx.tx().await?;
        match self {
            Self::Remove => words::forget(tx, Kind::Person, id).await?,
            Self::Add | Self::Save => {
                words::index(tx, Kind::Person, id, &[&person.name, &person.title, &person.email]).await?;
            }
        }
        Ok(())
    }
}

async fn add(form: &mut Form<Person>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let Some(client) = placed(form, cx).await? else { return Ok(Done::new()) };
    let now = now_micros();
    form.also("created_at", now);
    stored_with(form, now);
    let done = form.save(cx).await?;
    let sentence = format!("Added {}, who works here.", form.value().name);
    note(form, cx, "added", Value::default(), &[(client, &sentence)]).await?;
    Ok(done.message(format!("{} has been added.", form.value().name)))
}

async fn save(form: &mut Form<Person>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let Some(client) = placed(form, cx).await? else { return Ok(Done::new()) };
    let before = Row::<Person>::find(cx.tx().await?, form.required_key()?).await?.or_not_found()?.into_value();
    stored_with(form, before.updated_at);
    let changed = changes::between(&as_json(&before), &as_json(form.value()), &["account", "updated_at"]);
    if !changed.is_empty() {
        form.also("updated_at", now_micros());
    }
    let done = form.save(cx).await?;
    if changed.is_empty() {
        return Ok(done);
    }
    let name = &form.value().name;
    let (left, joined) = (format!("{name} works elsewhere now."), format!("{name} works here now."));
    let sentence = format!("{name}: {}", changes::sentence(&changed));
    let told = if before.client_id == client {
        vec![(client, sentence.as_str())]
    } else {
        vec![(before.client_id, left.as_str()), (client, joined.as_str())]
    };
    note(form, cx, "changed", Value::from(changed), &told).await?;
    Ok(done)
}

async fn remove(form: &mut Form<Person>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let done = form.remove(cx).await?;
    let (client, name) = (form.value().client_id, form.value().name.clone());
    note(form, cx, "removed", Value::default(), &[(client, &format!("Removed {name}."))]).await?;
    Ok(done.to(format!("/clients/{client}")).message(format!("{name} has been removed.")))
}

/// Finds the client whose account was typed, and answers its id; or the form is refused.
async fn placed(form: &mut Form<Person>, cx: &mut Context<'_>) -> Result<Option<i64>, PageError> {
    let viewer = viewer(cx)?;
    let account = form.value().account.clone();
    let Some(client) = persons::employer_of_account(cx.tx().await?, &account, viewer).await? else {
        form.refuse(Person::ACCOUNT, "is no client's account");
        return Ok(None);
    };
    form.value_mut().client_id = client.id;
    Ok(Some(client.id))
}

/// What is derived from the fields.
fn stored_with(form: &mut Form<Person>, now: i64) {
    let person = form.value();
    let (search, sort_name) = (fold_all(&[&person.name, &person.email]), fold(&person.name));
    form.also("search", search);
    form.also("sort_name", sort_name);
    form.also("updated_at", now);
}

fn as_json(person: &Person) -> Value {
    Row::from(person.clone()).seen_by(&Rights::unlimited()).to_json()
}

async fn note(
    form: &Form<Person>,
    cx: &mut Context<'_>,
    action: &str,
    changes: Value,
    told: &[(i64, &str)],
) -> Result<(), PageError> {
    if form.is_refused() {
        return Ok(());
    }
    let (id, who, now) = (form.required_key()?, actor(cx)?, now_micros());
    let name = form.value().name.as_str();
    let entry =
        |changes, told| Entry { action, record_kind: "person", record_id: id, record_name: name, changes, told };
    let tx = cx.tx().await?;
    let clients: Vec<i64> = told.iter().map(|(client, _)| *client).collect();
    let mut told = told.iter().copied();
    journal::note(tx, &who, now, entry(changes, told.next())).await?;
    for also in told {
        journal::note(tx, &who, now, entry(Value::default(), Some(also))).await?;
    }
    for client in clients {
        cx.publish(format!("clients/{client}"), action, &json!({ "by": who.name }));
    }
    Ok(())
}
