//! `/clients/{id}/panels/activities`: what happened with a client, and where something is added to it.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::activity::is_own;
use super::client_of;
use super::panels::tracked;
use crate::adapters::{Activity, ActivityAction, Client};
use crate::db::persons;
use crate::db::timeline::{self, Before, Entry};
use crate::pages::{filters, viewer};

/// What happened with a client, the newest first.
#[derive(Debug)]
pub(crate) struct ActivitiesPanel;

/// The element of the card that an added activity is answered into.
const PART: &str = "part-activities";

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/panels/activities.html", blocks = ["panel"])]
struct Activities {
    id: i64,
    client: Row<Client>,
    tracking_id: i64,
    /// Which activities the visitor may edit.
    own: Vec<i64>,
    form: Form<Activity>,
    entries: Vec<Entry>,
    /// The kind that is shown alone; nothing for all.
    #[serde(default)]
    kind: String,
    /// Where the next page begins.
    #[serde(default)]
    older: Option<String>,
    /// Whether this is not the first page.
    #[serde(default)]
    is_older: bool,
}

impl PageModule for ActivitiesPanel {
    const INFO: PageInfo = PageInfo::new("client.activities", "/clients/{id}/panels/activities")
        .title("Activities")
        .login_required()
        .accepts_post()
        .fragment();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, client, tracking_id) = tracked(cx).await?;
        let kind = kind_of(cx.query_param("kind").unwrap_or_default());
        let before = cx.query_param("before").and_then(Before::parse);
        let mut entries = timeline::page(cx.read().await?, id, kind, before).await?;
        let more = entries.len() > timeline::PAGE;
        entries.truncate(timeline::PAGE);
        let older = entries.last().filter(|_| more).map(|last| format!("{},{}", last.happened_at, last.place));
        if cx.wants_json() {
            return cx.json(&json!({ "activities": entries, "older": older }));
        }
        let form = new_activity(cx, id).await?;
        let viewer = viewer(cx)?;
        let own =
            entries.iter().filter(|entry| is_own(cx, entry.owner_id, viewer)).filter_map(Entry::activity).collect();
        let (kind, is_older) = (kind.unwrap_or_default().to_owned(), before.is_some());
        let panel = Activities { id, client, tracking_id, own, form, entries, kind, older, is_older };
        cx.render_part(&panel, &panel.as_panel())
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, _) = client_of(cx).await?;
        let form = new_activity(cx, id).await?;
        cx.execute_action(ActivityAction::Add, form).await
    }
}

/// The form of something new about a client.
async fn new_activity(cx: &mut Context<'_>, id: i64) -> Result<Form<Activity>, PageError> {
    let new = Activity { client_id: Some(id), ..Activity::default() };
    let people = people(cx, id, None).await?;
    let form = cx.form_of(new).to(format!("/clients/{id}/panels/activities"));
    Ok(form.offer(Activity::PERSON_ID, people).in_place(PART))
}

/// The people an activity can have been with: those at the client, and whoever it was with before.
pub(super) async fn people(cx: &mut Context<'_>, client: i64, chosen: Option<i64>) -> Result<Vec<Choice>, PageError> {
    let mut people = persons::names(cx.read().await?, client).await?;
    if let Some(chosen) = chosen.filter(|chosen| people.iter().all(|(id, _)| id != chosen)) {
        // The person works elsewhere now: whose name it is may be none of this visitor's business.
        people.push((chosen, "somebody who has left".to_owned()));
    }
    Ok(people.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect())
}

/// What a timeline can be narrowed to.
fn kind_of(asked: &str) -> Option<&'static str> {
    ["call", "meeting", "email", "note", "task", timeline::CHANGES].into_iter().find(|kind| *kind == asked)
}

impl Activities {
    /// What the timeline can be narrowed to, and what that is called.
    fn kinds(&self) -> [(&'static str, &'static str); 7] {
        [
            ("", "All"),
            ("call", "Calls"),
            ("meeting", "Meetings"),
            ("email", "E-mails"),
            ("note", "Notes"),
            ("task", "Tasks"),
            (timeline::CHANGES, "Changes"),
        ]
    }

    fn href_of(&self, kind: &str) -> String {
        let path = format!("/clients/{}/panels/activities", self.id);
        if kind.is_empty() { path } else { format!("{path}?kind={kind}") }
    }

    fn href_of_older(&self, before: &str) -> String {
        let href = self.href_of(&self.kind);
        format!("{href}{}before={before}", if self.kind.is_empty() { "?" } else { "&" })
    }

    fn may_edit(&self, entry: &Entry) -> bool {
        entry.activity().is_some_and(|activity| self.own.contains(&activity))
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Activities>(
        "clients/panels/activities.html",
        include_str!("../../../../templates/clients/panels/activities.samples.json"),
    )
}
