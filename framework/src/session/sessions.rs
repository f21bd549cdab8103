//! The handle on a site's sessions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::cache::Loaded;
use super::events::{EndReason, SessionHooks};
use super::store::{Limits, OpenStoreError, Outcome, Store, Terms, Told};
use super::{Changes, CookieChange, EndUser, Known, Session, SessionError};
use crate::clock::now_micros;
use crate::db::{Conn, Db, DbError};
use crate::events::Events;
use crate::secret::hash;
use crate::settings::SessionSettings;

/// The sessions of a site. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub(super) inner: Arc<Inner>,
}

/// What is to happen when a session has ended, by its number.
pub(super) struct OnEnd(Box<dyn Fn(i64) + Send + Sync>);

impl std::fmt::Debug for OnEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnEnd")
    }
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) limits: Limits,
    pub(super) hooks: SessionHooks,
    events: Events,
    /// Sessions seen since the last sweep, and when they are idle for too long from then.
    touched: Mutex<HashMap<i64, i64>>,
    /// Wakes the sweeper when a session ended.
    pub(super) ended: Notify,
    /// Told of every end, once it is stored.
    on_end: OnceLock<OnEnd>,
    started_total: AtomicU64,
    ended_totals: EndedTotals,
}

#[derive(Debug, Default)]
struct EndedTotals {
    timeout: AtomicU64,
    logout: AtomicU64,
    abandoned: AtomicU64,
    shutdown: AtomicU64,
}

/// How many sessions there are and were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Open now.
    pub active: u64,
    /// Started since this process did.
    pub started_total: u64,
    /// Ended since this process started, by reason.
    pub ended_by_timeout: u64,
    /// See [`EndReason::Logout`].
    pub ended_by_logout: u64,
    /// See [`EndReason::Abandoned`].
    pub abandoned: u64,
    /// See [`EndReason::Shutdown`].
    pub ended_by_shutdown: u64,
}

impl EndedTotals {
    fn of(&self, reason: EndReason) -> &AtomicU64 {
        match reason {
            EndReason::Timeout => &self.timeout,
            EndReason::Logout => &self.logout,
            EndReason::Abandoned => &self.abandoned,
            EndReason::Shutdown => &self.shutdown,
        }
    }
}

impl Sessions {
    /// The sessions in the store that the settings name.
    ///
    /// # Errors
    /// [`OpenStoreError`], where it cannot be used.
    pub(crate) async fn open(
        db: Db,
        settings: &SessionSettings,
        hooks: SessionHooks,
        events: Events,
    ) -> Result<Self, OpenStoreError> {
        Ok(Self::on(Store::open(db, settings).await?, Limits::of(settings), hooks, events))
    }

    /// The sessions in the database, whatever the settings name.
    pub(crate) fn in_database(db: Db, settings: &SessionSettings, hooks: SessionHooks, events: Events) -> Self {
        let limits = Limits::of(settings);
        Self::on(Store::in_database(db, limits), limits, hooks, events)
    }

