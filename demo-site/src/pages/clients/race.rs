//! `/clients/{id}/race`: another user, who is faster. It shows what becomes of two who edit the same client, and is there
//! in development only.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::settings::Profile;

use super::client_of;
use crate::db::journal::{self, Actor, Entry};
use crate::db::race;
use crate::domain::changes;

/// Who is faster.
const RIVAL: &str = "boris";

/// Changes the phone number of a client while somebody edits it.
#[derive(Debug)]
pub(crate) struct ClientRacePage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/_partials/race.html")]
struct Race {
    id: i64,
    version: i64,
    said: String,
}

impl PageModule for ClientRacePage {
    const INFO: PageInfo =
        PageInfo::new("client.race", "/clients/{id}/race").title("A faster user").right("edit").post_only();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, client) = client_of(cx).await?;
        // Somebody else sees no private client, and changes none.
        if !is_on(cx) || client.value().private {
            return Err(PageError::NotFound);
        }
        let wrong = || PageError::bad_request("The form does not say which version it is of.");
        let version: i64 = cx.form_param("version").and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        let work = async |unit: &mut Unit| outrun(unit, id, version).await;
        let phone = cx.site().unit_of_work("a faster user", work).await.map_err(PageError::other)?.value;
        let said = match phone {
            Some(phone) => format!("Boris has just changed the phone number to {phone}. Now save what you typed."),
            None => "Somebody has changed this client already. Save what you typed.".to_owned(),
        };
        if cx.wants_json() {
            return cx.json(&json!({ "id": id, "message": said }));
        }
        if cx.wants_fragment() {
            return cx.fragment(Race { id, version, said });
        }
        cx.flash(&said)?;
        cx.redirect(format!("/clients/{id}/edit"))
    }

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Err(PageError::MethodNotAllowed)
    }
}

/// What Boris does, in a unit of his own: only if nobody was faster than he. Answers the new number.
async fn outrun(unit: &mut Unit, id: i64, version: i64) -> Result<Option<String>, PageError> {
    let now = now_micros();
    let phone = format!("+44 113 {:07}", now.rem_euclid(10_000_000));
    let tx = unit.tx().await?;
    let Some(changed) = race::phone(tx, id, version, &phone, now).await? else { return Ok(None) };
    let (before, after) = (json!({ "phone": changed.before }), json!({ "phone": phone }));
    let changes = changes::between(&before, &after, &[]);
    let sentence = changes::sentence(&changes);
    let (id_of_rival, name) =
        race::user(tx, RIVAL).await?.map_or((None, "Boris".to_owned()), |(id, name)| (Some(id), name));
    let entry = Entry {
        action: "changed",
        record_kind: "client",
        record_id: id,
        record_name: &changed.name,
        changes: changes.into(),
        told: Some((id, &sentence)),
    };
    let rival = Actor { id: id_of_rival, name };
    journal::note(tx, &rival, now, entry).await?;
    unit.publish(format!("clients/{id}"), "changed", &json!({ "by": rival.name }));
    Ok(Some(phone))
}

/// Whether it is there.
pub(super) fn is_on(cx: &Context<'_>) -> bool {
    cx.site().settings().profile == Profile::Development
}
