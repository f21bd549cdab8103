//! `/clients/{id}/merge/{other}`: two clients side by side, and what is to become of them.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::sides::{self, Choice, Line};
use super::viewer;
use crate::db::bulk::By;
use crate::db::merges::{self, Side};
use crate::pages::actor;

/// The longest text of a field that a form brings back to compare with.
const MOST_BROUGHT_BACK: usize = 20_000;

/// Merges the client `other` into the client `id`.
#[derive(Debug)]
pub(crate) struct ComparePage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "merges/compare.html")]
struct Compare {
    kept: Side,
    gone: Side,
    lines: Vec<Line>,
    moving: Vec<(String, i64)>,
    /// Whether somebody changed one of them while this was looked at.
    #[serde(default)]
    is_stale: bool,
}

impl PageModule for ComparePage {
    const INFO: PageInfo = PageInfo::new("client.merge", "/clients/{id}/merge/{other}")
        .title("Merge clients")
        .right("edit")
        .accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, other, viewer) = asked(cx)?;
        let rows = cx.read().await?;
        let (Some(kept), Some(gone)) =
            (merges::side(rows, id, viewer).await?, merges::side(rows, other, viewer).await?)
        else {
            return done_before(cx, id, other, viewer).await;
        };
        let moving = merges::moving(rows, gone.id).await?;
        if cx.wants_json() {
            return cx.json(&json!({ "version": kept.version, "other_version": gone.version, "moving": moving }));
        }
        let lines = sides::lines(&kept, &gone, |_| None);
        cx.render(Compare { kept, gone, lines, moving, is_stale: false })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, other, viewer) = asked(cx)?;
        let actor = actor(cx)?;
        let now = now_micros();
        let tx = cx.tx().await?;
        let (Some(kept), Some(gone)) = (merges::side(tx, id, viewer).await?, merges::side(tx, other, viewer).await?)
        else {
            return done_before(cx, id, other, viewer).await;
        };
        let version = |name| cx.form_param(name).and_then(|version| version.parse::<i64>().ok());
        let (Some(version), Some(other_version)) = (version("version"), version("other_version")) else {
            return Err(PageError::bad_request("The form does not say which versions it is of."));
        };
        let lines = sides::lines(&kept, &gone, |name| choice(cx.form_param(name)));
        if (version, other_version) != (kept.version, gone.version) {
            return stale(cx, kept, gone, lines).await;
        }
        let chosen = sides::chosen(&kept, &gone, &lines);
        let by = By { actor: &actor, viewer, now };
        let Some(merge) = merges::merge(cx.tx().await?, &kept, &gone, &chosen, by).await? else {
            return Err(PageError::retry("one of the clients was changed in this moment"));
        };
        for id in [id, other] {
            cx.publish(format!("clients/{id}"), "merged", &json!({ "client": id, "into": kept.id }));
        }
        if !cx.wants_json() {
            cx.flash(&format!("{} is part of {} now.", gone.facts.name, chosen.name))?;
        }
        done(cx, id, merge)
    }
}

/// Which two, and who asks. One client is not two.
fn asked(cx: &Context<'_>) -> Result<(i64, i64, i64), PageError> {
    let (id, other) = (cx.path("id")?, cx.path("other")?);
    if id == other { Err(PageError::NotFound) } else { Ok((id, other, viewer(cx)?)) }
}

fn choice(text: Option<&str>) -> Option<Choice> {
    match text? {
        "left" => Some(Choice::Left),
        "right" => Some(Choice::Right),
        "both" => Some(Choice::Both),
        _ => None,
    }
}

/// Whoever sends the same form again is led to what came of it.
async fn done_before(cx: &mut Context<'_>, id: i64, other: i64, viewer: i64) -> PageResult {
    let merge = merges::of_gone(cx.read().await?, id, other, viewer).await?.or_not_found()?;
    done(cx, id, merge.id)
}

fn done(cx: &Context<'_>, id: i64, merge: i64) -> PageResult {
    if cx.wants_json() {
        return cx.json(&json!({ "id": id, "merge": merge }));
    }
    cx.redirect(format!("/merges/{merge}"))
}

/// The page again, with what changed since it was shown; nothing was written.
async fn stale(cx: &mut Context<'_>, kept: Side, gone: Side, mut lines: Vec<Line>) -> PageResult {
    if cx.wants_json() {
        let errors = json!({ "errors": { "version": ["One of the clients was changed by another user."] } });
        return cx.json_with(StatusCode::CONFLICT, &errors);
    }
    for line in &mut lines {
        let was = |side: &str, now: &str| {
            let was = cx.form_param(&format!("{side}_{}", line.name))?.replace("\r\n", "\n");
            (was != now && was.len() <= MOST_BROUGHT_BACK).then_some(was)
        };
        let (left_was, right_was) = (was("left", &line.left), was("right", &line.right));
        (line.left_was, line.right_was) = (left_was, right_was);
    }
    let moving = merges::moving(cx.read().await?, gone.id).await?;
    cx.render_with(StatusCode::CONFLICT, Compare { kept, gone, lines, moving, is_stale: true })
}

impl Compare {
    /// What there is to move, in words.
    fn moved(&self) -> Vec<&(String, i64)> {
        self.moving.iter().filter(|(_, records)| *records > 0).collect()
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Compare>("merges/compare.html", include_str!("../../../../templates/merges/compare.samples.json"))
}
