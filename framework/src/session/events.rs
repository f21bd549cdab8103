//! Start and end of a session, told to the site.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::fields::Session;
use super::{EndUser, HookError, SessionError, SessionField};
use crate::db::Conn;
use crate::panics::message_of;

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// Idle for too long, or open for longer than any session may be.
    Timeout,
    /// The visitor signed out.
    Logout,
    /// The site gave it up: an administrator, a changed password.
    Abandoned,
    /// The site stopped and its store does not outlive it.
    Shutdown,
}

impl EndReason {
    /// The reason in the store, in logs and on the status page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Logout => "logout",
            Self::Abandoned => "abandoned",
            Self::Shutdown => "shutdown",
        }
    }

    pub(super) fn parse(name: &str) -> Self {
        match name {
            "logout" => Self::Logout,
            "abandoned" => Self::Abandoned,
            "shutdown" => Self::Shutdown,
            _ => Self::Timeout,
        }
    }
}

/// A session starts: its first field is about to be stored.
///
/// (ASP: `Session_OnStart`, A10.) The hook runs inside the transaction that creates it: either
/// both happen or neither.
#[derive(Debug)]
#[non_exhaustive]
pub struct SessionStart {
    /// The session's number. Not the key the browser holds.
    pub id: i64,
    /// Who signed in with it, if that started it.
    pub user_id: Option<String>,
    view: Session,
}

impl SessionStart {
    pub(super) fn new(id: i64, user_id: Option<&str>, session: &Session) -> Self {
        let set = session.changes().iter().filter_map(|(name, json)| Some((name.to_owned(), json?.to_owned())));
        Self { id, user_id: user_id.map(str::to_owned), view: Session::loaded(None, set.collect()) }
    }

    /// Reads a field as it is about to be stored.
    ///
    /// # Errors
    /// [`SessionError::Type`] where the value is of another type.
    pub fn get<T: DeserializeOwned>(&self, field: &SessionField<T>) -> Result<Option<T>, SessionError> {
        self.view.get(field)
    }
}

/// A session has ended. Its fields can still be read; there is no request and no response.
///
/// (ASP: `Session_OnEnd`, A10.) The hook runs once, in a transaction that also removes the
/// session: what it writes is stored exactly once, whatever crashes.
#[derive(Debug)]
#[non_exhaustive]
pub struct SessionEnd {
    /// The session's number.
    pub id: i64,
    /// Why it ended.
    pub reason: EndReason,
    view: Session,
}

impl SessionEnd {
    pub(super) fn new(id: i64, reason: EndReason, fields: HashMap<String, String>) -> Self {
        Self { id, reason, view: Session::loaded(None, fields) }
    }

    /// Reads a field as it was at the end.
    ///
    /// # Errors
    /// [`SessionError::Type`] where the stored value is of another type.
    pub fn get<T: DeserializeOwned>(&self, field: &SessionField<T>) -> Result<Option<T>, SessionError> {
        self.view.get(field)
    }

    /// Who was signed in when a time-out or an administrator ended it.
    #[must_use]
    pub fn end_user(&self) -> Option<EndUser> {
        self.view.end_user()
    }
}

/// What a site does when sessions start and end.
#[derive(Clone, Copy)]
pub struct SessionHooks {
    /// Runs inside the transaction that creates the session.
    pub start: for<'a> fn(&'a SessionStart, &'a mut Conn) -> LocalBoxFuture<'a, Result<(), HookError>>,
    /// Runs inside the transaction that removes it.
    pub end: for<'a> fn(&'a SessionEnd, &'a mut Conn) -> LocalBoxFuture<'a, Result<(), HookError>>,
}

/// Runs a site's hook: a panic is an error, and so is not to end in time.
pub(crate) async fn guarded(
    hook: impl Future<Output = Result<(), HookError>>,
    deadline: Instant,
) -> Result<(), HookError> {
    // The time limit is inside the guard: what the hook's future drops may panic as well.
    let run = AssertUnwindSafe(async { tokio::time::timeout_at(deadline.into(), hook).await });
    match run.catch_unwind().await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(HookError::new("it took too long")),
        Err(panic) => Err(HookError::new(format!("it panicked: {}", message_of(panic.as_ref())))),
    }
}

impl std::fmt::Debug for SessionHooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionHooks")
    }
}

impl Default for SessionHooks {
    fn default() -> Self {
        Self { start: |_, _| Box::pin(std::future::ready(Ok(()))), end: |_, _| Box::pin(std::future::ready(Ok(()))) }
    }
}
