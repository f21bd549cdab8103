//! The allow-list: what stays in spite of a rule, and why.

use std::path::Path;

use serde::Deserialize;

use super::finding::{Finding, Rule};

/// The exceptions somebody gave a reason for, most often from a `lint.toml` beside the templates.
///
/// ```
/// use toolcrib_cli::lint::{Allowed, template};
///
/// let allowed = Allowed::parse(r#"
///     [[allow]]
///     rule = "unescaped"
///     file = "notes/card.html"
///     text = "rendered|safe"
///     reason = "the Markdown renderer escapes; test notes_are_escaped"
/// "#)?;
/// let findings = template("templates/notes/card.html", "<p>{{ rendered|safe }}</p>");
/// assert!(allowed.sift("lint.toml", findings).is_empty());
/// # Ok::<(), toolcrib_cli::lint::AllowError>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    #[serde(default)]
    allow: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: Rule,
    /// The end of the file's path, whole components.
    file: String,
    /// What the line must hold; every line of the file if it is left out.
    #[serde(default)]
    text: String,
    reason: String,
}

/// The allow-list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AllowError {
    /// It is no TOML, or says something unknown.
    #[error("{0}")]
    Text(#[from] toml::de::Error),
    /// An exception nobody explained.
    #[error("the entry for {rule} in {file} gives no reason")]
    NoReason {
        /// The rule's name.
        rule: &'static str,
        /// As written.
        file: String,
    },
}

impl Allowed {
    /// Reads the list.
    ///
    /// # Errors
    /// [`AllowError`]: unknown words, or an entry without a reason.
    pub fn parse(text: &str) -> Result<Self, AllowError> {
        let allowed: Self = toml::from_str(text)?;
        match allowed.allow.iter().find(|entry| entry.reason.trim().is_empty()) {
            Some(entry) => Err(AllowError::NoReason { rule: entry.rule.name(), file: entry.file.clone() }),
            None => Ok(allowed),
        }
    }

    /// Leaves out what is allowed. An entry that allows nothing is a finding of its own, in the file `list`: the
    /// reason it gives is about something that is not there any more.
    #[must_use]
    pub fn sift(&self, list: &str, findings: Vec<Finding>) -> Vec<Finding> {
        let mut used = vec![false; self.allow.len()];
        let mut left: Vec<Finding> = Vec::new();
        for finding in findings {
            match self.allow.iter().position(|entry| entry.allows(&finding)) {
                Some(index) => used.iter_mut().skip(index).take(1).for_each(|used| *used = true),
                None => left.push(finding),
            }
        }
        for (entry, _) in self.allow.iter().zip(used).filter(|(_, used)| !used) {
            left.push(Finding {
                file: list.to_owned(),
                line: 1,
                rule: Rule::UnusedAllow,
                message: format!("the entry for {} in {} allows nothing: remove it", entry.rule.name(), entry.file),
                written: String::new(),
            });
        }
        left
    }
}

impl Entry {
    fn allows(&self, finding: &Finding) -> bool {
        self.rule == finding.rule
            && Path::new(&finding.file).ends_with(&self.file)
            && finding.written.contains(&self.text)
    }
}
