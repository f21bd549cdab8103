//! What a form changed of a record, for the journal.

use serde_json::{Map, Value};
use toolcrib::adapter::{Adapter, Rights, Row};

use crate::domain::changes;

/// Every field that is not the same: `{"city": ["Bonn", "Köln"]}`. Those of `but` are the program's own and not told.
pub(super) fn changes<A: Adapter>(before: &A, after: &A, but: &[&str]) -> Map<String, Value> {
    changes::between(&as_json(before), &as_json(after), but)
}

fn as_json<A: Adapter>(value: &A) -> Value {
    Row::from(value.clone()).seen_by(&Rights::unlimited()).to_json()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
