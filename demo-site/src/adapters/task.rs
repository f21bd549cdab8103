//! A task: its fields, and what is done with it.
//!
//! It is a row of `activities`, but what a form shows is not what is stored: a day and a time are one moment, an account stands for a
//! client. So it has no table here; `db::tasks` stores it, by version.

mod told;

use serde_json::{Value, json};
use toolcrib::prelude::*;

use told::{changes, told};

use crate::db::journal::{self, Entry};
use crate::db::tasks::{self, StoredTask};
use crate::domain::agenda::{Show, clock, clock_text, day_of};
use crate::pages::tasks::topic;
use crate::pages::{actor, viewer};

/// A task as its form shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
pub struct Task {
    /// What is to be done.
    #[field(required, max_chars = 200, label = "What is to be done", modify = "edit")]
    pub subject: String,
    /// The day it is due.
    #[field(required, label = "Due", modify = "edit")]
    pub day: Option<Day>,
    /// The time it is due, or nothing for the whole day.
    #[field(
        max_chars = 5,
        check = sound_time,
        hint = "Like 14:30, in UTC. Without a time it is due at any time of that day.",
        modify = "edit"
    )]
    pub time: String,
    /// The account of the client it concerns, or what finds it.
    #[field(
        max_chars = 200,
        label = "Client",
        hint = "Its account or its name; leave it empty where the task concerns no client.",
        modify = "edit"
    )]
    pub account: String,
    /// Whose it is.
    #[field(kind = "select", modify = "edit")]
    pub owner: Option<i64>,
    /// More about it, or nothing.
    #[field(kind = "lines", max_chars = 4_000, label = "Notes", modify = "edit")]
    pub body: String,
}

/// What is done with tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub enum TaskAction {
    /// A new one.
    #[action(label = "Add task", right = "edit")]
    Add,
    /// One that is there.
    #[action(label = "Save changes", right = "edit")]
    Save,
    /// It is done.
    #[action(label = "Done", right = "edit", no_fields)]
    Done,
    /// It is to be done again.
    #[action(label = "Not done yet", right = "edit", no_fields)]
    Again,
    /// It is no more.
    #[action(label = "Remove", right = "edit", no_fields, danger)]
    Remove,
}

impl Execute for TaskAction {
    type Adapter = Task;

    async fn execute(self, form: &mut Form<Task>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        if self == Self::Add {
            return add(form, cx).await;
        }
        let (id, version, viewer) = (form.required_key()?, form.required_version()?, viewer(cx)?);
        let Some(stored) = tasks::find(cx.tx().await?, id, viewer).await? else {
            form.refuse_with(StatusCode::NOT_FOUND, None);
            form.refuse_all("This task is not there any more.");
            return Ok(Done::new());
        };
        let message = match self {
            Self::Save => save(form, cx, version, &stored).await?,
            _ => tick(self, cx, version, &stored).await?,
        };
        match message {
            Some(message) => went_well(cx, message),
            None if form.is_refused() => Ok(Done::new()),
            None => overtaken(self, form, cx, id).await,
        }
    }
}

impl From<&StoredTask> for Task {
    fn from(stored: &StoredTask) -> Self {
        Self {
            subject: stored.subject.clone(),
            day: stored.due_at.and_then(Day::of),
            time: stored.due_at.map(clock_text).unwrap_or_default(),
            account: stored.account.clone().unwrap_or_default(),
            owner: stored.owner_id,
            body: stored.body.clone(),
        }
    }
}

impl Task {
    /// A stored task as a row that forms are made of.
    #[must_use]
    pub fn row(stored: &StoredTask) -> Row<Self> {
        Row::stored(Self::from(stored), stored.id, Some(stored.version))
    }

    fn due_at(&self) -> i64 {
        let day = self.day.unwrap_or_default().micros();
        day_of(day).saturating_add(clock(&self.time).unwrap_or(0))
    }
}

