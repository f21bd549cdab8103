//! Sessions in the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::cache::{Cache, Loaded};
use super::events::{EndReason, SessionHooks, SessionStart, guarded};
use super::fields::{FIELDS_LIMIT, Session, USER};
use super::{CookieChange, EndUser, Fate, Known, SessionError};
use crate::clock::{micros, now_micros};
use crate::db::{self, Conn, Db, DbError, Engine};
use crate::events::Events;
use crate::secret::{Digest256, hash, random_key};
use crate::settings::SessionSettings;

/// Sessions asked for in one statement.
const ASKED_AT_ONCE: usize = 100;

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
    pub(super) db: Db,
    pub(super) hooks: SessionHooks,
    pub(super) events: Events,
    pub(super) cache: Cache,
    /// Sessions seen since the last sweep, and when they are idle for too long from then.
    pub(super) touched: Mutex<HashMap<i64, i64>>,
    /// Wakes the sweeper when a session ended.
    pub(super) ended: Notify,
    /// Told of every end, once it is stored.
    pub(super) on_end: OnceLock<OnEnd>,
    idle_timeout: i64,
    absolute_timeout: i64,
    max_sessions: Option<u64>,
    pub(super) interval: Duration,
    started_total: AtomicU64,
    pub(super) ended_totals: EndedTotals,
}

#[derive(Debug, Default)]
pub(super) struct EndedTotals {
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

/// What a commit did to the session; told to [`Sessions::committed`] once it is durable.
#[derive(Debug)]
#[must_use = "after the commit the sessions in memory must be told"]
pub(crate) struct Outcome {
    pub(crate) cookie: CookieChange,
    known: Option<Known>,
    /// The number of the session that started.
    started: Option<i64>,
    ended: bool,
}

impl EndedTotals {
    pub(super) fn of(&self, reason: EndReason) -> &AtomicU64 {
        match reason {
            EndReason::Timeout => &self.timeout,
            EndReason::Logout => &self.logout,
            EndReason::Abandoned => &self.abandoned,
            EndReason::Shutdown => &self.shutdown,
        }
    }
}

/// How often "last seen" is written down and time-outs are looked for. A tenth of the idle
/// time-out, so that a short one is still kept fairly exactly; at most a second.
fn interval_of(idle_timeout: Duration) -> Duration {
    (idle_timeout / 10).clamp(Duration::from_millis(20), Duration::from_secs(1))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    idle_at: i64,
    absolute_at: i64,
    name: Option<String>,
    value: Option<String>,
}

impl Sessions {
    pub(crate) fn new(db: Db, settings: SessionSettings, hooks: SessionHooks, events: Events) -> Self {
        Self {
            inner: Arc::new(Inner {
                db,
                hooks,
                events,
                cache: Cache::default(),
                touched: Mutex::default(),
                ended: Notify::new(),
                on_end: OnceLock::new(),
                idle_timeout: micros(settings.idle_timeout),
                absolute_timeout: micros(settings.absolute_timeout),
                max_sessions: settings.max_sessions,
                interval: interval_of(settings.idle_timeout),
                started_total: AtomicU64::new(0),
                ended_totals: EndedTotals::default(),
            }),
        }
    }

    /// Loads a session by the key the browser sent. `None`: unknown, ended or timed out.
    pub(super) async fn load(&self, key: &str) -> Result<Option<Arc<Loaded>>, DbError> {
        let key_hash = hash(key.as_bytes());
        let now = now_micros();
        let alive = |loaded: &Arc<Loaded>| loaded.idle_at.load(Ordering::Relaxed) > now && loaded.absolute_at > now;
        Ok(self.current(Known { id: 0, key_hash }).await?.filter(alive))
    }

    /// A session as it is now: from memory, or from the database and kept in memory from then on.
    async fn current(&self, known: Known) -> Result<Option<Arc<Loaded>>, DbError> {
        if let Some(loaded) = self.cached(&known.key_hash) {
            return Ok(Some(loaded));
        }
        let epoch = self.inner.cache.epoch();
        let loaded = self.read(known).await?;
        if let Some(loaded) = &loaded
            && self.inner.db.is_sole_owner()
        {
            self.inner.cache.keep(epoch, loaded);
        }
        Ok(loaded)
    }

