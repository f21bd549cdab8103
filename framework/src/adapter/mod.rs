//! Adapters: a page's data and commands as named, typed fields and actions that obey rights
//! (WebSnap: `TAdapter`, W30-W37).

pub mod end_user;
mod errors;
mod execute;
mod form;
mod info;
mod once;
mod paged;
mod read;
mod row;
pub mod rules;
mod sample;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod view;

pub use crate::fold::{FOLD_VERSION, fold, fold_all, like_pattern, words};
pub use errors::{ErrorKind, Errors, FieldError};
pub use execute::{Done, Execute};
pub use form::Form;
pub use info::{ActionInfo, AdapterInfo, FieldId, FieldInfo, SortInfo, TableInfo};
pub use paged::Paged;
pub use read::checked;
pub use row::{Rights, Row, ViewError};
pub use value::{Amount, Choice, ColumnType, Day, FieldType, FieldValue, FileField, Kind};
pub use view::{FieldView, Markup};

pub use toolcrib_macros::{Actions, Adapter, Choices};

/// What the derives need by name: a site need not know the crate.
#[doc(hidden)]
pub use serde_json::Value as Json;

/// A plain struct as a set of fields. Written by `#[derive(Adapter)]`.
///
/// A value of it belongs to one request: it is made from a row, the session or nothing, shown, read
/// from a form and stored. Nothing of it stays in a pooled instance.
pub trait Adapter: Default + Clone + Send + Sync + 'static {
    /// What is fixed about it.
    const INFO: AdapterInfo;

    /// The value of a field; nothing for a number that is not a field's.
    fn field(&self, id: FieldId) -> Option<&dyn FieldValue>;

    /// The value of a field, for writing.
    fn field_mut(&mut self, id: FieldId) -> Option<&mut dyn FieldValue>;

    /// The field's own checks. The answer completes a sentence that begins with its label.
    ///
    /// # Errors
    /// Why the value is refused.
    fn check(&mut self, id: FieldId) -> Result<(), String> {
        let _ = id;
        Ok(())
    }
}

/// The commands of an adapter: an enum without values. Written by `#[derive(Actions)]`.
pub trait Actions: Copy + PartialEq + 'static {
    /// All of them, in the order of the enum.
    const ALL: &'static [Self];

    /// What is fixed about one.
    fn info(self) -> &'static ActionInfo;
}
