//! The code a new client is known by: proposed from its name, free among those there are.

use toolcrib::adapter::fold;

/// The longest beginning of a proposed code, in characters.
const LONGEST: usize = 10;

/// Words that say what kind of company it is, not which.
const LEGAL_FORMS: [&str; 12] = ["inc", "ltd", "llc", "gmbh", "ag", "sa", "bv", "the", "co", "corp", "company", "plc"];

/// What a code made of a name begins with: its first words in capitals, at most ten letters and digits.
#[must_use]
pub fn stem(name: &str) -> String {
    let folded = fold(name);
    let words = folded.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut code = String::new();
    for word in words.filter(|word| !LEGAL_FORMS.contains(word)) {
        if !code.is_empty() && code.len() + word.len() > LONGEST {
            break;
        }
        code.extend(word.chars().take(LONGEST).map(|letter| letter.to_ascii_uppercase()));
    }
    if code.is_empty() { "CLIENT".to_owned() } else { code }
}

/// The stem itself, or the first of `STEM-2`, `STEM-3`, … that is not among the codes taken.
#[must_use]
pub fn free(stem: &str, taken: &[String]) -> String {
    let is_free = |code: &String| !taken.iter().any(|other| other.eq_ignore_ascii_case(code));
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.to_owned()).chain(numbered).find(is_free).unwrap_or_else(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_made_of_the_first_words() {
        for (name, code) in [
            ("Acme Tools GmbH", "ACMETOOLS"),
            ("The Boeing Company", "BOEING"),
            ("Marsh & McLennan", "MARSH"),
            ("3M", "3M"),
            ("桜", "CLIENT"),
            ("Donaudampfschifffahrt", "DONAUDAMPF"),
            ("", "CLIENT"),
        ] {
            assert_eq!(stem(name), code, "{name}");
        }
    }

    #[test]
    fn a_taken_code_gets_the_next_free_number() {
        let taken = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        assert_eq!(free("ACME", &[]), "ACME");
        assert_eq!(free("ACME", &taken(&["acme"])), "ACME-2");
        assert_eq!(free("ACME", &taken(&["ACME", "ACME-2", "ACME-4"])), "ACME-3");
    }
}
