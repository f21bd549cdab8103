//! What "contains, whatever the case" means, the same on every engine.
//!
//! Engines disagree about the case of letters outside ASCII, so the folding is done here: rows
//! keep a folded copy of what can be searched, and terms are folded the same way.

/// The most words of a term that are looked for one by one. What follows the last is looked for as
/// it stands: each word costs a comparison per row.
const MAX_WORDS: usize = 8;

/// The longest term looked for; the rest is ignored. Nobody types more, and SQLite limits the
/// length of a pattern.
const MAX_TERM_CHARS: usize = 200;

/// Folds a text for comparison: lower case, one form of sigma, no control characters.
#[must_use]
pub fn fold(text: &str) -> String {
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

    #[test]
    fn wildcards_are_literal() {
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
