//! `/setup`: what administrators arrange.

use askama::Template;
use serde::Deserialize;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

/// Where it leads: the address, what it is called, a line about it.
const CARDS: [(&str, &str, &str); 9] = [
    ("/tools/users", "Users", "Who may sign in, and with which roles."),
    ("/tools/roles", "Roles", "What each role may see and do."),
    ("/pipelines", "Pipelines", "The stages a deal goes through, and how likely each makes it."),
    ("/tags", "Tags", "The words clients are sorted by: rename them, put two together."),
    ("/audit", "Audit log", "Who did what, and what it was before."),
    ("/duplicates", "Duplicates", "Clients that may be the same: put them together."),
    ("/accounts", "External accounts", "Accounts of clients elsewhere, and whether they work."),
    ("/tools/jobs", "Jobs", "What runs in the background, and what failed."),
    ("/tools/object-log", "Object log", "Conflicts, refused locks and errors of this site."),
];

/// The page that leads to the rest.
#[derive(Debug)]
pub(crate) struct SetupPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "setup/setup.html")]
struct Setup {
    cards: Vec<Card>,
}

#[derive(Debug, Deserialize)]
struct Card {
    address: String,
    title: String,
    line: String,
}

impl PageModule for SetupPage {
    const INFO: PageInfo = PageInfo::new("setup", "/setup").title("Setup").right("admin").in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let rights = cx.rights();
        // What this administrator may not open is no use to them.
        let may = |address: &str| {
            let page = cx.site().pages().iter().find(|page| page.path() == address);
            page.is_some_and(|page| rights.include(page.required_right()))
        };
        let cards = CARDS.into_iter().filter(|(address, ..)| may(address)).map(|(address, title, line)| Card {
            address: address.to_owned(),
            title: title.to_owned(),
            line: line.to_owned(),
        });
        let cards = cards.collect();
        cx.render(Setup { cards })
    }
}

/// The page and its samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<SetupPage>()
        .preview::<Setup>("setup/setup.html", include_str!("../../../../templates/setup/setup.samples.json"))
}
