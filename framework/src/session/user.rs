//! Who is signed in.

use serde::{Deserialize, Serialize};

/// The signed-in user of a session, as adapters and templates see it.
///
/// (WebSnap: `EndUserSessionAdapter`, W40.) Kept in the session; signing in again refreshes it,
/// and so does every change of one of the site's [`Users`](crate::users::Users).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndUser {
    /// The site's own key for the user.
    pub id: String,
    /// The name used to sign in.
    pub name: String,
    /// The name shown.
    pub display_name: String,
    /// What the user may do.
    pub rights: Vec<String>,
}

impl EndUser {
    /// Whether the user has a right.
    #[must_use]
    pub fn has_right(&self, right: &str) -> bool {
        self.rights.iter().any(|held| held == right)
    }
}
