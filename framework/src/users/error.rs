//! What can go wrong: one error for each operation.
//!
//! `Stale`, `NoSuchUser` and the like are for the page to tell; [`DbError`] and
//! [`SessionError`] are the site's.

use super::name::NameError;
use super::password::PasswordError;
use super::role::{MAX_ROLES, RoleError};
use super::rules::WeakPassword;
use crate::db::DbError;
use crate::session::SessionError;

/// A user was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateUserError {
    /// The name cannot be given.
    #[error("name: {0}")]
    Name(#[source] NameError),
    /// The name to show cannot be given.
    #[error("name to show: {0}")]
    DisplayName(#[source] NameError),
    /// Somebody is called so already, whatever case and spaces.
    #[error("Another user has this name.")]
    NameTaken,
    /// There is no such role.
    #[error("There is no role {0:?}.")]
    UnknownRole(String),
    /// More than a user may have.
    #[error("A user has at most {MAX_ROLES} roles.")]
    TooManyRoles,
    /// The database failed.
    #[error("the user could not be stored")]
    Db(#[from] DbError),
}

/// A user's names were not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeUserError {
    /// The name cannot be given.
    #[error("name: {0}")]
    Name(#[source] NameError),
    /// The name to show cannot be given.
    #[error("name to show: {0}")]
    DisplayName(#[source] NameError),
    /// Somebody else is called so already.
    #[error("Another user has this name.")]
    NameTaken,
    /// There is no such user.
    #[error("There is no such user.")]
    NoSuchUser,
    /// Somebody changed the user since.
    #[error("Somebody else has changed this user meanwhile.")]
    Stale,
    /// The user's sessions could not be told.
    #[error("the user's sessions could not be told")]
    Session(#[from] SessionError),
    /// The database failed.
    #[error("the user could not be stored")]
    Db(#[from] DbError),
}

/// A user was not disabled or enabled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DisableUserError {
    /// There is no such user.
    #[error("There is no such user.")]
    NoSuchUser,
    /// Nobody would be left to administer the site.
    #[error("The last administrator cannot be disabled.")]
    LastAdmin,
    /// The database failed.
    #[error("the user could not be stored")]
    Db(#[from] DbError),
}

/// A user's roles were not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetRolesError {
    /// There is no such user.
    #[error("There is no such user.")]
    NoSuchUser,
    /// Somebody changed the user since.
    #[error("Somebody else has changed this user meanwhile.")]
    Stale,
    /// There is no such role.
    #[error("There is no role {0:?}.")]
    UnknownRole(String),
    /// More than a user may have.
    #[error("A user has at most {MAX_ROLES} roles.")]
    TooManyRoles,
    /// Nobody would be left to administer the site.
    #[error("The last administrator cannot lose that right.")]
    LastAdmin,
    /// The user's sessions could not be told.
    #[error("the user's sessions could not be told")]
    Session(#[from] SessionError),
    /// The database failed.
    #[error("the user could not be stored")]
    Db(#[from] DbError),
}

/// A password was not hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRefused {
    /// It may not be chosen.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// It could not be hashed: too many at once, or a fault.
    #[error("the password could not be hashed")]
    Hash(#[from] PasswordError),
}

/// A password was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetPasswordError {
    /// There is no such user.
    #[error("There is no such user.")]
    NoSuchUser,
    /// What was checked is out of date: the user was disabled or signed out, or has another
    /// password by now.
    #[error("The user is no longer signed in.")]
    SignedOut,
    /// The database failed.
    #[error("the password could not be stored")]
    Db(#[from] DbError),
}

/// A role was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateRoleError {
    /// It cannot be like this.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// There is one of that name.
    #[error("Another role has this name.")]
    NameTaken,
    /// The database failed.
    #[error("the role could not be stored")]
    Db(#[from] DbError),
}

/// A role was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeRoleError {
    /// It cannot be like this.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// There is no such role.
    #[error("There is no such role.")]
    NoSuchRole,
    /// Somebody changed the role since.
    #[error("Somebody else has changed this role meanwhile.")]
    Stale,
    /// Nobody would be left to administer the site.
    #[error("The last administrator cannot lose that right.")]
    LastAdmin,
    /// The sessions of those who have the role could not be told.
    #[error("the sessions of its users could not be told")]
    Session(#[from] SessionError),
    /// The database failed.
    #[error("the role could not be stored")]
    Db(#[from] DbError),
}

/// A role was not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveRoleError {
    /// There is no such role.
    #[error("There is no such role.")]
    NoSuchRole,
    /// Somebody has it.
    #[error("{0} users have this role.")]
    InUse(i64),
    /// The database failed.
    #[error("the role could not be removed")]
    Db(#[from] DbError),
}
