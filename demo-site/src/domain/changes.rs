//! What an edit changed: for the audit log a value beside a value, for the timeline a sentence.

use serde_json::{Map, Value, json};

/// The most characters of a value that a sentence quotes.
const QUOTED: usize = 60;

/// The fields in which two JSON objects differ, as `{"city": ["Bonn", "Köln"]}`; those in `but` are left out.
#[must_use]
pub fn between(before: &Value, after: &Value, but: &[&str]) -> Map<String, Value> {
    let fields = after.as_object().into_iter().flatten();
    let changed = fields.filter(|(name, value)| !but.contains(&name.as_str()) && before.get(name) != Some(value));
    changed
        .map(|(name, value)| (name.clone(), json!([before.get(name).cloned().unwrap_or(Value::Null), value])))
        .collect()
}

/// What was changed, as a sentence: `Changed city from “Bonn” to “Köln”.` or `Changed city, phone and owner.`
#[must_use]
pub fn sentence(changes: &Map<String, Value>) -> String {
    let names: Vec<String> = changes.keys().map(|name| name.replace('_', " ")).collect();
    match (names.as_slice(), changes.values().next()) {
        ([], _) => "Changed nothing.".to_owned(),
        ([only], Some(values)) => {
            let [before, after] = [0, 1].map(|index| values.get(index).map(quoted).unwrap_or_default());
            format!("Changed {only} from {before} to {after}.")
        }
        ([firsts @ .., last], _) => format!("Changed {} and {last}.", firsts.join(", ")),
    }
}

fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(yes) => return if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(QUOTED) {
        _ if text.is_empty() => "nothing".to_owned(),
        Some((end, _)) => format!("“{}…”", text.get(..end).unwrap_or_default()),
        None => format!("“{text}”"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({ "city": "Bonn", "phone": "1", "updated_at": 1 });
        let after = json!({ "city": "Köln", "phone": "1", "updated_at": 2 });
        let changes = between(&before, &after, &["updated_at"]);
        assert_eq!(Value::from(changes.clone()), json!({ "city": ["Bonn", "Köln"] }));
        assert_eq!(sentence(&changes), "Changed city from “Bonn” to “Köln”.");
        assert!(between(&before, &before, &[]).is_empty());
    }

    #[test]
    fn several_changes_are_named_and_one_is_quoted() {
        let changes = |value: Value| value.as_object().cloned().unwrap_or_default();
        let several = changes(json!({ "city": ["", "b"], "owner": ["c", "d"], "sort_name": ["e", "f"] }));
        assert_eq!(sentence(&several), "Changed city, owner and sort name.");
        assert_eq!(sentence(&changes(json!({ "city": ["", "Köln"] }))), "Changed city from nothing to “Köln”.");
        assert_eq!(sentence(&changes(json!({ "private": [false, true] }))), "Changed private from no to yes.");
        let long = sentence(&changes(json!({ "notes": ["", "é".repeat(200)] })));
        assert!(long.ends_with(&format!("to “{}…”.", "é".repeat(60))), "{long}");
    }
}
