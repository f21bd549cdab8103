//! Names: what two spellings have in common, and which names may be given.

/// The longest name to sign in with, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// The longest name to show, in characters.
pub const MAX_DISPLAY_NAME_CHARS: usize = 100;

/// The longest name of a role or a right, in bytes: a user's rights travel in the session.
pub const MAX_WORD_BYTES: usize = 40;

/// Why a name cannot be given. The message is a sentence for whoever typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or nothing but spaces.
    #[error("A name must not be empty.")]
    Empty,
    /// More characters than a name has.
    #[error("A name has at most {0} characters.")]
    TooLong(usize),
    /// Something that cannot be seen.
    #[error("A name has no control characters.")]
    Control,
}

/// Folds a name for comparison: case does not count, accents do, and there is one space where there are several
/// and none around it.
#[must_use]
pub fn fold(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    crate::fold::fold_case(&words.join(" "))
}

/// The folded form of a name somebody may sign in with.
pub(super) fn checked_name(name: &str) -> Result<String, NameError> {
    check(name, MAX_NAME_CHARS)?;
    let folded = fold(name);
    if folded.is_empty() { Err(NameError::Empty) } else { Ok(folded) }
}

/// A name to show, without the spaces around it.
pub(super) fn checked_display_name(name: &str) -> Result<&str, NameError> {
    check(name, MAX_DISPLAY_NAME_CHARS)?;
    Ok(name.trim())
}

/// The folded form of a name somebody typed, if it can be anybody's. A name with something dropped
/// is another name.
pub(super) fn typed_name(name: &str) -> Option<String> {
    checked_name(name).ok()
}

fn check(name: &str, limit: usize) -> Result<(), NameError> {
    let name = name.trim();
    if name.is_empty() {
        Err(NameError::Empty)
    } else if name.chars().take(limit + 1).count() > limit {
        Err(NameError::TooLong(limit))
    } else if name.chars().any(char::is_control) {
        Err(NameError::Control)
    } else {
        Ok(())
    }
}

/// Whether a role or a right may be called so: lower-case ASCII letters, digits and `-_.:`.
pub(super) fn is_word(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:".contains(&byte);
    // `..` would be no address of a page.
    let sounds = word.bytes().any(|byte| byte.is_ascii_alphanumeric());
    sounds && word.len() <= MAX_WORD_BYTES && word.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_do_not_matter() {
        assert_eq!(fold("  Anna \t LINDQVIST "), "anna lindqvist");
        assert_eq!(fold("БЕРЁЗА"), fold("Берёза"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("İzmir"), fold("izmir"));
    }

    #[test]
    fn a_name_with_something_that_cannot_be_seen_is_nobody_s() {
        assert_eq!(typed_name(" ANNA "), Some("anna".to_owned()));
        for name in ["", "  ", "an\0na", "anna\n\0", "\u{307}", &"x".repeat(1 << 20)] {
            assert_eq!(typed_name(name), None, "{name:.20?}");
        }
        assert_eq!(checked_display_name(&"ö".repeat(100)).map(str::len), Ok(200));
        assert_eq!(checked_display_name(&"ö".repeat(101)), Err(NameError::TooLong(100)));
    }

    #[test]
    fn words_are_plain() {
        assert!(is_word("admin") && is_word("client.edit") && is_word("a-1_b:c"));
        for word in ["", "Admin", "a b", "ä", "a'b", &"a".repeat(41)] {
            assert!(!is_word(word), "{word}");
        }
    }
}
