//! What "contains, whatever the case and the accents" means, the same on every engine.
//!
//! Engines disagree about the case of letters outside ASCII, so the folding is done here: rows
//! keep a folded copy of what can be searched, and terms are folded the same way.

use unicode_normalization::UnicodeNormalization;

/// The most words of a term that are looked for one by one. What follows the last is looked for as
/// it stands: each word costs a comparison per row.
const MAX_WORDS: usize = 8;

/// The longest term looked for; the rest is ignored. Nobody types more, and SQLite limits the
/// length of a pattern.
const MAX_TERM_CHARS: usize = 200;

/// Which texts [`fold`] makes the same is what rows were written with. A site that keeps this number beside its rows
/// knows when their folded copies are to be written anew.
pub const FOLD_VERSION: i64 = 2;

/// Folds a text for searching: lower case, no accents, one form of sigma, no control characters.
///
/// Letters that are a letter with something added are that letter: `É`, `Ø`, `Ł`, `ё` and `ή` are found by `e`, `o`,
/// `l`, `е` and `η`; `ß`, `æ`, `œ` and `þ` by the two letters people type for them. What carries a vowel or a meaning of
/// its own in other scripts stays. Two texts that fold alike are not the same text: do not tell users apart by it.
#[must_use]
pub fn fold(text: &str) -> String {
    let lower = fold_case(text);
    if lower.is_ascii() {
        return lower;
    }
    let mut plain = String::with_capacity(lower.len());
    for letter in lower.nfd() {
        match letter {
            // The marks that Latin, Greek and Cyrillic letters are written with.
            '\u{300}'..='\u{36f}' => {}
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ı' => plain.push('i'),
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            _ => plain.push(letter),
        }
    }
    // Put together again: a Korean syllable is one letter, not three.
    plain.nfc().collect()
}

/// Folds a text for comparison where accents count, as in the name somebody signs in with: lower case, one form of
/// sigma, no control characters.
#[must_use]
pub(crate) fn fold_case(text: &str) -> String {
    text.chars()
        // NUL cannot be sent to PostgreSQL, the other control characters cannot be typed.
        .filter(|character| !character.is_control())
        .flat_map(char::to_lowercase)
        .filter_map(|character| match character {
            // A word cut in the middle ends with the other form of the same letter.
            'ς' => Some('σ'),
            // What remains of a Turkish capital I with a dot: "İzmir" is found by "izmir".
            '\u{307}' => None,
            _ => Some(character),
        })
        .collect()
}

/// Folds the searchable texts of one row, each apart from the next so that no term matches across.
#[must_use]
pub fn fold_all(texts: &[&str]) -> String {
    texts.iter().map(|text| fold(text)).collect::<Vec<_>>().join("\n")
}

/// The folded words a row must all contain to match a term. No words: every row matches.
#[must_use]
pub fn words(term: &str) -> Vec<String> {
    let short: String = term.chars().take(MAX_TERM_CHARS).collect();
    let spaced: String =
        short.chars().map(|character| if character.is_whitespace() { ' ' } else { character }).collect();
    let mut words = Vec::new();
    let mut rest = spaced.trim();
    while !rest.is_empty() {
        let (word, after) =
            if words.len() + 1 < MAX_WORDS { rest.split_once(' ').unwrap_or((rest, "")) } else { (rest, "") };
        let folded = fold(word);
        if !folded.is_empty() {
            words.push(folded);
        }
        rest = after.trim_start();
    }
    words
}

/// The `LIKE` pattern for "contains this folded word"; use it with `ESCAPE '\'`.
#[must_use]
pub fn like_pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for character in word.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_in_any_script() {
        assert_eq!(fold("ESTÉE"), fold("Estée"));
        assert_eq!(fold("БЕРЁЗА"), fold("Берёза"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert!(fold("ΟΔΟΣΤΡΩΣΗ").contains(&fold("ΟΔΟΣ")));
        assert_eq!(fold("İzmir"), fold("izmir"));
        assert_eq!(fold("桜"), "桜");
        for (one, other) in [("ESTÉE", "Estée"), ("БЕРЁЗА", "Берёза"), ("ΟΔΟΣ", "οδος"), ("İzmir", "izmir")]
        {
            assert_eq!(fold_case(one), fold_case(other));
        }
    }

    #[test]
    fn accents_do_not_matter() {
        for (text, typed) in [
            ("Ångström", "angstrom"),
            ("Łódź Włókno", "lodz wlokno"),
            ("Crème Brûlée", "creme brulee"),
            ("Østerbro", "osterbro"),
            ("Groß", "gross"),
            ("Æther œuvre", "aether oeuvre"),
            ("Þórisvatn", "thorisvatn"),
            ("Guðrún", "gudrun"),
            ("Işıldak", "isildak"),
            ("Đặng", "dang"),
            ("Ελαιώνας", "ελαιωνασ"),
            ("Берёза й", "береза и"),
        ] {
            assert_eq!(fold(text), typed);
            assert_eq!(fold(typed), typed);
        }
        let composed = fold("e\u{301}");
        assert_eq!(composed, fold("é"));
    }

    #[test]
    fn other_scripts_keep_their_letters() {
        for text in ["が", "ผู้", "हिन्दी", "한국어", "شركة", "株式会社"] {
            assert_eq!(fold(text), text);
        }
        assert_eq!(fold("한"), fold("\u{1112}\u{1161}\u{11ab}"));
    }

    #[test]
    fn accents_count_in_names() {
        assert_ne!(fold_case("José"), fold_case("Jose"));
        assert_eq!(fold_case("José"), fold_case("JOSÉ"));
    }

    #[test]
    fn a_nul_never_reaches_the_engine() {
        assert_eq!(words("a\0b \0"), ["ab"]);
    }

    #[test]
    fn words_are_looked_for_one_by_one() {
        assert_eq!(words("  Saint \t Paul\n"), ["saint", "paul"]);
        assert!(words("   ").is_empty());
        let many = words("1 2 3 4 5 6 7 8 9  10");
        assert_eq!(many.len(), MAX_WORDS);
        assert_eq!(many.last().unwrap(), "8 9  10");
        assert_eq!(words(&"x".repeat(10_000))[0].len(), MAX_TERM_CHARS);
    }

    proptest::proptest! {
        #[test]
        fn folding_again_changes_nothing(text: String) {
            let folded = fold(&text);
            proptest::prop_assert_eq!(fold(&folded), folded);
        }
    }

    #[test]
    fn wildcards_are_literal() {
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
