//! Why noted entries are not stored yet.

/// Some of the entries noted so far are not in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// The database did not take them. They wait and are tried again.
    #[error("the database does not take the object log's entries; they wait in memory")]
    NotTaken,
    /// The log is stopped.
    #[error("the object log is stopped")]
    Stopped,
}
