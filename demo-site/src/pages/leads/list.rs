//! `/leads`: the list, and where new leads are posted to.

use std::sync::LazyLock;

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::form::offering;
use crate::adapters::{Lead, LeadAction, LeadStatus};
use crate::db::{colleagues, visible};
use crate::domain::money;
use crate::pages::filters::{self, grouped};
use crate::pages::viewer;

/// Only what is there for whoever looks.
static VISIBLE: LazyLock<String> = LazyLock::new(|| visible::lead(1));

/// The list of leads.
#[derive(Debug)]
pub(crate) struct LeadsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "leads/list.html")]
struct LeadList {
    list: Paged<Lead>,
    /// Who may own one: id and name.
    owners: Vec<(i64, String)>,
}

impl PageModule for LeadsPage {
    const INFO: PageInfo = PageInfo::new("leads", "/leads").title("Leads").login_required().in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        let list = cx.paged_where::<Lead>(VISIBLE.as_str(), vec![viewer.into()]).await?;
        if cx.wants_json() {
            return cx.json(&as_json(&list));
        }
        let owners = colleagues::offered(cx.read().await?, None).await?;
        cx.render(LeadList { list, owners })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Lead { currency: money::USUAL.to_owned(), ..Lead::default() });
        let form = offering(form, cx).await?;
        cx.execute_action(LeadAction::Add, form).await
    }
}

fn as_json(list: &Paged<Lead>) -> serde_json::Value {
    json!({
        "leads": list.rows().iter().map(Row::to_json).collect::<Vec<_>>(),
        "page": list.page(),
        "pages": list.pages(),
        "total": list.total(),
    })
}

impl LeadList {
    fn count_line(&self) -> String {
        let found = if self.list.is_narrowed() { " found" } else { "" };
        match self.list.total() {
            1 => format!("1 lead{found}"),
            total => format!("{} leads{found}", grouped(total)),
        }
    }

    fn statuses(&self) -> Vec<(Choice, bool)> {
        let asked = self.list.filter(Lead::STATUS);
        let choices = <LeadStatus as FieldType>::choices().into_iter();
        choices.map(|choice| (choice.clone(), choice.value == asked)).collect()
    }

    fn owner_choices(&self) -> Vec<(i64, &str, bool)> {
        let asked = self.list.filter(Lead::OWNER_ID);
        self.owners.iter().map(|(id, name)| (*id, name.as_str(), id.to_string() == asked)).collect()
    }

    /// Who a lead belongs to, by name.
    fn owner(&self, lead: &Row<Lead>) -> &str {
        let owner = lead.value().owner_id;
        self.owners.iter().find(|(id, _)| Some(*id) == owner).map_or("", |(_, name)| name.as_str())
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<LeadList>("leads/list.html", include_str!("../../../../templates/leads/list.samples.json"))
}