/// One way to write a time, whichever was typed.
fn sound_time(time: &mut String) -> Result<(), &'static str> {
    if time.is_empty() {
        return Ok(());
    }
    let micros = clock(time).ok_or("must be a time like 14:30")?;
    *time = clock_text(micros);
    Ok(())
}

async fn add(form: &mut Form<Task>, cx: &mut Context<'_>) -> Result<Done, PageError> {
    let Some(task) = told(form, cx).await? else { return Ok(Done::new()) };
    let (now, author) = (now_micros(), actor(cx)?);
    let id = tasks::insert(cx.tx().await?, &task, &author.name, now).await?;
    // The task itself is on the client's timeline: it is not told there a second time.
    let entry = Entry {
        action: "added",
        record_kind: "activity",
        record_id: id,
        record_name: &task.subject,
        changes: json!({ "due_at": [null, task.due_at] }),
        told: None,
    };
    journal::note(cx.tx().await?, &author, now, entry).await?;
    tell(cx, id, [task.owner_id, None], [task.client_id, None]);
    let message = format!("“{}” has been added.", task.subject);
    let to = format!("/tasks?show={}", Show::holding(task.due_at, now).key());
    Ok(Done::new().to(next(cx).unwrap_or(to)).message(message).json(json!({ "id": id })))
}

/// Stores the form over a task. Answers what to say; nothing where it was refused, or somebody was faster.
async fn save(
    form: &mut Form<Task>,
    cx: &mut Context<'_>,
    version: i64,
    stored: &StoredTask,
) -> Result<Option<String>, PageError> {
    if stored.version != version {
        return Ok(None);
    }
    let Some(task) = told(form, cx).await? else { return Ok(None) };
    let changes = changes(cx.tx().await?, stored, &task).await?;
    let message = "The changes have been saved.".to_owned();
    if changes.is_empty() {
        return Ok(Some(message));
    }
    let now = now_micros();
    if !tasks::save(cx.tx().await?, stored.id, version, &task, now).await? {
        return Ok(None);
    }
    let sentence = format!("Changed the task “{}”", task.subject);
    let told = task.client_id.map(|client| (client, sentence.as_str()));
    note(cx, stored, "changed", Value::Object(changes), told).await?;
    tell(cx, stored.id, [stored.owner_id, task.owner_id], [stored.client_id, task.client_id]);
    Ok(Some(message))
}

/// Does what needs no fields. Answers what to say; nothing where somebody was faster with something else.
async fn tick(
    action: TaskAction,
    cx: &mut Context<'_>,
    version: i64,
    stored: &StoredTask,
) -> Result<Option<String>, PageError> {
    let (now, tx) = (now_micros(), cx.tx().await?);
    let subject = &stored.subject;
    let (happened, action, sentence, message) = match action {
        TaskAction::Done => (
            tasks::finish(tx, stored.id, version, now).await?,
            "done",
            format!("Finished the task “{subject}”"),
            is_done(subject),
        ),
        TaskAction::Again => (
            tasks::reopen(tx, stored.id, version, now).await?,
            "reopened",
            format!("Opened the task “{subject}” again"),
            is_open(subject),
        ),
        _ => (
            tasks::remove(tx, stored.id, version).await?,
            "removed",
            format!("Removed the task “{subject}”"),
            format!("“{subject}” has been removed."),
        ),
    };
    if !happened {
        return Ok(None);
    }
    let told = stored.client_id.map(|client| (client, sentence.as_str()));
    note(cx, stored, action, json!({}), told).await?;
    tell(cx, stored.id, [stored.owner_id, None], [stored.client_id, None]);
    Ok(Some(message))
}

fn is_done(subject: &str) -> String {
    format!("“{subject}” is done.")
}

fn is_open(subject: &str) -> String {
    format!("“{subject}” is to be done again.")
}

async fn note(
    cx: &mut Context<'_>,
    stored: &StoredTask,
    action: &str,
    changes: Value,
    told: Option<(i64, &str)>,
) -> Result<(), PageError> {
    let actor = actor(cx)?;
    let entry =
        Entry { action, record_kind: "activity", record_id: stored.id, record_name: &stored.subject, changes, told };
    Ok(journal::note(cx.tx().await?, &actor, now_micros(), entry).await?)
}

