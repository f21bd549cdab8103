//! `/clients/{id}/panels/accounts`: a client's accounts at other companies.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::account::label_of;
use crate::adapters::{Account, AccountAction, Client};
use crate::db::accounts::{self, ShownAccount};
use crate::pages::clients::tracked;
use crate::pages::filters;

/// The accounts of a client.
#[derive(Debug)]
pub(crate) struct AccountsPanel;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/panels/accounts.html", blocks = ["panel"])]
struct Accounts {
    id: i64,
    client: Row<Client>,
    tracking_id: i64,
    accounts: Vec<ShownAccount>,
    form: Form<Account>,
}

impl PageModule for AccountsPanel {
    const INFO: PageInfo =
        PageInfo::new("client.accounts", "/clients/{id}/panels/accounts").title("Accounts").login_required().fragment();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, client, tracking_id) = tracked(cx).await?;
        let accounts = accounts::of_client(cx.read().await?, id).await?;
        if cx.wants_json() {
            return cx.json(&json!({ "accounts": accounts }));
        }
        let form = cx.form_of(Account::default()).to("/accounts").carry("client", id.to_string());
        let panel = Accounts { id, client, tracking_id, accounts, form };
        if cx.wants_fragment() { cx.fragment(panel.as_panel()) } else { cx.render(panel) }
    }
}

impl Accounts {
    fn provider(account: &ShownAccount) -> &str {
        label_of(&account.provider)
    }

    fn state(account: &ShownAccount) -> &'static str {
        match account.state.as_str() {
            "checking" => "Checking",
            "sound" => "Sound",
            "broken" => "Broken",
            "unreachable" => "No answer",
            _ => "Not checked",
        }
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Accounts>(
        "clients/panels/accounts.html",
        include_str!("../../../../templates/clients/panels/accounts.samples.json"),
    )
}
