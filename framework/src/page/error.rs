//! What a page may fail with.

use std::borrow::Cow;
use std::time::Duration;

use super::FormError;
use crate::application::{ApplicationError, RetryRequest};
use crate::db::DbError;
use crate::locks::LockError;
use crate::session::SessionError;

/// Why a page did not answer. Its unit of work is undone.
///
/// The browser is told the status and a sentence at most; the cause goes to the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// 404: there is no such thing, or not for this visitor.
    #[error("not found")]
    NotFound,
    /// 403: the visitor may not do this.
    #[error("forbidden")]
    Forbidden,
    /// 405: the page has no action.
    #[error("the page does not answer this method")]
    MethodNotAllowed,
    /// 400, with a sentence for the visitor.
    #[error("bad request: {0}")]
    BadRequest(Cow<'static, str>),
    /// 413, with a sentence for the visitor.
    #[error("too large: {0}")]
    TooLarge(Cow<'static, str>),
    /// 429 with `Retry-After`, and a sentence for the visitor.
    #[error("too many requests: {reason}")]
    TooMany {
        /// The sentence.
        reason: Cow<'static, str>,
        /// When to come back.
        retry_after: Duration,
    },
    /// 503 with `Retry-After`, and a sentence for the visitor.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// The sentence.
        reason: Cow<'static, str>,
        /// When to come back.
        retry_after: Duration,
    },
    /// The database: 503 or 500, or a replay of the request, by what happened.
    #[error("database")]
    Database(#[from] DbError),
    /// The session: 401 where it ended meanwhile, 503 where no further one may start.
    #[error("session")]
    Session(#[from] SessionError),
    /// The application: 503 where its lock was not to be had, a replay of the request after a
    /// conflict, else 500.
    #[error("application")]
    Application(#[from] ApplicationError),
    /// A named lock: 503 after the time limit, a replay of the request where a wait could not
    /// have ended, else 500.
    #[error("lock")]
    Lock(#[from] LockError),
    /// The page asks for the whole request to be run again, for nothing was wrong but the moment.
    #[error("the request is to be run again")]
    Retry(#[from] RetryRequest),
    /// A template could not be rendered: 500.
    #[error("template")]
    Template(#[from] askama::Error),
    /// Anything else: 500.
    #[error("page")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PageError {
    /// 400, with a sentence for the visitor.
    pub fn bad_request(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(reason.into())
    }

    /// 429 with `Retry-After`, and a sentence for the visitor.
    pub fn too_many(reason: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::TooMany { reason: reason.into(), retry_after }
    }

    /// 503 with `Retry-After`, and a sentence for the visitor.
    pub fn unavailable(reason: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::Unavailable { reason: reason.into(), retry_after }
    }

    /// Has the whole request run again, as GLASS does by `WARetryHttpRequest`. The reason goes to
    /// the object log.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry(RetryRequest::new(reason))
    }

    /// 500: the cause is logged, the visitor is told a request id.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    /// Whether running the whole request again may succeed.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Database(error) | Self::Session(SessionError::Store(error)) => error.is_conflict(),
            Self::Application(error) => error.is_conflict(),
            Self::Lock(error) => error.is_conflict(),
            Self::Retry(_) => true,
            _ => false,
        }
    }
}

impl From<FormError> for PageError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLarge(reason) => Self::TooLarge(reason.into()),
            other => Self::BadRequest(other.to_string().into()),
        }
    }
}

/// `Option` to 404.
pub trait OrNotFound<T> {
    /// The value, or [`PageError::NotFound`].
    ///
    /// # Errors
    /// [`PageError::NotFound`] for `None`.
    fn or_not_found(self) -> Result<T, PageError>;
}

impl<T> OrNotFound<T> for Option<T> {
    fn or_not_found(self) -> Result<T, PageError> {
        self.ok_or(PageError::NotFound)
    }
}
