//! What is found, and by which rule.

use std::fmt;

/// What a template must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// An expression in an attribute value without quotes: a space ends the value, and the rest is attributes.
    Unquoted,
    /// An event-handler attribute (`on…=`): its value is a script.
    EventHandler,
    /// An expression in `style="…"`.
    Style,
    /// `javascript:` in an attribute.
    ScriptAddress,
    /// An expression inside `<script>` or `<style>`, JSON islands apart.
    ScriptText,
    /// Escaping is turned off: `|safe`, `escape("none")`, `escape = "none"`.
    Unescaped,
    /// HTML in a file whose extension askama does not escape.
    Extension,
    /// A form that posts without the token.
    FormToken,
    /// A control nobody can hear the name of.
    Label,
    /// A file that cannot be read as a template.
    Unreadable,
    /// An entry of the allow-list that allows nothing.
    UnusedAllow,
}

impl Rule {
    /// Its name in messages and in `lint.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unquoted => "unquoted",
            Self::EventHandler => "event-handler",
            Self::Style => "style",
            Self::ScriptAddress => "script-address",
            Self::ScriptText => "script-text",
            Self::Unescaped => "unescaped",
            Self::Extension => "extension",
            Self::FormToken => "form-token",
            Self::Label => "label",
            Self::Unreadable => "unreadable",
            Self::UnusedAllow => "unused-allow",
        }
    }
}

/// One thing to mend.
///
/// ```
/// let findings = toolcrib_cli::lint::template("list.html", "<p>Hello</p>\n<p title={{ name }}>you</p>");
/// assert!(findings[0].to_string().starts_with("list.html:2: "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Finding {
    /// The file, as it was named.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// What it breaks.
    pub rule: Rule,
    /// What is wrong and what to do instead.
    pub message: String,
    /// The line as it is written.
    pub written: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.file, self.line, self.message, self.rule.name())
    }
}

/// Collects what is found in one file.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    file: &'a str,
    source: &'a str,
    found: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a str, source: &'a str) -> Self {
        Self { file, source, found: Vec::new() }
    }

    /// Notes something at a byte of the source.
    pub(super) fn add(&mut self, at: usize, rule: Rule, message: impl Into<String>) {
        let line = line_of(self.source, at);
        let written = self.source.lines().nth(line - 1).unwrap_or_default().trim().to_owned();
        self.found.push(Finding { file: self.file.to_owned(), line, rule, message: message.into(), written });
    }

    /// In the order of the file, each once.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}

/// The line a byte stands in, counted from 1.
pub(super) fn line_of(source: &str, at: usize) -> usize {
    source.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
