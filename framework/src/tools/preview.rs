//! `/tools/preview`: every template in every state, from the samples beside it. In development only.

use askama::Template;

use crate::page::{
    Context, CreateError, Frame, OrNotFound as _, PageInfo, PageModule, PageResult, Preview, Response, Site, encode,
};
use crate::settings::Profile;

/// What may frame a sample: this site's own gallery.
const POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; form-action 'none'";

/// The gallery.
pub(crate) struct PreviewPage;

/// One template in one state.
pub(crate) struct SamplePage;

#[derive(Template)]
#[template(path = "tools/preview.html")]
struct Gallery {
    templates: Vec<Shown>,
}

struct Shown {
    template: &'static str,
    /// The states with their addresses.
    states: Vec<(String, String)>,
    /// Why its samples cannot be read.
    problem: String,
}

impl PageModule for PreviewPage {
    const INFO: PageInfo = PageInfo::new("preview", "/tools/preview").title("Preview").right("admin");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        if cx.site().settings().profile == Profile::Production {
            return Err(crate::page::PageError::NotFound);
        }
        let templates = cx.site().previews().iter().map(shown).collect();
        cx.render(Gallery { templates })
    }
}

fn shown(preview: &Preview) -> Shown {
    let template = preview.template();
    let address = |state: String| {
        let address = format!("/tools/preview/sample?template={}&state={}", encode(template), encode(&state));
        (state, address)
    };
    match preview.states() {
        Ok(states) => Shown { template, states: states.into_iter().map(address).collect(), problem: String::new() },
        Err(error) => Shown { template, states: Vec::new(), problem: error.to_string() },
    }
}

impl PageModule for SamplePage {
    const INFO: PageInfo = PageInfo::new("preview.sample", "/tools/preview/sample").title("Sample").right("admin");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let Some(template) = cx.query_param("template") else { return cx.redirect("/tools/preview") };
        let state = cx.query_param("state").unwrap_or_default();
        let preview = cx.site().previews().iter().find(|preview| preview.template() == template).or_not_found()?;
        let answer = match preview.render(cx.site(), state) {
            Ok(html) => Response::html(html),
            // For the author, who is the only one to see it.
            Err(error) => Response::text(error.to_string()).with_status(actix_web::http::StatusCode::NOT_FOUND),
        };
        Ok(answer.with_header("Content-Security-Policy", POLICY))
    }
}
