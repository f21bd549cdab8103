//! Who may sign in, and what they may do (W23, W40; WebSnap's `UserList`).
//!
//! ```text
//!  toolcrib_users ──< toolcrib_user_roles >── toolcrib_roles ──< toolcrib_role_rights
//!        │                                          │
//!        └── authenticate ──► EndUser { rights } ◄──┘   kept in the session
//! ```
//!
//! * Users, roles and the rights of roles are rows that an administrator changes while the site
//!   runs. A site names the roles it starts with
//!   ([`SiteBuilder::roles`](crate::server::SiteBuilder::roles)).
//! * **What is changed counts at the next request** (S17). Who is disabled, or gets another
//!   password, is signed out everywhere in the same transaction. A change of rights or names is
//!   written into the sessions of those concerned, in the same transaction as well: they go on
//!   working, with what they may do by now.
//! * **All changes come one after the other** ([`Users`] says how), and a sign-in takes its turn
//!   among them: nobody signs in with a right or a password that was just taken away.
//! * **Somebody can always administer**: the last enabled user with the right [`ADMIN`] can neither
//!   be disabled nor lose it.
//! * A stale edit is refused by its version.
//!
//! Reading functions take any connection, writing ones that of a transaction, which the caller
//! commits. A writing function that fails for a reason of its own has written nothing.

mod authenticate;
mod change;
mod error;
pub mod limiter;
mod list;
pub(crate) mod name;
mod own_password;
pub mod password;
mod role;
mod roles;
mod rules;
mod seed;
mod store;
mod user;

pub use authenticate::{AuthenticateError, Refusal, Verified};
pub use error::{
    ChangeRoleError, ChangeUserError, CreateRoleError, CreateUserError, DisableUserError, PasswordRefused,
    RemoveRoleError, SetPasswordError, SetRolesError,
};
pub use list::{UserList, UserListPage, UserSort};
pub use name::{MAX_DISPLAY_NAME_CHARS, MAX_NAME_CHARS, MAX_WORD_BYTES, NameError, fold};
pub use role::{ADMIN, MAX_RIGHTS, MAX_ROLES, Role, RoleError, RoleRecord};
pub use rules::{MIN_PASSWORD_BYTES, WeakPassword, check_password};
pub(crate) use seed::{SeedRolesError, rights_nobody_can_have, seed_roles};
pub use store::Users;
pub use user::{NewUser, PasswordHash, User};
