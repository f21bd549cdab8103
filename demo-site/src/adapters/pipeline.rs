//! A pipeline and its stages: what an administrator arranges.

use serde_json::json;
use toolcrib::prelude::*;

use super::changes::changes;
use crate::db::pipelines::{self, MOST_PIPELINES, MOST_STAGES, Ordered};
use crate::pages::actor;

/// A pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(table = "pipelines", version = "version")]
pub struct Pipeline {
    /// Its name.
    #[field(required, unique, max_chars = 60)]
    pub name: String,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(table = "stages", version = "version", sort(place = "position"))]
pub struct Stage {
    /// Its name, of its own in the pipeline.
    #[field(required, max_chars = 40)]
    pub name: String,
    /// What part of a deal's worth the forecast counts.
    #[field(min = 0, max = 100, label = "Probability in %")]
    pub probability: i64,
    /// Whether a deal that stands here is over.
    #[field(required)]
    pub outcome: Outcome,
    /// The pipeline it belongs to.
    #[field(read_only, kind = "hidden")]
    pub pipeline_id: i64,
}

/// What became of a deal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
pub enum Outcome {
    /// Nothing yet.
    #[default]
    Open,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
}

/// What is done with pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum PipelineAction {
    /// A new one.
    #[action(label = "Add pipeline", right = "admin", success = "pipeline", failure = "pipelines")]
    Add,
    /// Another name.
    #[action(label = "Save name", right = "admin", success = "pipeline", message = "The name has been saved.")]
    Save,
    /// One that has no deals.
    #[action(label = "Remove pipeline", right = "admin", no_fields, danger)]
    Remove,
    /// One place further up.
    #[action(label = "Up", right = "admin", success = "pipelines", failure = "pipelines", no_fields)]
    Up,
    /// One place further down.
    #[action(label = "Down", right = "admin", success = "pipelines", failure = "pipelines", no_fields)]
    Down,
}

/// What is done with stages, all of it on their pipeline's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum StageAction {
    /// A new one, the last.
    #[action(label = "Add stage", right = "admin", message = "The stage has been added.")]
    AddStage,
    /// Another name, probability, outcome.
    #[action(label = "Save", right = "admin", message = "The stage has been saved.")]
    SaveStage,
    /// One place earlier.
    #[action(label = "Earlier", right = "admin", no_fields)]
    Earlier,
    /// One place later.
    #[action(label = "Later", right = "admin", no_fields)]
    Later,
    /// It is gone; its deals go to another.
    #[action(label = "Remove", right = "admin", no_fields, danger)]
    RemoveStage,
}

impl Execute for PipelineAction {
    type Adapter = Pipeline;

    async fn execute(self, form: &mut Form<Pipeline>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let (actor, now) = (actor(cx)?, now_micros());
        let before = stored::<Pipeline>(form.key(), cx).await?;
        let (done, action, changes) = match self {
            Self::Add => (add_pipeline(form, cx, now).await?, "added", json!({})),
            Self::Save => {
                form.also("updated_at", now);
                let changed = changes(&before, form.value(), &[]);
                (form.save(cx).await?, "changed", changed.into())
            }
            Self::Remove => (remove_pipeline(form, cx).await?, "removed", json!({})),
            Self::Up | Self::Down => {
                let done = step(form, Ordered::Pipeline, self == Self::Up, cx, now).await?;
                (done, "moved", json!({}))
            }
        };
        let (Some(id), false) = (form.key(), form.is_refused()) else { return Ok(done) };
        let name = if before.name.is_empty() { &form.value().name } else { &before.name };
        pipelines::note(cx.tx().await?, &actor, now, (action, "pipeline"), (id, name), changes).await?;
        Ok(done)
    }
}

