//! What can go wrong with a session.

use crate::db::DbError;
use crate::secret::RandomError;

/// A session could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The stored value is not of the field's type.
    #[error("session field {field} does not hold a {wanted}")]
    Type {
        /// The field.
        field: String,
        /// The Rust type that was asked for.
        wanted: &'static str,
        /// Why it does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// The value cannot be written as JSON.
    #[error("a value for session field {field} cannot be stored")]
    Value {
        /// The field.
        field: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The value is longer than a field may be.
    #[error("a value for session field {field} has {length} bytes, the limit is {limit}")]
    TooLarge {
        /// The field.
        field: String,
        /// The length of the JSON text in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The session would have more fields than a session may have.
    #[error("a session has at most {0} fields")]
    TooMany(usize),
    /// The session ended while the request ran. What it wanted to store is gone with it.
    #[error("the session has ended")]
    Ended,
    /// As many sessions as allowed are open.
    #[error("the limit of {0} open sessions is reached")]
    Full(u64),
    /// The store did not answer when the visitor came, so nobody knows which session it is.
    #[error("the session store did not answer, so the visitor's session is not known")]
    Unknown,
    /// The store failed.
    #[error("the session store failed")]
    Store(#[from] DbError),
    /// No randomness for a key.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The site's own start hook failed; the session did not start.
    #[error("the session's start hook failed")]
    Hook(#[source] HookError),
}

/// Whatever a site's session hook failed with.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct HookError(Box<dyn std::error::Error + Send + Sync>);

impl HookError {
    /// Wraps any error.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl From<DbError> for HookError {
    fn from(error: DbError) -> Self {
        Self::new(error)
    }
}

impl From<SessionError> for HookError {
    fn from(error: SessionError) -> Self {
        Self::new(error)
    }
}
