//! `/imports/{id}`: a run, whatever state it is in, and where it is posted to.

use toolcrib::prelude::*;

use super::{actions, configure, report, run_of};

/// A run of an import.
#[derive(Debug)]
pub(crate) struct ImportRunPage;

impl PageModule for ImportRunPage {
    const INFO: PageInfo = PageInfo::new("imports.run", "/imports/{id}").title("Import").right("import").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let run = run_of(cx).await?;
        if run.state == "uploaded" { configure::show(cx, run, None).await } else { report::show(cx, run).await }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let run = run_of(cx).await?;
        actions::act(cx, run).await
    }
}
