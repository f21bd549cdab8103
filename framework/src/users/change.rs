//! Making and changing users.

use super::name::{checked_display_name, checked_name, fold};
use super::role::{ADMIN, MAX_ROLES};
use super::store::{Turn, by_id, is_last_admin, take_turn};
use super::user::{NewUser, PasswordHash, User};
use super::{ChangeUserError, CreateUserError, DisableUserError, SetPasswordError, SetRolesError, Users};
use crate::clock::now_micros;
use crate::db::{self, Conn, DbError};

impl Users {
    /// Makes a user, and answers its number.
    ///
    /// # Errors
    /// [`CreateUserError`]; nothing is written then.
    pub async fn create(&self, tx: &mut Conn, user: NewUser<'_>) -> Result<i64, CreateUserError> {
        let name = checked_name(user.name).map_err(CreateUserError::Name)?;
        let display_name = checked_display_name(user.display_name).map_err(CreateUserError::DisplayName)?;
        let roles = distinct(user.roles);
        if roles.len() > MAX_ROLES {
            return Err(CreateUserError::TooManyRoles);
        }
        take_turn(tx, Turn::Change).await?;
        if let Some(role) = unknown_role(tx, &roles).await? {
            return Err(CreateUserError::UnknownRole(role));
        }
        let id: Option<i64> = db::query(
            "INSERT INTO toolcrib_users (name, display_name, search, password_hash, created_at, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (name) DO NOTHING RETURNING id",
        )
        .bind(&name)
        .bind(display_name)
        .bind(search(&name, display_name))
        .bind(&user.password.0)
        .bind(now_micros())
        .scalar_optional(tx)
        .await?;
        let id = id.ok_or(CreateUserError::NameTaken)?;
        write_roles(tx, id, &roles).await?;
        Ok(id)
    }

    /// Changes a user's names, and answers the user as it is then. Sessions of the user show them
    /// from the next request on.
    ///
    /// # Errors
    /// [`ChangeUserError::Stale`] where `version` is not the user's any more, and others; nothing is
    /// written then.
    pub async fn change(
        &self,
        tx: &mut Conn,
        id: i64,
        version: i64,
        name: &str,
        display_name: &str,
    ) -> Result<User, ChangeUserError> {
        let name = checked_name(name).map_err(ChangeUserError::Name)?;
        let display_name = checked_display_name(display_name).map_err(ChangeUserError::DisplayName)?;
        take_turn(tx, Turn::Change).await?;
        let user = by_id(tx, id).await?.ok_or(ChangeUserError::NoSuchUser)?;
        if user.version != version {
            return Err(ChangeUserError::Stale);
        }
        // Asked first: on PostgreSQL a violated constraint would spoil the caller's transaction.
        let other: Option<i64> = db::query("SELECT id FROM toolcrib_users WHERE name = $1 AND id <> $2")
            .bind(&name)
            .bind(id)
            .scalar_optional(tx)
            .await?;
        if other.is_some() {
            return Err(ChangeUserError::NameTaken);
        }
        db::query("UPDATE toolcrib_users SET name = $2, display_name = $3, search = $4 WHERE id = $1")
            .bind(id)
            .bind(&name)
            .bind(display_name)
            .bind(search(&name, display_name))
            .execute(tx)
            .await?;
        note_change(tx, id).await?;
        let user = by_id(tx, id).await?.ok_or(ChangeUserError::NoSuchUser)?;
        self.refresh_sessions(tx, &user).await?;
        Ok(user)
    }

    /// Refuses further sign-ins of a user and ends all sessions of the user (S17). Disabling a
    /// disabled user changes nothing.
    ///
    /// # Errors
    /// [`DisableUserError::LastAdmin`] for the last enabled user with the right [`ADMIN`], and
    /// others; nothing is written then.
    pub async fn disable(&self, tx: &mut Conn, id: i64) -> Result<(), DisableUserError> {
        take_turn(tx, Turn::Change).await?;
        let user = by_id(tx, id).await?.ok_or(DisableUserError::NoSuchUser)?;
        if user.disabled {
            return Ok(());
        }
        if is_last_admin(tx, id, "").await? {
            return Err(DisableUserError::LastAdmin);
        }
        self.set_disabled(tx, id, true).await?;
        self.sessions().end_sessions_of(tx, &id.to_string()).await?;
        Ok(())
    }

    /// Lets a disabled user sign in again.
    ///
    /// # Errors
    /// [`DisableUserError::NoSuchUser`], or whatever the database says.
    pub async fn enable(&self, tx: &mut Conn, id: i64) -> Result<(), DisableUserError> {
        take_turn(tx, Turn::Change).await?;
        let user = by_id(tx, id).await?.ok_or(DisableUserError::NoSuchUser)?;
        if user.disabled {
            self.set_disabled(tx, id, false).await?;
        }
        Ok(())
    }

