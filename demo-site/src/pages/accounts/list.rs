//! `/accounts`: the accounts of all clients, and where new ones are posted to.

use std::collections::HashMap;

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::account::AccountForm;
use crate::adapters::account::AccountState;
use crate::adapters::{Account, AccountAction};
use crate::db::accounts::VISIBLE;
use crate::db::persons::{self, Employer};
use crate::pages::filters::{self, grouped};
use crate::pages::viewer;

/// The list of accounts.
#[derive(Debug)]
pub(crate) struct AccountsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "accounts/list.html")]
struct AccountList {
    list: Paged<Account>,
    /// The clients of those on this page.
    clients: HashMap<i64, Employer>,
}

impl PageModule for AccountsPage {
    const INFO: PageInfo =
        PageInfo::new("accounts", "/accounts").title("Accounts elsewhere").right("view").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Account::default());
        if form.is_refused() {
            let client = cx.form_param("client").unwrap_or_default().to_owned();
            return cx.render(AccountForm { form: form.carry("client", client.clone()), id: None, client });
        }
        let list = cx.paged_where::<Account>(VISIBLE.as_str(), vec![viewer(cx)?.into()]).await?;
        let mut ids: Vec<i64> = list.rows().iter().map(|account| account.value().client_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let clients = persons::employers(cx.read().await?, &ids).await?;
        let list = AccountList { list, clients };
        if cx.wants_json() { cx.json(&list.as_json()) } else { cx.render(list) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Account::default());
        cx.execute_action(AccountAction::Add, form).await
    }
}

impl AccountList {
    fn count_line(&self) -> String {
        match self.list.total() {
            1 => "1 account".to_owned(),
            total => format!("{} accounts", grouped(total)),
        }
    }

    fn client(&self, account: &Row<Account>) -> Option<&Employer> {
        self.clients.get(&account.value().client_id)
    }

    /// The states to choose from: what the address says, what people read.
    fn states() -> Vec<(String, String)> {
        AccountState::choices().into_iter().map(|choice| (choice.value, choice.label)).collect()
    }

    fn state(&self) -> &str {
        self.list.filter(Account::STATE)
    }

    /// The state of an account, as a class says it.
    fn state_class(account: &Row<Account>) -> &'static str {
        match account.value().state {
            AccountState::Unchecked => "unchecked",
            AccountState::Checking => "checking",
            AccountState::Sound => "sound",
            AccountState::Broken => "broken",
            AccountState::Unreachable => "unreachable",
        }
    }

    fn as_json(&self) -> serde_json::Value {
        json!({
            "accounts": self.list.rows().iter().map(Row::to_json).collect::<Vec<_>>(),
            "page": self.list.page(),
            "pages": self.list.pages(),
            "total": self.list.total(),
        })
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder
        .preview::<AccountList>("accounts/list.html", include_str!("../../../../templates/accounts/list.samples.json"))
}
