//! Why a change of a variable was refused at once.

use crate::application::cell::Kind;

/// A name is used as one kind of variable and stands for another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is a {found}, not a {wanted}: use another name, or remove the {found} first")]
pub struct KindError {
    pub(crate) name: String,
    pub(crate) wanted: Kind,
    pub(crate) found: Kind,
}

/// Why a change of a variable was refused. Nothing of it remains.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The name is empty.
    #[error("a variable needs a name: give it one of 1 to 200 bytes")]
    Empty,
    /// The name is too long.
    #[error("the name of a variable has {length} bytes: shorten it to {limit}, or use a map for names made from data")]
    NameTooLong {
        /// Its length in bytes.
        length: usize,
        /// The most it may have.
        limit: usize,
    },
    /// A name or key contains a zero byte, which PostgreSQL cannot store.
    #[error("`{name}`: a name or key contains a zero byte: leave it out")]
    Zero {
        /// The variable.
        name: String,
    },
    /// The key of a map is too long.
    #[error("`{name}`: a key has {length} bytes: shorten it to {limit}")]
    KeyTooLong {
        /// The variable.
        name: String,
        /// Its length in bytes.
        length: usize,
        /// The most it may have.
        limit: usize,
    },
    /// The JSON text of a value is too long.
    #[error("`{name}`: a value has {length} bytes as JSON: keep it within {limit}, or store it as rows of a table")]
    TooLarge {
        /// The variable.
        name: String,
        /// Its length in bytes.
        length: usize,
        /// The most it may have.
        limit: usize,
    },
    /// The name stands for another kind of variable.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// A count would leave the range of its type.
    #[error("`{name}` would leave the range of a 64-bit number: count in larger units, or remove it to start anew")]
    Overflow {
        /// The variable.
        name: String,
    },
    /// The variable is declared durable in one place and volatile in another.
    #[error("`{name}` is used as {} but was made {}: declare it the same everywhere", word(*.durable), word(!*.durable))]
    Durability {
        /// The variable.
        name: String,
        /// What it is used as.
        durable: bool,
    },
    /// The value cannot be written as JSON, or what is stored is not of the type asked for.
    #[error("`{name}`: the value does not fit its type: read it as it was written, or remove the variable")]
    Value {
        /// The variable.
        name: String,
        /// What serde found.
        source: serde_json::Error,
    },
}

fn word(durable: bool) -> &'static str {
    if durable { "durable" } else { "volatile" }
}
