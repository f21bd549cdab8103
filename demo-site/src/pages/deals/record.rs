//! `/deals/{id}`: one deal, what happened with it, and where its changes are posted to.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{deal_of, form};
use crate::adapters::{Deal, DealAction};
use crate::db::deals::{self, Activity, Around, Change};
use crate::db::pipelines::{self, Stage};
use crate::pages::filters;

/// How many rows each of the two lists has.
const ROWS: i64 = 20;

/// One deal.
#[derive(Debug)]
pub(crate) struct DealPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "deals/record.html")]
struct DealRecord {
    id: i64,
    deal: Row<Deal>,
    around: Around,
    /// Those of its pipeline.
    stages: Vec<Stage>,
    activities: Vec<Activity>,
    history: Vec<Change>,
}

impl PageModule for DealPage {
    const INFO: PageInfo = PageInfo::new("deal", "/deals/{id}").title("Deal").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, deal) = deal_of(cx).await?;
        let deal = cx.row(deal);
        if cx.wants_json() {
            return cx.json(&deal.to_json());
        }
        let rows = cx.read().await?;
        let around = deals::around(rows, id).await?.or_not_found()?;
        let stages = pipelines::stages(rows, around.pipeline_id).await?;
        let activities = deals::activities(rows, id, ROWS).await?;
        let history = deals::history(rows, id, ROWS).await?;
        cx.render(DealRecord { id, deal, around, stages, activities, history })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (_, stored) = deal_of(cx).await?;
        let form = cx.form_of(stored);
        let form = form::offering(form, cx).await?;
        // A program that names no action saves.
        match cx.form_param("_action") {
            Some("remove") => cx.execute_action(DealAction::Remove, form).await,
            _ => cx.execute_action(DealAction::Save, form).await,
        }
    }
}

impl DealRecord {
    /// Where it can be moved to.
    fn targets(&self) -> Vec<(i64, String)> {
        self.stages.iter().map(|stage| (stage.id, stage.name.clone())).collect()
    }

    fn stage_id(&self) -> i64 {
        self.deal.value().stage_id.unwrap_or_default()
    }

    /// What a line of the history says.
    fn told(&self, change: &Change) -> String {
        let changes: serde_json::Value = serde_json::from_str(&change.changes).unwrap_or_default();
        let stage = |index: usize| changes.pointer(&format!("/stage/{index}")).and_then(serde_json::Value::as_str);
        match (change.action.as_str(), stage(0), stage(1)) {
            ("moved", Some(from), Some(to)) => format!("Moved from {from} to {to}"),
            ("moved", None, Some(to)) => format!("Moved to {to}"),
            ("added", _, Some(to)) => format!("Added in {to}"),
            ("added", ..) => "Added".to_owned(),
            _ => {
                let fields = changes.as_object().map(|fields| fields.keys().map(|field| name_of(field)).collect());
                let fields: Vec<&str> = fields.unwrap_or_default();
                if fields.is_empty() { "Changed".to_owned() } else { format!("Changed {}", fields.join(", ")) }
            }
        }
    }
}

/// A field as a sentence names it.
fn name_of(field: &str) -> &str {
    match field {
        "person_id" => "contact",
        "amount_minor" => "amount",
        "expected_at" => "expected day",
        "owner_id" => "owner",
        other => other,
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<DealRecord>("deals/record.html", include_str!("../../../../templates/deals/record.samples.json"))
}