async fn add_pipeline(form: &mut Form<Pipeline>, cx: &mut Context<'_>, now: i64) -> Result<Done, PageError> {
    let tx = cx.tx().await?;
    if pipelines::count(tx, Ordered::Pipeline).await? >= MOST_PIPELINES {
        form.refuse_all(format!("There are {MOST_PIPELINES} pipelines already, and no more fit on a page."));
    }
    form.also("position", pipelines::last_position(tx, Ordered::Pipeline).await?);
    form.also("created_at", now);
    form.also("updated_at", now);
    let done = form.save(cx).await?;
    if let (Some(id), false) = (form.key(), form.is_refused()) {
        pipelines::begin(cx.tx().await?, id, now).await?;
    }
    let message = format!("{} has been added, with stages to begin with.", form.value().name);
    Ok(done.message(message))
}

async fn remove_pipeline(form: &mut Form<Pipeline>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let (id, name) = (form.required_key()?, form.value().name.clone());
    let tx = cx.tx().await?;
    for (stage, _) in pipelines::deals_by_stage(tx, id).await? {
        pipelines::hold_stage(tx, stage).await?;
    }
    let deals: i64 = pipelines::deals_by_stage(tx, id).await?.iter().map(|(_, deals)| deals).sum();
    if deals > 0 {
        form.refuse_all(format!("{} in this pipeline. Move them to another one first.", there_are(deals)));
    } else if pipelines::count(tx, Ordered::Pipeline).await? < 2 {
        form.refuse_all("This is the only pipeline: deals need one.");
    }
    Ok(form.remove(cx).await?.to("/pipelines").message(format!("{name} has been removed.")))
}

impl Execute for StageAction {
    type Adapter = Stage;

    async fn before_execute(self, form: &mut Form<Stage>, cx: &mut Context<'_>) -> Result<Flow, PageError> {
        let pipeline: i64 = cx.path("id")?;
        // Whoever changes the stages of a pipeline takes turns: their names and order are of them all.
        pipelines::hold(cx.tx().await?, pipeline).await?.or_not_found()?;
        match form.key() {
            // The form says which stage; it is one of this page's pipeline or not there.
            Some(id) => {
                let stage = pipelines::hold_stage(cx.tx().await?, id).await?;
                stage.filter(|stage| stage.pipeline_id == pipeline).or_not_found()?;
            }
            None if self == Self::AddStage => form.value_mut().pipeline_id = pipeline,
            None => return Err(PageError::bad_request("The form does not say which stage it is of.")),
        }
        Ok(Flow::Continue)
    }

    async fn execute(self, form: &mut Form<Stage>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let (actor, now) = (actor(cx)?, now_micros());
        let pipeline: i64 = cx.path("id")?;
        let before = stored::<Stage>(form.key(), cx).await?;
        let (done, action, changes) = match self {
            Self::AddStage => (add_stage(form, pipeline, cx, now).await?, "added", json!({})),
            Self::SaveStage => {
                let changed = changes(&before, form.value(), &["pipeline_id"]);
                (save_stage(form, &before, cx, now).await?, "changed", changed.into())
            }
            Self::Earlier | Self::Later => {
                let done = step(form, Ordered::StageOf(pipeline), self == Self::Earlier, cx, now).await?;
                (done, "moved", json!({}))
            }
            Self::RemoveStage => (remove_stage(form, pipeline, cx, now).await?, "removed", json!({})),
        };
        let (Some(id), false) = (form.key(), form.is_refused()) else { return Ok(done) };
        let name = if before.name.is_empty() { &form.value().name } else { &before.name };
        pipelines::note(cx.tx().await?, &actor, now, (action, "stage"), (id, name), changes).await?;
        cx.publish(format!("deals/{pipeline}"), action, &json!({}));
        Ok(done)
    }
}

async fn add_stage(form: &mut Form<Stage>, pipeline: i64, cx: &mut Context<'_>, now: i64) -> Result<Done, PageError> {
    let tx = cx.tx().await?;
    if pipelines::count(tx, Ordered::StageOf(pipeline)).await? >= MOST_STAGES {
        form.refuse_all(format!("This pipeline has {MOST_STAGES} stages already, and no more fit on a board."));
    }
    check_name(form, pipeline, cx).await?;
    form.value_mut().pipeline_id = pipeline;
    form.also("position", pipelines::last_position(cx.tx().await?, Ordered::StageOf(pipeline)).await?);
    form.also("created_at", now);
    form.also("updated_at", now);
    form.save(cx).await
}

