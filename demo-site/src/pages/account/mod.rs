//! Signing in and out, and the own password.

mod login;
mod logout;
mod password;

pub use login::LoginPage;
pub use logout::LogoutPage;
pub use password::PasswordPage;

/// The samples of these pages' templates.
pub(super) fn preview(builder: toolcrib::server::SiteBuilder) -> toolcrib::server::SiteBuilder {
    password::preview(login::preview(builder))
}
