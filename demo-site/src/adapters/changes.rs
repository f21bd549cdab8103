//! What a form changed of a record, for the journal.

use serde_json::{Map, Value, json};
use toolcrib::adapter::{Adapter, Rights, Row};

/// Every field that is not the same: `{"city": ["Bonn", "Köln"]}`. Those of `but` are the program's own and not told.
pub(crate) fn changes<A: Adapter>(before: &A, after: &A, but: &[&str]) -> Map<String, Value> {
    let (before, after) = (fields(before), fields(after));
    let mut changed = Map::new();
    for (name, new) in after {
        let old = before.get(&name).cloned().unwrap_or_default();
        if old != new && !but.contains(&name.as_str()) {
            changed.insert(name, json!([old, new]));
        }
    }
    changed
}

fn fields<A: Adapter>(value: &A) -> Map<String, Value> {
    match Row::from(value.clone()).seen_by(&Rights::unlimited()).to_json() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::Client;

    #[test]
    fn only_what_differs_is_told() {
        let before = Client { name: "Acme".into(), city: "Bonn".into(), updated_at: 1, ..Client::default() };
        let after = Client { city: "Köln".into(), updated_at: 2, ..before.clone() };
        assert_eq!(Value::from(changes(&before, &after, &["updated_at"])), json!({ "city": ["Bonn", "Köln"] }));
        assert!(changes(&before, &before.clone(), &[]).is_empty());
    }
}
