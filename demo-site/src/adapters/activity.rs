//! An activity: a call, a meeting, an e-mail, a note, or a task to be done.

use serde_json::{Value, json};
use toolcrib::prelude::*;

use crate::db::journal::{self, Entry};
use crate::db::words::{self, Kind};
use crate::domain::{changes, moments};
use crate::pages::{actor, viewer};

/// What people note, with a client or on their own. Tasks have a day by which, and a moment when they were done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(table = "activities", version = "version", sort(newest = "-happened_at"))]
pub struct Activity {
    /// What it was.
    #[field(required)]
    pub kind: ActivityKind,
    /// What it was about.
    #[field(required, max_chars = 200)]
    pub subject: String,
    /// More about it, or nothing.
    #[field(kind = "lines", max_chars = 4_000, label = "More about it")]
    pub body: String,
    /// When it was; of a task, when it is to be done.
    #[field(column = false, hint = "When it was, or when a task is due. Left empty: today.")]
    pub day: Option<Day>,
    /// The person at the client.
    #[field(kind = "select", label = "With")]
    pub person_id: Option<i64>,
    /// The client.
    #[field(read_only, kind = "hidden")]
    pub client_id: Option<i64>,
    /// The deal.
    #[field(read_only, kind = "hidden")]
    pub deal_id: Option<i64>,
    /// Whose it is.
    #[field(read_only, kind = "hidden")]
    pub owner_id: Option<i64>,
    /// Who noted it, by name.
    #[field(read_only, kind = "hidden")]
    pub author: String,
    /// When it was.
    #[field(read_only, kind = "hidden")]
    pub happened_at: i64,
    /// When a task is to be done.
    #[field(read_only, kind = "hidden")]
    pub due_at: Option<i64>,
    /// When it was.
    #[field(read_only, kind = "hidden")]
    pub done_at: Option<i64>,
}

/// What an activity is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
pub enum ActivityKind {
    /// Spoke on the phone.
    Call,
    /// Met.
    Meeting,
    /// Wrote or got an e-mail.
    #[choice(label = "E-mail")]
    Email,
    /// Anything to remember.
    #[default]
    Note,
    /// Something to be done.
    Task,
}

/// What is done with activities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub enum ActivityAction {
    /// A new one.
    #[action(label = "Add", right = "edit", message = "It has been added.")]
    Add,
    /// One that is there.
    #[action(label = "Save changes", right = "edit", message = "The changes have been saved.")]
    Save,
    /// Away with it.
    #[action(label = "Remove", right = "edit", message = "It has been removed.", no_fields, danger)]
    Remove,
}

impl Execute for ActivityAction {
    type Adapter = Activity;

    /// The words of notes are searched, and of nothing else.
    async fn after_execute(self, form: &mut Form<Activity>, cx: &mut Context<'_>) -> Result<(), PageError> {
        let (id, activity) = (form.required_key()?, form.value().clone());
        if self != Self::Remove && activity.kind == ActivityKind::Note {
            words::index(cx.tx().await?, Kind::Note, id, &[&activity.subject, &activity.body]).await?;
        } else if self != Self::Add {
            words::forget(cx.tx().await?, Kind::Note, id).await?;
        }
        Ok(())
    }

    /// The page has made sure that the visitor may see the client, and that the activity is his or her own.
    async fn execute(self, form: &mut Form<Activity>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let now = now_micros();
        match self {
            Self::Add => {
                form.value_mut().owner_id = Some(viewer(cx)?);
                form.value_mut().author = actor(cx)?.name;
                form.value().clone().dated(now).into_form(form);
                form.also("created_at", now);
                form.also("updated_at", now);
                let done = form.save(cx).await?;
                note(form, cx, "added", Value::default()).await?;
                Ok(done)
            }
            Self::Save => {
                let stored = Row::<Activity>::find(cx.tx().await?, form.required_key()?).await?.or_not_found()?;
                form.value().clone().dated(now).into_form(form);
                form.also("updated_at", now);
                let done = form.save(cx).await?;
                let changed = changes::between(&as_json(stored.value()), &as_json(form.value()), &["day"]);
                if !changed.is_empty() {
                    note(form, cx, "changed", Value::from(changed)).await?;
                }
                Ok(done.to(form.value().home()))
            }
            Self::Remove => {
                let done = form.remove(cx).await?;
                note(form, cx, "removed", Value::default()).await?;
                Ok(done.to(form.value().home()))
            }
        }
    }
}

