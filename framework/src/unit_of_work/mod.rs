//! The unit of work: everything one attempt of a request changes, committed once or not at all.
//!
//! Rows, application variables and session fields go into one transaction. It is opened by the
//! first statement that needs it, so a request that only reads pays for none. Effects run after the commit and are
//! dropped with a failed attempt. A commit conflict makes the dispatcher run the whole request
//! again, after a wait in which it holds nothing ([`RetryPolicy`]).
//!
//! Lost on failure: all of it, up to the moment COMMIT is answered. Never retried: a COMMIT whose
//! answer was lost.

mod retry;
mod stats;
mod work;

pub use retry::{Replay, RetryPolicy, Verdict};
pub(crate) use stats::{End, Stats};
pub(crate) use work::{CommitError, Work, run_effects};
