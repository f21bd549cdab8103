//! `/persons/{id}`: a person, and where changes are posted to.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::person_of;
use crate::adapters::{Person, PersonAction};
use crate::db::panels::Deal;
use crate::db::persons::{self, Employer};
use crate::db::timeline::{self, Entry};
use crate::pages::filters;

/// A person: what is known, what happened, what he or she may buy.
#[derive(Debug)]
pub(crate) struct PersonPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "persons/card.html")]
struct PersonCard {
    id: i64,
    person: Row<Person>,
    employer: Employer,
    entries: Vec<Entry>,
    deals: Vec<Deal>,
}

impl PageModule for PersonPage {
    const INFO: PageInfo = PageInfo::new("person", "/persons/{id}").title("Person").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, person, employer) = person_of(cx).await?;
        let person: Row<Person> = cx.row(person);
        if cx.wants_json() {
            return cx.json(&person.to_json());
        }
        let rows = cx.read().await?;
        let entries = timeline::of_person(rows, id, employer.id).await?;
        let deals = persons::deals(rows, id, employer.id).await?;
        cx.render(PersonCard { id, person, employer, entries, deals })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (_, stored, _) = person_of(cx).await?;
        let form = cx.form_of(stored);
        // A program that saves need not say so.
        let action = if cx.form_param("_action") == Some("remove") { PersonAction::Remove } else { PersonAction::Save };
        cx.execute_action(action, form).await
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<PersonCard>("persons/card.html", include_str!("../../../../templates/persons/card.samples.json"))
}
