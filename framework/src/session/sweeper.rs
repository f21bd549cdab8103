//! The sweeper: writes down who was seen, ends what timed out, tells every end.
//!
//! It runs whether or not anybody visits the site. An end is told inside the transaction that
//! removes the session, so a crash between the two tells it again, and a crash after both does
//! not: what the hook writes is stored exactly once.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Sessions;
use super::events::{EndReason, SessionEnd, guarded};
use crate::clock::{micros, now_micros};
use crate::db::{self, Conn, DbError, Engine};

/// Sessions told and removed in one transaction: short enough not to hold up a visitor.
const BATCH: i64 = 50;

/// The longest a site's end hook may take.
const HOOK_LIMIT: Duration = Duration::from_secs(10);

/// A running sweeper. Dropping it stops it after the sweep under way.
#[derive(Debug)]
pub(crate) struct Sweeper {
    stop: Option<oneshot::Sender<()>>,
    done: Option<oneshot::Receiver<()>>,
}

impl Sweeper {
    /// Starts sweeping on the current arbiter.
    pub(crate) fn start(sessions: Sessions) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let (finished, done) = oneshot::channel();
        actix_web::rt::spawn(async move {
            let mut ticks = tokio::time::interval(sessions.inner.interval);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = &mut stopped => break,
                    _ = ticks.tick() => sweep(&sessions).await,
                    () = sessions.inner.ended.notified() => tell(&sessions).await,
                }
            }
            // What was seen last must not be lost by a stop.
            if let Err(error) = write_touched(&sessions).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "session sweep");
            }
            let _ = finished.send(());
        });
        Self { stop: Some(stop), done: Some(done) }
    }

    /// Stops after the sweep under way and waits for it.
    pub(crate) async fn stop(mut self) {
        self.stop.take();
        if let Some(done) = self.done.take() {
            let _ = done.await;
        }
    }
}

async fn sweep(sessions: &Sessions) {
    let swept = async {
        write_touched(sessions).await?;
        end_timed_out(sessions).await
    };
    if let Err(error) = swept.await {
        // The next sweep tries again; a stopped database would fill the log otherwise.
        tracing::debug!(error = &error as &dyn std::error::Error, "session sweep");
    }
    tell(sessions).await;
}

/// Writes down until when the sessions seen since the last sweep may be idle.
async fn write_touched(sessions: &Sessions) -> Result<(), DbError> {
    let touched = std::mem::take(&mut *sessions.touched());
    if touched.is_empty() {
        return Ok(());
    }
    let written = async {
        let mut tx = sessions.inner.db.begin().await?;
        for (id, idle_at) in &touched {
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
    };
    let outcome = written.await;
    if outcome.is_err() {
        let mut newer = sessions.touched();
        for (id, idle_at) in touched {
            newer.entry(id).or_insert(idle_at);
        }
    }
    outcome
}

/// Ends what timed out. Another node may have seen the visitor and not have written it down yet:
/// two intervals' grace.
async fn end_timed_out(sessions: &Sessions) -> Result<(), DbError> {
    let now = now_micros();
    let grace = 2 * micros(sessions.inner.interval);
    let due: Option<i64> = {
        let mut conn = sessions.inner.db.read().await?;
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
    let mut tx = sessions.inner.db.begin().await?;
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

/// Tells every end that was not told yet.
async fn tell(sessions: &Sessions) {
    loop {
        match tell_batch(sessions).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "session ends");
                return;
            }
        }
    }
}

#[derive(sqlx::FromRow)]
struct Ended {
    id: i64,
    key_hash: Vec<u8>,
    end_reason: Option<String>,
}

async fn tell_batch(sessions: &Sessions) -> Result<usize, DbError> {
    let waiting: Option<i64> = {
        let mut conn = sessions.inner.db.read().await?;
        db::query("SELECT id FROM toolcrib_sessions WHERE ended_at IS NOT NULL LIMIT 1")
            .scalar_optional(&mut conn)
            .await?
    };
    if waiting.is_none() {
        return Ok(0);
    }
    let mut told = 0;
    for _ in 0..BATCH {
        // One transaction each: a hook that fails takes only its own writes with it.
        let mut tx = sessions.inner.db.begin().await?;
        let Some(ended) = claim(&mut tx).await? else {
            tx.rollback().await?;
            break;
        };
        let reason = EndReason::parse(ended.end_reason.as_deref().unwrap_or_default());
        let fields = fields_of(&mut tx, ended.id).await?;
        let end = SessionEnd::new(ended.id, reason, fields);
        if let Err(error) =
            guarded(async { (sessions.inner.hooks.end)(&end, &mut tx).await }, Instant::now() + HOOK_LIMIT).await
        {
            tracing::error!(
                session = end.id,
                reason = reason.name(),
                error = &error as &dyn std::error::Error,
                "the session's end hook failed; what it wrote is undone"
            );
            drop(tx);
            tx = sessions.inner.db.begin().await?;
        }
        db::query("DELETE FROM toolcrib_sessions WHERE id = $1").bind(ended.id).execute(&mut tx).await?;
        tx.commit().await?;
        if let Ok(key_hash) = ended.key_hash.try_into() {
            sessions.inner.cache.forget(&key_hash);
        }
        sessions.inner.ended_totals.of(reason).fetch_add(1, Ordering::Relaxed);
        sessions.ended(ended.id);
        sessions.inner.events.record("session_end", ended.id.to_string(), Some(reason.name().to_owned()));
        tracing::info!(session = ended.id, reason = reason.name(), "session ended");
        told += 1;
    }
    Ok(told)
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
