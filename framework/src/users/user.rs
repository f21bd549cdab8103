//! A user.

use std::fmt;

use crate::session::EndUser;

/// A user as stored, with roles (W40).
///
/// The password's hash is not part of it: nobody but the framework needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Its number; never given to another.
    pub id: i64,
    /// The name to sign in with, folded.
    pub name: String,
    /// The name to show.
    pub display_name: String,
    /// Whether signing in is refused, the right password or not.
    pub disabled: bool,
    /// Grows with every change; an edit names the one it was made for.
    pub version: i64,
    /// When the user was made, in microseconds.
    pub created_at: i64,
    /// When anything of the user was changed last, roles and password included.
    pub changed_at: i64,
    /// When the user signed in last.
    pub signed_in_at: Option<i64>,
    /// The roles, by name.
    pub roles: Vec<String>,
}

/// The row of a user.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) disabled: bool,
    pub(super) version: i64,
    pub(super) created_at: i64,
    pub(super) changed_at: i64,
    pub(super) signed_in_at: Option<i64>,
}

/// A user to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    /// The name to sign in with: 1 to 64 characters; case and spaces do not tell names apart.
    pub name: &'a str,
    /// The name to show: 1 to 100 characters.
    pub display_name: &'a str,
    /// What the password is checked against.
    pub password: &'a PasswordHash,
    /// Names of roles that exist, at most eight.
    pub roles: &'a [&'a str],
}

/// What a password is checked against; made by
/// [`Users::hash_password`](super::Users::hash_password).
///
/// It does not show itself: a user may get into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(super) String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// Takes a hash that was made elsewhere: by [`Passwords::hash`](super::password::Passwords::hash),
    /// without its user's having chosen the password, or by the system a site comes from.
    ///
    /// A text that is no Argon2 hash is noticed at the sign-in only, as an error of the site.
    pub fn made_elsewhere(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }
}

impl Row {
    pub(super) fn with_roles(self, roles: Vec<String>) -> User {
        let Self { id, name, display_name, disabled, version, created_at, changed_at, signed_in_at } = self;
        User { id, name, display_name, disabled, version, created_at, changed_at, signed_in_at, roles }
    }
}

impl User {
    /// The user as a session keeps it.
    pub(super) fn end_user(&self, rights: Vec<String>) -> EndUser {
        EndUser { id: self.id.to_string(), name: self.name.clone(), display_name: self.display_name.clone(), rights }
    }
}
