//! A tag.

use serde_json::json;
use toolcrib::prelude::*;

use crate::db::journal::{self, Entry};
use crate::db::tags;
use crate::pages::actor;

/// A word that clients are marked with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(table = "tags", version = "version", sort(name = "search"))]
pub struct Tag {
    /// Its name.
    #[field(required, max_chars = 40, check = no_comma)]
    pub name: String,
    /// Whether a tag that has the name already takes this one's clients over.
    #[field(
        column = false,
        label = "Make one tag of the two",
        hint = "Every client with this tag gets the other one."
    )]
    pub merge: bool,
}

/// What is done with tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum TagAction {
    /// A new one.
    #[action(label = "Add tag", right = "admin", success = "tags")]
    Add,
    /// Another name, or into another tag.
    #[action(label = "Save changes", right = "admin", success = "tags", message = "The tag has been saved.")]
    Save,
    /// It is taken off every client.
    #[action(label = "Remove", right = "admin", success = "tags", message = "The tag is gone.", no_fields, danger)]
    Remove,
}

/// Tags are typed with commas between them.
fn no_comma(name: &str) -> Result<(), &'static str> {
    if name.contains(',') { Err("must not have a comma") } else { Ok(()) }
}

impl Execute for TagAction {
    type Adapter = Tag;

    async fn execute(self, form: &mut Form<Tag>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let now = now_micros();
        if self == Self::Remove {
            let name = form.value().name.clone();
            let done = form.remove(cx).await?;
            note(cx, form, "removed", &name, now).await?;
            return Ok(done);
        }
        let name = form.value().name.clone();
        let other = tags::named(cx.tx().await?, &name).await?.filter(|other| Some(other.id) != form.key());
        match other {
            Some(other) if self == Self::Save && form.value().merge => return merged(form, cx, &other, now).await,
            Some(other) if self == Self::Save => form.refuse_in_words(
                Tag::NAME,
                format!("There is a tag “{}” already. Tick the box below to make one of the two.", other.name),
            ),
            Some(other) => form.refuse_in_words(Tag::NAME, format!("There is a tag “{}” already.", other.name)),
            None => {}
        }
        form.also("search", tags::key(&name));
        form.also("updated_at", now);
        if self == Self::Add {
            form.also("created_at", now);
        }
        let done = super::once_more(form.save(cx).await)?;
        if !form.is_refused() {
            note(cx, form, if self == Self::Add { "added" } else { "changed" }, &name, now).await?;
        }
        Ok(if self == Self::Add { done.message(format!("The tag “{name}” has been added.")) } else { done })
    }
}

/// Makes one tag of two.
async fn merged(form: &mut Form<Tag>, cx: &mut Context<'_>, into: &tags::Tag, now: i64) -> Result<Done, PageError> {
    let from = form.required_key()?;
    if !tags::merge(cx.tx().await?, from, into.id).await? {
        // Somebody else was faster: begin anew, and find it gone.
        return Err(PageError::retry("the tag was removed meanwhile"));
    }
    let actor = actor(cx)?;
    let entry = Entry {
        action: "merged",
        record_kind: "tag",
        record_id: into.id,
        record_name: &into.name,
        changes: json!({ "merged": [from, into.id] }),
        told: None,
    };
    journal::note(cx.tx().await?, &actor, now, entry).await?;
    Ok(Done::new().message(format!("The two tags are one now: “{}”.", into.name)))
}

async fn note(cx: &mut Context<'_>, form: &Form<Tag>, action: &str, name: &str, now: i64) -> Result<(), PageError> {
    let actor = actor(cx)?;
    let record_id = form.key().unwrap_or_default();
    let entry = Entry {
        action,
        record_kind: "tag",
        record_id,
        record_name: name,
        changes: json!({ "name": name }),
        told: None,
    };
    Ok(journal::note(cx.tx().await?, &actor, now, entry).await?)
}
