//! `/deals?stage=ID`: all deals of a column, by the page.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::board::wanted;
use crate::db::deals::{self, Card, PAGE};
use crate::db::pipelines::{self, Stage};
use crate::pages::filters;

#[derive(Debug, Deserialize, Template)]
#[template(path = "deals/list.html")]
struct DealList {
    stage: Stage,
    deals: Vec<Card>,
    total: i64,
    page: i64,
    pages: i64,
    mine: bool,
    q: String,
}

/// Answers the list of a stage.
///
/// # Errors
/// [`PageError::NotFound`] where there is no such stage.
pub(super) async fn show(stage: i64, cx: &mut Context<'_>) -> PageResult {
    let (wanted, mine, q) = wanted(cx)?;
    let asked = cx.query_param("page").and_then(|text| text.parse::<i64>().ok()).unwrap_or(1);
    let rows = cx.read().await?;
    let stage = pipelines::stage(rows, stage).await?.or_not_found()?;
    let sums = deals::sums(rows, std::slice::from_ref(&stage), &wanted).await?;
    let total: i64 = sums.iter().map(|sum| sum.deals).sum();
    let pages = (total.saturating_add(PAGE - 1) / PAGE).max(1);
    let page = asked.clamp(1, pages);
    let deals = deals::page(rows, &stage, &wanted, page).await?;
    if cx.wants_json() {
        return cx.json(&json!({ "deals": deals, "page": page, "pages": pages, "total": total }));
    }
    cx.render(DealList { stage, deals, total, page, pages, mine, q })
}

impl DealList {
    fn href(&self, page: i64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("stage", &self.stage.id.to_string());
        if self.mine {
            query.append_pair("who", "mine");
        }
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        query.append_pair("page", &page.to_string());
        format!("/deals?{}", query.finish())
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<DealList>("deals/list.html", include_str!("../../../../templates/deals/list.samples.json"))
}