    /// The session as it is now, for a request that runs again or waited. `None`: it has ended.
    pub(crate) async fn fresh(&self, known: Known) -> Result<Option<Session>, DbError> {
        Ok(self.current(known).await?.map(|loaded| {
            let fields = loaded.fields.iter().map(|(name, json)| (name.clone(), json.clone())).collect();
            Session::loaded(Some(loaded.known), fields)
        }))
    }

    /// The session as held in memory, while no other process could have changed it.
    fn cached(&self, key_hash: &Digest256) -> Option<Arc<Loaded>> {
        if self.inner.db.is_sole_owner() { self.inner.cache.look_up(key_hash) } else { None }
    }

    async fn read(&self, known: Known) -> Result<Option<Arc<Loaded>>, DbError> {
        let mut conn = self.inner.db.read().await?;
        let rows: Vec<Row> = db::query(
            "SELECT s.id, s.idle_at, s.absolute_at, f.name, f.value \
             FROM toolcrib_sessions s \
             LEFT JOIN toolcrib_session_fields f ON f.session_id = s.id \
             WHERE s.key_hash = $1 AND s.ended_at IS NULL",
        )
        .bind(&known.key_hash[..])
        .fetch_all(&mut conn)
        .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let (id, idle_at, absolute_at) = (first.id, first.idle_at, first.absolute_at);
        let touched = self.touched().get(&id).copied().unwrap_or(i64::MIN);
        let fields = rows.into_iter().filter_map(|row| row.name.zip(row.value)).collect();
        Ok(Some(Arc::new(Loaded {
            known: Known { id, ..known },
            fields,
            idle_at: AtomicI64::new(idle_at.max(touched)),
            absolute_at,
        })))
    }

    /// The visitor was here: the idle time starts anew. Not a write that could conflict; noted in
    /// memory and written down by the sweeper (G20: touching a session is no transaction).
    pub(crate) fn touch(&self, known: Known) {
        let idle_at = now_micros().saturating_add(self.inner.idle_timeout);
        if let Some(loaded) = self.cached(&known.key_hash) {
            // Measured from the last note, not from the last visit: a visitor in a hurry would
            // otherwise never be noted again. The sweeper's margin covers half an interval.
            let noted = loaded.idle_at.load(Ordering::Relaxed);
            if idle_at.saturating_sub(noted) < micros(self.inner.interval) / 2 {
                return;
            }
            loaded.idle_at.fetch_max(idle_at, Ordering::Relaxed);
        }
        self.touched().insert(known.id, idle_at);
    }

    /// Writes what a unit did to its session into the unit's transaction.
    ///
    /// # Errors
    /// [`SessionError::Ended`] where the session ended meanwhile: the unit must not commit.
    /// [`SessionError::Full`] where no further session may start.
    ///
    /// The site's start hook may run until `deadline`.
    pub(crate) async fn commit(
        &self,
        tx: &mut Conn,
        session: &Session,
        deadline: Instant,
    ) -> Result<Outcome, SessionError> {
        let now = now_micros();
        let known = session.known();
        let keep = |cookie| Outcome { cookie, known, started: None, ended: false };
        match (session.fate(), known) {
            (Fate::End(reason), Some(known)) => {
                end_one(tx, known.id, *reason, now).await?;
                Ok(Outcome { cookie: CookieChange::Remove, known: Some(known), started: None, ended: true })
            }
            (Fate::End(_), None) => Ok(keep(CookieChange::Keep)),
            (Fate::Keep, Some(known)) => {
                self.prolong(tx, known, now).await?;
                write_fields(tx, known.id, session).await?;
                Ok(keep(CookieChange::Keep))
            }
            (Fate::Keep, None) => self.start(tx, session, None, now, deadline).await,
            (Fate::Rotate { user_id }, Some(known)) => {
                let key = random_key()?;
                let rows = db::query(
                    "UPDATE toolcrib_sessions SET key_hash = $2, user_id = $3, idle_at = $4 \
                     WHERE id = $1 AND ended_at IS NULL",
                )
                .bind(known.id)
                .bind(&hash(key.as_bytes())[..])
                .bind(user_id)
                .bind(now.saturating_add(self.inner.idle_timeout))
                .execute(tx)
                .await?;
                if rows == 0 {
                    // Signing in needs no session that lived before: start another.
                    return self.start(tx, session, Some(user_id), now, deadline).await;
                }
                write_fields(tx, known.id, session).await?;
                Ok(keep(CookieChange::Set(key)))
            }
            (Fate::Rotate { user_id }, None) => self.start(tx, session, Some(user_id), now, deadline).await,
        }
    }

