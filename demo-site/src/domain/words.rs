//! The words of a text, as the global search keeps and looks for them.
//!
//! A word is a run of letters and digits, folded. What was typed is looked for as the beginning of words. Scripts
//! written without spaces (Chinese, Japanese, Thai, …) have no words to begin with: of a run of their letters what
//! begins at each letter is kept, so that any part of the run is the beginning of something.

use std::collections::BTreeSet;

use toolcrib::adapter::fold;
use unicode_normalization::char::is_combining_mark;

/// The longest word kept, in characters; of a longer one this much counts.
pub const LONGEST_WORD: usize = 40;

/// The most words kept of one record: a long note is found by how it begins.
pub const MOST_WORDS: usize = 60;

/// The most words looked for at once; what follows is ignored.
pub const MOST_TYPED: usize = 8;

/// The longest part kept of a run of letters without spaces, in characters.
const LONGEST_PART: usize = 12;

/// The words under which texts are kept: each once, at most [`MOST_WORDS`].
#[must_use]
pub fn kept(texts: &[&str]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for text in texts {
        for run in runs(text) {
            let parts = if run.spaceless { parts(&run.letters) } else { vec![first(&run.letters, LONGEST_WORD)] };
            for part in parts {
                if words.len() == MOST_WORDS {
                    return words;
                }
                words.insert(part);
            }
        }
    }
    words
}

/// The words somebody looks for: what a record's words must begin with, the longest first. Nothing that could be kept:
/// no words.
#[must_use]
pub fn typed(term: &str) -> Vec<String> {
    let length = |run: &Run| if run.spaceless { LONGEST_PART } else { LONGEST_WORD };
    let mut words: Vec<String> =
        runs(term).iter().map(|run| first(&run.letters, length(run))).take(MOST_TYPED).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    // Whatever has a word that begins with "anna" has one that begins with "an".
    let mut needed: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        if !needed.iter().any(|longer| longer.starts_with(&word)) {
            needed.push(word);
        }
    }
    needed
}

/// Letters that stand together.
#[derive(Debug)]
struct Run {
    letters: Vec<char>,
    /// Whether its script is written without spaces.
    spaceless: bool,
}

fn runs(text: &str) -> Vec<Run> {
    // Folding drops control characters, and the end of a line is the end of a word.
    let spaced: String = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect();
    let mut runs: Vec<Run> = Vec::new();
    let mut apart = true;
    for letter in fold(&spaced).chars() {
        let mark = is_combining_mark(letter);
        if !letter.is_alphanumeric() && !mark {
            apart = true;
            continue;
        }
        let spaceless = is_spaceless(letter);
        match runs.last_mut() {
            // A mark belongs to the letter before it, whatever that is.
            Some(run) if !apart && (mark || run.spaceless == spaceless) => run.letters.push(letter),
            _ => runs.push(Run { letters: vec![letter], spaceless }),
        }
        apart = false;
    }
    runs
}

/// What begins at each letter of a run.
fn parts(letters: &[char]) -> Vec<String> {
    let begins = |index: &usize| *index == 0 || letters.get(*index).is_some_and(|letter| !is_combining_mark(*letter));
    (0..letters.len()).filter(begins).map(|index| letters.iter().skip(index).take(LONGEST_PART).collect()).collect()
}

fn first(letters: &[char], length: usize) -> String {
    letters.iter().take(length).collect()
}

/// Whether a letter belongs to a script written without spaces: Chinese, Japanese, Thai, Lao, Burmese, Khmer.
fn is_spaceless(letter: char) -> bool {
    matches!(
        letter,
        '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_of(text: &str) -> Vec<String> {
        kept(&[text]).into_iter().collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_without_accents() {
        assert_eq!(kept_of("Ångström & Söhne GmbH"), ["angstrom", "gmbh", "sohne"]);
        assert_eq!(kept_of("zoe.lefevre@creme-3m.example"), ["3m", "creme", "example", "lefevre", "zoe"]);
        assert_eq!(kept_of("  \0 %_\\ – …"), [""; 0]);
        assert_eq!(kept_of("a\0b\nc\td"), ["ab", "c", "d"]);
        assert_eq!(kept(&["Anna", "anna", "ANNA Lind"]).len(), 2);
    }

    #[test]
    fn any_part_of_a_run_without_spaces_begins_something() {
        let words = kept(&["株式会社 桜木精機3M"]);
        for typed in ["株式", "会社", "桜", "木精機", "3m"] {
            assert!(words.iter().any(|word| word.starts_with(typed)), "{typed}: {words:?}");
        }
        assert!(!words.iter().any(|word| word.starts_with('m') || word.contains("社桜")), "{words:?}");
        // Not at a vowel sign, which stands on the letter before it.
        assert_eq!(kept_of("ผู้"), ["ผู้"]);
        // Scripts with spaces are not cut up.
        assert_eq!(kept_of("हिन्दी 한국어 شركة"), ["شركة", "हिन्दी", "한국어"]);
    }

    #[test]
    fn no_record_is_without_limits() {
        assert_eq!(kept_of(&"x".repeat(1000)), ["x".repeat(LONGEST_WORD)]);
        let many: String = (0..1000).map(|number| format!("{number} ")).collect();
        assert_eq!(kept_of(&many).len(), MOST_WORDS);
        let run = "桜".repeat(1000);
        assert!(kept_of(&run).iter().all(|word| word.chars().count() <= LONGEST_PART));
        assert_eq!(typed(&many).len(), MOST_TYPED);
    }

    #[test]
    fn what_is_typed_is_looked_for_by_its_longest_word() {
        assert_eq!(typed("an Lindqvist anna"), ["lindqvist", "anna"]);
        assert_eq!(typed("桜木精機"), ["桜木精機"]);
        assert_eq!(typed(&"x".repeat(1000)), ["x".repeat(LONGEST_WORD)]);
        assert!(typed(" %\0_ ").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn a_text_is_found_by_what_it_begins_with(text: String) {
            let words = kept(&[&text]);
            if words.len() < MOST_WORDS {
                for typed in typed(&text) {
                    proptest::prop_assert!(words.iter().any(|word| word.starts_with(&typed)), "{typed:?} {words:?}");
                }
            }
        }
    }
}
