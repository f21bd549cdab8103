//! Who may sign in.

use std::fmt;

use toolcrib::db::{self, Conn, DbError};

use crate::domain::role::Role;
use crate::domain::search::fold;

/// A user as stored.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    /// Its id.
    pub id: i64,
    /// The name to sign in with, in lower case.
    pub name: String,
    /// The name to show.
    pub display_name: String,
    /// What the user is.
    #[sqlx(try_from = "String")]
    pub role: Role,
    /// What the password is checked against.
    pub password_hash: String,
    /// Whether signing in is refused, the right password or not.
    pub disabled: bool,
    /// When the user was made.
    pub created_at: i64,
}

/// Without the hash: a user may get into a log.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// A user to be stored.
#[derive(Clone, Copy)]
pub struct NewUser<'a> {
    /// The name to sign in with.
    pub name: &'a str,
    /// The name to show.
    pub display_name: &'a str,
    /// What the user is.
    pub role: Role,
    /// What the password is checked against.
    pub password_hash: &'a str,
}

/// Without the hash, as for [`User`].
impl fmt::Debug for NewUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Whether a user was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Inserted {
    /// With this id.
    Done(i64),
    /// The name belongs to another user; nothing is stored.
    NameTaken,
}

/// Finds a user by the name typed, whatever its case and the spaces around it.
///
/// # Errors
/// Whatever the database says.
pub async fn by_name(conn: &mut Conn, name: &str) -> Result<Option<User>, DbError> {
    let name = name.trim();
    // Folding drops them, and a name with something dropped is another name.
    if name.chars().any(char::is_control) {
        return Ok(None);
    }
    db::query(
        "SELECT id, name, display_name, role, password_hash, disabled, created_at \
         FROM users WHERE name = $1",
    )
    .bind(fold(name))
    .fetch_optional(conn)
    .await
}

/// Stores a user, unless the name is taken.
///
/// # Errors
/// Whatever the database says.
pub async fn insert(conn: &mut Conn, user: NewUser<'_>, now: i64) -> Result<Inserted, DbError> {
    let id = db::query(
        "INSERT INTO users (name, display_name, role, password_hash, created_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING RETURNING id",
    )
    .bind(fold(user.name.trim()))
    .bind(user.display_name)
    .bind(user.role.as_str())
    .bind(user.password_hash)
    .bind(now)
    .scalar_optional(conn)
    .await?;
    Ok(id.map_or(Inserted::NameTaken, Inserted::Done))
}

/// How many users there are.
///
/// # Errors
/// Whatever the database says.
pub async fn count(conn: &mut Conn) -> Result<i64, DbError> {
    db::query("SELECT COUNT(*) FROM users").scalar(conn).await
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! {
        a_user_is_found_by_name_whatever_its_case,
        a_taken_name_is_refused,
    }

    fn anna() -> NewUser<'static> {
        NewUser { name: "anna", display_name: "Anna", role: Role::Sales, password_hash: "secret" }
    }

    async fn a_user_is_found_by_name_whatever_its_case(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let inserted = insert(&mut tx, anna(), 7).await.unwrap();
        let user = by_name(&mut tx, " ANNA ").await.unwrap().unwrap();
        assert_eq!(inserted, Inserted::Done(user.id));
        assert_eq!((user.role, user.disabled, user.created_at), (Role::Sales, false, 7));
        assert!(!format!("{user:?}").contains("secret"));
        for nobody in ["", "ann", "anna%", "an\0na", "anna\n\0", "' OR 1=1--", &"x".repeat(1 << 20)] {
            assert_eq!(by_name(&mut tx, nobody).await.unwrap(), None, "{nobody:.20}");
        }
    }

    async fn a_taken_name_is_refused(db: Db) {
        let mut tx = db.begin().await.unwrap();
        assert!(matches!(insert(&mut tx, anna(), 7).await.unwrap(), Inserted::Done(_)));
        let other = NewUser { name: "Anna", ..anna() };
        assert_eq!(insert(&mut tx, other, 8).await.unwrap(), Inserted::NameTaken);
        assert_eq!(count(&mut tx).await.unwrap(), 1);
    }
}
