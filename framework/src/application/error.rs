//! What can go wrong with the application.

use std::sync::Arc;

use super::{ChangeError, Conflict};
use crate::cluster::ClusterError;
use crate::db::DbError;
use crate::locks::LockError;
use crate::session::HookError;

/// An application variable could not be read, changed or locked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ApplicationError {
    /// The stored value is not of the declared type.
    #[error(
        "application variable {name} does not hold a {wanted}; declare it with the type it was stored as, or remove it"
    )]
    Type {
        /// The variable.
        name: String,
        /// The Rust type that was asked for.
        wanted: &'static str,
        /// Why it does not fit.
        #[source]
        source: Arc<serde_json::Error>,
    },
    /// The name, the kind or the size is not possible; the message says what to do.
    #[error(transparent)]
    Change(Arc<ChangeError>),
    /// An item was taken out of an empty queue.
    #[error("queue {name} is empty: ask `len` first, or take with `pop_if_any`")]
    EmptyQueue {
        /// The queue.
        name: String,
    },
    /// The application's lock was not to be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another unit of work changed the same thing.
    #[error("{0}")]
    Conflict(Arc<Conflict>),
    /// Another process changed the same thing in the database.
    #[error("Write-Write with another process")]
    Elsewhere,
    /// This node was taken to be dead by the others, or a lock over all nodes was taken from the unit: nothing of it may
    /// be committed.
    #[error("this node was taken to be dead meanwhile, and what it held was given to others")]
    Fenced,
    /// What other nodes changed could not be looked at.
    #[error("what other nodes changed could not be looked at")]
    NotCurrent(#[source] Arc<DbError>),
    /// The turn to change these variables did not come before the request's deadline.
    #[error("the turn to change {} did not come in time", names.join(", "))]
    ClaimTimedOut {
        /// The variables.
        names: Vec<String>,
    },
    /// The database did not take the change.
    #[error("the application's changes could not be stored")]
    Database(#[source] Arc<DbError>),
    /// The function given to `update` panicked; nothing was changed.
    #[error("the update function of application variable {name} panicked")]
    UpdatePanicked {
        /// The variable.
        name: String,
    },
    /// The site is stopping.
    #[error("the application has stopped")]
    Stopped,
}

impl ApplicationError {
    /// Whether running the whole request again may succeed.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Conflict(_) | Self::Elsewhere | Self::Fenced => true,
            Self::Database(error) => error.is_conflict(),
            Self::Lock(error) => error.is_conflict(),
            _ => false,
        }
    }
}

impl From<ChangeError> for ApplicationError {
    fn from(error: ChangeError) -> Self {
        Self::Change(Arc::new(error))
    }
}

impl From<ClusterError> for ApplicationError {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Database(error) => Self::NotCurrent(error),
            ClusterError::Stopped => Self::Stopped,
        }
    }
}

impl From<ApplicationError> for HookError {
    fn from(error: ApplicationError) -> Self {
        Self::new(error)
    }
}

impl From<Conflict> for ApplicationError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(Arc::new(conflict))
    }
}
