//! All that is wrong with a form, by field.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Messages by field name. A form is refused with all its errors at once, never one at a time.
///
/// As JSON it is `{"name":["Name is missing."]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<&'static str, Vec<String>>);

impl FieldErrors {
    /// Starts without errors.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the errors of a single message.
    #[must_use]
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.add(field, message);
        errors
    }

    /// Adds a message, a whole sentence, to a field.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.entry(field).or_default().push(message.into());
    }

    /// The messages of one field, none where it is sound.
    #[must_use]
    pub fn of(&self, field: &str) -> &[String] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every field with its messages, in the order of the field names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        self.0.iter().map(|(field, messages)| (*field, messages.as_slice()))
    }
}

/// All messages in one line, for reports that have no fields to put them next to.
impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, message) in self.0.values().flatten().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(message)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_kept_by_field() {
        let mut errors = FieldErrors::one("name", "Name is missing.");
        errors.add("email", "E-mail must look like name@example.org.");
        assert_eq!(errors.of("name"), ["Name is missing."]);
        assert!(errors.of("city").is_empty());
        assert_eq!(
            serde_json::to_string(&errors).unwrap(),
            r#"{"email":["E-mail must look like name@example.org."],"name":["Name is missing."]}"#
        );
    }
}
