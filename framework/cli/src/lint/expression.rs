//! Whether an expression turns escaping off.

use super::source::literal;

/// How this code hands text on as if it were HTML, if it does.
pub(super) fn turns_escaping_off(code: &str) -> Option<&'static str> {
    let mut at = 0;
    let mut before = ' ';
    while let Some(rest) = code.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = literal(rest) {
            at += length;
            before = '"';
            continue;
        }
        let c = rest.chars().next()?;
        if c == '|' && before != '|' && !rest.starts_with("||") {
            let (name, after) = word(rest.get(1..).unwrap_or_default());
            match name {
                "safe" => return Some("|safe"),
                "escape" | "e" if arguments(after).is_some_and(names_none) => return Some("escape(\"none\")"),
                _ => {}
            }
        }
        if !is_word(before) {
            let (name, after) = word(rest);
            if name == "Safe" && after.starts_with('(') {
                return Some("Safe(…)");
            }
        }
        before = c;
        at += c.len_utf8();
    }
    None
}

/// The word this begins with, white space aside, and what follows.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What stands in the parentheses this begins with.
fn arguments(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?;
    let mut at = 0;
    loop {
        let rest = inner.get(at..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with(')') {
            return inner.get(..at);
        }
        at += literal(rest).or_else(|| rest.chars().next().map(char::len_utf8))?;
    }
}

fn names_none(arguments: &str) -> bool {
    arguments.contains("\"none\"")
}
