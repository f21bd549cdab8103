//! `/accounts`: accounts of clients at other companies.

mod account;
mod list;
mod panel;

use std::sync::Arc;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::domain::providers::{MockProvider, Provider};
use crate::jobs::accounts::{CheckAccount, CheckAllAccounts};

/// The pages, their samples, and what is checked in the background.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<list::AccountsPage>()
        .page::<account::AccountPage>()
        .page::<panel::AccountsPanel>()
        .state::<Arc<dyn Provider>>(Arc::new(MockProvider))
        .job::<CheckAccount>()
        .job::<CheckAllAccounts>()
        .schedule::<CheckAllAccounts>("check all accounts", Schedule::daily(2, 30), || CheckAllAccounts {});
    panel::preview(account::preview(list::preview(builder)))
}
