//! Where sessions are kept: rows of the site's own database, or Redis.
//!
//! Both keep the same promises (see the module above); what each does about a commit is its own
//! business. Nobody outside this folder asks which of the two it is.

mod database;
#[cfg(feature = "redis")]
mod redis;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cache::Loaded;
use super::events::{EndReason, SessionEnd, SessionHooks, guarded};
use super::{Changes, CookieChange, EndUser, Known, Session, SessionError};
use crate::clock::micros;
use crate::db::{Conn, Db, DbError};
use crate::secret::Digest256;
use crate::settings::{SessionSettings, StoreSettings};

/// The longest a site's end hook may take.
const HOOK_LIMIT: Duration = Duration::from_secs(10);

/// The sessions' store cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// The address does not parse, or asks for what was not compiled in.
    #[error("REDIS_URL is not usable: {0}")]
    Address(String),
    /// The store was not compiled in.
    #[error("session.store is redis, but this program was built without the feature `redis`")]
    NotBuilt,
    /// The thread that drives the connection could not be started.
    #[error("cannot start the session store's runtime")]
    Runtime(#[source] std::io::Error),
}

/// The one store of a site's sessions.
#[derive(Debug)]
pub(super) enum Store {
    Database(database::Database),
    #[cfg(feature = "redis")]
    Redis(redis::Redis),
}

/// How long sessions last and how many there may be, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    idle_timeout: i64,
    absolute_timeout: i64,
    max_sessions: Option<u64>,
    interval: Duration,
}

/// What a commit did to the session; told to [`Sessions::committed`](super::Sessions) once it is durable.
///
/// Dropped untold, it undoes what was made ready for it outside the transaction.
#[derive(Debug)]
#[must_use = "after the commit the sessions must be told"]
pub(crate) struct Outcome {
    pub(super) cookie: CookieChange,
    pub(super) known: Option<Known>,
    /// The number of the session that started.
    pub(super) started: Option<i64>,
    pub(super) ended: bool,
    #[cfg(feature = "redis")]
    after: Option<redis::Settlement>,
}

/// The site's part in a commit.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) hooks: &'a SessionHooks,
    /// When the start hook is given up.
    pub(super) deadline: Instant,
}

/// An end that the site has been told, or that it need not be told.
pub(super) struct Told {
    pub(super) id: i64,
    pub(super) reason: EndReason,
    /// Whether it was this time.
    pub(super) now: bool,
}

impl Outcome {
    fn new(cookie: CookieChange, known: Option<Known>) -> Self {
        Self {
            cookie,
            known,
            started: None,
            ended: false,
            #[cfg(feature = "redis")]
            after: None,
        }
    }
}

impl Limits {
    pub(super) fn of(settings: &SessionSettings) -> Self {
        Self {
            idle_timeout: micros(settings.idle_timeout),
            absolute_timeout: micros(settings.absolute_timeout),
            max_sessions: settings.max_sessions,
            interval: interval_of(settings.idle_timeout),
        }
    }

    pub(super) fn idle_timeout(&self) -> i64 {
        self.idle_timeout
    }

    pub(super) fn max_sessions(&self) -> Option<u64> {
        self.max_sessions
    }

    /// How often "last seen" is written down and time-outs are looked for.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }
}

/// A tenth of the idle time-out, so that a short one is still kept fairly exactly; at most a second.
fn interval_of(idle_timeout: Duration) -> Duration {
    (idle_timeout / 10).clamp(Duration::from_millis(20), Duration::from_secs(1))
}

/// Runs a call on whichever store it is.
macro_rules! on {
    ($self:expr, $store:ident => $call:expr) => {
        match $self {
            Self::Database($store) => $call,
            #[cfg(feature = "redis")]
            Self::Redis($store) => $call,
        }
    };
}

impl Store {
    pub(super) fn in_database(db: Db, limits: Limits) -> Self {
        Self::Database(database::Database::new(db, limits))
    }

    /// The store that the settings name. Redis need not answer yet: sessions are found when it does.
    pub(super) async fn open(db: Db, settings: &SessionSettings) -> Result<Self, OpenStoreError> {
        let limits = Limits::of(settings);
        match &settings.store {
            StoreSettings::Database => Ok(Self::in_database(db, limits)),
            #[cfg(feature = "redis")]
            StoreSettings::Redis(url) => {
                use secrecy::ExposeSecret;
                Ok(Self::Redis(redis::Redis::open(db, url.expose_secret(), limits).await?))
            }
            #[cfg(not(feature = "redis"))]
            StoreSettings::Redis(_) => Err(OpenStoreError::NotBuilt),
        }
    }

    /// A session as it is now. `None`: unknown or ended; one that timed out may still be found.
    pub(super) async fn current(&self, key_hash: &Digest256) -> Result<Option<Arc<Loaded>>, DbError> {
        on!(self, store => store.current(key_hash).await)
    }

