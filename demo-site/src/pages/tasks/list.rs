//! `/tasks`: the list by day, and where new tasks are posted to.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::with_owners;
use crate::adapters::{Task, TaskAction};
use crate::db::colleagues;
use crate::db::tasks::{self, Counts, MOST, StoredTask};
use crate::domain::agenda::{Show, day_of, heading};
use crate::pages::{filters, viewer};

/// The list of tasks.
#[derive(Debug)]
pub(crate) struct TasksPage;

/// Whose tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    Mine,
    All,
    Of(i64),
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "tasks/list.html", blocks = ["tasks"])]
struct TaskList {
    show: Show,
    who: Who,
    /// Who looks.
    me: i64,
    people: Vec<(i64, String)>,
    counts: Counts,
    tasks: Vec<StoredTask>,
    now: i64,
    form: Form<Task>,
    /// Whether the form for a new task is open.
    adding: bool,
}

/// The tasks of a day.
#[derive(Debug)]
struct DayOf<'a> {
    heading: String,
    late: bool,
    tasks: Vec<&'a StoredTask>,
}

impl PageModule for TasksPage {
    const INFO: PageInfo = PageInfo::new("tasks", "/tasks").title("Tasks").login_required().in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (me, now) = (viewer(cx)?, now_micros());
        let (show, who) = (Show::of(cx.query_param("show")), Who::of(cx.query_param("who"), me));
        let rows = cx.read().await?;
        let counts = tasks::counts(rows, me, who.owner(me), now).await?;
        let tasks = tasks::list(rows, me, who.owner(me), show, now).await?;
        if cx.wants_json() {
            return cx.json(&json!({ "show": show.key(), "tasks": tasks, "counts": counts }));
        }
        let people = colleagues::offered(cx.read().await?, None).await?;
        let (form, adding) = new_form(cx, me, now).await?;
        let list = TaskList { show, who, me, people, counts, tasks, now, form, adding };
        cx.render_part(&list, &list.as_tasks())
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (me, now) = (viewer(cx)?, now_micros());
        let (form, _) = new_form(cx, me, now).await?;
        cx.execute_action(TaskAction::Add, form).await
    }
}

/// The form for a new task of whoever looks, due today, of the client the address names; and whether it is to be open.
async fn new_form(cx: &mut Context<'_>, me: i64, now: i64) -> Result<(Form<Task>, bool), PageError> {
    let asked = cx.query_param("client").and_then(|id| id.parse().ok());
    let client = match asked {
        Some(id) => tasks::client(cx.read().await?, me, id).await?,
        None => None,
    };
    let adding = client.is_some() || cx.query_param("new").is_some();
    let account = client.map(|client| client.account).unwrap_or_default();
    let form = cx.form_of(Task { owner: Some(me), day: Day::of(now), account, ..Task::default() }).to("/tasks");
    let adding = adding || form.is_refused();
    Ok((with_owners(form, cx, None).await?, adding))
}

impl Who {
    fn of(asked: Option<&str>, me: i64) -> Self {
        match asked {
            Some("all") => Self::All,
            Some(id) => id.parse().ok().filter(|id| *id != me).map_or(Self::Mine, Self::Of),
            None => Self::Mine,
        }
    }

    fn owner(self, me: i64) -> Option<i64> {
        match self {
            Self::Mine => Some(me),
            Self::All => None,
            Self::Of(id) => Some(id),
        }
    }
}

impl TaskList {
    /// The lists there are: address, label, how many tasks; which one this is.
    fn tabs(&self) -> Vec<(String, &'static str, Option<i64>, bool)> {
        let tab = |show: Show| {
            let count = match show {
                Show::Today => Some(self.counts.today),
                Show::Overdue => Some(self.counts.overdue),
                Show::Week => Some(self.counts.week),
                Show::All => Some(self.counts.open),
                Show::Done => None,
            };
            (self.address(show), show.label(), count, show == self.show)
        };
        Show::EVERY.into_iter().map(tab).collect()
    }

    /// The address of a list of the same people's tasks.
    fn address(&self, show: Show) -> String {
        match self.who {
            Who::Mine => format!("/tasks?show={}", show.key()),
            Who::All => format!("/tasks?show={}&who=all", show.key()),
            Who::Of(id) => format!("/tasks?show={}&who={id}", show.key()),
        }
    }

    fn back(&self) -> String {
        self.address(self.show)
    }

    fn others(&self) -> impl Iterator<Item = &(i64, String)> {
        self.people.iter().filter(|(id, _)| *id != self.me)
    }

    fn is_of(&self, id: &i64) -> bool {
        self.who == Who::Of(*id)
    }

    fn is_of_all(&self) -> bool {
        self.who == Who::All
    }

    fn is_of_done(&self) -> bool {
        self.show == Show::Done
    }

    /// Whether there may be more than the list shows.
    fn is_full(&self) -> bool {
        i64::try_from(self.tasks.len()).is_ok_and(|shown| shown >= MOST)
    }

    /// The tasks by day, in their order.
    fn days(&self) -> Vec<DayOf<'_>> {
        let mut days: Vec<(Option<i64>, DayOf<'_>)> = Vec::new();
        for task in &self.tasks {
            let day = if self.is_of_done() { task.done_at } else { task.due_at }.map(day_of);
            match days.last_mut().filter(|(last, _)| *last == day) {
                Some((_, group)) => group.tasks.push(task),
                None => {
                    let heading = day.map_or_else(|| "Some day".to_owned(), |day| heading(day, self.now));
                    let late = !self.is_of_done() && day.is_some_and(|day| day < day_of(self.now));
                    days.push((day, DayOf { heading, late, tasks: vec![task] }));
                }
            }
        }
        days.into_iter().map(|(_, group)| group).collect()
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<TaskList>("tasks/list.html", include_str!("../../../../templates/tasks/list.samples.json"))
}
