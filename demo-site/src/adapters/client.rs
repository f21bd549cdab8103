//! A client: its fields, its table, what is done with it.

use serde_json::{Map, Value, json};
use toolcrib::adapter::{fold, fold_all};
use toolcrib::prelude::*;

use crate::db::colleagues;
use crate::db::journal::{self, Entry};
use crate::db::tags;
use crate::db::words::{self, Kind};
use crate::domain::client_filter::tag_names;
use crate::domain::{changes, privacy, tagging};
use crate::pages::{actor, viewer};

/// A client. The list, the card, the form, the import and the seed all go by this.
///
/// There are no other fields on purpose: whatever else a form sends (an id, an owner, a role) has
/// nowhere to go.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow, Adapter)]
#[adapter(
    table = "clients",
    version = "version",
    search = "search",
    sort(name = "sort_name", account, industry, city, updated = "-updated_at", owner = "owner_id"),
    page_size = 25
)]
pub struct Client {
    /// The client's name.
    #[field(required, max_chars = 200)]
    pub name: String,
    /// The code it is known by, unique among clients.
    #[field(required, unique, max_chars = 40, hint = "A short code that no other client has.")]
    pub account: String,
    /// Its line of business, or nothing.
    #[field(max_chars = 100)]
    pub industry: String,
    /// Where it sits, or nothing.
    #[field(max_chars = 100)]
    pub city: String,
    /// Its website, `http://…` or `https://…`, or nothing.
    #[field(kind = "url", max_chars = 500, hint = "An address like https://example.org.")]
    pub website: String,
    /// Its phone number, or nothing.
    #[field(kind = "phone", max_chars = 40)]
    pub phone: String,
    /// Its e-mail address, or nothing.
    #[field(kind = "email", max_chars = 254, label = "E-mail")]
    pub email: String,
    /// Who looks after it; the form offers the users.
    #[field(kind = "select", label = "Owner", hint = "Who looks after this client.")]
    #[sqlx(default)]
    pub owner_id: Option<i64>,
    /// Whether it is there for its owner alone.
    #[field(label = "Private", hint = "Only the owner sees a private client.")]
    #[sqlx(default)]
    pub private: bool,
    /// Its tags, a comma between them. They have a table of their own.
    #[field(column = false, max_chars = 900, check = are_tags, hint = "With commas between them: trade fair, VIP.")]
    #[sqlx(skip)]
    pub tags: String,
    /// What a file knew about it beside the fields, a line each.
    #[field(read_only, kind = "lines")]
    pub notes: String,
    /// When it was changed last.
    #[field(read_only, kind = "hidden")]
    pub updated_at: i64,
}

/// What a form says the tags were when it was shown.
pub const SHOWN_TAGS: &str = "_tags";

/// What is done with clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum ClientAction {
    /// A new one.
    #[action(label = "Add client", right = "edit", success = "client", failure = "client.new")]
    Add,
    /// One that is there.
    #[action(
        label = "Save changes",
        right = "edit",
        success = "client",
        failure = "client.edit",
        message = "The changes have been saved."
    )]
    Save,
}

impl Execute for ClientAction {
    type Adapter = Client;

    async fn execute(self, form: &mut Form<Client>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let now = now_micros();
        form.also("search", form.value().search_text());
        form.also("sort_name", form.value().sort_name());
        form.also("updated_at", now);
        let client = form.value();
        if let Some(sentence) = privacy::refusal(client.private, client.owner_id, viewer(cx)?) {
            form.refuse_in_words(Client::OWNER_ID, sentence);
            return Ok(Done::new());
        }
        if self == Self::Save {
            return save(form, cx, now).await;
        }
        form.also("created_at", now);
        let message = format!("{} has been added.", form.value().name);
        let done = form.save(cx).await?;
        tag(form, cx, now).await?;
        note(form, cx, now, "added", Map::new()).await?;
        Ok(done.message(message))
    }

    async fn after_execute(self, form: &mut Form<Client>, cx: &mut Context<'_>) -> Result<(), PageError> {
        let (id, client) = (form.required_key()?, form.value());
        words::index(cx.tx().await?, Kind::Client, id, &client.searched()).await?;
        Ok(())
    }
}

async fn save(form: &mut Form<Client>, cx: &mut Context<'_>, now: i64) -> Result<Done, PageError> {
    let before = Row::<Client>::find(cx.tx().await?, form.required_key()?).await?.or_not_found()?;
    let done = form.save(cx).await?;
    let mut changed = changes::between(&as_json(before.value()), &as_json(form.value()), &["updated_at", "tags"]);
    if let Some(tags) = tag(form, cx, now).await? {
        changed.insert("tags".to_owned(), json!(tags));
    }
    if changed.remove("owner_id").is_some() {
        let names = [before.value().owner_id, form.value().owner_id];
        let [before, after] = [name_of(names[0], cx).await?, name_of(names[1], cx).await?];
        changed.insert("owner".to_owned(), json!([before, after]));
    }
    if !changed.is_empty() {
        note(form, cx, now, "changed", changed).await?;
    }
    Ok(done)
}

