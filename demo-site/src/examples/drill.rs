//! `/examples/drill`: what an instance still holds when it is checked out.

use askama::Template;
use serde::Serialize;
use toolcrib::prelude::*;

/// Keeps a text in a field, so that the next visitor's instance comes with it.
#[derive(Debug, Default)]
pub struct DrillPage {
    /// Where a visitor's text goes: state of the module, reset before every use.
    held: String,
    /// What `held` was when the instance was checked out. Another page has no reason to keep this.
    leftover: String,
}

#[derive(Debug, Template, Serialize)]
#[template(path = "examples/drill.html")]
struct Drill {
    instance: u64,
    uses: u64,
    leftover: String,
    clean: String,
}

impl PageModule for DrillPage {
    const INFO: PageInfo = PageInfo::new("drill", "/examples/drill").title("The dirty drill").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self::default())
    }

    /// The reset every page has; this one also shows what it threw away.
    fn initialize(&mut self) {
        self.leftover = std::mem::take(&mut self.held);
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let drill = self.looked_at(cx).await?;
        if cx.wants_json() { cx.json(&drill) } else { cx.render(drill) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let text = cx.form_param("set").unwrap_or_default().to_owned();
        let drill = self.looked_at(cx).await?;
        self.held = text;
        if cx.wants_json() { cx.json(&drill) } else { cx.redirect("/examples/drill") }
    }
}

impl DrillPage {
    async fn looked_at(&self, cx: &Context<'_>) -> Result<Drill, PageError> {
        let knobs = cx.knobs();
        knobs.pre().await;
        let instance = cx.instance();
        let (leftover, clean) = (self.leftover.clone(), self.held.clone());
        knobs.hold().await;
        knobs.fail().await?;
        Ok(Drill { instance: instance.id, uses: instance.uses, leftover, clean })
    }
}