    /// The unit's transaction is committed.
    pub(crate) fn committed(&self, outcome: &Outcome) {
        if let Some(known) = outcome.known {
            self.inner.cache.forget(&known.key_hash);
        }
        if let Some(id) = outcome.started {
            self.inner.started_total.fetch_add(1, Ordering::Relaxed);
            self.inner.events.record("session_start", id.to_string(), None);
        }
        if outcome.ended {
            self.inner.ended.notify_one();
        }
    }

    /// Whether no further session may start.
    ///
    /// # Errors
    /// Where the store fails.
    pub(crate) async fn is_full(&self) -> Result<bool, DbError> {
        let Some(limit) = self.inner.max_sessions else { return Ok(false) };
        let mut conn = self.inner.db.read().await?;
        Ok(active(&mut conn).await? >= limit)
    }

    /// How many sessions there are and were.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn counts(&self) -> Result<Counts, DbError> {
        let mut conn = self.inner.db.read().await?;
        let ended = |reason| self.inner.ended_totals.of(reason).load(Ordering::Relaxed);
        Ok(Counts {
            active: active(&mut conn).await?,
            started_total: self.inner.started_total.load(Ordering::Relaxed),
            ended_by_timeout: ended(EndReason::Timeout),
            ended_by_logout: ended(EndReason::Logout),
            abandoned: ended(EndReason::Abandoned),
            ended_by_shutdown: ended(EndReason::Shutdown),
        })
    }

