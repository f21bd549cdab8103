//! What the demo is told from outside beside the framework's settings: the demo users' password.

use std::env::VarError;

use thiserror::Error;
use toolcrib::settings::Profile;
use toolcrib::users::password::MAX_PASSWORD_BYTES;

/// The variable with the demo users' password.
pub const DEMO_PASSWORD: &str = "DEMO_PASSWORD";

/// The letters of a made-up password; none that looks like another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How many letters a made-up password has: 80 bits.
const LENGTH: usize = 16;

/// Whether there are demo users, and where their password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DemoUsers {
    /// Not on a site for real visitors.
    Refused,
    /// With this password.
    WithPassword(String),
    /// With a password to be made up.
    WithRandomPassword,
}

/// [`DEMO_PASSWORD`] cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DemoPasswordError {
    /// Set, but for nobody.
    #[error("DEMO_PASSWORD is set, but a production profile has no demo users: remove it")]
    InProduction,
    /// Set to nothing.
    #[error("DEMO_PASSWORD is empty: remove it to get a random password")]
    Empty,
    /// Longer than a password may be.
    #[error("DEMO_PASSWORD has more than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// Not text.
    #[error("DEMO_PASSWORD is not UTF-8")]
    NotText,
}

impl DemoUsers {
    /// Reads [`DEMO_PASSWORD`] from the environment.
    ///
    /// # Errors
    /// [`DemoPasswordError`] where it cannot be used.
    pub fn load(profile: Profile) -> Result<Self, DemoPasswordError> {
        let password = match std::env::var(DEMO_PASSWORD) {
            Ok(password) => Some(password),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => return Err(DemoPasswordError::NotText),
        };
        Self::decide(profile, password)
    }

    fn decide(profile: Profile, password: Option<String>) -> Result<Self, DemoPasswordError> {
        match (profile, password) {
            (Profile::Production, Some(_)) => Err(DemoPasswordError::InProduction),
            (Profile::Production, None) => Ok(Self::Refused),
            (Profile::Development, None) => Ok(Self::WithRandomPassword),
            (Profile::Development, Some(password)) if password.is_empty() => Err(DemoPasswordError::Empty),
            (Profile::Development, Some(password)) if password.len() > MAX_PASSWORD_BYTES => {
                Err(DemoPasswordError::TooLong)
            }
            (Profile::Development, Some(password)) => Ok(Self::WithPassword(password)),
        }
    }
}

/// Makes a password up.
///
/// # Errors
/// Where the system has no random numbers.
pub fn random_password() -> Result<String, getrandom::Error> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)?;
    // 32 letters: every one is equally likely, and none is missing.
    Ok(bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32))).copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_has_no_demo_users() {
        let decide = |password: Option<&str>| DemoUsers::decide(Profile::Production, password.map(str::to_owned));
        assert_eq!(decide(None), Ok(DemoUsers::Refused));
        assert_eq!(decide(Some("secret")), Err(DemoPasswordError::InProduction));
        assert_eq!(decide(Some("")), Err(DemoPasswordError::InProduction));
    }

    #[test]
    fn development_takes_a_password_or_makes_one_up() {
        let decide = |password: Option<&str>| DemoUsers::decide(Profile::Development, password.map(str::to_owned));
        assert_eq!(decide(None), Ok(DemoUsers::WithRandomPassword));
        assert_eq!(decide(Some("secret")), Ok(DemoUsers::WithPassword("secret".into())));
        assert_eq!(decide(Some("")), Err(DemoPasswordError::Empty));
        assert_eq!(decide(Some(&"x".repeat(MAX_PASSWORD_BYTES + 1))), Err(DemoPasswordError::TooLong));
    }

    #[test]
    fn made_up_passwords_are_long_and_differ() {
        let one = random_password().expect("random numbers");
        assert_eq!(one.len(), LENGTH);
        assert_ne!(one, random_password().expect("random numbers"));
    }
}
