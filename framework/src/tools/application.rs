//! The application's variables, and who has locked them.

use std::time::Duration;

use askama::Template;
use serde::Serialize;

use super::locks::{Ledger, Lock};
use super::paging::Paging;
use crate::application::{Application, Variable};
use crate::page::{Context, CreateError, Frame, PageInfo, PageModule, PageResult, Site};

/// How long the actor is waited for: these pages are looked at when something is stuck.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// `/tools/application`.
pub(crate) struct ApplicationPage;

/// `/tools/application.json`.
pub(crate) struct ApplicationJsonPage;

/// The application at one moment.
#[derive(Debug, Serialize)]
struct Overview {
    /// How many variables there are, whatever was searched for.
    total: usize,
    /// Those searched for, by name.
    variables: Vec<Variable>,
    /// The application's own lock, while somebody has a part in it.
    lock: Option<Lock>,
    /// By variable; `None` where the application did not answer in time.
    object_locks: Option<Vec<ObjectLock>>,
}

#[derive(Debug, Serialize)]
struct ObjectLock {
    name: String,
    /// The number of the unit of work that holds it.
    owner: u64,
}

#[derive(Template)]
#[template(path = "tools/application.html")]
struct ApplicationView {
    prefix: String,
    overview: Overview,
    paging: Paging,
}

impl Overview {
    /// Of the variables those whose names begin with `prefix`, in whichever case.
    async fn of(application: &Application, prefix: &str) -> Self {
        let object_locks = object_locks(application).await;
        let mut variables = application.contents();
        let total = variables.len();
        let prefix = prefix.to_lowercase();
        variables.retain(|variable| variable.name.to_lowercase().starts_with(&prefix));
        Self { total, variables, lock: Ledger::of(application.locks()).application, object_locks }
    }
}

async fn object_locks(application: &Application) -> Option<Vec<ObjectLock>> {
    let answer = tokio::time::timeout(ANSWER_LIMIT, application.object_holders()).await;
    let holders = answer.ok()?.ok()?;
    Some(holders.into_iter().map(|(name, owner)| ObjectLock { name: name.to_string(), owner: owner.0 }).collect())
}

/// What was searched for.
fn prefix(cx: &Context<'_>) -> String {
    cx.query_param("q").unwrap_or_default().to_owned()
}

impl PageModule for ApplicationPage {
    const INFO: PageInfo =
        PageInfo::new("application", "/tools/application").title("Application").right("admin").in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let prefix = prefix(cx);
        let overview = Overview::of(cx.site().application(), &prefix).await;
        let paging = Paging::of(cx, &prefix, overview.variables.len());
        cx.render(ApplicationView { prefix, overview, paging })
    }
}

impl PageModule for ApplicationJsonPage {
    const INFO: PageInfo = PageInfo::new("application.json", "/tools/application.json")
        .title("Application as JSON")
        .right("admin")
        .background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let overview = Overview::of(cx.site().application(), &prefix(cx)).await;
        cx.json(&overview)
    }
}
