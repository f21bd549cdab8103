//! `/accounts/{id}`: one account: changing it, having it checked, removing it.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::{Account, AccountAction};
use crate::db::clients;
use crate::pages::viewer;

/// The form of an account.
#[derive(Debug)]
pub(crate) struct AccountPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "accounts/form.html")]
pub(super) struct AccountForm {
    pub(super) form: Form<Account>,
    /// None of a new one.
    pub(super) id: Option<i64>,
    /// The client's id, as the form says it.
    pub(super) client: String,
}

impl PageModule for AccountPage {
    const INFO: PageInfo =
        PageInfo::new("accounts.account", "/accounts/{id}").title("Account elsewhere").right("edit").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let stored = account_of(cx).await?;
        let (id, client) = (stored.key(), stored.value().client_id.to_string());
        let form = cx.form_of(stored);
        if cx.wants_json() { cx.json(&form.row().to_json()) } else { cx.render(AccountForm { form, id, client }) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = account_of(cx).await?;
        let form = cx.form_of(form);
        cx.execute::<AccountAction>(form).await
    }
}

/// The account of the page's address, if its client is there for whoever looks.
async fn account_of(cx: &mut Context<'_>) -> Result<Row<Account>, PageError> {
    let id: i64 = cx.path("id")?;
    let viewer = viewer(cx)?;
    let rows = cx.read().await?;
    let account = Row::<Account>::find(rows, id).await?.or_not_found()?;
    if clients::is_there(rows, account.value().client_id, viewer).await? {
        Ok(account)
    } else {
        Err(PageError::NotFound)
    }
}

impl AccountForm {
    fn heading(&self) -> &'static str {
        if self.id.is_some() { "Edit the account" } else { "New account" }
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder
        .preview::<AccountForm>("accounts/form.html", include_str!("../../../../templates/accounts/form.samples.json"))
}
