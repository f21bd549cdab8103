//! `/examples`: what there is to try.

use askama::Template;
use toolcrib::prelude::*;

/// The list of examples.
#[derive(Debug)]
pub struct ExamplesPage;

#[derive(Debug, Template)]
#[template(path = "examples/index.html")]
struct Index;

struct Example {
    title: &'static str,
    path: &'static str,
    text: &'static str,
}

impl PageModule for ExamplesPage {
    const INFO: PageInfo = PageInfo::new("examples", "/examples").title("Examples").in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.render(Index)
    }
}

impl Index {
    fn examples(&self) -> [Example; 3] {
        [
            Example {
                title: "The dirty drill",
                path: "/examples/drill",
                text: "An instance comes back as it was left. See what the last visitor left in \
                       it, and what the reset makes of it.",
            },
            Example {
                title: "The relay",
                path: "/examples/relay",
                text: "A redirect is a new request with another instance; so is a dispatch within \
                       one request. Only the session goes along.",
            },
            Example {
                title: "The mirror",
                path: "/examples/mirror",
                text: "However many visitors share one instance, each sees only their own name \
                       and search text.",
            },
        ]
    }
}
