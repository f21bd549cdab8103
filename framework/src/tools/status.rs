//! The crib at a glance: pools, sessions, requests, database.

use askama::Template;

use super::board::{Board, Status};
use crate::page::{Context, CreateError, Frame, PageInfo, PageModule, PageResult, Site};

/// `/tools/status`.
pub(crate) struct StatusPage {
    board: Board,
}

/// `/tools/status.json`.
pub(crate) struct StatusJsonPage {
    board: Board,
}

#[derive(Template)]
#[template(path = "tools/status.html")]
struct StatusView {
    status: Status,
}

fn board(site: &Site) -> Result<Board, CreateError> {
    site.state::<Board>().cloned().ok_or_else(|| CreateError::new("the site has no board"))
}

impl PageModule for StatusPage {
    const INFO: PageInfo = PageInfo::new("status", "/tools/status").title("Status").right("admin").in_menu();

    async fn create(site: &Site) -> Result<Self, CreateError> {
        Ok(Self { board: board(site)? })
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let status = self.board.status(cx.site()).await?;
        cx.render(StatusView { status })
    }
}

impl PageModule for StatusJsonPage {
    const INFO: PageInfo =
        PageInfo::new("status.json", "/tools/status.json").title("Status as JSON").right("admin").background();

    async fn create(site: &Site) -> Result<Self, CreateError> {
        Ok(Self { board: board(site)? })
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let status = self.board.status(cx.site()).await?;
        cx.json(&status)
    }
}