/// Tells those who look at a task's owner or client, old and new, that there is something new to see.
fn tell(cx: &mut Context<'_>, id: i64, owners: [Option<i64>; 2], clients: [Option<i64>; 2]) {
    let [old, new] = owners;
    for owner in [old, new.filter(|_| new != old)].into_iter().flatten() {
        cx.publish(topic(owner), "changed", &json!({ "task": id }));
    }
    let [old, new] = clients;
    for client in [old, new.filter(|_| new != old)].into_iter().flatten() {
        cx.publish(format!("clients/{client}"), "task", &json!({ "task": id }));
    }
}

/// To a script that put the form into a page the answer is that page's part, loaded again; it says the message itself.
fn went_well(cx: &mut Context<'_>, message: String) -> Result<Done, PageError> {
    let to = next(cx).unwrap_or_else(|| "/tasks".to_owned());
    let done = Done::new().to(to);
    if cx.wants_fragment() && !cx.wants_json() {
        return Ok(done.answer(cx.json(&json!({ "message": message }))?));
    }
    Ok(done.message(message))
}

/// Somebody else was faster: the form shows what is stored now. Who only ticked a task off in a list sees the list again.
async fn overtaken(
    action: TaskAction,
    form: &mut Form<Task>,
    cx: &mut Context<'_>,
    id: i64,
) -> Result<Done, PageError> {
    let viewer = viewer(cx)?;
    let Some(now) = tasks::find(cx.tx().await?, id, viewer).await? else {
        form.refuse_with(StatusCode::NOT_FOUND, None);
        form.refuse_all("This task is not there any more.");
        return Ok(Done::new());
    };
    // Pressed twice it is done once, and the second is told the same.
    match (action, now.done_at) {
        (TaskAction::Done, Some(_)) => return went_well(cx, is_done(&now.subject)),
        (TaskAction::Again, None) => return went_well(cx, is_open(&now.subject)),
        _ => {}
    }
    if action != TaskAction::Save && cx.wants_fragment() && !cx.wants_json() {
        let message = format!("Somebody changed “{}” meanwhile. This is how it is now.", now.subject);
        return Ok(Done::new().answer(cx.json(&json!({ "message": message }))?));
    }
    form.refuse_stale(Task::row(&now));
    Ok(Done::new())
}

/// Where to go afterwards, if the form says so: the desk, a list of tasks, a client's card.
fn next(cx: &Context<'_>) -> Option<String> {
    let plain = |path: &&str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/?=&_-".contains(&byte));
    let ours = |path: &&str| *path == "/" || path.starts_with("/tasks") || path.starts_with("/clients/");
    cx.form_param("back").filter(plain).filter(ours).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use toolcrib::adapter::checked;

    use super::*;

    fn sound() -> Task {
        Task { subject: "Call".into(), day: Day::of(1_773_324_300_000_000), ..Task::default() }
    }

    #[test]
    fn a_day_and_a_time_are_one_moment() {
        let task = checked(Task { time: " 9:05 ".into(), ..sound() }).unwrap();
        assert_eq!(task.time, "09:05");
        assert_eq!(task.due_at(), 1_773_306_300_000_000);
        let stored = StoredTask { due_at: Some(task.due_at()), subject: "Call".into(), ..StoredTask::default() };
        assert_eq!(Task::from(&stored), task);
        assert_eq!(checked(sound()).unwrap().due_at(), 1_773_273_600_000_000);
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let wrong = Task { time: "25:00".into(), body: "x".repeat(4_001), ..Task::default() };
        let errors = checked(wrong).unwrap_err();
        let fields: Vec<_> = errors.iter().map(toolcrib::adapter::FieldError::name).collect();
        assert_eq!(fields, ["subject", "day", "time", "body"]);
    }
}
