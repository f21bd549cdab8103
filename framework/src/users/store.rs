//! The handle on the users, and what all its operations read.

use std::sync::Arc;
use std::time::Duration;

use super::PasswordRefused;
use super::limiter::SignInLimiter;
use super::name::typed_name;
use super::password::Passwords;
use super::role::ADMIN;
use super::rules::check_password;
use super::user::{PasswordHash, Row, User};
use crate::db::{self, Conn, Db, DbError, Engine};
use crate::events::Events;
use crate::session::{EndUser, SessionError, SessionHooks, Sessions};
use crate::settings::{SessionSettings, StoreSettings};

/// The users of a site (W40). Cloning is cheap.
///
/// Changes of users and roles wait for one another until their transactions end, on PostgreSQL by
/// an advisory lock, on SQLite because there is one writer. A sign-in waits for a change under way,
/// but not for another sign-in. So what an operation has checked still holds when it commits: the
/// rules that concern several rows (the last administrator, a role nobody has) need no luck.
#[derive(Debug, Clone)]
pub struct Users {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db: Db,
    sessions: Sessions,
    passwords: Passwords,
    limiter: SignInLimiter,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Changes something: alone.
    Change,
    /// Signs in: beside others who do.
    SignIn,
}

impl Users {
    pub(crate) fn new(db: Db, sessions: Sessions) -> Self {
        let (passwords, limiter) = (Passwords::new(), SignInLimiter::new());
        Self { inner: Arc::new(Inner { db, sessions, passwords, limiter }) }
    }

    /// The users of a database that no site serves in this process: for commands and tests. A site in
    /// another process takes notice of what is changed, unless its sessions are in Redis, which is not
    /// spoken to from here.
    #[must_use]
    pub fn of_database(db: &Db) -> Self {
        // No session is started here, so what is set for them does not matter.
        let (idle_timeout, absolute_timeout) = (Duration::from_secs(1200), Duration::from_secs(43_200));
        let settings =
            SessionSettings { store: StoreSettings::Database, idle_timeout, absolute_timeout, max_sessions: None };
        let sessions = Sessions::in_database(db.clone(), &settings, SessionHooks::default(), Events::default());
        Self::new(db.clone(), sessions)
    }

    /// The hashes, for a password that no user has chosen: of demo users, of an import.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(super) fn limiter(&self) -> &SignInLimiter {
        &self.inner.limiter
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Checks a password that a user has chosen and hashes it: before a transaction is opened, as it
    /// takes its time (S31).
    ///
    /// # Errors
    /// [`PasswordRefused::Weak`] by the rules of [`check_password`]; [`PasswordRefused::Hash`]
    /// where too many are hashed at once.
    pub async fn hash_password(&self, name: &str, password: String) -> Result<PasswordHash, PasswordRefused> {
        check_password(name, &password)?;
        Ok(PasswordHash(self.passwords().hash(password).await?))
    }

    /// Finds a user by the name typed, whatever its case and spaces.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn by_name(&self, conn: &mut Conn, name: &str) -> Result<Option<User>, DbError> {
        let Some(name) = typed_name(name) else { return Ok(None) };
        let row = db::query(
            "SELECT id, name, display_name, disabled, version, created_at, changed_at, signed_in_at \
             FROM toolcrib_users WHERE name = $1",
        )
        .bind(name)
        .fetch_optional(conn)
        .await?;
        with_roles(conn, row).await
    }

    /// Finds a user by number.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn by_id(&self, conn: &mut Conn, id: i64) -> Result<Option<User>, DbError> {
        by_id(conn, id).await
    }

    /// How many users there are.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn count(&self, conn: &mut Conn) -> Result<i64, DbError> {
        db::query("SELECT COUNT(*) FROM toolcrib_users").scalar(conn).await
    }

    /// Tells the sessions of a user what the user is and may do by now.
    pub(super) async fn refresh_sessions(&self, tx: &mut Conn, user: &User) -> Result<(), SessionError> {
        let end_user = end_user(tx, user).await?;
        self.sessions().refresh_user(tx, &end_user).await?;
        Ok(())
    }
}

pub(super) async fn by_id(conn: &mut Conn, id: i64) -> Result<Option<User>, DbError> {
    let row = db::query(
        "SELECT id, name, display_name, disabled, version, created_at, changed_at, signed_in_at \
         FROM toolcrib_users WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    with_roles(conn, row).await
}

async fn with_roles(conn: &mut Conn, row: Option<Row>) -> Result<Option<User>, DbError> {
    let Some(row) = row else { return Ok(None) };
    let roles = db::query("SELECT role FROM toolcrib_user_roles WHERE user_id = $1 ORDER BY role")
        .bind(row.id)
        .scalars(conn)
        .await?;
    Ok(Some(row.with_roles(roles)))
}

/// The user as a session keeps it, with the rights of all roles.
pub(super) async fn end_user(conn: &mut Conn, user: &User) -> Result<EndUser, DbError> {
    let rights = db::query(
        "SELECT DISTINCT r.right_name FROM toolcrib_user_roles u \
         JOIN toolcrib_role_rights r ON r.role = u.role WHERE u.user_id = $1 ORDER BY r.right_name",
    )
    .bind(user.id)
    .scalars(conn)
    .await?;
    Ok(user.end_user(rights))
}

/// Waits for one's turn among the changes of users, until the transaction ends.
pub(super) async fn take_turn(tx: &mut Conn, turn: Turn) -> Result<(), DbError> {
    let text = match (tx.engine(), turn) {
        // There is one writer, and it is this transaction.
        (Engine::Sqlite, _) => return Ok(()),
        (Engine::Postgres, Turn::Change) => "SELECT 1::BIGINT FROM pg_advisory_xact_lock(7466327)",
        (Engine::Postgres, Turn::SignIn) => "SELECT 1::BIGINT FROM pg_advisory_xact_lock_shared(7466327)",
    };
    db::query(text).scalar::<i64>(tx).await.map(drop)
}

/// How many enabled users have the right [`ADMIN`] by any role but `without`, `except` not counted.
pub(super) async fn admins(tx: &mut Conn, except: i64, without: &str) -> Result<i64, DbError> {
    db::query(
        "SELECT COUNT(DISTINCT u.id) FROM toolcrib_users u \
         JOIN toolcrib_user_roles h ON h.user_id = u.id \
         JOIN toolcrib_role_rights r ON r.role = h.role \
         WHERE NOT u.disabled AND r.right_name = $1 AND u.id <> $2 AND h.role <> $3",
    )
    .bind(ADMIN)
    .bind(except)
    .bind(without)
    .scalar(tx)
    .await
}

/// Whether there is an administrator, but would be none without this user (`0`: nobody) or this
/// role (empty: none).
pub(super) async fn is_last_admin(tx: &mut Conn, user: i64, role: &str) -> Result<bool, DbError> {
    Ok(admins(tx, user, role).await? == 0 && admins(tx, 0, "").await? > 0)
}
