//! `/pipelines/{id}`: one pipeline, its name and its stages. Everything about them is posted here.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::{Pipeline, PipelineAction, Stage, StageAction};
use crate::db::pipelines;
use crate::pages::filters;

/// One pipeline.
#[derive(Debug)]
pub(crate) struct PipelinePage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "pipelines/record.html")]
struct PipelineRecord {
    id: i64,
    form: Form<Pipeline>,
    /// A stage that is not there yet.
    added: Form<Stage>,
    stages: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    id: i64,
    name: String,
    /// How many deals stand in it.
    deals: i64,
    form: Form<Stage>,
}

impl PageModule for PipelinePage {
    const INFO: PageInfo = PageInfo::new("pipeline", "/pipelines/{id}").title("Pipeline").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let id = cx.path("id")?;
        let rows = cx.read().await?;
        let pipeline = Row::<Pipeline>::find(rows, id).await?.or_not_found()?;
        let deals = pipelines::deals_by_stage(rows, id).await?;
        let limit = u32::try_from(pipelines::MOST_STAGES).unwrap_or(u32::MAX);
        let stages = cx.list_where::<Stage>("pipeline_id = $1", vec![id.into()], limit).await?;
        if cx.wants_json() {
            let mut answer = cx.row::<Pipeline>(pipeline).to_json();
            if let Some(map) = answer.as_object_mut() {
                map.insert("stages".to_owned(), stages.iter().map(Row::to_json).collect::<Vec<_>>().into());
            }
            return cx.json(&answer);
        }
        let address = format!("/pipelines/{id}");
        let mut lines = Vec::new();
        for stage in stages {
            let (key, name) = (stage.key().unwrap_or_default(), stage.value().name.clone());
            let deals = deals.iter().find(|(stage, _)| *stage == key).map_or(0, |(_, deals)| *deals);
            lines.push(Line { id: key, name, deals, form: cx.form_of(stage).to(&address) });
        }
        let form = cx.form_of(pipeline).to(&address);
        let added = cx.form_of(Stage { pipeline_id: id, ..Stage::default() }).to(&address);
        cx.render(PipelineRecord { id, form, added, stages: lines })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let id = cx.path("id")?;
        let pipeline = Row::<Pipeline>::find(cx.read().await?, id).await?.or_not_found()?;
        let action = cx.form_param("_action").unwrap_or("save").to_owned();
        let (form, stage) = (cx.form_of(pipeline), cx.form_of(Stage::default()));
        match action.as_str() {
            "save" => cx.execute_action(PipelineAction::Save, form).await,
            "remove" => cx.execute_action(PipelineAction::Remove, form).await,
            "up" => cx.execute_action(PipelineAction::Up, form).await,
            "down" => cx.execute_action(PipelineAction::Down, form).await,
            "add_stage" => cx.execute_action(StageAction::AddStage, stage).await,
            // The form says which stage: a line of the table each.
            _ => cx.execute::<StageAction>(stage.of_any_row()).await,
        }
    }
}

impl PipelineRecord {
    /// The stages the deals of one that is removed can go to.
    fn others(&self, id: &i64) -> Vec<(i64, &str)> {
        self.stages.iter().filter(|line| line.id != *id).map(|line| (line.id, line.name.as_str())).collect()
    }

    fn total(&self) -> i64 {
        self.stages.iter().map(|line| line.deals).sum()
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<PipelineRecord>(
        "pipelines/record.html",
        include_str!("../../../../templates/pipelines/record.samples.json"),
    )
}
