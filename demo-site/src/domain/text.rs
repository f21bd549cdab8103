//! Which characters a one-line text may contain.

use thiserror::Error;

/// Why a one-line text is refused; completes a sentence that begins with the field's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum TextError {
    #[error("must not contain the NUL character")]
    Nul,
    #[error("must be a single line")]
    LineBreak,
    #[error("must not contain control characters")]
    Control,
    #[error("must not contain characters that change the direction of writing")]
    Bidi,
    #[error("must contain a visible character")]
    Invisible,
}

/// Checks the characters of a trimmed one-line text that is not empty.
pub(super) fn check(text: &str) -> Result<(), TextError> {
    for character in text.chars() {
        match character {
            // PostgreSQL cannot store it at all, so it gets a message of its own.
            '\0' => return Err(TextError::Nul),
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => return Err(TextError::LineBreak),
            _ if character.is_control() => return Err(TextError::Control),
            _ if is_bidi_control(character) => return Err(TextError::Bidi),
            _ => {}
        }
    }
    if text.chars().all(|character| character.is_whitespace() || is_invisible(character)) {
        return Err(TextError::Invisible);
    }
    Ok(())
}

/// Unicode's `Bidi_Control` characters. They reorder what follows on screen, so that a name can
/// look like another one; scripts written from right to left do not need them.
fn is_bidi_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Characters without a width of their own. Some scripts need them between letters, hence they
/// are allowed there; a text of nothing else would be a link nobody can see.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2064}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_any_script_pass() {
        for text in ["O’Reilly", "Estée", "Ελιά", "Берёза", "株式会社 桜", "شركة النخلة", "3M", "नमस्\u{200d}ते"]
        {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn characters_that_deceive_or_break_are_named() {
        assert_eq!(check("a\0b"), Err(TextError::Nul));
        assert_eq!(check("a\nb"), Err(TextError::LineBreak));
        assert_eq!(check("a\u{2028}b"), Err(TextError::LineBreak));
        assert_eq!(check("a\tb"), Err(TextError::Control));
        assert_eq!(check("a\u{1b}[2Jb"), Err(TextError::Control));
        assert_eq!(check("evil\u{202e}gpj.exe"), Err(TextError::Bidi));
        assert_eq!(check("a\u{2066}b"), Err(TextError::Bidi));
        assert_eq!(check("\u{200b}\u{200b}"), Err(TextError::Invisible));
    }
}
