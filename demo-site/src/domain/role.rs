//! What a user may do.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a user is in the CRM; decides the rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May do everything.
    Admin,
    /// Works with clients.
    Sales,
    /// Looks at them.
    Viewer,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no role {0:?}")]
pub struct UnknownRole(String);

impl Role {
    /// The role's name, as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Sales => "sales",
            Self::Viewer => "viewer",
        }
    }

    /// The rights that come with the role, by the names pages ask for.
    #[must_use]
    pub fn rights(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &["view", "edit", "import", "admin"],
            Self::Sales => &["view", "edit", "import"],
            Self::Viewer => &["view"],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [Self::Admin, Self::Sales, Self::Viewer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

impl TryFrom<String> for Role {
    type Error = UnknownRole;

    fn try_from(text: String) -> Result<Self, UnknownRole> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_the_rights_of_the_one_below() {
        for (upper, lower) in [(Role::Admin, Role::Sales), (Role::Sales, Role::Viewer)] {
            assert!(lower.rights().iter().all(|right| upper.rights().contains(right)));
            assert!(upper.rights().len() > lower.rights().len());
        }
    }

    #[test]
    fn names_are_read_back_exactly() {
        for role in [Role::Admin, Role::Sales, Role::Viewer] {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("Admin".parse::<Role>().is_err());
    }
}
