//! `/pipelines`: all of them in their order, and a new one.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::{Pipeline, PipelineAction};
use crate::db::pipelines;
use crate::pages::filters;

/// All pipelines.
#[derive(Debug)]
pub(crate) struct PipelinesPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "pipelines/list.html")]
struct PipelineList {
    form: Form<Pipeline>,
    pipelines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    id: i64,
    name: String,
    stages: i64,
    /// What moves it up and down.
    form: Form<Pipeline>,
}

impl PageModule for PipelinesPage {
    const INFO: PageInfo = PageInfo::new("pipelines", "/pipelines").title("Pipelines").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let all = pipelines::all(cx.read().await?).await?;
        if cx.wants_json() {
            let all: Vec<_> = all.iter().map(|pipeline| json!({ "id": pipeline.id, "name": pipeline.name })).collect();
            return cx.json(&json!({ "pipelines": all }));
        }
        let mut lines = Vec::new();
        for pipeline in all {
            let row = Row::stored(Pipeline { name: pipeline.name.clone() }, pipeline.id, Some(pipeline.version));
            let form = cx.form_of(row).to(format!("/pipelines/{}", pipeline.id));
            lines.push(Line { id: pipeline.id, name: pipeline.name, stages: pipeline.stages, form });
        }
        let form = cx.form_of(Pipeline::default()).to("/pipelines");
        cx.render(PipelineList { form, pipelines: lines })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Pipeline::default());
        cx.execute_action(PipelineAction::Add, form).await
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<PipelineList>(
        "pipelines/list.html",
        include_str!("../../../../templates/pipelines/list.samples.json"),
    )
}
