//! Parameter values that both engines take.

/// One bound parameter.
///
/// The null variants carry their type: PostgreSQL wants to know what kind of nothing it is given.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A 64-bit integer (`BIGINT`).
    Int(Option<i64>),
    /// A double (`DOUBLE PRECISION`, `REAL`).
    Float(Option<f64>),
    /// A truth value (`BOOLEAN`).
    Bool(Option<bool>),
    /// A text.
    Text(Option<String>),
    /// Bytes (`BYTEA`, `BLOB`).
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// Whether it is a text with the NUL character.
    pub(super) fn has_nul(&self) -> bool {
        matches!(self, Self::Text(Some(text)) if text.contains('\0'))
    }
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value.into()))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )*};
}

value_from! {
    i64 => Int,
    i32 => Int,
    u32 => Int,
    f64 => Float,
    bool => Bool,
    String => Text,
    &str => Text,
    Vec<u8> => Bytes,
    &[u8] => Bytes,
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}
