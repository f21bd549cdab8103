//! Sessions as rows of the site's own database.
//!
//! What a unit does to its session is part of the unit's transaction. Where one process owns the
//! database, sessions are read from memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{Limits, Outcome, Terms, Told, run_end_hook};
use crate::clock::{micros, now_micros};
use crate::db::{self, Conn, Db, DbError, Engine};
use crate::secret::{Digest256, hash, random_key};
use crate::session::cache::{Cache, Loaded};
use crate::session::events::{EndReason, SessionEnd, SessionHooks, SessionStart, guarded};
use crate::session::fields::{FIELDS_LIMIT, USER};
use crate::session::{Changes, CookieChange, EndUser, Fate, Known, Session, SessionError};

/// Rows asked for in one statement.
const ASKED_AT_ONCE: usize = 100;

/// The store.
#[derive(Debug)]
pub(in crate::session) struct Database {
    db: Db,
    cache: Cache,
    limits: Limits,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    idle_at: i64,
    absolute_at: i64,
    name: Option<String>,
    value: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Ended {
    id: i64,
    key_hash: Vec<u8>,
    end_reason: Option<String>,
}

impl Database {
    pub(super) fn new(db: Db, limits: Limits) -> Self {
        Self { db, cache: Cache::default(), limits }
    }

    /// From memory, or from the database and kept in memory from then on.
    pub(super) async fn current(&self, key_hash: &Digest256) -> Result<Option<Arc<Loaded>>, DbError> {
        if let Some(loaded) = self.cached(key_hash) {
            return Ok(Some(loaded));
        }
        let epoch = self.cache.epoch();
        let loaded = self.read(key_hash).await?;
        if let Some(loaded) = &loaded
            && self.db.is_sole_owner()
        {
            self.cache.keep(epoch, loaded);
        }
        Ok(loaded)
    }

    /// The session as held in memory, while no other process could have changed it.
    fn cached(&self, key_hash: &Digest256) -> Option<Arc<Loaded>> {
        if self.db.is_sole_owner() { self.cache.look_up(key_hash) } else { None }
    }

    async fn read(&self, key_hash: &Digest256) -> Result<Option<Arc<Loaded>>, DbError> {
        let mut conn = self.db.read().await?;
        let rows: Vec<Row> = db::query(
            "SELECT s.id, s.idle_at, s.absolute_at, f.name, f.value \
             FROM toolcrib_sessions s \
             LEFT JOIN toolcrib_session_fields f ON f.session_id = s.id \
             WHERE s.key_hash = $1 AND s.ended_at IS NULL",
        )
        .bind(&key_hash[..])
        .fetch_all(&mut conn)
        .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let (id, idle_at, absolute_at) = (first.id, first.idle_at, first.absolute_at);
        let fields = rows.into_iter().filter_map(|row| row.name.zip(row.value)).collect();
        let known = Known { id, key_hash: *key_hash };
        Ok(Some(Arc::new(Loaded { known, fields, idle_at: AtomicI64::new(idle_at), absolute_at })))
    }

    pub(super) fn seen(&self, known: Known, idle_at: i64) -> bool {
        let Some(loaded) = self.cached(&known.key_hash) else { return true };
        // Measured from the last note, not from the last visit: a visitor in a hurry would
        // otherwise never be noted again. The sweeper's margin covers half an interval.
        let noted = loaded.idle_at.load(Ordering::Relaxed);
        if idle_at.saturating_sub(noted) < micros(self.limits.interval) / 2 {
            return false;
        }
        loaded.idle_at.fetch_max(idle_at, Ordering::Relaxed);
        true
    }

    pub(super) async fn commit(
        &self,
        tx: &mut Conn,
        session: &Session,
        terms: Terms<'_>,
    ) -> Result<Outcome, SessionError> {
        let now = now_micros();
        let known = session.known();
        let keep = |cookie| Outcome::new(cookie, known);
        match (session.fate(), known) {
            (Fate::End(reason), Some(known)) => {
                end_one(tx, known.id, *reason, now).await?;
                Ok(Outcome { ended: true, ..keep(CookieChange::Remove) })
            }
            (Fate::End(_), None) => Ok(keep(CookieChange::Keep)),
            (Fate::Keep, Some(known)) => {
                self.prolong(tx, known, now).await?;
                write_fields(tx, known.id, session).await?;
                Ok(keep(CookieChange::Keep))
            }
            (Fate::Keep, None) => self.start(tx, session, None, now, terms).await,
            (Fate::Rotate { user_id }, Some(known)) => {
                let key = random_key()?;
                let rows = db::query(
                    "UPDATE toolcrib_sessions SET key_hash = $2, user_id = $3, idle_at = $4 \
                     WHERE id = $1 AND ended_at IS NULL",
                )
                .bind(known.id)
                .bind(&hash(key.as_bytes())[..])
                .bind(user_id)
                .bind(now.saturating_add(self.limits.idle_timeout))
                .execute(tx)
                .await?;
                if rows == 0 {
                    // Signing in needs no session that lived before: start another.
                    return self.start(tx, session, Some(user_id), now, terms).await;
                }
                write_fields(tx, known.id, session).await?;
                Ok(keep(CookieChange::Set(key)))
            }
            (Fate::Rotate { user_id }, None) => self.start(tx, session, Some(user_id), now, terms).await,
        }
    }

