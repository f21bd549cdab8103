//! `/login`: the form, and what stands in for any page that needs a user.

use askama::Template;
use serde::Deserialize;
use toolcrib::adapter::end_user::{Login, LoginAction};
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

/// Signs a visitor in.
#[derive(Debug)]
pub(crate) struct LoginPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "account/login.html")]
struct SignIn {
    form: Form<Login>,
}

impl PageModule for LoginPage {
    const INFO: PageInfo = PageInfo::new("login", "/login").title("Sign in").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = Login::form(cx);
        cx.render(SignIn { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = Login::form(cx);
        cx.execute::<LoginAction>(form).await
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<SignIn>("account/login.html", include_str!("../../../../templates/account/login.samples.json"))
}
