//! Values of application variables, between Rust and JSON.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ApplicationError, Cell, ChangeError, Content, Kind, KindError, Value};

/// A value that may be stored in an application variable.
pub trait Stored: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Stored for T {}

pub(super) fn encoded<T: Stored>(name: &str, value: &T) -> Result<Value, ApplicationError> {
    Ok(Value::encode(value).map_err(|source| ChangeError::Value { name: name.to_owned(), source })?)
}

pub(super) fn decoded<T: Stored>(name: &str, value: &Value) -> Result<T, ApplicationError> {
    value.decode().map_err(|source| ApplicationError::Type {
        name: name.to_owned(),
        wanted: std::any::type_name::<T>(),
        source: Arc::new(source),
    })
}

pub(super) fn value_of<'c>(name: &str, cell: &'c Cell) -> Result<&'c Value, ApplicationError> {
    match &cell.content {
        Content::Value(value) => Ok(value),
        other => {
            let error = KindError { name: name.to_owned(), wanted: Kind::Value, found: other.kind() };
            Err(ChangeError::Kind(error).into())
        }
    }
}