    pub(super) fn settle(&self, outcome: &Outcome) {
        if let Some(known) = outcome.known {
            self.cache.forget(&known.key_hash);
        }
    }

    pub(super) async fn active(&self) -> Result<u64, DbError> {
        active(&mut self.db.read().await?).await
    }

    async fn prolong(&self, tx: &mut Conn, known: Known, now: i64) -> Result<(), SessionError> {
        let rows = db::query("UPDATE toolcrib_sessions SET idle_at = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(known.id)
            .bind(now.saturating_add(self.limits.idle_timeout))
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
        terms: Terms<'_>,
    ) -> Result<Outcome, SessionError> {
        if let Some(limit) = self.limits.max_sessions {
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
        .bind(now.saturating_add(self.limits.idle_timeout))
        .bind(now.saturating_add(self.limits.absolute_timeout))
        .scalar(tx)
        .await?;
        write_fields(tx, id, session).await?;
        let start = SessionStart::new(id, user_id, session);
        let hook = guarded(async { (terms.hooks.start)(&start, tx).await }, terms.deadline);
        hook.await.map_err(SessionError::Hook)?;
        Ok(Outcome { started: Some(id), ..Outcome::new(CookieChange::Set(key), session.known()) })
    }

    pub(super) async fn end_where(&self, tx: &mut Conn, user_id: &str, kept: i64) -> Result<u64, DbError> {
        db::query(
            "UPDATE toolcrib_sessions SET ended_at = $2, end_reason = 'abandoned' \
             WHERE user_id = $1 AND ended_at IS NULL AND id <> $3",
        )
        .bind(user_id)
        .bind(now_micros())
        .bind(kept)
        .execute(tx)
        .await
    }

    pub(super) async fn refresh_user(&self, tx: &mut Conn, user: &EndUser, json: String) -> Result<(), DbError> {
        db::query(
            "UPDATE toolcrib_session_fields SET value = $3 WHERE name = $2 AND session_id IN \
             (SELECT id FROM toolcrib_sessions WHERE user_id = $1 AND ended_at IS NULL)",
        )
        .bind(&user.id)
        .bind(USER)
        .bind(json)
        .execute(tx)
        .await?;
        Ok(())
    }

    pub(super) async fn signed_in(&self, tx: &mut Conn, users: &[i64]) -> Result<Vec<i64>, DbError> {
        let mut found = Vec::new();
        for some in users.chunks(ASKED_AT_ONCE) {
            let text = format!(
                "SELECT DISTINCT user_id FROM toolcrib_sessions WHERE ended_at IS NULL AND user_id IN ({})",
                places(1, some.len())
            );
            let asked = some.iter().fold(db::query_built(text), |asked, id| asked.bind(id.to_string()));
            let ids: Vec<String> = asked.scalars(tx).await?;
            found.extend(ids.iter().filter_map(|id| id.parse::<i64>().ok()));
        }
        Ok(found)
    }

    pub(super) async fn is_of(&self, tx: &mut Conn, id: i64, user_id: &str) -> Result<bool, DbError> {
        let found: Option<i64> =
            db::query("SELECT id FROM toolcrib_sessions WHERE id = $1 AND user_id = $2 AND ended_at IS NULL")
                .bind(id)
                .bind(user_id)
                .scalar_optional(tx)
                .await?;
        Ok(found.is_some())
    }

    pub(super) async fn stored_users(&self, ids: &[i64]) -> Result<HashMap<i64, Option<String>>, DbError> {
        let mut conn = self.db.read().await?;
        let mut found = HashMap::with_capacity(ids.len());
        for some in ids.chunks(ASKED_AT_ONCE) {
            let text = format!(
                "SELECT s.id, f.value FROM toolcrib_sessions s \
                 LEFT JOIN toolcrib_session_fields f ON f.session_id = s.id AND f.name = $1 \
                 WHERE s.ended_at IS NULL AND s.id IN ({})",
                places(2, some.len())
            );
            let asked = some.iter().fold(db::query_built(text).bind(USER), |asked, id| asked.bind(*id));
            found.extend(asked.fetch_all::<(i64, Option<String>)>(&mut conn).await?);
        }
        Ok(found)
    }

    pub(super) async fn write_touched(&self, touched: &HashMap<i64, i64>) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        // In one order on all nodes, which would wait for one another in a circle otherwise.
        for (id, idle_at) in BTreeMap::from_iter(touched) {
            db::query(
                "UPDATE toolcrib_sessions SET idle_at = $2 \
                 WHERE id = $1 AND idle_at < $2 AND ended_at IS NULL",
            )
            .bind(*id)
            .bind(*idle_at)
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// Another node may have seen the visitor and not have written it down yet: two intervals' grace.
    pub(super) async fn end_timed_out(&self) -> Result<(), DbError> {
        let now = now_micros();
        let grace = 2 * micros(self.limits.interval);
        let due: Option<i64> = {
            let mut conn = self.db.read().await?;
            db::query(
                "SELECT id FROM toolcrib_sessions \
                 WHERE ended_at IS NULL AND (idle_at <= $1 OR absolute_at <= $2) LIMIT 1",
            )
            .bind(now - grace)
            .bind(now)
            .scalar_optional(&mut conn)
            .await?
        };
        if due.is_none() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        db::query(
            "UPDATE toolcrib_sessions SET ended_at = $2, end_reason = 'timeout' \
             WHERE ended_at IS NULL AND (idle_at <= $1 OR absolute_at <= $2)",
        )
        .bind(now - grace)
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// The hook runs in the transaction that removes the session: a crash between the two tells the
    /// end again, and a crash after both does not.
    pub(super) async fn tell_one(&self, hooks: &SessionHooks) -> Result<Option<Told>, DbError> {
        let waiting: Option<i64> = {
            let mut conn = self.db.read().await?;
            db::query("SELECT id FROM toolcrib_sessions WHERE ended_at IS NOT NULL LIMIT 1")
                .scalar_optional(&mut conn)
                .await?
        };
        if waiting.is_none() {
            return Ok(None);
        }
        // One transaction each: a hook that fails takes only its own writes with it.
        let mut tx = self.db.begin().await?;
        let Some(ended) = claim(&mut tx).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        let reason = EndReason::parse(ended.end_reason.as_deref().unwrap_or_default());
        let fields = fields_of(&mut tx, ended.id).await?;
        let end = SessionEnd::new(ended.id, reason, fields);
        if !run_end_hook(hooks, &end, &mut tx).await {
            drop(tx);
            tx = self.db.begin().await?;
        }
        db::query("DELETE FROM toolcrib_sessions WHERE id = $1").bind(ended.id).execute(&mut tx).await?;
        tx.commit().await?;
        if let Ok(key_hash) = ended.key_hash.try_into() {
            self.cache.forget(&key_hash);
        }
        Ok(Some(Told { id: ended.id, reason, now: true }))
    }

    pub(super) async fn merge(&self, known: Known, changes: &Changes) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        write_changes(&mut tx, known.id, changes).await?;
        tx.commit().await?;
        self.cache.forget(&known.key_hash);
        Ok(())
    }

    pub(super) async fn end(&self, known: Known, reason: EndReason) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        end_one(&mut tx, known.id, reason, now_micros()).await?;
        tx.commit().await?;
        self.cache.forget(&known.key_hash);
        Ok(())
    }

    pub(super) fn forget_all(&self) {
        self.cache.forget_all();
    }
}

/// `$1, $2, …`
fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
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
async fn end_one(tx: &mut Conn, id: i64, reason: EndReason, now: i64) -> Result<bool, DbError> {
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
async fn write_changes(tx: &mut Conn, id: i64, changes: &Changes) -> Result<(), DbError> {
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

/// Takes one ended session for this transaction; other nodes pass over it.
async fn claim(tx: &mut Conn) -> Result<Option<Ended>, DbError> {
    let text = match tx.engine() {
        Engine::Sqlite => {
            "SELECT id, key_hash, end_reason FROM toolcrib_sessions \
             WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT 1"
        }
        Engine::Postgres => {
            "SELECT id, key_hash, end_reason FROM toolcrib_sessions \
             WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT 1 FOR UPDATE SKIP LOCKED"
        }
    };
    db::query(text).fetch_optional(tx).await
}

async fn fields_of(tx: &mut Conn, id: i64) -> Result<HashMap<String, String>, DbError> {
    let rows: Vec<(String, String)> =
        db::query("SELECT name, value FROM toolcrib_session_fields WHERE session_id = $1")
            .bind(id)
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().collect())
}
