//! `/tasks.ics`: the open tasks of whoever asks, for a calendar.

use toolcrib::prelude::*;

use crate::db::tasks::{self, StoredTask};
use crate::domain::agenda::Show;
use crate::domain::calendar::{self, Todo};
use crate::pages::viewer;

/// Writes the open tasks to a file.
#[derive(Debug)]
pub(crate) struct TasksCalendarPage;

impl PageModule for TasksCalendarPage {
    const INFO: PageInfo = PageInfo::new("tasks.ics", "/tasks.ics").title("Tasks as a calendar").login_required();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (me, now) = (viewer(cx)?, now_micros());
        let tasks = tasks::list(cx.read().await?, me, Some(me), Show::All, now).await?;
        let todos: Vec<_> = tasks.iter().map(todo).collect();
        let file = calendar::write(&todos, cx.header("host").unwrap_or("localhost"), now);
        Ok(Response::bytes("text/calendar; charset=utf-8", file).attachment("tasks.ics"))
    }
}

fn todo(task: &StoredTask) -> Todo<'_> {
    Todo { id: task.id, version: task.version, subject: &task.subject, body: &task.body, due_at: task.due_at }
}