    /// The visitor was here; false: it was noted already, so nothing needs to be written.
    pub(super) fn seen(&self, known: Known, idle_at: i64) -> bool {
        match self {
            Self::Database(store) => store.seen(known, idle_at),
            #[cfg(feature = "redis")]
            Self::Redis(_) => true,
        }
    }

    /// Whether a unit without a transaction commits what it did to its session by
    /// [`Store::commit_alone`].
    #[cfg_attr(not(feature = "redis"), allow(unused_variables, reason = "rows always commit with the unit's own"))]
    pub(super) fn commits_alone(&self, session: &Session) -> bool {
        match self {
            Self::Database(_) => false,
            #[cfg(feature = "redis")]
            Self::Redis(store) => store.commits_alone(session),
        }
    }

    /// Commits a session of which [`Store::commits_alone`] is true.
    pub(super) async fn commit_alone(&self, session: &Session) -> Result<Outcome, SessionError> {
        match self {
            Self::Database(_) => Ok(Outcome::new(CookieChange::Keep, session.known())),
            #[cfg(feature = "redis")]
            Self::Redis(store) => store.commit_alone(session).await,
        }
    }

    /// The part of a commit before COMMIT: everything that can be refused.
    pub(super) async fn commit(
        &self,
        tx: &mut Conn,
        session: &Session,
        terms: Terms<'_>,
    ) -> Result<Outcome, SessionError> {
        on!(self, store => store.commit(tx, session, terms).await)
    }

    /// The part after COMMIT.
    pub(super) async fn settle(&self, outcome: &mut Outcome) {
        match self {
            Self::Database(store) => store.settle(outcome),
            #[cfg(feature = "redis")]
            Self::Redis(store) => store.settle(outcome).await,
        }
    }

    /// How many sessions are open.
    pub(super) async fn active(&self) -> Result<u64, DbError> {
        on!(self, store => store.active().await)
    }

    /// Ends a user's sessions but one, with a transaction; how many.
    pub(super) async fn end_where(&self, tx: &mut Conn, user_id: &str, kept: Option<Known>) -> Result<u64, DbError> {
        // Numbers of sessions begin with 1.
        let kept = kept.map_or(0, |known| known.id);
        on!(self, store => store.end_where(tx, user_id, kept).await)
    }

    /// Changes a user's entry in all sessions where the user is signed in, with a transaction.
    pub(super) async fn refresh_user(&self, tx: &mut Conn, user: &EndUser, json: String) -> Result<(), DbError> {
        on!(self, store => store.refresh_user(tx, user, json).await)
    }

    /// Those of these users who are signed in somewhere.
    pub(super) async fn signed_in(&self, tx: &mut Conn, users: &[i64]) -> Result<Vec<i64>, DbError> {
        on!(self, store => store.signed_in(tx, users).await)
    }

    /// Whether a session is open, and this user's.
    pub(super) async fn is_of(&self, tx: &mut Conn, id: i64, user_id: &str) -> Result<bool, DbError> {
        on!(self, store => store.is_of(tx, id, user_id).await)
    }

    /// Which of these sessions are open, and the user's entry there.
    pub(super) async fn stored_users(&self, ids: &[i64]) -> Result<HashMap<i64, Option<String>>, DbError> {
        on!(self, store => store.stored_users(ids).await)
    }

    /// Writes down until when sessions may be idle.
    pub(super) async fn write_touched(&self, touched: &HashMap<i64, i64>) -> Result<(), DbError> {
        on!(self, store => store.write_touched(touched).await)
    }

    /// Ends what timed out.
    pub(super) async fn end_timed_out(&self) -> Result<(), DbError> {
        on!(self, store => store.end_timed_out().await)
    }

    /// Tells the end of one session that has ended, and removes the session. `None`: there is none.
    pub(super) async fn tell_one(&self, hooks: &SessionHooks) -> Result<Option<Told>, DbError> {
        on!(self, store => store.tell_one(hooks).await)
    }

    /// Merges changes that belong to no unit.
    pub(super) async fn merge(&self, known: Known, changes: &Changes) -> Result<(), DbError> {
        on!(self, store => store.merge(known, changes).await)
    }

    /// Ends a session outside any unit.
    pub(super) async fn end(&self, known: Known, reason: EndReason) -> Result<(), DbError> {
        on!(self, store => store.end(known, reason).await)
    }

    /// Forgets what is held in memory.
    pub(super) fn forget_all(&self) {
        match self {
            Self::Database(store) => store.forget_all(),
            #[cfg(feature = "redis")]
            Self::Redis(_) => {}
        }
    }
}

/// Runs a site's end hook; false: it failed, and what it wrote must be undone.
async fn run_end_hook(hooks: &SessionHooks, end: &SessionEnd, tx: &mut Conn) -> bool {
    let run = guarded(async { (hooks.end)(end, tx).await }, Instant::now() + HOOK_LIMIT);
    let Err(error) = run.await else { return true };
    tracing::error!(
        session = end.id,
        reason = end.reason.name(),
        error = &error as &dyn std::error::Error,
        "the session's end hook failed; what it wrote is undone"
    );
    false
}
