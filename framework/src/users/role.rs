//! A role: a name for a set of rights.

use super::name::{MAX_DISPLAY_NAME_CHARS, MAX_WORD_BYTES, NameError, checked_display_name, is_word};

/// The right of those who run the site. Somebody always has it.
pub const ADMIN: &str = "admin";

/// The most rights of a role.
pub const MAX_RIGHTS: usize = 32;

/// The most roles of a user: all rights of a user travel in the session, whose fields have a limit.
pub const MAX_ROLES: usize = 8;

/// A role with its rights (W40).
///
/// ```
/// use toolcrib::users::Role;
///
/// let sales = Role::new("sales").label("Sales").rights(["view", "edit"]);
/// assert_eq!(sales.rights, ["edit", "view"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name: up to 40 lower-case ASCII letters, digits and `-_.:`.
    pub name: String,
    /// What it is called on pages: up to 100 characters.
    pub label: String,
    /// The rights that come with it, in order, each once; names like the role's, at most 32.
    pub rights: Vec<String>,
}

/// A role as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleRecord {
    /// The role.
    pub role: Role,
    /// Grows with every change; an edit names the one it was made for.
    pub version: i64,
    /// How many users have it, disabled ones included.
    pub holders: i64,
}

/// Why a role cannot be as it is. The message is a sentence for whoever typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// Of a role or a right.
    #[error("{0:?} cannot be a name here: it takes 1 to {MAX_WORD_BYTES} lower-case letters, digits and -_.:")]
    Word(String),
    /// The label.
    #[error(transparent)]
    Label(#[from] NameError),
    /// More than [`MAX_RIGHTS`].
    #[error("A role has at most {MAX_RIGHTS} rights.")]
    TooManyRights,
}

impl Role {
    /// A role without rights, its name for a label.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { label: name.clone(), name, rights: Vec::new() }
    }

    /// What it is called on pages.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The rights that come with it.
    #[must_use]
    pub fn rights<R: Into<String>>(mut self, rights: impl IntoIterator<Item = R>) -> Self {
        self.rights = rights.into_iter().map(Into::into).collect();
        self.rights.sort_unstable();
        self.rights.dedup();
        self
    }

    /// Whether the role comes with a right.
    #[must_use]
    pub fn has_right(&self, right: &str) -> bool {
        self.rights.iter().any(|held| held == right)
    }

    /// The role with everything in order, or why it cannot be.
    pub(super) fn checked(&self) -> Result<Self, RoleError> {
        if let Some(word) = std::iter::once(&self.name).chain(&self.rights).find(|word| !is_word(word)) {
            return Err(RoleError::Word(word.chars().take(MAX_DISPLAY_NAME_CHARS).collect()));
        }
        let label = checked_display_name(&self.label)?;
        let role = Self::new(self.name.clone()).label(label).rights(self.rights.clone());
        if role.rights.len() > MAX_RIGHTS { Err(RoleError::TooManyRights) } else { Ok(role) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_checked_and_put_in_order() {
        let role = Role { rights: vec!["view".into(), "edit".into(), "view".into()], ..Role::new("sales") };
        let role = role.label(" Sales ").checked().expect("a sound role");
        assert_eq!((role.label.as_str(), role.rights), ("Sales", vec!["edit".to_owned(), "view".to_owned()]));
        assert_eq!(Role::new("Sales").checked(), Err(RoleError::Word("Sales".into())));
        assert_eq!(Role::new("sales").rights(["a b"]).checked(), Err(RoleError::Word("a b".into())));
        assert_eq!(Role::new("sales").label(" ").checked(), Err(RoleError::Label(NameError::Empty)));
        let many = (0..33).map(|number| format!("right{number}"));
        assert_eq!(Role::new("sales").rights(many).checked(), Err(RoleError::TooManyRights));
    }
}
