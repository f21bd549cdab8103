//! Signing in and out, and the own password.

mod login;
mod logout;
mod password;

use toolcrib::server::SiteBuilder;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder.page::<login::LoginPage>().page::<logout::LogoutPage>().page::<password::PasswordPage>();
    password::preview(login::preview(builder))
}
