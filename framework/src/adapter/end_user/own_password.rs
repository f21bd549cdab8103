//! The form for the own password.

use std::fmt;

use super::refuse;
use crate::adapter::{Actions, Adapter, Done, Execute, Form};
use crate::page::{Context, OwnPasswordRefused, PageError};

/// The form by which the signed-in user chooses another password (W40): fields `current`, `new` and
/// `repeated`. For a page that requires a sign-in.
///
/// Who changes it stays signed in, under a new key; all other sessions of the user end at once
/// (S17). The current password is guarded as at the sign-in (S29 to S31): 422, 429 or 503. The
/// rules for the new one are those of [`check_password`](crate::users::check_password). None of the
/// three is sent back, kept or logged.
///
/// ```
/// use toolcrib::adapter::end_user::{OwnPassword, OwnPasswordAction};
/// use toolcrib::prelude::*;
///
/// async fn action(cx: &mut Context<'_>) -> PageResult {
///     let form = cx.form_of(OwnPassword::default());
///     cx.execute::<OwnPasswordAction>(form).await
/// }
/// ```
#[derive(Clone, Default, Adapter)]
pub struct OwnPassword {
    /// The password as it is; at most 1024 characters.
    #[field(
        label = "Current password",
        kind = "password",
        required,
        max_chars = 1024,
        autocomplete = "current-password"
    )]
    pub current: String,
    /// What it is to be; 8 to 1024 bytes.
    #[field(
        label = "New password",
        kind = "password",
        required,
        max_chars = 1024,
        autocomplete = "new-password",
        hint = "At least 8 characters; a few words are easier to remember than odd signs."
    )]
    pub new: String,
    /// The same again.
    #[field(
        label = "New password, again",
        kind = "password",
        required,
        max_chars = 1024,
        autocomplete = "new-password"
    )]
    pub repeated: String,
}

/// What [`OwnPassword`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub enum OwnPasswordAction {
    /// Changes the password.
    #[action(
        label = "Change the password",
        message = "Your password has been changed. Everywhere else you have been signed out."
    )]
    Change,
}

impl fmt::Debug for OwnPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnPassword").finish_non_exhaustive()
    }
}

impl Execute for OwnPasswordAction {
    type Adapter = OwnPassword;

    async fn execute(self, form: &mut Form<OwnPassword>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let OwnPassword { current, new, repeated } = form.value().clone();
        if new != repeated {
            form.refuse(OwnPassword::REPEATED, "is not the same as the new password");
            return Ok(Done::new());
        }
        match cx.change_own_password(current, new).await? {
            Ok(()) => {}
            Err(OwnPasswordRefused::Old(refusal)) => {
                refuse(form, OwnPassword::CURRENT, refusal, "That is not your current password.");
            }
            Err(OwnPasswordRefused::New(weak)) => form.refuse_in_words(OwnPassword::NEW, weak.to_string()),
        }
        Ok(Done::new())
    }
}