    async fn prolong(&self, tx: &mut Conn, known: Known, now: i64) -> Result<(), SessionError> {
        let rows = db::query("UPDATE toolcrib_sessions SET idle_at = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(known.id)
            .bind(now.saturating_add(self.inner.idle_timeout))
            .execute(tx)
            .await?;
        if rows == 0 { Err(SessionError::Ended) } else { Ok(()) }
    }

    async fn start(
        &self,
        tx: &mut Conn,
        session: &Session,
        user_id: Option<&str>,
        now: i64,
        deadline: Instant,
    ) -> Result<Outcome, SessionError> {
        if let Some(limit) = self.inner.max_sessions {
            if tx.engine() == Engine::Postgres {
                // Two starts at once must not both see the last free place.
                db::query("SELECT 1::BIGINT FROM pg_advisory_xact_lock(7466326)").scalar_optional::<i64>(tx).await?;
            }
            if active(tx).await? >= limit {
                return Err(SessionError::Full(limit));
            }
        }
        let key = random_key()?;
        let id: i64 = db::query(
            "INSERT INTO toolcrib_sessions (key_hash, user_id, created_at, idle_at, absolute_at) \
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(&hash(key.as_bytes())[..])
        .bind(user_id)
        .bind(now)
        .bind(now.saturating_add(self.inner.idle_timeout))
        .bind(now.saturating_add(self.inner.absolute_timeout))
        .scalar(tx)
        .await?;
        write_fields(tx, id, session).await?;
        let start = SessionStart { id, user_id: user_id.map(str::to_owned) };
        guarded(async { (self.inner.hooks.start)(&start, tx).await }, deadline).await.map_err(SessionError::Hook)?;
        Ok(Outcome { cookie: CookieChange::Set(key), known: session.known(), started: Some(id), ended: false })
    }

    /// Ends every session of a user, inside the caller's transaction. The ends are told, with the
    /// reason [`EndReason::Abandoned`], after it has committed; answers how many there were.
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
        db::query(
            "UPDATE toolcrib_sessions SET ended_at = $2, end_reason = 'abandoned' \
             WHERE user_id = $1 AND ended_at IS NULL AND id <> $3",
        )
        .bind(user_id)
        .bind(now_micros())
        // Numbers of sessions begin with 1.
        .bind(kept.map_or(0, |known| known.id))
        .execute(tx)
        .await
    }

    /// Writes what a user is and may do by now into all sessions the user is signed in with, inside
    /// the transaction that changes it: the next request of each goes by it.
    ///
    /// # Errors
    /// [`SessionError::TooLarge`] above 16 KiB of JSON, or where the store fails.
    pub(crate) async fn refresh_user(&self, tx: &mut Conn, user: &EndUser) -> Result<u64, SessionError> {
        let json = Session::user_entry(user)?;
        self.forget_at_the_end_of(tx);
        let rows = db::query(
            "UPDATE toolcrib_session_fields SET value = $3 WHERE name = $2 AND session_id IN \
             (SELECT id FROM toolcrib_sessions WHERE user_id = $1 AND ended_at IS NULL)",
        )
        .bind(&user.id)
        .bind(USER)
        .bind(json)
        .execute(tx)
        .await?;
        Ok(rows)
    }

    /// Not before: a request that reads meanwhile would keep in memory what was there before.
    fn forget_at_the_end_of(&self, tx: &mut Conn) {
        let sessions = self.clone();
        tx.on_end(move || sessions.forget_all());
    }

    /// Forgets what is held in memory: sessions were ended by a statement of the site's own.
    pub fn forget_all(&self) {
        self.inner.cache.forget_all();
        self.inner.ended.notify_one();
    }

    /// Says once who wants to know of every end that this process tells. It must be quick and must not panic.
    pub(crate) fn on_end(&self, effect: impl Fn(i64) + Send + Sync + 'static) {
        let _ = self.inner.on_end.set(OnEnd(Box::new(effect)));
    }

    pub(super) fn ended(&self, id: i64) {
        if let Some(OnEnd(effect)) = self.inner.on_end.get() {
            effect(id);
        }
    }

    /// Which of these sessions are open, and who is signed in there, as the session has it.
    pub(crate) async fn stored_users(&self, ids: &[i64]) -> Result<HashMap<i64, Option<String>>, DbError> {
        let mut conn = self.inner.db.read().await?;
        let mut found = HashMap::with_capacity(ids.len());
        for some in ids.chunks(ASKED_AT_ONCE) {
            let places: Vec<String> = (2..some.len() + 2).map(|place| format!("${place}")).collect();
            let text = format!(
                "SELECT s.id, f.value FROM toolcrib_sessions s \
                 LEFT JOIN toolcrib_session_fields f ON f.session_id = s.id AND f.name = $1 \
                 WHERE s.ended_at IS NULL AND s.id IN ({})",
                places.join(", ")
            );
            let asked = some.iter().fold(db::query_built(text).bind(USER), |asked, id| asked.bind(*id));
            found.extend(asked.fetch_all::<(i64, Option<String>)>(&mut conn).await?);
        }
        Ok(found)
    }

    pub(super) fn touched(&self) -> std::sync::MutexGuard<'_, HashMap<i64, i64>> {
        self.inner.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn active(conn: &mut Conn) -> Result<u64, DbError> {
    let count: i64 = db::query(
        "SELECT COUNT(*) FROM toolcrib_sessions \
         WHERE ended_at IS NULL AND idle_at > $1 AND absolute_at > $1",
    )
    .bind(now_micros())
    .scalar(conn)
    .await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Ends one session; whoever comes second changes nothing.
pub(super) async fn end_one(tx: &mut Conn, id: i64, reason: EndReason, now: i64) -> Result<bool, DbError> {
    let rows = db::query(
        "UPDATE toolcrib_sessions SET ended_at = $2, end_reason = $3 \
         WHERE id = $1 AND ended_at IS NULL",
    )
    .bind(id)
    .bind(now)
    .bind(reason.name())
    .execute(tx)
    .await?;
    Ok(rows == 1)
}

async fn write_fields(tx: &mut Conn, id: i64, session: &Session) -> Result<(), SessionError> {
    if session.field_count() > FIELDS_LIMIT {
        return Err(SessionError::TooMany(FIELDS_LIMIT));
    }
    write_changes(tx, id, session.changes()).await?;
    Ok(())
}

/// Merges changes into a session's rows, field by field.
pub(super) async fn write_changes(tx: &mut Conn, id: i64, changes: &super::Changes) -> Result<(), DbError> {
    for (name, json) in changes.iter() {
        match json {
            Some(json) => {
                db::query(
                    "INSERT INTO toolcrib_session_fields (session_id, name, value) \
                     VALUES ($1, $2, $3) \
                     ON CONFLICT (session_id, name) DO UPDATE SET value = excluded.value",
                )
                .bind(id)
                .bind(name)
                .bind(json)
                .execute(tx)
                .await?;
            }
            None => {
                db::query("DELETE FROM toolcrib_session_fields WHERE session_id = $1 AND name = $2")
                    .bind(id)
                    .bind(name)
                    .execute(tx)
                    .await?;
            }
        }
    }
    Ok(())
}
