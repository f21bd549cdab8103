//! `/merges`, `/merges/{merge}`: what was merged, and the way back.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{filters, sides, viewer};
use crate::db::bulk::By;
use crate::db::merges::{self, Facts, Merge, Moved, Side, Undone};
use crate::pages::actor;

/// The latest merges.
#[derive(Debug)]
pub(crate) struct MergesPage;

/// One merge: what was done, and the button that undoes it.
#[derive(Debug)]
pub(crate) struct MergePage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "merges/list.html")]
struct MergeList {
    merges: Vec<Merge>,
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "merges/merge.html")]
struct OneMerge {
    merge: Merge,
    moved: Vec<Moved>,
    #[serde(default)]
    problem: String,
}

/// A field that the merge changed.
#[derive(Debug, PartialEq, Eq)]
struct Changed {
    label: &'static str,
    before: String,
    after: String,
}

impl PageModule for MergesPage {
    const INFO: PageInfo = PageInfo::new("merges", "/merges").title("Merges").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        let merges = merges::latest(cx.read().await?, viewer).await?;
        if cx.wants_json() {
            let merges: Vec<_> = merges.iter().map(as_json).collect();
            return cx.json(&json!({ "merges": merges }));
        }
        cx.render(MergeList { merges })
    }
}

impl PageModule for MergePage {
    const INFO: PageInfo = PageInfo::new("merge", "/merges/{merge}").title("Merge").right("edit").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let merge = merge_of(cx).await?;
        if cx.wants_json() {
            return cx.json(&as_json(&merge));
        }
        let moved = merges::moved_by(cx.read().await?, merge.id).await?;
        cx.render(OneMerge { merge, moved, problem: String::new() })
    }

    /// Undoes it.
    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let merge = merge_of(cx).await?;
        let (viewer, actor) = (viewer(cx)?, actor(cx)?);
        let by = By { actor: &actor, viewer, now: now_micros() };
        match merges::undo(cx.tx().await?, &merge, by).await? {
            Undone::Done { missing } => {
                for id in [merge.kept_id, merge.gone_id] {
                    cx.publish(format!("clients/{id}"), "changed", &json!({ "client": id }));
                }
                if !cx.wants_json() {
                    cx.flash(&undone(&merge, missing))?;
                }
            }
            Undone::Already => {}
            Undone::Lost => return Err(PageError::retry("the kept client was changed in this moment")),
            Undone::Changed => return refused(cx, merge).await,
        }
        if cx.wants_json() {
            return cx.json(&json!({ "id": merge.id }));
        }
        cx.redirect(format!("/merges/{}", merge.id))
    }
}

/// The merge of the page's address, if both clients are the visitor's to see.
async fn merge_of(cx: &mut Context<'_>) -> Result<Merge, PageError> {
    let (id, viewer) = (cx.path("merge")?, viewer(cx)?);
    merges::find(cx.read().await?, id, viewer).await?.or_not_found()
}

fn undone(merge: &Merge, missing: i64) -> String {
    let names = format!("{} and {} are two clients again.", merge.kept_name, merge.gone_name);
    match missing {
        0 => names,
        1 => format!("{names} One record was not moved back: it is not there any more, or belongs to another client."),
        _ => format!(
            "{names} {missing} records were not moved back: they are not there any more, or belong to other clients."
        ),
    }
}

/// Nothing was undone, and why.
async fn refused(cx: &mut Context<'_>, merge: Merge) -> PageResult {
    let problem = match merge.kept_merged_into {
        Some(_) => format!("{} was merged into another client since. Undo that merge first.", merge.kept_name),
        None => format!(
            "{} was changed since. Undoing would lose that change, so nothing was undone. Add the other client by hand if you need it.",
            merge.kept_name
        ),
    };
    if cx.wants_json() {
        return cx.json_with(StatusCode::CONFLICT, &json!({ "errors": { "": [problem] } }));
    }
    let moved = merges::moved_by(cx.read().await?, merge.id).await?;
    cx.render_with(StatusCode::CONFLICT, OneMerge { merge, moved, problem })
}

fn as_json(merge: &Merge) -> serde_json::Value {
    json!({
        "id": merge.id,
        "kept": merge.kept_id,
        "gone": merge.gone_id,
        "merged_at": merge.merged_at,
        "undone_at": merge.undone_at,
    })
}

impl OneMerge {
    /// The fields of the kept client that the merge changed.
    fn changed(&self) -> Vec<Changed> {
        let before = self.merge.before();
        // Owners are known by their ids only.
        let side = |facts: &Facts| Side { facts: facts.clone(), ..Side::default() };
        let (was, is) = (side(&before.kept), side(&before.chosen));
        sides::FIELDS
            .into_iter()
            .filter(|(name, _)| *name != "owner")
            .map(|(name, label)| Changed { label, before: sides::text(&was, name), after: sides::text(&is, name) })
            .filter(|field| field.before != field.after)
            .collect()
    }

    fn may_undo(&self) -> bool {
        self.merge.undone_at.is_none()
    }

    fn gone_account(&self) -> String {
        self.merge.before().gone.account
    }
}

/// The templates' samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder
        .preview::<MergeList>("merges/list.html", include_str!("../../../../templates/merges/list.samples.json"))
        .preview::<OneMerge>("merges/merge.html", include_str!("../../../../templates/merges/merge.samples.json"))
}
