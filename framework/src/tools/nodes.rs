//! The nodes of the site, and who holds or waits for which lock over all of them.

use askama::Template;
use serde::Serialize;

use super::paging::Paging;
use crate::cluster::{Line, Node};
use crate::page::{Context, CreateError, Frame, PageError, PageInfo, PageModule, PageResult, Site};

/// `/tools/nodes`.
pub(crate) struct NodesPage;

/// `/tools/nodes.json`.
pub(crate) struct NodesJsonPage;

/// The nodes at one moment.
#[derive(Debug, Serialize)]
struct Document {
    /// The number of the node that answers; nothing where there can be no others.
    this: Option<i64>,
    nodes: Vec<Node>,
    /// Locks over all nodes: by name, in the order in which they are granted.
    tickets: Vec<Line>,
}

#[derive(Template)]
#[template(path = "tools/nodes.html")]
struct NodesView {
    document: Document,
    paging: Paging,
}

impl Document {
    fn is_this(&self, number: &i64) -> bool {
        self.this == Some(*number)
    }

    async fn of(site: &Site) -> Result<Self, PageError> {
        match site.application().cluster() {
            None => Ok(Self { this: None, nodes: Vec::new(), tickets: Vec::new() }),
            Some(cluster) => {
                let (nodes, tickets) = (cluster.nodes().await?, cluster.lines().await?);
                Ok(Self { this: Some(cluster.number()), nodes, tickets })
            }
        }
    }
}

impl PageModule for NodesPage {
    const INFO: PageInfo = PageInfo::new("nodes", "/tools/nodes").title("Nodes").right("admin").in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let document = Document::of(cx.site()).await?;
        let paging = Paging::of(cx, "", document.tickets.len());
        cx.render(NodesView { document, paging })
    }
}

impl PageModule for NodesJsonPage {
    const INFO: PageInfo =
        PageInfo::new("nodes.json", "/tools/nodes.json").title("Nodes as JSON").right("admin").background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let document = Document::of(cx.site()).await?;
        cx.json(&document)
    }
}

/// Microseconds, as people read a short time.
fn seconds(micros: &i64) -> String {
    format!("{}.{} s", micros / 1_000_000, micros.rem_euclid(1_000_000) / 100_000)
}
