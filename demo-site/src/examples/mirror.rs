//! `/examples/mirror`: every visitor sees only what is their own.

use askama::Template;
use serde::Serialize;
use toolcrib::prelude::*;

/// The name this visitor gave.
const NAME: SessionField<String> = SessionField::new("mirror_name");

/// Shows the visitor's name from the session and the search text of the request.
#[derive(Debug, Default)]
pub struct MirrorPage {
    /// The search text, in the module on purpose: a forgotten reset would show it to the next.
    q: String,
}

#[derive(Debug, Template, Serialize)]
#[template(path = "examples/mirror.html")]
struct Mirror {
    name: String,
    q: String,
}

impl PageModule for MirrorPage {
    const INFO: PageInfo = PageInfo::new("mirror", "/examples/mirror").title("The mirror").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self::default())
    }

    fn initialize(&mut self) {
        self.q.clear();
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        if let Some(q) = cx.query_param("q") {
            q.clone_into(&mut self.q);
        }
        self.reflect(cx).await
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.form_param("q").unwrap_or_default().clone_into(&mut self.q);
        let name = cx.form_param("name").map(str::to_owned);
        if let Some(name) = name {
            cx.session_mut().set(&NAME, &name)?;
        }
        self.reflect(cx).await
    }
}

impl MirrorPage {
    async fn reflect(&self, cx: &mut Context<'_>) -> PageResult {
        let knobs = cx.knobs();
        knobs.pre().await;
        let name = cx.session().get(&NAME)?.unwrap_or_default();
        knobs.hold().await;
        knobs.fail().await?;
        let mirror = Mirror { name, q: self.q.clone() };
        if cx.wants_json() { cx.json(&mirror) } else { cx.render(mirror) }
    }
}
