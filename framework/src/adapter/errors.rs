//! All that is wrong with a form (W34).

use std::fmt;

use super::{FieldId, FieldInfo};

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value is missing.
    Required,
    /// A value is refused.
    Invalid,
    /// The visitor may not change the field.
    NotPermitted,
    /// Another user changed the field meanwhile.
    Changed,
    /// Another row has the value.
    NotUnique,
    /// The row is not there any more.
    RowNotFound,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub(super) field: Option<FieldId>,
    pub(super) name: &'static str,
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

impl FieldError {
    /// The field; none where it is the form as a whole.
    #[must_use]
    pub fn field(&self) -> Option<FieldId> {
        self.field
    }

    /// The field's name; empty where it is the form as a whole.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What kind of thing is wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// A whole sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// All that is wrong with a form. A form is refused with all its errors at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    pub(super) fn add(&mut self, field: FieldId, info: &FieldInfo, kind: ErrorKind, message: String) {
        self.0.push(FieldError { field: Some(field), name: info.name, kind, message });
    }

    pub(super) fn add_general(&mut self, kind: ErrorKind, message: String) {
        self.0.push(FieldError { field: None, name: "", kind, message });
    }

    /// The same of the form as a whole.
    pub(super) fn without_fields(mut self) -> Self {
        for error in &mut self.0 {
            (error.field, error.name) = (None, "");
        }
        self
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many things are wrong.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Every error, in the order of the fields as they were read.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// The errors of one field.
    pub fn of(&self, field: FieldId) -> impl Iterator<Item = &FieldError> {
        self.0.iter().filter(move |error| error.field == Some(field))
    }

    /// Whether something of this kind is wrong.
    #[must_use]
    pub fn has(&self, kind: ErrorKind) -> bool {
        self.0.iter().any(|error| error.kind == kind)
    }

    /// `{"name":["Field Name requires a value."]}`; what is wrong with the form as a whole is under
    /// `form`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut fields = serde_json::Map::new();
        for error in &self.0 {
            let name = if error.name.is_empty() { "form" } else { error.name };
            let list = fields.entry(name).or_insert_with(|| serde_json::Value::Array(Vec::new()));
            if let Some(list) = list.as_array_mut() {
                list.push(error.message.as_str().into());
            }
        }
        fields.into()
    }
}

/// All messages in one line.
impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}
