//! The shape of an e-mail address.

/// The longest address a mail server takes (RFC 5321, 4.5.3.1.3, without the brackets).
pub const MAX_CHARS: usize = 254;

/// The longest part before the `@` (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_CHARS: usize = 64;

/// Whether a text has the shape of an address: `local@domain` with a dot in the domain.
///
/// Only sending a message tells whether an address exists; this catches slips of the keyboard and
/// keeps out what could add a second recipient or a header: spaces, commas, angle brackets.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    is_local(local) && is_domain(domain)
}

fn is_local(local: &str) -> bool {
    !local.is_empty()
        && local.chars().count() <= MAX_LOCAL_CHARS
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

/// RFC 5322's `atext`, and what RFC 6531 adds for other scripts.
fn is_atom_character(character: char) -> bool {
    is_letter_or_digit(character) || "!#$%&'*+-/=?^_`{|}~".contains(character)
}

/// Not `is_alphanumeric`: in some scripts vowels are signs between the letters.
fn is_letter_or_digit(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric()
    } else {
        !character.is_whitespace() && !character.is_control()
    }
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|character| is_letter_or_digit(character) || character == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_slips() {
        for good in ["a@b.org", "anna.b+crm@mail.example.org", "o'neil@example.ie", "имя@пример.рф", "नमस्ते@उदाहरण.भारत"]
        {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@b.org",
            "a@b",
            "a@b.",
            "a@.org",
            "a@b..org",
            "a b@c.org",
            "a@b@c.org",
            "a@b.org,c@d.org",
            "<a@b.org>",
            ".a@b.org",
            "a.@b.org",
            "a@-b.org",
            "a@b.org\n",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