    async fn set_disabled(&self, tx: &mut Conn, id: i64, disabled: bool) -> Result<(), DbError> {
        db::query("UPDATE toolcrib_users SET disabled = $2 WHERE id = $1").bind(id).bind(disabled).execute(tx).await?;
        note_change(tx, id).await
    }

    /// Gives a user these roles and no others, and answers the user as it is then. Sessions of the
    /// user go by them from the next request on.
    ///
    /// # Errors
    /// [`SetRolesError::Stale`] where `version` is not the user's any more,
    /// [`SetRolesError::LastAdmin`] where nobody would be left with the right [`ADMIN`], and
    /// others; nothing is written then.
    pub async fn set_roles(&self, tx: &mut Conn, id: i64, version: i64, roles: &[&str]) -> Result<User, SetRolesError> {
        let roles = distinct(roles);
        if roles.len() > MAX_ROLES {
            return Err(SetRolesError::TooManyRoles);
        }
        take_turn(tx, Turn::Change).await?;
        let user = by_id(tx, id).await?.ok_or(SetRolesError::NoSuchUser)?;
        if user.version != version {
            return Err(SetRolesError::Stale);
        }
        if let Some(role) = unknown_role(tx, &roles).await? {
            return Err(SetRolesError::UnknownRole(role));
        }
        if !user.disabled && !any_admin(tx, &roles).await? && is_last_admin(tx, id, "").await? {
            return Err(SetRolesError::LastAdmin);
        }
        db::query("DELETE FROM toolcrib_user_roles WHERE user_id = $1").bind(id).execute(tx).await?;
        write_roles(tx, id, &roles).await?;
        note_change(tx, id).await?;
        let user = by_id(tx, id).await?.ok_or(SetRolesError::NoSuchUser)?;
        self.refresh_sessions(tx, &user).await?;
        Ok(user)
    }

    /// Gives a user another password and ends all sessions of the user (S17). For the own password
    /// see [`Context::change_own_password`](crate::page::Context::change_own_password), which keeps
    /// the session that asks.
    ///
    /// # Errors
    /// [`SetPasswordError::NoSuchUser`], or whatever the database says.
    pub async fn set_password(&self, tx: &mut Conn, id: i64, password: &PasswordHash) -> Result<(), SetPasswordError> {
        take_turn(tx, Turn::Change).await?;
        store_password(tx, id, password).await?;
        self.sessions().end_sessions_of(tx, &id.to_string()).await?;
        Ok(())
    }

    /// Signs a user out everywhere, and answers how many sessions that ended (S17).
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn end_sessions(&self, tx: &mut Conn, id: i64) -> Result<u64, DbError> {
        // In turn: a sign-in under way is either seen here or comes afterwards.
        take_turn(tx, Turn::Change).await?;
        self.sessions().end_sessions_of(tx, &id.to_string()).await
    }
}

pub(super) async fn store_password(tx: &mut Conn, id: i64, password: &PasswordHash) -> Result<(), SetPasswordError> {
    let rows = db::query("UPDATE toolcrib_users SET password_hash = $2 WHERE id = $1")
        .bind(id)
        .bind(&password.0)
        .execute(tx)
        .await?;
    if rows == 0 {
        return Err(SetPasswordError::NoSuchUser);
    }
    Ok(note_change(tx, id).await?)
}

async fn note_change(tx: &mut Conn, id: i64) -> Result<(), DbError> {
    db::query("UPDATE toolcrib_users SET version = version + 1, changed_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now_micros())
        .execute(tx)
        .await
        .map(drop)
}

fn search(name: &str, display_name: &str) -> String {
    format!("{name}\n{}", fold(display_name))
}

fn distinct<'a>(roles: &[&'a str]) -> Vec<&'a str> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    roles
}

async fn unknown_role(tx: &mut Conn, roles: &[&str]) -> Result<Option<String>, DbError> {
    for role in roles {
        // NUL cannot be sent to PostgreSQL, and no role has one.
        let known: Option<i64> = if super::name::is_word(role) {
            db::query("SELECT version FROM toolcrib_roles WHERE name = $1").bind(*role).scalar_optional(tx).await?
        } else {
            None
        };
        if known.is_none() {
            return Ok(Some(role.chars().take(super::name::MAX_WORD_BYTES).collect()));
        }
    }
    Ok(None)
}

async fn any_admin(tx: &mut Conn, roles: &[&str]) -> Result<bool, DbError> {
    let with_right: Vec<String> =
        db::query("SELECT role FROM toolcrib_role_rights WHERE right_name = $1").bind(ADMIN).scalars(tx).await?;
    Ok(with_right.iter().any(|role| roles.contains(&role.as_str())))
}

async fn write_roles(tx: &mut Conn, id: i64, roles: &[&str]) -> Result<(), DbError> {
    for role in roles {
        db::query("INSERT INTO toolcrib_user_roles (user_id, role) VALUES ($1, $2)")
            .bind(id)
            .bind(*role)
            .execute(tx)
            .await?;
    }
    Ok(())
}
