//! Why no instance could be had.

use std::time::Duration;

/// A checkout that came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckoutError {
    /// As many requests wait as may wait.
    #[error("the queue of {module} is full")]
    QueueFull {
        /// The module.
        module: &'static str,
    },
    /// No instance became free in time.
    #[error("no instance of {module} became free within {waited:?}")]
    TimedOut {
        /// The module.
        module: &'static str,
        /// How long the request waited.
        waited: Duration,
    },
    /// The module failed too often and is out of service for a while.
    #[error("{module} is out of service for {retry_after:?}")]
    OutOfService {
        /// The module.
        module: &'static str,
        /// When it is tried again.
        retry_after: Duration,
    },
    /// The module's `create` failed.
    #[error("an instance of {module} could not be created")]
    Create {
        /// The module.
        module: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The module's `create` panicked.
    #[error("{module} panicked while an instance was created: {message}")]
    CreatePanicked {
        /// The module.
        module: &'static str,
        /// The panic's message.
        message: String,
    },
    /// The module's `create` did not end in time.
    #[error("an instance of {module} was not created within {waited:?}")]
    CreateTimedOut {
        /// The module.
        module: &'static str,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The instance's actor was gone before the work began, twice in a row.
    #[error("an instance of {module} vanished before it was used")]
    Vanished {
        /// The module.
        module: &'static str,
    },
    /// The pool is closed: the site stops.
    #[error("the pool of {module} is closed")]
    Closed {
        /// The module.
        module: &'static str,
    },
}
