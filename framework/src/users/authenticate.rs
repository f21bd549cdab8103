//! Signing in: who a name and a password belong to (S29, S30).
//!
//! Two steps. First the password is checked, which takes its time, so no connection is held
//! meanwhile. Then, in the transaction that signs the user in, it is made sure that nothing has
//! changed since.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::Users;
use super::limiter::Throttled;
use super::name::typed_name;
use super::password::{PasswordError, Verdict};
use super::store::{Turn, by_id, end_user, take_turn};
use crate::clock::now_micros;
use crate::db::{self, Conn, DbError};
use crate::session::EndUser;

/// Why a sign-in got no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Unknown user, wrong password, disabled user: nobody learns which (S30).
    Mismatch,
    /// A password longer than any is.
    TooLong,
    /// Too many failures of this account or this address (S29).
    Throttled(Duration),
    /// Too many sign-ins at once (S31).
    Busy(Duration),
}

/// No answer can be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// The stored hash is damaged, or the computation was stopped.
    #[error("the password could not be checked")]
    Password(#[from] PasswordError),
    /// The database failed.
    #[error("the user could not be looked up")]
    Db(#[from] DbError),
}

/// Somebody who knew a user's password a moment ago.
#[derive(Clone)]
pub struct Verified {
    pub(super) id: i64,
    pub(super) password_hash: String,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: i64,
    password_hash: String,
    disabled: bool,
}

impl Refusal {
    /// When it is worth trying again, where waiting helps.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Mismatch | Self::TooLong => None,
            Self::Throttled(wait) | Self::Busy(wait) => Some(wait),
        }
    }
}

impl From<Throttled> for Refusal {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled(throttled.retry_after)
    }
}

impl Users {
    /// The first step: whether a user knows the password. Failures are counted by account and by
    /// address; an unknown name takes as long as a known one. No connection is held while the
    /// password is checked. [`Context::authenticate`](crate::page::Context::authenticate) takes both
    /// steps.
    ///
    /// # Errors
    /// [`AuthenticateError`], where it cannot be found out.
    pub async fn verify(
        &self,
        name: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<Result<Verified, Refusal>, AuthenticateError> {
        if let Err(throttled) = self.limiter().check(name, address, Instant::now()) {
            return Ok(Err(throttled.into()));
        }
        let stored = self.stored(name).await?;
        let hash = stored.as_ref().map(|stored| stored.password_hash.clone());
        let verdict = match self.passwords().verify(password, hash).await {
            Ok(verdict) => verdict,
            Err(PasswordError::TooLong) => return Ok(Err(Refusal::TooLong)),
            Err(PasswordError::Busy { retry_after }) => return Ok(Err(Refusal::Busy(retry_after))),
            Err(error) => return Err(error.into()),
        };
        // A disabled user's right password counts as a wrong one, or the limit would tell them apart.
        match (verdict, stored.filter(|stored| !stored.disabled)) {
            (Verdict::Match, Some(Stored { id, password_hash, .. })) => Ok(Ok(Verified { id, password_hash })),
            _ => Ok(Err(self.failed(name, address))),
        }
    }

    /// The second step, in the transaction that signs the user in: the password is still the user's,
    /// who is not disabled. From here to the end of the transaction nobody changes that, nor the
    /// rights. `None`: it is not so any more.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn admit(&self, tx: &mut Conn, verified: &Verified) -> Result<Option<EndUser>, DbError> {
        take_turn(tx, Turn::SignIn).await?;
        let rows = db::query(
            "UPDATE toolcrib_users SET signed_in_at = $3 \
             WHERE id = $1 AND password_hash = $2 AND NOT disabled",
        )
        .bind(verified.id)
        .bind(&verified.password_hash)
        .bind(now_micros())
        .execute(tx)
        .await?;
        match by_id(tx, verified.id).await? {
            Some(user) if rows == 1 => Ok(Some(end_user(tx, &user).await?)),
            _ => Ok(None),
        }
    }

    /// Counts a failure. A try that came from yet another address is told so too: guessing one
    /// account from many addresses ends here, while the right password still gets in.
    pub(crate) fn failed(&self, name: &str, address: Option<IpAddr>) -> Refusal {
        match self.limiter().failed(name, address, Instant::now()) {
            Ok(()) => Refusal::Mismatch,
            Err(throttled) => throttled.into(),
        }
    }

    async fn stored(&self, name: &str) -> Result<Option<Stored>, DbError> {
        // Nobody is looked up under a name that cannot be anybody's, as fast or slow as others.
        let name = typed_name(name).unwrap_or_default();
        let mut conn = self.db().read().await?;
        db::query("SELECT id, password_hash, disabled FROM toolcrib_users WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut conn)
            .await
    }
}
