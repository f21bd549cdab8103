//! Ready adapters for the end user: the form to sign in with, and the one for the own password
//! (WebSnap: `TLoginFormAdapter`, W40).
//!
//! A page of a site shows such a form in its own looks and has it executed; what they promise is
//! the same everywhere:
//!
//! ```
//! use askama::Template;
//! use toolcrib::adapter::end_user::{Login, LoginAction};
//! use toolcrib::prelude::*;
//!
//! #[derive(Template)]
//! #[template(ext = "html", source = "<h1>Sign in</h1>{{ form.whole(LoginAction::SignIn) }}")]
//! struct SignIn {
//!     form: Form<Login>,
//! }
//!
//! pub struct LoginPage;
//!
//! impl PageModule for LoginPage {
//!     const INFO: PageInfo = PageInfo::new("login", "/login").title("Sign in").accepts_post();
//!
//!     async fn create(_: &Site) -> Result<Self, CreateError> {
//!         Ok(Self)
//!     }
//!
//!     fn initialize(&mut self) {}
//!
//!     async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
//!         let form = Login::form(cx);
//!         cx.render(SignIn { form })
//!     }
//!
//!     async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
//!         let form = Login::form(cx);
//!         cx.execute::<LoginAction>(form).await
//!     }
//! }
//! ```

mod login;
mod own_password;

pub use login::{Login, LoginAction};
pub use own_password::{OwnPassword, OwnPasswordAction};

use std::time::Duration;

use actix_web::http::StatusCode;

use super::{Adapter, FieldId, Form};
use crate::clock::whole_seconds;
use crate::users::Refusal;
use crate::users::password::MAX_PASSWORD_BYTES;

/// Says at a field why a password was not accepted, with the status of that reason. `mismatch` is
/// what is said of a wrong one.
fn refuse<A: Adapter>(form: &mut Form<A>, field: FieldId, refusal: Refusal, mismatch: &str) {
    let sentence = match refusal {
        Refusal::Mismatch => mismatch.to_owned(),
        Refusal::TooLong => format!("A password has at most {MAX_PASSWORD_BYTES} bytes."),
        Refusal::Throttled(wait) => format!("Too many failed sign-ins. Please wait {}.", in_words(wait)),
        Refusal::Busy(_) => "Many people are signing in right now. Please try again in a moment.".to_owned(),
    };
    form.refuse_in_words(field, sentence);
    match refusal {
        Refusal::Mismatch | Refusal::TooLong => {}
        Refusal::Throttled(wait) => form.refuse_with(StatusCode::TOO_MANY_REQUESTS, Some(wait)),
        Refusal::Busy(wait) => form.refuse_with(StatusCode::SERVICE_UNAVAILABLE, Some(wait)),
    }
}

fn in_words(wait: Duration) -> String {
    match whole_seconds(wait) {
        1 => "a second".to_owned(),
        seconds @ ..=60 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_come_back_too_early() {
        let told = |millis| in_words(Duration::from_millis(millis));
        assert_eq!([told(0), told(1_001), told(60_000)], ["a second", "2 seconds", "60 seconds"]);
        assert_eq!([told(60_001), told(120_000), told(120_001)], ["2 minutes", "2 minutes", "3 minutes"]);
    }
}
