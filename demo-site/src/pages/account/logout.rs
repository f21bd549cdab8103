//! `POST /logout`.

use serde_json::json;
use toolcrib::prelude::*;

/// Ends the session.
#[derive(Debug)]
pub(crate) struct LogoutPage;

impl PageModule for LogoutPage {
    const INFO: PageInfo = PageInfo::new("logout", "/logout").title("Sign out").post_only();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.sign_out();
        let answer = if cx.wants_json() { cx.json(&json!({ "signed_out": true }))? } else { cx.redirect("/login")? };
        // What the browser kept of the pages goes too, the one behind "Back" included.
        Ok(answer.with_header("Clear-Site-Data", "\"cache\""))
    }

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Err(PageError::MethodNotAllowed)
    }
}