/// Gives the client the tags of the form. Answers those it had and those it has, where that is a change.
async fn tag(form: &Form<Client>, cx: &mut Context<'_>, now: i64) -> Result<Option<[String; 2]>, PageError> {
    if form.is_refused() {
        return Ok(None);
    }
    let (id, shown) = (form.required_key()?, cx.form_param(SHOWN_TAGS).map(str::to_owned));
    let typed = tag_names(&form.value().tags).map_err(PageError::bad_request)?;
    let tx = cx.tx().await?;
    let stored: Vec<String> = tags::of_client(tx, id).await?.into_iter().map(|tag| tag.name).collect();
    let before = tagging::text(stored.iter().map(String::as_str));
    let wanted = tagging::merged(&stored, shown.as_deref().unwrap_or(&before), &typed);
    let change = tags::set_for_client(tx, id, &wanted, now).await?;
    Ok((!change.is_empty()).then(|| [before, tagging::text(wanted.iter().map(String::as_str))]))
}

/// Tags with a comma between them, as they are kept.
fn are_tags(tags: &mut String) -> Result<(), &'static str> {
    *tags = tag_names(tags)?.join(", ");
    Ok(())
}

async fn name_of(user: Option<i64>, cx: &mut Context<'_>) -> Result<String, PageError> {
    let Some(id) = user else { return Ok(String::new()) };
    Ok(colleagues::name(cx.tx().await?, id).await?.unwrap_or_default())
}

fn as_json(client: &Client) -> Value {
    Row::from(client.clone()).seen_by(&Rights::unlimited()).to_json()
}

/// A refused form has done nothing.
async fn note(
    form: &Form<Client>,
    cx: &mut Context<'_>,
    now: i64,
    action: &str,
    changes: Map<String, Value>,
) -> Result<(), PageError> {
    if form.is_refused() {
        return Ok(());
    }
    let (id, who) = (form.required_key()?, actor(cx)?);
    let sentence = if action == "added" { "Added this client.".to_owned() } else { changes::sentence(&changes) };
    let entry = Entry {
        action,
        record_kind: "client",
        record_id: id,
        record_name: &form.value().name,
        changes: changes.into(),
        told: Some((id, &sentence)),
    };
    journal::note(cx.tx().await?, &who, now, entry).await?;
    cx.publish(format!("clients/{id}"), action, &json!({ "by": who.name }));
    Ok(())
}

impl Client {
    /// The folded text a search looks through.
    #[must_use]
    pub fn search_text(&self) -> String {
        fold_all(&self.searched())
    }

    /// The texts it is found by.
    pub(crate) fn searched(&self) -> [&str; 5] {
        [&self.account, &self.name, &self.industry, &self.city, &self.email]
    }

    /// The name as lists are sorted by it: whatever the case.
    #[must_use]
    pub fn sort_name(&self) -> String {
        fold(&self.name)
    }

    /// Binds what a person fills in: account, name, industry, city, website, phone, email.
    pub(crate) fn bind_facts(&self, statement: db::Query) -> db::Query {
        statement
            .bind(&self.account)
            .bind(&self.name)
            .bind(&self.industry)
            .bind(&self.city)
            .bind(&self.website)
            .bind(&self.phone)
            .bind(&self.email)
    }
}

#[cfg(test)]
mod tests {
    use toolcrib::adapter::checked;

    use super::*;

    fn sound() -> Client {
        Client { name: "3M".into(), account: "MMM".into(), ..Client::default() }
    }

    #[test]
    fn fields_are_trimmed() {
        let client = checked(Client {
            name: "  Brown–Forman ".into(),
            account: "\tBF.B\n".into(),
            industry: " Consumer Staples".into(),
            website: " brown-forman.example.com ".into(),
            phone: " +1 502 585-1100 ".into(),
            email: " info@brown-forman.example.com ".into(),
            ..Client::default()
        })
        .unwrap();
        assert_eq!(client.name, "Brown–Forman");
        assert_eq!(client.account, "BF.B");
        assert_eq!(client.industry, "Consumer Staples");
        assert_eq!(client.website, "https://brown-forman.example.com");
        assert_eq!(client.phone, "+1 502 585-1100");
        assert_eq!(client.email, "info@brown-forman.example.com");
    }

    #[test]
    fn all_errors_come_at_once() {
        let wrong = Client {
            name: " ".into(),
            account: "x".repeat(41),
            website: "javascript:alert(1)".into(),
            email: "nobody".into(),
            ..Client::default()
        };
        let errors = checked(wrong).unwrap_err();
        let fields: Vec<_> = errors.iter().map(toolcrib::adapter::FieldError::name).collect();
        assert_eq!(fields, ["name", "account", "website", "email"]);
        assert!(errors.to_string().starts_with("Field Name requires a value. Field Account must have at most 40"));
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        assert!(checked(Client { name: "桜".repeat(200), ..sound() }).is_ok());
        assert!(checked(Client { name: "桜".repeat(201), ..sound() }).is_err());
    }

    #[test]
    fn markup_is_text_and_passes() {
        // Escaping belongs to the templates; refusing `<` would refuse honest names.
        let client = checked(Client { name: "<script>alert(1)</script>".into(), ..sound() }).unwrap();
        assert_eq!(client.name, "<script>alert(1)</script>");
    }
}