impl Activity {
    /// With the day its form shows.
    #[must_use]
    pub fn with_day(mut self) -> Self {
        let moment = if self.kind == ActivityKind::Task { self.due_at } else { Some(self.happened_at) };
        self.day = moment.and_then(Day::of);
        self
    }

    /// With the moments that its day means.
    #[must_use]
    pub fn dated(mut self, now: i64) -> Self {
        let day = self.day.or_else(|| Day::of(now)).map(Day::micros);
        let before = Some(self.happened_at).filter(|moment| *moment != 0);
        if self.kind == ActivityKind::Task {
            self.happened_at = before.unwrap_or(now);
            // A task may be due at an hour; its day alone changes nothing about that.
            if self.due_at.and_then(Day::of).map(Day::micros) != day {
                self.due_at = day;
            }
        } else {
            self.happened_at = moments::of_day(day, before, now);
            (self.due_at, self.done_at) = (None, None);
        }
        self
    }

    fn into_form(self, form: &mut Form<Self>) {
        *form.value_mut() = self;
    }

    /// Where it is shown.
    #[must_use]
    pub fn home(&self) -> String {
        self.client_id.map_or_else(|| "/".to_owned(), |client| format!("/clients/{client}"))
    }
}

fn as_json(activity: &Activity) -> Value {
    Row::from(activity.clone()).seen_by(&Rights::unlimited()).to_json()
}

/// It stands on the timeline itself: only that it went away is told there.
async fn note(form: &Form<Activity>, cx: &mut Context<'_>, action: &str, changes: Value) -> Result<(), PageError> {
    if form.is_refused() {
        return Ok(());
    }
    let (id, activity, who) = (form.required_key()?, form.value(), actor(cx)?);
    let told = format!("Removed the {} “{}”.", kind_word(activity.kind), activity.subject);
    let told = activity.client_id.filter(|_| action == "removed").map(|client| (client, told.as_str()));
    let entry = Entry { action, record_kind: "activity", record_id: id, record_name: &activity.subject, changes, told };
    journal::note(cx.tx().await?, &who, now_micros(), entry).await?;
    if let Some(client) = activity.client_id {
        cx.publish(format!("clients/{client}"), action, &json!({ "by": who.name }));
    }
    Ok(())
}

fn kind_word(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Call => "call",
        ActivityKind::Meeting => "meeting",
        ActivityKind::Email => "e-mail",
        ActivityKind::Note => "note",
        ActivityKind::Task => "task",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const NOW: i64 = 20_000 * 24 * HOUR + 9 * HOUR;

    #[test]
    fn what_is_no_task_is_not_due() {
        let task = Activity { kind: ActivityKind::Task, ..Activity::default() }.dated(NOW);
        assert_eq!((task.happened_at, task.due_at), (NOW, Day::of(NOW).map(Day::micros)));
        let call = Activity { kind: ActivityKind::Call, done_at: Some(1), ..task }.dated(NOW);
        assert_eq!((call.happened_at, call.due_at, call.done_at), (NOW, None, None));
    }

    #[test]
    fn the_hour_of_a_task_outlives_an_edit() {
        let due = NOW + 3 * HOUR;
        let task = Activity { kind: ActivityKind::Task, due_at: Some(due), happened_at: 5, ..Activity::default() };
        let shown = task.with_day();
        assert_eq!(shown.day, Day::of(NOW));
        assert_eq!(shown.clone().dated(NOW).due_at, Some(due));
        let moved = Activity { day: Day::of(NOW + 24 * HOUR), ..shown };
        assert_eq!(moved.dated(NOW).due_at, Day::of(NOW + 24 * HOUR).map(Day::micros));
    }
}
