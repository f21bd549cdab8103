//! `/tasks/{id}`: one task, and where changes to it are posted to.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::with_owners;
use crate::adapters::{Task, TaskAction};
use crate::db::tasks::{self, StoredTask};
use crate::pages::{filters, viewer};

/// One task.
#[derive(Debug)]
pub(crate) struct TaskPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "tasks/task.html")]
struct TaskForm {
    form: Form<Task>,
    task: StoredTask,
}

impl PageModule for TaskPage {
    const INFO: PageInfo = PageInfo::new("task", "/tasks/{id}").title("Task").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, viewer) = (cx.path("id")?, viewer(cx)?);
        let task = tasks::find(cx.read().await?, id, viewer).await?.or_not_found()?;
        let row = Task::row(&task);
        if cx.wants_json() {
            return cx.json(&task);
        }
        let form = cx.form_of(row);
        let form = with_owners(form, cx, task.owner_id.zip(task.owner.clone())).await?;
        cx.render(TaskForm { form, task })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, viewer) = (cx.path("id")?, viewer(cx)?);
        if !cx.rights().include(Some("edit")) {
            return Err(PageError::Forbidden);
        }
        let task = tasks::find(cx.read().await?, id, viewer).await?;
        // It may be what this very form, sent twice, has removed: then the key it was sent with is known.
        if task.is_none() && cx.form_param("_once").is_none() {
            return Err(PageError::NotFound);
        }
        let owner = task.as_ref().and_then(|task| task.owner_id.zip(task.owner.clone()));
        let row = task.as_ref().map_or_else(|| Row::stored(Task::default(), id, None), Task::row);
        let form = cx.form_of(row);
        let form = with_owners(form, cx, owner).await?;
        cx.execute::<TaskAction>(form).await
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<TaskForm>("tasks/task.html", include_str!("../../../../templates/tasks/task.samples.json"))
}
