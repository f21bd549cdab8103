//! One stored value: its JSON text, and what was last read from it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value of an application variable.
///
/// The JSON text is what counts; it alone is stored and compared. Beside it stands the Rust value
/// it was first read as, so that reading it again parses nothing. The value it was *made* from is
/// not kept: what JSON leaves out of it would be there until the next start and then be gone. What
/// is handed out is always a clone (A15).
#[derive(Clone)]
pub(crate) struct Value {
    json: Arc<str>,
    decoded: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Value {
    /// Makes a value of what JSON can say.
    ///
    /// # Errors
    ///
    /// If `value` cannot be written as JSON, for example a map whose keys are no strings.
    pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Self::from_json(serde_json::to_string(value)?.into()))
    }

    /// Takes a text that is known to be JSON, as it comes from the database.
    pub(crate) fn from_json(json: Arc<str>) -> Self {
        Self { json, decoded: OnceLock::new() }
    }

    /// Reads the value as a `T` and remembers it. If it was read as another type before, the text
    /// is parsed each time.
    ///
    /// # Errors
    ///
    /// If the JSON text is no `T`.
    pub(crate) fn decode<T>(&self) -> Result<T, serde_json::Error>
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        if let Some(decoded) = self.decoded.get().and_then(|decoded| decoded.downcast_ref::<T>()) {
            return Ok(decoded.clone());
        }
        let value: T = serde_json::from_str(&self.json)?;
        // Another thread, or another type, may have been first; then that one stays.
        self.decoded.get_or_init(|| Arc::new(value.clone()));
        Ok(value)
    }

    /// The JSON text.
    pub(crate) fn json(&self) -> &Arc<str> {
        &self.json
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_back_as_what_it_was() {
        let value = Value::encode(&vec![1, 2, 3]).unwrap();
        assert_eq!(value.decode::<Vec<i32>>().unwrap(), [1, 2, 3]);
        assert_eq!(&**value.json(), "[1,2,3]");
    }

    #[test]
    fn a_copy_that_is_changed_leaves_the_stored_value_alone() {
        let value = Value::encode(&vec![1, 2, 3]).unwrap();
        let mut copy: Vec<i32> = value.decode().unwrap();
        copy.push(4);
        assert_eq!(value.decode::<Vec<i32>>().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn one_text_may_be_read_as_several_types() {
        let value = Value::from_json("7".into());
        assert_eq!(value.decode::<i64>().unwrap(), 7);
        assert_eq!(value.decode::<u8>().unwrap(), 7);
        assert_eq!(value.decode::<Option<i64>>().unwrap(), Some(7));
        assert_eq!(value.decode::<i64>().unwrap(), 7);
    }

    #[test]
    fn a_text_of_another_shape_is_an_error_and_not_remembered() {
        let value = Value::from_json("\"x\"".into());
        value.decode::<i64>().unwrap_err();
        assert_eq!(value.decode::<String>().unwrap(), "x");
    }

    #[test]
    fn values_are_compared_by_their_text() {
        assert_eq!(Value::encode(&7_i64).unwrap(), Value::from_json("7".into()));
        assert_ne!(Value::encode(&7_i64).unwrap(), Value::encode(&8_i64).unwrap());
    }
}
