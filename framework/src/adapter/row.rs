//! A value of an adapter as somebody may see it.

use std::sync::Arc;

use super::{Adapter, FieldId, FieldInfo};
use crate::session::EndUser;

/// What the one who looks may do.
#[derive(Debug, Clone, Default)]
pub struct Rights(Holder);

#[derive(Debug, Clone, Default)]
enum Holder {
    #[default]
    Nobody,
    User(Arc<EndUser>),
    Site,
}

impl Rights {
    /// The rights of a user; of nobody in particular where there is none.
    #[must_use]
    pub fn of(user: Option<EndUser>) -> Self {
        Self(user.map_or(Holder::Nobody, |user| Holder::User(Arc::new(user))))
    }

    /// All rights: for the site's own work, never for a visitor's.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(Holder::Site)
    }

    /// Whether they include what is asked for. Nothing asked for is always there.
    #[must_use]
    pub fn include(&self, right: Option<&str>) -> bool {
        right.is_none_or(|right| match &self.0 {
            Holder::Nobody => false,
            Holder::User(user) => user.has_right(right),
            Holder::Site => true,
        })
    }
}

/// The visitor may not see the field (WebSnap: `Field view not permitted`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the field {field} may not be seen")]
pub struct ViewError {
    /// The field's name.
    pub field: &'static str,
}

impl From<ViewError> for crate::page::PageError {
    fn from(_: ViewError) -> Self {
        Self::Forbidden
    }
}

/// A value of an adapter, the key and version of its row, and what the one who looks may see of
/// it. This is what templates are given: it shows a field by its rights (W31).
#[derive(Debug, Clone)]
pub struct Row<A> {
    pub(super) value: A,
    pub(super) key: Option<i64>,
    pub(super) version: Option<i64>,
    pub(super) rights: Rights,
}

/// A value that no table has, seen by nobody in particular.
impl<A> From<A> for Row<A> {
    fn from(value: A) -> Self {
        Self { value, key: None, version: None, rights: Rights::default() }
    }
}

impl<A: Adapter> Row<A> {
    /// A row of a table.
    pub fn stored(value: A, key: i64, version: Option<i64>) -> Self {
        Self { value, key: Some(key), version, rights: Rights::default() }
    }

    /// A value of a version that has no key of its own in a form: the page's address says whose it
    /// is.
    pub fn versioned(value: A, version: i64) -> Self {
        Self { value, key: None, version: Some(version), rights: Rights::default() }
    }

    /// The same for somebody who has these rights.
    #[must_use]
    pub fn seen_by(mut self, rights: &Rights) -> Self {
        self.rights = rights.clone();
        self
    }

    /// The value, for the site's own code. Templates ask for fields, which obeys rights.
    #[must_use]
    pub fn value(&self) -> &A {
        &self.value
    }

    /// The value, for good.
    #[must_use]
    pub fn into_value(self) -> A {
        self.value
    }

    /// The key of the row in its table.
    #[must_use]
    pub fn key(&self) -> Option<i64> {
        self.key
    }

    /// The row's version, where its table counts changes.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.version
    }

    /// Whether a field may be seen.
    #[must_use]
    pub fn may_view(&self, field: FieldId) -> bool {
        A::INFO.field(field).is_some_and(|info| self.rights.include(info.view))
    }

    /// Whether a field may be changed by a form. What may not be seen may not be changed either.
    #[must_use]
    pub fn may_modify(&self, field: FieldId) -> bool {
        let modifiable = |info: &FieldInfo| !info.read_only && self.rights.include(info.modify);
        self.may_view(field) && A::INFO.field(field).is_some_and(modifiable)
    }

    /// A field as people read it; nothing where it may not be seen.
    #[must_use]
    pub fn text(&self, field: FieldId) -> String {
        self.read(field).unwrap_or_default()
    }

    /// A field as people read it.
    ///
    /// # Errors
    /// [`ViewError`] where it may not be seen; a page that passes it on answers 403.
    pub fn read(&self, field: FieldId) -> Result<String, ViewError> {
        if self.may_view(field) {
            Ok(self.display(field))
        } else {
            Err(ViewError { field: A::INFO.field(field).map_or("", |info| info.name) })
        }
    }

    /// Whatever the rights say.
    pub(super) fn display(&self, field: FieldId) -> String {
        let info = A::INFO.field(field);
        let Some((info, value)) = info.zip(self.value.field(field)) else { return String::new() };
        if info.kind == super::Kind::Password {
            return String::new();
        }
        let texts = value.texts();
        let choices = (info.choices)();
        let label =
            |text: &String| choices.iter().find(|choice| choice.value == *text).map(|choice| choice.label.as_str());
        match texts.iter().map(label).collect::<Option<Vec<_>>>() {
            Some(labels) if !choices.is_empty() => labels.join(", "),
            _ => value.display(),
        }
    }

    /// What a control holds.
    pub(super) fn texts(&self, field: FieldId) -> Vec<String> {
        self.value.field(field).map(super::FieldValue::texts).unwrap_or_default()
    }

    /// The fields that may be seen, with `id` and `version` of a row.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::Map::new();
        if let Some(key) = self.key {
            json.insert("id".to_owned(), key.into());
        }
        for (id, info) in A::INFO.numbered().filter(|(id, _)| self.may_view(*id)) {
            if info.kind != super::Kind::Password
                && let Some(value) = self.value.field(id)
            {
                json.insert(info.name.to_owned(), value.to_json());
            }
        }
        if let Some(version) = self.version {
            json.insert("version".to_owned(), version.into());
        }
        json.into()
    }
}
