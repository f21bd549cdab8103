//! The merge of one unit's changes into a session: pure, no store, no clock.

use std::collections::BTreeMap;

/// What one unit of work did to a session's fields: the later change of a field wins, fields
/// that were not touched do not appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    fields: BTreeMap<String, Option<String>>,
}

impl Changes {
    /// Notes that a field got a value (a JSON text).
    pub fn set(&mut self, field: impl Into<String>, json: String) {
        self.fields.insert(field.into(), Some(json));
    }

    /// Notes that a field was removed.
    pub fn remove(&mut self, field: impl Into<String>) {
        self.fields.insert(field.into(), None);
    }

    /// The unit's own view of a field: `None` where it was not touched.
    #[must_use]
    pub fn touched(&self, field: &str) -> Option<Option<&str>> {
        self.fields.get(field).map(|json| json.as_deref())
    }

    /// Whether nothing was touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether some field got a value: only then is there anything to start a session for.
    #[must_use]
    pub fn has_values(&self) -> bool {
        self.fields.values().any(Option::is_some)
    }

    /// The changes, by field name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.fields.iter().map(|(field, json)| (field.as_str(), json.as_deref()))
    }

    /// Applies the changes to the fields of a session, leaving all others as they are.
    pub fn apply(&self, fields: &mut BTreeMap<String, String>) {
        for (field, json) in &self.fields {
            match json {
                Some(json) => fields.insert(field.clone(), json.clone()),
                None => fields.remove(field),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Fields = BTreeMap<String, String>;

    fn change() -> impl Strategy<Value = (String, Option<String>)> {
        ("[a-d]", proptest::option::of("[0-9]"))
    }

    fn changes() -> impl Strategy<Value = Changes> {
        proptest::collection::vec(change(), 0..6).prop_map(|list| {
            let mut changes = Changes::default();
            for (field, json) in list {
                match json {
                    Some(json) => changes.set(field, json),
                    None => changes.remove(field),
                }
            }
            changes
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn untouched_fields_stay(changes in changes(), fields in proptest::collection::btree_map("[a-f]", "[0-9]", 0..6)) {
            let mut after: Fields = fields.clone();
            changes.apply(&mut after);
            for (field, value) in &fields {
                if changes.touched(field).is_none() {
                    prop_assert_eq!(after.get(field), Some(value));
                }
            }
            for (field, json) in changes.iter() {
                prop_assert_eq!(after.get(field).map(String::as_str), json);
            }
        }

        #[test]
        fn units_that_touch_different_fields_merge_in_any_order(left in changes(), right in changes()) {
            prop_assume!(left.iter().all(|(field, _)| right.touched(field).is_none()));
            let (mut one, mut other) = (Fields::new(), Fields::new());
            left.apply(&mut one);
            right.apply(&mut one);
            right.apply(&mut other);
            left.apply(&mut other);
            prop_assert_eq!(one, other);
        }

        #[test]
        fn of_one_field_the_later_commit_wins(left in changes(), right in changes()) {
            let mut fields = Fields::new();
            left.apply(&mut fields);
            right.apply(&mut fields);
            for (field, json) in right.iter() {
                prop_assert_eq!(fields.get(field).map(String::as_str), json);
            }
        }
    }
}
