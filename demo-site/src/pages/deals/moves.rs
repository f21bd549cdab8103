//! `/deals/{id}/move`: into another stage, or to another place of its own.

use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;

use super::{board, deal_of};
use crate::adapters::Deal;
use crate::adapters::deal::tell;
use crate::db::deals::{self, Held};
use crate::db::journal::{self, Entry};
use crate::db::pipelines::{self, Stage};
use crate::pages::{actor, viewer};

/// Where a deal is moved by a form or by the board's script.
#[derive(Debug)]
pub(crate) struct DealMovePage;

/// What is asked for.
#[derive(Debug, Deserialize)]
struct Asked {
    stage: i64,
    /// The deal to stand behind; blank for the top.
    #[serde(default)]
    after: String,
    /// The version of the deal that was seen.
    version: i64,
    /// `deal` where the form stands on the deal's own page.
    #[serde(default)]
    from: String,
}

/// What came of it.
enum Outcome {
    /// It stands there now, or did already.
    Done(Held, i64),
    /// Somebody was faster.
    Stale,
}

impl PageModule for DealMovePage {
    const INFO: PageInfo = PageInfo::new("deal.move", "/deals/{id}/move").title("Move deal").right("edit").post_only();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Err(PageError::MethodNotAllowed)
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let asked: Asked = cx.form()?;
        // Whether it is there is nothing a lock is needed for.
        let (id, _) = deal_of(cx).await?;
        let after = match asked.after.trim() {
            "" => None,
            text => Some(text.parse().map_err(|_| PageError::bad_request("After which deal?"))?),
        };
        // The stage first: whoever removes one holds it before its deals.
        let stage = pipelines::hold_stage(cx.tx().await?, asked.stage).await?;
        let Some(stage) = stage else { return stale(id, "That stage is not there any more.".to_owned(), cx).await };
        match carried_out(id, &stage, after, asked.version, cx).await? {
            Outcome::Done(held, version) => answer(&held, &stage, version, &asked.from, cx),
            Outcome::Stale => {
                let sentence = who_was_faster(id, cx).await?;
                stale(id, sentence, cx).await
            }
        }
    }
}

async fn carried_out(
    id: i64,
    stage: &Stage,
    after: Option<i64>,
    version: i64,
    cx: &mut Context<'_>,
) -> Result<Outcome, PageError> {
    let (viewer, now) = (viewer(cx)?, now_micros());
    let tx = cx.tx().await?;
    let held = deals::hold(tx, id, viewer).await?.or_not_found()?;
    if let Some(after) = after
        && !deals::is_there(tx, after, viewer).await?
    {
        return Ok(Outcome::Stale);
    }
    // The same move sent twice: the first has done it.
    if deals::has_place(tx, &held, stage.id, after).await? {
        let version = held.version;
        return Ok(Outcome::Done(held, version));
    }
    if held.version != version {
        return Ok(Outcome::Stale);
    }
    let Some(position) = deals::place_after(tx, stage.id, after, Some(id)).await? else { return Ok(Outcome::Stale) };
    let closed_at = stage.is_closed().then_some(now);
    let version = deals::put(tx, &held, (stage.id, position), closed_at, now).await?;
    note(&held, stage, position, cx, now).await?;
    Ok(Outcome::Done(held, version))
}

async fn note(held: &Held, stage: &Stage, position: i64, cx: &mut Context<'_>, now: i64) -> Result<(), PageError> {
    let actor = actor(cx)?;
    let tx = cx.tx().await?;
    let moved = held.stage_id != stage.id;
    let from = if moved { pipelines::stage(tx, held.stage_id).await? } else { None };
    let left = from.as_ref().map_or("", |stage| stage.name.as_str());
    let sentence = format!("Moved “{}” from {left} to {}", held.title, stage.name);
    let entry = Entry {
        action: if moved { "moved" } else { "reordered" },
        record_kind: "deal",
        record_id: held.id,
        record_name: &held.title,
        changes: match moved {
            true => json!({ "stage": [left, stage.name] }),
            false => json!({ "position": [held.position, position] }),
        },
        told: moved.then_some((held.client_id, sentence.as_str())),
    };
    journal::note(tx, &actor, now, entry).await?;
    let mut pipelines = vec![stage.pipeline_id];
    pipelines.extend(from.filter(|from| from.pipeline_id != stage.pipeline_id).map(|from| from.pipeline_id));
    tell(cx, "moved", held.client_id, &pipelines, &actor.name);
    Ok(())
}

fn answer(held: &Held, stage: &Stage, version: i64, from: &str, cx: &mut Context<'_>) -> PageResult {
    if cx.wants_json() || cx.wants_fragment() {
        return cx.json(&json!({ "id": held.id, "stage": stage.id, "version": version }));
    }
    if held.stage_id != stage.id {
        cx.flash(&format!("{} is in {} now.", held.title, stage.name))?;
    }
    if from == "deal" {
        return cx.redirect(format!("/deals/{}", held.id));
    }
    cx.redirect(format!("/deals?pipeline={}", stage.pipeline_id))
}

/// Who changed the deal last, in a sentence.
async fn who_was_faster(id: i64, cx: &mut Context<'_>) -> Result<String, PageError> {
    let tx = cx.tx().await?;
    let around = deals::around(tx, id).await?.or_not_found()?;
    let last = deals::history(tx, id, 1).await?.into_iter().next();
    Ok(match last {
        Some(last) if last.action == "moved" => format!("{} moved it to {} a moment ago.", last.actor, around.stage),
        Some(last) => format!("{} changed it a moment ago; it is in {}.", last.actor, around.stage),
        None => format!("Somebody changed it a moment ago; it is in {}.", around.stage),
    })
}

/// 409: what it is now, and why nothing was moved.
async fn stale(id: i64, sentence: String, cx: &mut Context<'_>) -> PageResult {
    let (_, deal) = deal_of(cx).await?;
    if cx.wants_json() || cx.wants_fragment() {
        let card = cx.row::<Deal>(deal).to_json();
        let answer = json!({ "errors": { "version": [sentence] }, "card": card });
        return cx.json_with(StatusCode::CONFLICT, &answer);
    }
    let pipeline = deals::around(cx.tx().await?, id).await?.map(|around| around.pipeline_id);
    let sentence = format!("“{}” was not moved: {sentence}", deal.value().title);
    let board = board::board(pipeline, Some(sentence), cx).await?;
    cx.render_with(StatusCode::CONFLICT, board)
}