    fn on(store: Store, limits: Limits, hooks: SessionHooks, events: Events) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                limits,
                hooks,
                events,
                touched: Mutex::default(),
                ended: Notify::new(),
                on_end: OnceLock::new(),
                started_total: AtomicU64::new(0),
                ended_totals: EndedTotals::default(),
            }),
        }
    }

    /// Loads a session by the key the browser sent. `None`: unknown, ended or timed out.
    pub(super) async fn load(&self, key: &str) -> Result<Option<Arc<Loaded>>, DbError> {
        let Some(loaded) = self.inner.store.current(&hash(key.as_bytes())).await? else { return Ok(None) };
        let now = now_micros();
        let seen = self.touched().get(&loaded.known.id).copied().unwrap_or(i64::MIN);
        let idle_at = loaded.idle_at.load(Ordering::Relaxed).max(seen);
        Ok((idle_at > now && loaded.absolute_at > now).then_some(loaded))
    }

    /// The session as it is now, for a request that runs again or waited. `None`: it has ended.
    pub(crate) async fn fresh(&self, known: Known) -> Result<Option<Session>, DbError> {
        Ok(self.inner.store.current(&known.key_hash).await?.map(|loaded| {
            let fields = loaded.fields.iter().map(|(name, json)| (name.clone(), json.clone())).collect();
            Session::loaded(Some(loaded.known), fields)
        }))
    }

    /// The visitor was here: the idle time starts anew. Not a write that could conflict; noted in
    /// memory and written down by the sweeper (G20: touching a session is no transaction).
    pub(crate) fn touch(&self, known: Known) {
        let idle_at = now_micros().saturating_add(self.inner.limits.idle_timeout());
        if self.inner.store.seen(known, idle_at) {
            self.touched().insert(known.id, idle_at);
        }
    }

    /// Whether a unit without a transaction needs none for what it did to its session.
    pub(crate) fn commits_alone(&self, session: &Session) -> bool {
        self.inner.store.commits_alone(session)
    }

    /// Commits what a unit without a transaction did to its session, where
    /// [`Sessions::commits_alone`] says so.
    ///
    /// # Errors
    /// [`SessionError::Ended`] where the session ended meanwhile, or where the store fails.
    pub(crate) async fn commit_alone(&self, session: &Session) -> Result<Outcome, SessionError> {
        self.inner.store.commit_alone(session).await
    }

    /// Writes what a unit did to its session into the unit's transaction, or makes it ready to be
    /// written by [`Sessions::committed`].
    ///
    /// # Errors
    /// [`SessionError::Ended`] where the session ended meanwhile: the unit must not commit.
    /// [`SessionError::Full`] where no further session may start. [`SessionError::Unknown`] where
    /// the store did not answer when the visitor came.
    ///
    /// The site's start hook may run until `deadline`.
    pub(crate) async fn commit(
        &self,
        tx: &mut Conn,
        session: &Session,
        deadline: Instant,
    ) -> Result<Outcome, SessionError> {
        if session.is_unknown() {
            // Another session in the place of the one that the visitor may have would sign him out.
            return Err(SessionError::Unknown);
        }
        let terms = Terms { hooks: &self.inner.hooks, deadline };
        self.inner.store.commit(tx, session, terms).await
    }

    /// The unit's transaction is committed. Answers what the browser's cookie is to become.
    pub(crate) async fn committed(&self, mut outcome: Outcome) -> CookieChange {
        self.inner.store.settle(&mut outcome).await;
        if let Some(id) = outcome.started {
            self.inner.started_total.fetch_add(1, Ordering::Relaxed);
            self.inner.events.record("session_start", id.to_string(), None);
        }
        if outcome.ended {
            self.inner.ended.notify_one();
        }
        std::mem::replace(&mut outcome.cookie, CookieChange::Keep)
    }

    /// Whether no further session may start.
    ///
    /// # Errors
    /// Where the store fails.
    pub(crate) async fn is_full(&self) -> Result<bool, DbError> {
        let Some(limit) = self.inner.limits.max_sessions() else { return Ok(false) };
        Ok(self.inner.store.active().await? >= limit)
    }

    /// How many sessions there are and were.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn counts(&self) -> Result<Counts, DbError> {
        let ended = |reason| self.inner.ended_totals.of(reason).load(Ordering::Relaxed);
        Ok(Counts {
            active: self.inner.store.active().await?,
            started_total: self.inner.started_total.load(Ordering::Relaxed),
            ended_by_timeout: ended(EndReason::Timeout),
            ended_by_logout: ended(EndReason::Logout),
            abandoned: ended(EndReason::Abandoned),
            ended_by_shutdown: ended(EndReason::Shutdown),
        })
    }

    /// Ends every session of a user, with the caller's transaction. The ends are told, with the
    /// reason [`EndReason::Abandoned`], after it has committed; answers how many there were.
    ///
    /// Sessions in Redis end right before COMMIT: should that fail, they have ended nevertheless.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn end_sessions_of(&self, tx: &mut Conn, user_id: &str) -> Result<u64, DbError> {
        self.end_where(tx, user_id, None).await
    }

    /// As [`Sessions::end_sessions_of`], but lets the session that asks go on (S17: a user who
    /// changes the own password stays signed in). Give that one a new key: sign the user in again.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn end_other_sessions_of(&self, tx: &mut Conn, user_id: &str, kept: &Session) -> Result<u64, DbError> {
        self.end_where(tx, user_id, kept.known()).await
    }

    async fn end_where(&self, tx: &mut Conn, user_id: &str, kept: Option<Known>) -> Result<u64, DbError> {
        self.forget_at_the_end_of(tx);
        self.inner.store.end_where(tx, user_id, kept).await
    }

    /// Writes what a user is and may do by now into all sessions the user is signed in with, with
    /// the transaction that changes it: the next request of each goes by it.
    ///
    /// # Errors
    /// [`SessionError::TooLarge`] above 16 KiB of JSON, or where the store fails.
    pub(crate) async fn refresh_user(&self, tx: &mut Conn, user: &EndUser) -> Result<(), SessionError> {
        let json = Session::user_entry(user)?;
        self.forget_at_the_end_of(tx);
        Ok(self.inner.store.refresh_user(tx, user, json).await?)
    }

    /// Those of these users who are signed in somewhere, in the caller's transaction.
    ///
    /// # Errors
    /// Where the store fails.
    pub(crate) async fn signed_in(&self, tx: &mut Conn, users: &[i64]) -> Result<Vec<i64>, DbError> {
        self.inner.store.signed_in(tx, users).await
    }

    /// Whether this session has not ended, and this user is signed in with it.
    ///
    /// # Errors
    /// Where the store fails.
    pub(crate) async fn is_of(&self, tx: &mut Conn, session: &Session, user_id: &str) -> Result<bool, DbError> {
        let Some(known) = session.known() else { return Ok(false) };
        self.inner.store.is_of(tx, known.id, user_id).await
    }

    /// Not before: a request that reads meanwhile would keep in memory what was there before.
    fn forget_at_the_end_of(&self, tx: &mut Conn) {
        let sessions = self.clone();
        tx.on_end(move || sessions.forget_all());
    }

    /// Forgets what is held in memory: sessions were ended by a statement of the site's own.
    pub fn forget_all(&self) {
        self.inner.store.forget_all();
        self.inner.ended.notify_one();
    }

    /// Says once who wants to know of every end that this process tells. It must be quick and must not panic.
    pub(crate) fn on_end(&self, effect: impl Fn(i64) + Send + Sync + 'static) {
        let _ = self.inner.on_end.set(OnEnd(Box::new(effect)));
    }

    /// The end of a session is stored.
    pub(super) fn ended(&self, told: &Told) {
        let Told { id, reason, .. } = *told;
        if told.now {
            self.inner.ended_totals.of(reason).fetch_add(1, Ordering::Relaxed);
            self.inner.events.record("session_end", id.to_string(), Some(reason.name().to_owned()));
            tracing::info!(session = id, reason = reason.name(), "session ended");
        }
        if let Some(OnEnd(effect)) = self.inner.on_end.get() {
            effect(id);
        }
    }

    /// Which of these sessions are open, and who is signed in there, as the session has it.
    pub(crate) async fn stored_users(&self, ids: &[i64]) -> Result<HashMap<i64, Option<String>>, DbError> {
        self.inner.store.stored_users(ids).await
    }

    /// Merges changes that belong to no unit of work into the session of this key, if there is one.
    pub(super) async fn merge(&self, key: &str, changes: &Changes) -> Result<(), DbError> {
        let Some(loaded) = self.load(key).await? else { return Ok(()) };
        self.inner.store.merge(loaded.known, changes).await
    }

    /// Signs the visitor with this key out, outside any unit of work.
    pub(super) async fn sign_out(&self, key: &str) -> Result<(), DbError> {
        let Some(loaded) = self.load(key).await? else { return Ok(()) };
        self.inner.store.end(loaded.known, EndReason::Logout).await?;
        self.inner.ended.notify_one();
        Ok(())
    }

    pub(super) fn touched(&self) -> std::sync::MutexGuard<'_, HashMap<i64, i64>> {
        self.inner.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
