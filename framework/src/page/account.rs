//! Signing in by the site's users, and changing one's own password.

use super::{Context, PageError};
use crate::session::{EndUser, SessionError};
use crate::users::password::PasswordError;
use crate::users::{AuthenticateError, PasswordRefused, Refusal, SetPasswordError, WeakPassword};

/// Why the own password was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnPasswordRefused {
    /// The old password: see [`Refusal`].
    Old(Refusal),
    /// The new one may not be chosen.
    New(WeakPassword),
}

/// The visitor's account.
impl Context<'_> {
    /// Who among the site's users a name and a password belong to, or why that is not said (S29,
    /// S30, W40). Sign the user in, in this same unit, by [`Context::sign_in`].
    ///
    /// Call it before [`Context::tx`]: the password is checked without a connection, which then is
    /// opened to make sure that nothing has changed meanwhile.
    ///
    /// # Errors
    /// [`PageError::Database`], or [`PageError::Other`] for a damaged hash.
    pub async fn authenticate(&mut self, name: &str, password: String) -> Result<Result<EndUser, Refusal>, PageError> {
        let users = self.site().users().clone();
        let address = self.peer_ip();
        self.release_reader();
        let verified = match users.verify(name, password, address).await? {
            Ok(verified) => verified,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match users.admit(self.tx().await?, &verified).await? {
            Some(user) => Ok(Ok(user)),
            None => Ok(Err(users.failed(name, address))),
        }
    }

    /// Gives the signed-in user another password. At commit all other sessions of the user end, and
    /// this one goes on under a new key (S17). Call it before [`Context::tx`], as
    /// [`Context::authenticate`].
    ///
    /// # Errors
    /// [`SessionError::Ended`] where nobody is signed in, or the user was disabled or signed out
    /// meanwhile; [`PageError::Unavailable`] where too many passwords are computed at once;
    /// [`PageError::Database`].
    pub async fn change_own_password(
        &mut self,
        old: String,
        new: String,
    ) -> Result<Result<(), OwnPasswordRefused>, PageError> {
        let users = self.site().users().clone();
        let address = self.peer_ip();
        self.release_reader();
        let name = self.end_user().ok_or(SessionError::Ended)?.name;
        let verified = match users.verify(&name, old, address).await? {
            Ok(verified) => verified,
            Err(refusal) => return Ok(Err(OwnPasswordRefused::Old(refusal))),
        };
        let password = match users.hash_password(&name, new).await {
            Ok(password) => password,
            Err(PasswordRefused::Weak(weak)) => return Ok(Err(OwnPasswordRefused::New(weak))),
            Err(PasswordRefused::Hash(PasswordError::Busy { retry_after })) => {
                return Err(PageError::unavailable("Many people are signing in right now.", retry_after));
            }
            Err(PasswordRefused::Hash(error)) => return Err(PageError::other(error)),
        };
        let session = self.attempt.session.clone();
        let changed = users.set_own_password(self.tx().await?, &verified, &password, &session).await;
        match changed {
            Ok(user) => Ok(Ok(self.sign_in(&user)?)),
            Err(SetPasswordError::Db(error)) => Err(error.into()),
            Err(_) => Err(SessionError::Ended.into()),
        }
    }
}

impl From<AuthenticateError> for PageError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Db(error) => Self::Database(error),
            AuthenticateError::Password(error) => Self::other(error),
        }
    }
}
