//! `/activities/{id}`: the form of an activity, for whoever noted it, and for administrators.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::activities::people;
use crate::adapters::{Activity, ActivityAction};
use crate::db::clients;
use crate::pages::viewer;

/// Edits one activity.
#[derive(Debug)]
pub(crate) struct ActivityPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/activity.html")]
struct ActivityForm {
    form: Form<Activity>,
    /// Where "Cancel" leads.
    back: String,
}

impl PageModule for ActivityPage {
    const INFO: PageInfo =
        PageInfo::new("activity", "/activities/{id}").title("Edit activity").right("edit").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let stored = own_activity(cx).await?;
        if cx.wants_json() {
            return cx.json(&cx.row::<Activity>(stored).to_json());
        }
        let back = stored.value().home();
        let form = offered(cx, stored).await?;
        cx.render(ActivityForm { form, back })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let stored = own_activity(cx).await?;
        let form = offered(cx, stored).await?;
        match cx.form_param("_action") {
            None => cx.execute_action(ActivityAction::Save, form).await,
            // A new one is added where it belongs.
            Some("add") => Err(PageError::bad_request("This page has no such action.")),
            Some(_) => cx.execute::<ActivityAction>(form).await,
        }
    }
}

/// The activity of the page's address: 404 where it is not there for whoever looks, 403 where it is somebody else's.
async fn own_activity(cx: &mut Context<'_>) -> Result<Row<Activity>, PageError> {
    let (id, viewer) = (cx.path("id")?, viewer(cx)?);
    let rows = cx.read().await?;
    let stored = Row::<Activity>::find(rows, id).await?.or_not_found()?;
    if let Some(client) = stored.value().client_id
        && !clients::is_there(rows, client, viewer).await?
    {
        return Err(PageError::NotFound);
    }
    if !is_own(cx, stored.value().owner_id, viewer) {
        return Err(PageError::Forbidden);
    }
    let (key, version) = (stored.key().or_not_found()?, stored.version());
    Ok(Row::stored(stored.into_value().with_day(), key, version))
}

/// Whether an activity is the visitor's own. What is nobody's is everybody's, and an administrator mends what others have left.
pub(super) fn is_own(cx: &Context<'_>, owner: Option<i64>, viewer: i64) -> bool {
    owner.is_none_or(|owner| owner == viewer) || cx.rights().include(Some("admin"))
}

async fn offered(cx: &mut Context<'_>, stored: Row<Activity>) -> Result<Form<Activity>, PageError> {
    let chosen = stored.value().person_id;
    let people = match stored.value().client_id {
        Some(client) => people(cx, client, chosen).await?,
        None => chosen.map(|id| Choice::new(id.to_string(), "somebody")).into_iter().collect(),
    };
    Ok(cx.form_of(stored).offer(Activity::PERSON_ID, people))
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<ActivityForm>(
        "clients/activity.html",
        include_str!("../../../../templates/clients/activity.samples.json"),
    )
}
