//! `/persons`: the list, and where new people are posted to.

use std::collections::HashMap;

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::{Person, PersonAction};
use crate::db::persons::{self, Employer, VISIBLE};
use crate::pages::filters::{self, grouped};
use crate::pages::viewer;

/// The list of people.
#[derive(Debug)]
pub(crate) struct PersonsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "persons/list.html")]
struct PersonList {
    list: Paged<Person>,
    /// The clients of those on this page.
    employers: HashMap<i64, Employer>,
}

impl PageModule for PersonsPage {
    const INFO: PageInfo =
        PageInfo::new("persons", "/persons").title("People").login_required().in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let list = cx.paged_where::<Person>(VISIBLE.as_str(), vec![viewer(cx)?.into()]).await?;
        let mut ids: Vec<i64> = list.rows().iter().map(|person| person.value().client_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let employers = persons::employers(cx.read().await?, &ids).await?;
        let list = PersonList { list, employers };
        if cx.wants_json() { cx.json(&list.as_json()) } else { cx.render(list) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Person::default());
        cx.execute_action(PersonAction::Add, form).await
    }
}

impl PersonList {
    fn count_line(&self) -> String {
        let people = match self.list.total() {
            1 => "1 person".to_owned(),
            total => format!("{} people", grouped(total)),
        };
        if self.list.q().is_empty() { people } else { format!("{people} found") }
    }

    fn employer(&self, person: &Row<Person>) -> Option<&Employer> {
        self.employers.get(&person.value().client_id)
    }

    fn as_json(&self) -> serde_json::Value {
        json!({
            "persons": self.list.rows().iter().map(Row::to_json).collect::<Vec<_>>(),
            "page": self.list.page(),
            "pages": self.list.pages(),
            "total": self.list.total(),
        })
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<PersonList>("persons/list.html", include_str!("../../../../templates/persons/list.samples.json"))
}
