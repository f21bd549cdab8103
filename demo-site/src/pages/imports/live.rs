//! `/imports/{id}/live`: what happens to a run, as it happens.

use toolcrib::prelude::*;

use super::run_of;
use crate::jobs::imports::topic;

/// A stream that tells when a run has come further.
#[derive(Debug)]
pub(crate) struct ImportLivePage;

impl PageModule for ImportLivePage {
    const INFO: PageInfo =
        PageInfo::new("imports.live", "/imports/{id}/live").title("Import, live").right("import").background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let run = run_of(cx).await?;
        Ok(cx.live(&[topic(run.id)]))
    }
}
