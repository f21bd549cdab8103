//! A user changes the own password.

use super::change::store_password;
use super::store::{Turn, by_id, end_user, take_turn};
use super::user::PasswordHash;
use super::{SetPasswordError, Users, Verified};
use crate::db::{self, Conn};
use crate::session::{EndUser, Session};

impl Users {
    /// Gives the user who just proved the old password another one, and ends all sessions of the
    /// user but the one that asks. Answers whom to sign in again, for a new key.
    ///
    /// Refused where the user was disabled or signed out meanwhile, or has another password: a
    /// session that was ended must not come back by this.
    pub(crate) async fn set_own_password(
        &self,
        tx: &mut Conn,
        verified: &Verified,
        password: &PasswordHash,
        session: &Session,
    ) -> Result<EndUser, SetPasswordError> {
        take_turn(tx, Turn::Change).await?;
        let unchanged: Option<i64> =
            db::query("SELECT id FROM toolcrib_users WHERE id = $1 AND password_hash = $2 AND NOT disabled")
                .bind(verified.id)
                .bind(&verified.password_hash)
                .scalar_optional(tx)
                .await?;
        let alive = self.sessions().is_of(tx, session, &verified.id.to_string()).await?;
        if unchanged.is_none() || !alive {
            return Err(SetPasswordError::SignedOut);
        }
        store_password(tx, verified.id, password).await?;
        self.sessions().end_other_sessions_of(tx, &verified.id.to_string(), session).await?;
        let user = by_id(tx, verified.id).await?.ok_or(SetPasswordError::NoSuchUser)?;
        Ok(end_user(tx, &user).await?)
    }
}
