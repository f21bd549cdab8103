//! Which characters a text may contain.

/// Checks the characters of a text that is not empty; the answer completes a sentence that begins
/// with the field's label.
pub(in crate::adapter) fn check(text: &str, lines: bool) -> Result<(), &'static str> {
    for character in text.chars() {
        match character {
            // PostgreSQL cannot store it at all, so it gets a message of its own.
            '\0' => return Err("must not contain the NUL character"),
            '\n' | '\t' if lines => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => return Err("must be a single line"),
            _ if character.is_control() => return Err("must not contain control characters"),
            _ if is_bidi_control(character) => {
                return Err("must not contain characters that change the direction of writing");
            }
            _ => {}
        }
    }
    if text.chars().all(|character| character.is_whitespace() || is_invisible(character)) {
        return Err("must contain a visible character");
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

/// One kind of line break, as a browser may send three.
pub(in crate::adapter) fn with_plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_any_script_pass() {
        for text in ["O’Reilly", "Estée", "Ελιά", "Берёза", "株式会社 桜", "شركة النخلة", "3M", "नमस्\u{200d}ते"]
        {
            assert_eq!(check(text, false), Ok(()), "{text}");
        }
    }

    #[test]
    fn characters_that_deceive_or_break_are_named() {
        assert_eq!(check("a\0b", false), Err("must not contain the NUL character"));
        assert_eq!(check("a\nb", false), Err("must be a single line"));
        assert_eq!(check("a\u{2028}b", false), Err("must be a single line"));
        assert_eq!(check("a\tb", false), Err("must not contain control characters"));
        assert_eq!(check("a\u{1b}[2Jb", false), Err("must not contain control characters"));
        assert_eq!(
            check("evil\u{202e}gpj.exe", false),
            Err("must not contain characters that change the direction of writing")
        );
        assert_eq!(check("a\u{2066}b", false), Err("must not contain characters that change the direction of writing"));
        assert_eq!(check("\u{200b}\u{200b}", false), Err("must contain a visible character"));
    }

    #[test]
    fn several_lines_pass_where_several_are_asked_for() {
        assert_eq!(check("a\n\tb", true), Ok(()));
        assert_eq!(check("a\u{1b}b", true), Err("must not contain control characters"));
        assert_eq!(with_plain_lines("a\r\nb\rc\nd"), "a\nb\nc\nd");
    }
}
