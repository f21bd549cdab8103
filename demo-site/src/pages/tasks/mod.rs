//! `/tasks`: what is to be done, by when.

mod calendar;
mod edit;
mod list;
mod live;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::Task;
use crate::db::colleagues;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<list::TasksPage>()
        .page::<calendar::TasksCalendarPage>()
        .page::<live::TasksLivePage>()
        .page::<edit::TaskPage>();
    edit::preview(list::preview(builder))
}

/// The form with those to choose from as its owner: all users, and whoever has it though they may not sign in any more.
async fn with_owners(
    form: Form<Task>,
    cx: &mut Context<'_>,
    owner: Option<(i64, String)>,
) -> Result<Form<Task>, PageError> {
    let mut people = colleagues::offered(cx.read().await?, None).await?;
    let missing = owner.filter(|(id, _)| people.iter().all(|(known, _)| known != id));
    people.extend(missing);
    let choices = people.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    Ok(form.offer(Task::OWNER, choices))
}

/// What those listen to who look at the tasks of a user.
pub(crate) fn topic(owner: i64) -> String {
    format!("tasks/{owner}")
}
