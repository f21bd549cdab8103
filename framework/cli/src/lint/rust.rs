//! What Rust sources say about templates: `#[template(…)]`.

use super::check::check;
use super::finding::{Finding, Findings, Rule};
use super::source::literal;

const ATTRIBUTE: &str = "#[template(";

/// Reads a Rust file's `#[template(…)]` attributes: no escaping turned off, and templates written in place (S5).
///
/// ```
/// use toolcrib_cli::lint::{Rule, rust_file};
///
/// let source = r##"#[template(path = "card.html", escape = "none")] struct Card;"##;
/// assert_eq!(rust_file("card.rs", source)[0].rule, Rule::Unescaped);
/// ```
#[must_use]
pub fn rust_file(file: &str, source: &str) -> Vec<Finding> {
    let mut findings = Findings::new(file, source);
    for (at, _) in source.match_indices(ATTRIBUTE) {
        let line = source.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        // An example in a comment or in a literal text; this is no parser of Rust.
        if line.trim_start().starts_with("//") || line.contains('"') {
            continue;
        }
        let start = at + ATTRIBUTE.len();
        let given = arguments(source.get(start..).unwrap_or_default());
        let value = |name: &str| given.iter().find(|argument| argument.name == name);
        if let Some(escape) = value("escape").filter(|argument| argument.value == "none") {
            findings.add(
                start + escape.at,
                Rule::Unescaped,
                "escape = \"none\" turns escaping off: leave it out, or give a reason in lint.toml",
            );
        }
        if let Some(text) = value("source") {
            let extension = value("ext").map_or("", |argument| argument.value);
            // As long as it was, so that lines and places stay.
            let plain = if text.is_raw {
                text.value.to_owned()
            } else {
                text.value.replace("\\\"", " \"").replace("\\n", "  ")
            };
            check(&mut findings, &plain, start + text.at, extension);
        }
    }
    findings.sorted()
}

struct Argument<'a> {
    name: &'a str,
    value: &'a str,
    /// Where the value begins.
    at: usize,
    is_raw: bool,
}

/// The `name = "value"` pairs up to the closing parenthesis.
fn arguments(text: &str) -> Vec<Argument<'_>> {
    let mut found = Vec::new();
    let (mut at, mut name_from, mut depth) = (0, 0, 0_usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = literal(rest) {
            let name = text.get(name_from..at).unwrap_or_default().trim_matches([' ', '\t', '\n', '\r', ',', '=']);
            let quoted = rest.get(..length).unwrap_or_default();
            let value = quoted.trim_start_matches('r').trim_matches('#').trim_matches('"');
            let skipped = quoted.find(value).unwrap_or_default();
            found.push(Argument { name, value, at: at + skipped, is_raw: quoted.starts_with('r') });
            at += length;
            name_from = at;
            continue;
        }
        match rest.chars().next() {
            Some('(') => depth += 1,
            Some(')') if depth == 0 => break,
            Some(')') => depth -= 1,
            Some(',') => name_from = at,
            _ => {}
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    found
}
