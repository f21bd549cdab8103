//! The form of a person: adding, editing, and what is shown when it was refused.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::person_of;
use crate::adapters::{Person, PersonAction};
use crate::db::persons;
use crate::pages::viewer;

/// `/persons/new?client=7`: an empty form.
#[derive(Debug)]
pub(crate) struct PersonNewPage;

/// `/persons/{id}/edit`: the form with what is stored.
#[derive(Debug)]
pub(crate) struct PersonEditPage;

/// The form and what is around it.
#[derive(Debug, Deserialize, Template)]
#[template(path = "persons/form.html")]
struct PersonForm {
    form: Form<Person>,
    action: PersonAction,
    heading: String,
    /// Where "Cancel" and the link above the form lead, and what that is called.
    back: String,
    back_to: String,
}

impl PageModule for PersonNewPage {
    const INFO: PageInfo = PageInfo::new("person.new", "/persons/new").title("New person").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        let asked = cx.query_param("client").and_then(|id| id.parse().ok());
        let employer = match asked {
            Some(id) => Some(persons::employer(cx.read().await?, id, viewer).await?.or_not_found()?),
            None => None,
        };
        let account = employer.as_ref().map(|employer| employer.account.clone()).unwrap_or_default();
        let (back, back_to) = employer.map_or_else(
            || ("/persons".to_owned(), "People".to_owned()),
            |employer| (format!("/clients/{}", employer.id), employer.name),
        );
        let form = cx.form_of(Person { account, ..Person::default() }).to("/persons");
        cx.render(PersonForm { form, action: PersonAction::Add, heading: "New person".to_owned(), back, back_to })
    }
}

impl PageModule for PersonEditPage {
    const INFO: PageInfo = PageInfo::new("person.edit", "/persons/{id}/edit").title("Edit person").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, stored, _) = person_of(cx).await?;
        let name = stored.value().name.clone();
        let form = cx.form_of(stored).to(format!("/persons/{id}"));
        cx.render(PersonForm {
            form,
            action: PersonAction::Save,
            heading: format!("Edit {name}"),
            back: format!("/persons/{id}"),
            back_to: name,
        })
    }
}

impl PersonForm {
    fn is_new(&self) -> bool {
        self.action == PersonAction::Add
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<PersonForm>("persons/form.html", include_str!("../../../../templates/persons/form.samples.json"))
}
