//! Which passwords may be chosen. Pure.

use super::name::fold;
use super::password::MAX_PASSWORD_BYTES;

/// The shortest password somebody may choose, in bytes.
pub const MIN_PASSWORD_BYTES: usize = 8;

/// What people choose when they are told to have eight letters. Compared without case and spaces.
const COMMON: [&str; 24] = [
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "passwort",
    "12345678",
    "123456789",
    "1234567890",
    "87654321",
    "11111111",
    "00000000",
    "qwertyui",
    "qwertyuiop",
    "qwertz123",
    "asdfghjk",
    "1q2w3e4r",
    "iloveyou",
    "sunshine",
    "football",
    "changeme",
    "welcome1",
    "letmein1",
    "administrator",
];

/// Why a password cannot be chosen. The message is a sentence for whoever typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakPassword {
    /// Shorter than [`MIN_PASSWORD_BYTES`].
    #[error("A password has at least {MIN_PASSWORD_BYTES} characters.")]
    TooShort,
    /// Longer than [`MAX_PASSWORD_BYTES`].
    #[error("A password has at most {MAX_PASSWORD_BYTES} bytes.")]
    TooLong,
    /// The user's own name.
    #[error("A password must not be the user's name.")]
    Name,
    /// One of those that are tried first.
    #[error("This password is one of the first anybody would try. Please choose another.")]
    Common,
}

/// Whether the user with this name may choose this password: 8 to 1024 bytes, not the name, none
/// of the most common (S31).
///
/// # Errors
/// [`WeakPassword`], which says what is wrong.
///
/// ```
/// use toolcrib::users::{WeakPassword, check_password};
///
/// assert_eq!(check_password("anna", "correct horse"), Ok(()));
/// assert_eq!(check_password("anna", "Password 123"), Err(WeakPassword::Common));
/// assert_eq!(check_password("anna-lindqvist", "Anna-Lindqvist"), Err(WeakPassword::Name));
/// ```
pub fn check_password(name: &str, password: &str) -> Result<(), WeakPassword> {
    if password.len() < MIN_PASSWORD_BYTES {
        return Err(WeakPassword::TooShort);
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(WeakPassword::TooLong);
    }
    let plain = |text: &str| fold(text).replace(' ', "");
    let folded = plain(password);
    if folded == plain(name) {
        Err(WeakPassword::Name)
    } else if COMMON.contains(&folded.as_str()) {
        Err(WeakPassword::Common)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_bytes() {
        assert_eq!(check_password("anna", "1x3456y"), Err(WeakPassword::TooShort));
        assert_eq!(check_password("anna", "1x3456y8"), Ok(()));
        assert_eq!(check_password("anna", "пароль"), Ok(()), "six letters, twelve bytes");
        assert_eq!(check_password("anna", &"x".repeat(1024)), Ok(()));
        assert_eq!(check_password("anna", &"x".repeat(1025)), Err(WeakPassword::TooLong));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for common in COMMON {
            assert_eq!(check_password("anna", common), Err(WeakPassword::Common));
            assert_eq!(check_password("anna", &common.to_uppercase()), Err(WeakPassword::Common));
        }
        assert_eq!(check_password(" Charlotte ", "charLOTTE"), Err(WeakPassword::Name));
    }

    #[test]
    fn no_message_repeats_the_password() {
        for error in [WeakPassword::TooShort, WeakPassword::TooLong, WeakPassword::Name, WeakPassword::Common] {
            assert!(error.to_string().ends_with('.'), "{error}");
        }
    }
}
