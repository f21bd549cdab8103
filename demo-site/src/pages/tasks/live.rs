//! `/tasks/live`: tells a browser when tasks change.

use toolcrib::prelude::*;

use super::topic;
use crate::pages::viewer;

/// A stream of what happens to the tasks of whoever listens.
#[derive(Debug)]
pub(crate) struct TasksLivePage;

impl PageModule for TasksLivePage {
    const INFO: PageInfo = PageInfo::new("tasks.live", "/tasks/live").title("Tasks as they change").login_required();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let me = viewer(cx)?;
        Ok(cx.live(&[topic(me)]))
    }
}
