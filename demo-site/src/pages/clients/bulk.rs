//! `POST /clients/bulk`: many clients are tagged, or get another owner, in one commit.

use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;

use super::list::address;
use crate::db::bulk::{self, By, Chosen};
use crate::db::client_list::Matching;
use crate::db::colleagues;
use crate::db::tags;
use crate::domain::client_filter::{ClientFilter, Owner, tag_names};
use crate::pages::filters::grouped;
use crate::pages::{actor, viewer};

/// The most clients whose cards, if somebody looks at them, are told of the change one by one.
const MOST_TOLD: usize = 200;

/// Changes many clients at once.
#[derive(Debug)]
pub(crate) struct ClientsBulkPage;

#[derive(Debug, Deserialize)]
struct BulkForm {
    #[serde(default)]
    ids: Vec<i64>,
    /// All that the query means, whatever is chosen.
    #[serde(default)]
    all: String,
    #[serde(default)]
    query: String,
    #[serde(rename = "do")]
    what: What,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    owner: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Tag,
    Untag,
    Owner,
}

/// What came of it: a sentence, and whom it concerns.
struct Outcome {
    sentence: String,
    changed: Vec<i64>,
}

impl PageModule for ClientsBulkPage {
    const INFO: PageInfo =
        PageInfo::new("clients.bulk", "/clients/bulk").title("Many clients at once").right("edit").post_only();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.redirect("/clients")
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form: BulkForm = cx.form()?;
        let filter = ClientFilter::from_query(&form.query);
        let outcome = match done(cx, &form, &filter).await? {
            Ok(outcome) => outcome,
            Err(refusal) if cx.wants_json() => {
                return cx.json_with(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "errors": { "": [refusal] } }));
            }
            Err(refusal) => Outcome { sentence: refusal, changed: Vec::new() },
        };
        for id in outcome.changed.iter().take(MOST_TOLD) {
            cx.publish(format!("clients/{id}"), "changed", &json!({ "client": id }));
        }
        if cx.wants_json() {
            return cx.json(&json!({ "changed": outcome.changed.len(), "message": outcome.sentence }));
        }
        cx.flash(&outcome.sentence)?;
        cx.redirect(address(&filter.query()))
    }
}

/// Does it, or says in a sentence why not.
async fn done(
    cx: &mut Context<'_>,
    form: &BulkForm,
    filter: &ClientFilter,
) -> Result<Result<Outcome, String>, PageError> {
    let (viewer, actor) = (viewer(cx)?, actor(cx)?);
    let by = By { actor: &actor, viewer, now: now_micros() };
    let tx = cx.tx().await?;
    let clients = if form.all.is_empty() {
        bulk::chosen(tx, &form.ids, viewer).await?
    } else {
        bulk::found(tx, &Matching::new(filter, viewer).searched(&filter.q)).await?
    };
    if clients.is_empty() {
        return Ok(Err("Choose some clients first.".to_owned()));
    }
    if clients.len() > bulk::MOST {
        return Ok(Err("These are more than 5,000 clients. Narrow the list first.".to_owned()));
    }
    match form.what {
        What::Owner => give(tx, &clients, &form.owner, by).await,
        what => tag(tx, &clients, what, &form.tag, by).await,
    }
}

async fn give(
    tx: &mut Conn,
    clients: &[Chosen],
    owner: &str,
    by: By<'_>,
) -> Result<Result<Outcome, String>, PageError> {
    let Some(owner) = Owner::parse(owner) else { return Ok(Err("Choose an owner first.".to_owned())) };
    let id = owner.id(by.viewer);
    let owners = colleagues::offered(tx, None).await?;
    let named = id.and_then(|id| owners.iter().find(|(known, _)| *known == id));
    if id.is_some() && named.is_none() {
        return Ok(Err("There is no such user to give clients to.".to_owned()));
    }
    let changed = bulk::give(tx, clients, named.map(|(id, name)| (*id, name.as_str())), by).await?;
    let mut sentence = match (changed.len(), named) {
        (0, _) => "They have this owner already: nothing was changed.".to_owned(),
        (count, Some((_, name))) => format!("{} now {}.", clients_are(count), possessive(name)),
        (count, None) => format!("{} now nobody’s.", clients_are(count)),
    };
    let private = clients.iter().filter(|client| client.private).count();
    if private > 0 {
        sentence.push_str(" Private clients keep their owner.");
    }
    Ok(Ok(Outcome { sentence, changed }))
}

async fn tag(
    tx: &mut Conn,
    clients: &[Chosen],
    what: What,
    typed: &str,
    by: By<'_>,
) -> Result<Result<Outcome, String>, PageError> {
    let names = match tag_names(typed) {
        Ok(names) => names,
        Err(reason) => return Ok(Err(format!("Field Tag {reason}."))),
    };
    let [name] = names.as_slice() else { return Ok(Err("Name one tag.".to_owned())) };
    let tag = match what {
        What::Untag => tags::named(tx, name).await?,
        _ => Some(tags::made(tx, name, by.now).await?),
    };
    let Some(tag) = tag else { return Ok(Err(format!("There is no tag “{name}”."))) };
    let named = (tag.id, tag.name.as_str());
    let (changed, how) = match what {
        What::Untag => (bulk::untag(tx, clients, named, by).await?, "no longer"),
        _ => (bulk::tag(tx, clients, named, by).await?, "now"),
    };
    let sentence = match (changed.len(), what) {
        (0, What::Untag) => format!("None of them is tagged “{}”.", tag.name),
        (0, _) => format!("They are tagged “{}” already.", tag.name),
        (count, _) => format!("{} {how} tagged “{}”.", clients_are(count), tag.name),
    };
    Ok(Ok(Outcome { sentence, changed }))
}

fn clients_are(count: usize) -> String {
    if count == 1 { "1 client is".to_owned() } else { format!("{} clients are", grouped_count(count)) }
}

fn grouped_count(count: usize) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

/// `Anna’s`, `Boris’`.
fn possessive(name: &str) -> String {
    if name.ends_with(['s', 'x', 'z']) { format!("{name}’") } else { format!("{name}’s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_in_plain_words() {
        assert_eq!(format!("{} now {}.", clients_are(12), possessive("Anna")), "12 clients are now Anna’s.");
        assert_eq!(format!("{} now {}.", clients_are(1), possessive("Boris")), "1 client is now Boris’.");
        assert_eq!(clients_are(1_200), "1,200 clients are");
    }
}
