//! Signing in and out, and the own password.

mod login;
mod logout;
mod password;

pub use login::LoginPage;
pub use logout::LogoutPage;
pub use password::PasswordPage;
