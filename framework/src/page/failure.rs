//! Why an attempt of a unit of work was undone.

use std::sync::Arc;

use super::PageError;
use crate::application::ApplicationError;
use crate::db::DbError;
use crate::object_log::limited;
use crate::session::SessionError;
use crate::unit_of_work::CommitError;

/// Most of what a page gives as its reason to run again, in bytes.
const LOST_BY_MAX: usize = 200;

/// Why an attempt was undone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the page answered an error")]
    Page(#[from] PageError),
    #[error("the unit of work did not commit")]
    Commit(#[from] CommitError),
    #[error("the page panicked: {0}")]
    Panicked(String),
    #[error("the page did not answer before the request's deadline")]
    Overran,
    #[error("a module's instance vanished before it was used")]
    Vanished,
    #[error("what the page saw of the application may lack what other nodes had committed")]
    Stale,
    #[error("a part of the request was done already, so it is not run again")]
    Sealed(#[source] Box<Self>),
}

impl Failure {
    /// Marks a failure of a unit that has done something already.
    pub(crate) fn sealed_if(self, sealed: bool) -> Self {
        if sealed && self.is_conflict() { Self::Sealed(Box::new(self)) } else { self }
    }

    /// Whether running the whole request again may succeed.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Page(error) => error.is_conflict(),
            Self::Commit(CommitError::Database(error)) => error.is_conflict(),
            Self::Commit(CommitError::Session(SessionError::Store(error))) => error.is_conflict(),
            Self::Commit(CommitError::Application(error)) => error.is_conflict(),
            Self::Commit(CommitError::Locked(error)) => error.is_conflict(),
            Self::Stale => true,
            _ => false,
        }
    }

    /// The application variable a conflict was about, where it was about one.
    pub(crate) fn lost_over(&self) -> Option<Arc<str>> {
        match self {
            Self::Page(PageError::Application(ApplicationError::Conflict(conflict)))
            | Self::Commit(CommitError::Application(ApplicationError::Conflict(conflict))) => {
                Some(Arc::from(conflict.name.as_str()))
            }
            Self::Page(PageError::Retry(retry)) => retry.variable.map(Arc::from),
            _ => None,
        }
    }

    /// What the attempt lost over, in few words. It is told to whoever asked: what collided, and nothing of what is in
    /// it, nor of any other failure.
    pub(crate) fn lost_by(&self) -> String {
        match self {
            Self::Page(PageError::Application(ApplicationError::Conflict(conflict)))
            | Self::Commit(CommitError::Application(ApplicationError::Conflict(conflict))) => {
                format!("{} on {}", conflict.kind, conflict.name)
            }
            Self::Page(PageError::Retry(retry)) => limited(&retry.reason, LOST_BY_MAX),
            Self::Page(PageError::Lock(_)) | Self::Commit(CommitError::Locked(_)) => {
                "a lock was not to be had".to_owned()
            }
            Self::Page(PageError::Application(_)) | Self::Commit(CommitError::Application(_)) => {
                "others changed the application".to_owned()
            }
            Self::Page(PageError::Database(DbError::Unavailable(_))) => "the connection was lost".to_owned(),
            Self::Vanished => "the instance was gone".to_owned(),
            _ => "a conflict in the database".to_owned(),
        }
    }

    /// Whether the session ended while the request ran.
    pub(crate) fn is_session_end(&self) -> bool {
        matches!(
            self,
            Self::Commit(CommitError::Session(SessionError::Ended))
                | Self::Page(PageError::Session(SessionError::Ended))
        )
    }
}
