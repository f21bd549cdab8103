//! What an entry of the audit log says was changed, in words.

use serde_json::Value;
use toolcrib::filters::grouped;
use toolcrib::prelude::Day;

use crate::domain::agenda::clock_text;

/// The most letters of a value, and the most fields: a log is no place to read a novel.
const LETTERS: usize = 200;
const FIELDS: usize = 40;

/// One field: what it was and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) field: String,
    /// Nothing where it was not there, or nobody says.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// Reads what was noted: `{"city": ["Bonn", "Köln"]}`, or a field's new value alone.
pub(super) fn changes(noted: &str) -> Vec<Change> {
    let Ok(Value::Object(fields)) = serde_json::from_str(noted) else { return Vec::new() };
    let change = |(name, value): (&String, &Value)| {
        let (old, new) = match value.as_array().map(Vec::as_slice) {
            Some([old, new]) => (words(name, old), words(name, new)),
            _ => (None, words(name, value)),
        };
        Change { field: label(name), old, new }
    };
    fields.iter().take(FIELDS).map(change).collect()
}

/// `owner_id` as people say it.
fn label(name: &str) -> String {
    let name = name.strip_suffix("_id").or(name.strip_suffix("_at")).or(name.strip_suffix("_minor")).unwrap_or(name);
    name.replace('_', " ")
}

/// A value as people read it; nothing for none.
fn words(name: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Number(number) => match number.as_i64() {
            Some(micros) if name.ends_with("_at") => moment(micros),
            Some(minor) if name.ends_with("_minor") => cents(minor),
            Some(id) if name.ends_with("_id") => format!("no. {id}"),
            Some(number) => grouped(number),
            None => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let mut short: String = text.chars().take(LETTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(short)
}

fn moment(micros: i64) -> String {
    let Some(day) = Day::of(micros) else { return micros.to_string() };
    format!("{} {}", day.iso(), clock_text(micros))
}

fn cents(minor: i64) -> String {
    format!("{}.{:02}", grouped(minor / 100), (minor % 100).abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(noted: &str) -> Vec<(String, Option<String>, Option<String>)> {
        changes(noted).into_iter().map(|change| (change.field, change.old, change.new)).collect()
    }

    fn line(field: &str, old: Option<&str>, new: Option<&str>) -> (String, Option<String>, Option<String>) {
        (field.to_owned(), old.map(str::to_owned), new.map(str::to_owned))
    }

    #[test]
    fn changes_are_told_field_by_field() {
        let noted = r#"{"amount_minor": [100000, 1250050], "city": ["Bonn", "Köln"], "due_at": [null, 1773324300000000],
            "owner_id": [1, 2], "private": [false, true], "stage": "Won", "website": ["https://x.example", ""]}"#;
        assert_eq!(
            told(noted),
            [
                line("amount", Some("1,000.00"), Some("12,500.50")),
                line("city", Some("Bonn"), Some("Köln")),
                line("due", None, Some("2026-03-12 14:05")),
                line("owner", Some("no. 1"), Some("no. 2")),
                line("private", Some("no"), Some("yes")),
                line("stage", None, Some("Won")),
                line("website", Some("https://x.example"), None),
            ]
        );
    }

    #[test]
    fn whatever_was_noted_is_read() {
        for odd in ["", "null", "[]", "\"x\"", "{", "{\"a\": {\"b\": 1}}"] {
            let _ = changes(odd);
        }
        let long = format!(r#"{{"notes": ["{}", 1]}}"#, "é".repeat(5_000));
        assert_eq!(changes(&long)[0].old.as_deref().map(|text| text.chars().count()), Some(LETTERS + 1));
    }
}
