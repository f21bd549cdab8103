//! `/account/password`: the own password.

use askama::Template;
use serde::Deserialize;
use toolcrib::adapter::end_user::{OwnPassword, OwnPasswordAction};
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

/// Changes the password of whoever is signed in.
#[derive(Debug)]
pub(crate) struct PasswordPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "account/password.html")]
struct Password {
    form: Form<OwnPassword>,
}

impl PageModule for PasswordPage {
    const INFO: PageInfo =
        PageInfo::new("account.password", "/account/password").title("Your password").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(OwnPassword::default());
        cx.render(Password { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(OwnPassword::default());
        cx.execute::<OwnPasswordAction>(form).await
    }
}

/// The template's samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Password>(
        "account/password.html",
        include_str!("../../../../templates/account/password.samples.json"),
    )
}
