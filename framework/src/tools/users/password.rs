//! Another password for a user, chosen by an administrator.

use std::fmt;

use super::hashed;
use crate::adapter::{Actions, Adapter, Done, Execute, Form};
use crate::page::{Context, OrNotFound, PageError};
use crate::users::SetPasswordError;

/// The password to be.
#[derive(Clone, Default, Adapter)]
pub(super) struct OtherPassword {
    #[field(
        label = "New password",
        kind = "password",
        required,
        max_chars = 1024,
        autocomplete = "new-password",
        hint = "At least 8 characters. The user is signed out everywhere."
    )]
    password: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub(super) enum OtherPasswordAction {
    #[action(label = "Set the password", message = "The password has been set, and the user signed out everywhere.")]
    SetPassword,
}

impl fmt::Debug for OtherPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtherPassword").finish_non_exhaustive()
    }
}

impl Execute for OtherPasswordAction {
    type Adapter = OtherPassword;

    async fn execute(self, form: &mut Form<OtherPassword>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let (id, password) = (form.required_key()?, form.value().password.clone());
        let users = cx.site().users().clone();
        let user = users.by_id(cx.read().await?, id).await?.or_not_found()?;
        let Some(password) = hashed(form, OtherPassword::PASSWORD, cx, (&user.name, password)).await? else {
            return Ok(Done::new());
        };
        match users.set_password(cx.tx().await?, id, &password).await {
            Ok(()) => Ok(Done::new()),
            Err(SetPasswordError::Db(error)) => Err(error.into()),
            Err(_) => Err(PageError::NotFound),
        }
    }
}
