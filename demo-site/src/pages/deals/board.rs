//! `/deals?pipeline=ID`: the board, and where new deals are posted to. `/deals?stage=ID` is one column as a list.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{form, list};
use crate::adapters::DealAction;
use crate::db::clients;
use crate::db::deals::{self, Card, Sum, Wanted};
use crate::db::pipelines::{self, Pipeline, Stage};
use crate::pages::{filters, viewer};

/// The board of a pipeline.
#[derive(Debug)]
pub(crate) struct DealsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "deals/board.html", blocks = ["board"])]
pub(super) struct DealsBoard {
    pipeline: i64,
    pipelines: Vec<Pipeline>,
    columns: Vec<Column>,
    mine: bool,
    q: String,
    /// What stood in the way of a move.
    notice: Option<String>,
}

/// A stage with its cards.
#[derive(Debug, Deserialize)]
struct Column {
    stage: Stage,
    /// Of the whole column, a currency each.
    sums: Vec<Sum>,
    /// The first of them.
    cards: Vec<Card>,
}

impl PageModule for DealsPage {
    const INFO: PageInfo = PageInfo::new("deals", "/deals").title("Deals").login_required().in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        if let Some(stage) = cx.query_param("stage") {
            let stage = stage.parse().ok().or_not_found()?;
            return list::show(stage, cx).await;
        }
        let asked = match cx.query_param("pipeline") {
            Some(text) => Some(text.parse().ok().or_not_found()?),
            None => None,
        };
        let board = board(asked, None, cx).await?;
        if cx.wants_json() {
            return cx.json(&board.to_json());
        }
        cx.render_part(&board, &board.as_board())
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let client: Option<i64> = cx.form_param("client_id").and_then(|text| text.parse().ok());
        if let Some(client) = client {
            let viewer = viewer(cx)?;
            // Before the people at the client are offered.
            if !clients::is_there(cx.read().await?, client, viewer).await? {
                return Err(PageError::NotFound);
            }
        }
        let form = form::new_deal(client, cx).await?;
        cx.execute_action(DealAction::Add, form).await
    }
}

/// What the address asks for beside the pipeline: everybody's or mine, and a text.
pub(super) fn wanted(cx: &Context<'_>) -> Result<(Wanted, bool, String), PageError> {
    let mine = cx.query_param("who") == Some("mine");
    let q: String = cx.query_param("q").unwrap_or_default().trim().chars().take(200).collect();
    Ok((Wanted::new(viewer(cx)?, mine, &q), mine, q))
}

/// The board of a pipeline, of the first one where none is named.
///
/// # Errors
/// [`PageError::NotFound`] where there is no such pipeline.
pub(super) async fn board(
    asked: Option<i64>,
    notice: Option<String>,
    cx: &mut Context<'_>,
) -> Result<DealsBoard, PageError> {
    let (wanted, mine, q) = wanted(cx)?;
    let rows = cx.read().await?;
    let pipelines = pipelines::all(rows).await?;
    let pipeline = match asked {
        Some(id) => pipelines.iter().find(|pipeline| pipeline.id == id).or_not_found()?.id,
        None => pipelines.first().map(|pipeline| pipeline.id).unwrap_or_default(),
    };
    let stages = pipelines::stages(rows, pipeline).await?;
    let sums = deals::sums(rows, &stages, &wanted).await?;
    let mut cards = deals::cards(rows, &stages, &wanted).await?;
    let columns = stages
        .into_iter()
        .map(|stage| Column {
            sums: sums.iter().filter(|sum| sum.stage_id == stage.id).cloned().collect(),
            cards: cards.extract_if(.., |card| card.stage_id == stage.id).collect(),
            stage,
        })
        .collect();
    Ok(DealsBoard { pipeline, pipelines, columns, mine, q, notice })
}

impl DealsBoard {
    fn to_json(&self) -> serde_json::Value {
        let column = |column: &Column| {
            json!({
                "id": column.stage.id,
                "name": column.stage.name,
                "outcome": column.stage.outcome,
                "total": column.deals(),
                "deals": column.cards,
            })
        };
        json!({ "pipeline": self.pipeline, "stages": self.columns.iter().map(column).collect::<Vec<_>>() })
    }

    fn is_narrowed(&self) -> bool {
        self.mine || !self.q.is_empty()
    }

    /// Where a deal can be moved to.
    fn stages(&self) -> Vec<(i64, String)> {
        self.columns.iter().map(|column| (column.stage.id, column.stage.name.clone())).collect()
    }

    fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.cards.is_empty())
    }

    fn name(&self) -> &str {
        let this = self.pipelines.iter().find(|pipeline| pipeline.id == self.pipeline);
        this.map_or("", |pipeline| pipeline.name.as_str())
    }

    /// What the filters add to an address of the same board or one of its columns.
    fn narrowing(&self) -> String {
        let mut query = String::new();
        if self.mine {
            query.push_str("&who=mine");
        }
        if !self.q.is_empty() {
            query.push_str("&q=");
            query.extend(url::form_urlencoded::byte_serialize(self.q.as_bytes()));
        }
        query
    }
}

impl Column {
    fn deals(&self) -> i64 {
        self.sums.iter().map(|sum| sum.deals).sum()
    }

    /// How many there are beside the cards shown.
    fn more(&self) -> i64 {
        self.deals() - i64::try_from(self.cards.len()).unwrap_or_default()
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<DealsBoard>("deals/board.html", include_str!("../../../../templates/deals/board.samples.json"))
}
