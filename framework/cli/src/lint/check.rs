//! The rules, over what a template does.

use super::expression::turns_escaping_off;
use super::finding::{Finding, Findings, Rule};
use super::forms::Forms;
use super::html::{Event, Place, Start, events};
use super::labels::Labels;
use super::source::{Kind, Piece, Unclosed, pieces};

/// Largest template that is read, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// Reads one template and answers what is wrong with it (S2, S5).
///
/// The file's name decides how askama escapes it; what it names is not opened. Templates beyond 1 MiB are refused.
///
/// ```
/// use toolcrib_cli::lint::{Rule, template};
///
/// assert!(template("card.html", r#"<a title="{{ name }}">{{ name }}</a>"#).is_empty());
/// assert_eq!(template("card.html", "<a title={{ name }}>x</a>")[0].rule, Rule::Unquoted);
/// ```
#[must_use]
pub fn template(file: &str, source: &str) -> Vec<Finding> {
    let mut findings = Findings::new(file, source);
    check(&mut findings, source, 0, extension(file));
    findings.sorted()
}

/// The extension askama goes by: of `mail.txt.j2` it is `txt`.
fn extension(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let Some((stem, last)) = name.rsplit_once('.') else { return "" };
    match stem.rsplit_once('.') {
        Some((_, inner)) if matches!(last, "askama" | "j2" | "jinja" | "jinja2" | "rinja") => inner,
        _ => last,
    }
}

/// Whether askama escapes templates of this extension.
fn is_escaped(extension: &str) -> bool {
    matches!(extension, "askama" | "html" | "htm" | "j2" | "jinja" | "jinja2" | "rinja" | "svg" | "xml")
}

/// Checks a template that stands at byte `base` of the file.
pub(super) fn check(findings: &mut Findings<'_>, source: &str, base: usize, extension: &str) {
    if source.len() > MAX_BYTES {
        findings.add(base, Rule::Unreadable, "templates of more than 1 MiB are not read");
        return;
    }
    let pieces = match pieces(source) {
        Ok(pieces) => pieces,
        Err(Unclosed(at)) => {
            findings.add(base + at, Rule::Unreadable, "what is opened here is never closed");
            return;
        }
    };
    let is_template = pieces.iter().any(|piece| piece.kind != Kind::Text);
    let events = events(&pieces);
    if !is_escaped(extension) {
        let first = events.iter().find_map(|event| if let Event::Start(start) = event { Some(start.at) } else { None });
        if let Some(at) = first.filter(|_| is_template) {
            findings.add(
                base + at,
                Rule::Extension,
                format!("HTML in a template that askama does not escape (extension {extension:?}): name it .html"),
            );
        }
        // No template, or not HTML: there is nothing else to say about it.
        if first.is_none() || !is_template {
            return;
        }
    }
    for piece in &pieces {
        unescaped(findings, piece, base);
    }
    let (mut forms, mut labels) = (Forms::default(), Labels::default());
    for event in &events {
        match event {
            Event::Output { place: Place::Unquoted, at, .. } => findings.add(
                base + at,
                Rule::Unquoted,
                "an expression in an attribute value without quotes: write attribute=\"{{ … }}\"",
            ),
            Event::Output { place: Place::Script, at, .. } => findings.add(
                base + at,
                Rule::ScriptText,
                "an expression inside a script or style sheet: hand it over in a data attribute or a JSON island",
            ),
            Event::Start(start) => attributes(findings, start, base),
            Event::Output { .. } | Event::End(_) | Event::MacroEnd => {}
        }
        forms.see(event, findings, base);
        labels.see(event);
    }
    forms.finish(findings, base);
    labels.finish(findings, base);
}

fn unescaped(findings: &mut Findings<'_>, piece: &Piece<'_>, base: usize) {
    let how = match (piece.kind, piece.word()) {
        (Kind::Text, _) => None,
        (Kind::Tag, ("filter", filters)) => turns_escaping_off(&format!("|{filters}")),
        _ => turns_escaping_off(piece.text),
    };
    if let Some(how) = how {
        findings.add(
            base + piece.at,
            Rule::Unescaped,
            format!("{how} turns escaping off: leave it out, or give a reason in lint.toml"),
        );
    }
}

fn attributes(findings: &mut Findings<'_>, start: &Start, base: usize) {
    for attribute in &start.attributes {
        let at = base + attribute.at;
        let handler = attribute.name.strip_prefix("on").unwrap_or_default();
        if handler.len() > 1 && handler.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            findings.add(
                at,
                Rule::EventHandler,
                format!("{}=\"…\" is a script in the page: add the listener in a module", attribute.name),
            );
        }
        if attribute.name == "style" && attribute.has_expression {
            findings.add(
                at,
                Rule::Style,
                "an expression in a style attribute: choose a class, or set an SVG attribute",
            );
        }
        if names_script(&attribute.value) {
            findings.add(at, Rule::ScriptAddress, "an address that begins with javascript: runs as a script");
        }
    }
}

/// Whether a browser would read `javascript:` in this value: it skips white space and reads entities.
fn names_script(value: &str) -> bool {
    let mut text: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    text.make_ascii_lowercase();
    for (entity, meant) in [("&colon;", ":"), ("&#58;", ":"), ("&#x3a;", ":"), ("&tab;", ""), ("&newline;", "")] {
        text = text.replace(entity, meant);
    }
    text.contains("javascript:")
}
