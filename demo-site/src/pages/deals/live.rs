//! `/deals/live?pipeline=ID`: tells whoever looks at a board that something on it was changed.

use toolcrib::prelude::*;

/// The events of one pipeline.
#[derive(Debug)]
pub(crate) struct DealsLivePage;

impl PageModule for DealsLivePage {
    const INFO: PageInfo =
        PageInfo::new("deals.live", "/deals/live").title("What happens on the board").login_required().background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pipeline = cx.query_param("pipeline").and_then(|text| text.parse::<i64>().ok()).or_not_found()?;
        Ok(cx.live(&[format!("deals/{pipeline}")]))
    }
}
