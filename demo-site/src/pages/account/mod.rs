//! Signing in and out.

mod login;
mod logout;
mod next;

pub use login::LoginPage;
pub use logout::LogoutPage;
pub(super) use next::local_path;