async fn save_stage(form: &mut Form<Stage>, before: &Stage, cx: &mut Context<'_>, now: i64) -> Result<Done, PageError> {
    check_name(form, before.pipeline_id, cx).await?;
    form.also("updated_at", now);
    let done = form.save(cx).await?;
    let (was, is) = (before.outcome != Outcome::Open, form.value().outcome != Outcome::Open);
    if let (Some(id), false, true) = (form.key(), form.is_refused(), was != is) {
        pipelines::set_closed(cx.tx().await?, id, is, now).await?;
    }
    Ok(done)
}

/// No two stages of a pipeline have the same name.
async fn check_name(form: &mut Form<Stage>, pipeline: i64, cx: &mut Context<'_>) -> Result<(), PageError> {
    let stages = pipelines::stages(cx.tx().await?, pipeline).await?;
    let is_other = |stage: &&pipelines::Stage| Some(stage.id) != form.key();
    if stages.iter().filter(is_other).any(|stage| stage.name == form.value().name) {
        form.refuse_in_words(Stage::NAME, "Another stage of this pipeline has this name already.");
    }
    Ok(())
}

async fn remove_stage(
    form: &mut Form<Stage>,
    pipeline: i64,
    cx: &mut Context<'_>,
    now: i64,
) -> Result<Done, PageError> {
    let id = form.required_key()?;
    let target: Option<i64> = cx.form_param("to").and_then(|text| text.parse().ok());
    let actor = actor(cx)?;
    let tx = cx.tx().await?;
    let stage = pipelines::hold_stage(tx, id).await?.or_not_found()?;
    let deals = pipelines::deals_by_stage(tx, pipeline).await?;
    if deals.len() < 2 {
        form.refuse_all("This is the only stage: a pipeline needs one.");
    }
    let mine = deals.iter().find(|(other, _)| *other == id).map_or(0, |(_, deals)| *deals);
    let to = match target.filter(|target| *target != id) {
        Some(target) => pipelines::hold_stage(tx, target).await?,
        None => None,
    };
    let mut message = format!("{} has been removed.", stage.name);
    match to {
        _ if mine == 0 => {}
        Some(to) => {
            let moved = pipelines::rehome(tx, &stage, &to, &actor, now).await?;
            message = format!("{} has been removed; {moved} of its deals are in {} now.", stage.name, to.name);
        }
        None => {
            form.refuse_all(format!("{} in {}. Choose a stage to move them to.", there_are(mine), stage.name));
        }
    }
    Ok(form.remove(cx).await?.message(message))
}

/// One place up or down, once: by the version the form was made of.
async fn step<A: Adapter>(
    form: &mut Form<A>,
    of: Ordered,
    up: bool,
    cx: &mut Context<'_>,
    now: i64,
) -> Result<Done, PageError> {
    let (id, version) = (form.required_key()?, form.required_version()?);
    let tx = cx.tx().await?;
    if !pipelines::step(tx, of, id, version, up, now).await? {
        let stored = Row::<A>::find(tx, id).await?.or_not_found()?;
        form.refuse_stale(stored);
    }
    Ok(Done::new())
}

/// What is stored of a form's row; nothing of a new one.
async fn stored<A: Adapter>(key: Option<i64>, cx: &mut Context<'_>) -> Result<A, PageError> {
    let Some(key) = key else { return Ok(A::default()) };
    Ok(Row::<A>::find(cx.tx().await?, key).await?.or_not_found()?.into_value())
}

fn there_are(deals: i64) -> String {
    if deals == 1 {
        "There is 1 deal".to_owned()
    } else {
        format!("There are {} deals", toolcrib::filters::grouped(deals))
    }
}
