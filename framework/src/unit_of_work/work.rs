//! The work of one attempt.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use crate::db::{Conn, Db, DbError};
use crate::session::{CookieChange, Session, SessionError, Sessions};

/// The least time an effect has after the commit, however close the deadline is.
const EFFECT_LIMIT: Duration = Duration::from_secs(1);

/// Something to do after the commit.
pub(crate) type Effect = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why a unit did not commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    #[error("the rows could not be committed")]
    Database(#[from] DbError),
    #[error("the session could not be committed")]
    Session(#[from] SessionError),
}

/// What one attempt holds of the database, and what it wants done afterwards.
///
/// At most one connection at a time: asking for the transaction gives the reader back first, so
/// that no request waits for a second connection while it keeps a first from others.
#[derive(Default)]
pub(crate) struct Work {
    conn: Option<Conn>,
    effects: Vec<Effect>,
}

impl Work {
    pub(crate) async fn read(&mut self, db: &Db) -> Result<&mut Conn, DbError> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => db.read().await?,
        };
        Ok(self.conn.insert(conn))
    }

    pub(crate) async fn tx(&mut self, db: &Db) -> Result<&mut Conn, DbError> {
        let conn = match self.conn.take() {
            Some(conn) if conn.is_transaction() => conn,
            reader => {
                drop(reader);
                db.begin().await?
            }
        };
        Ok(self.conn.insert(conn))
    }

    /// Gives a connection for reading back; a transaction stays.
    pub(crate) fn release_reader(&mut self) {
        if self.conn.as_ref().is_some_and(|conn| !conn.is_transaction()) {
            self.conn = None;
        }
    }

    pub(crate) fn after_commit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Commits rows and session fields together. On an error nothing of the unit remains, except
    /// where the outcome of COMMIT is unknown.
    pub(crate) async fn commit(
        mut self,
        db: &Db,
        session: &Session,
        sessions: &Sessions,
        deadline: Instant,
    ) -> Result<(CookieChange, Vec<Effect>), CommitError> {
        self.release_reader();
        let outcome = if session.is_changed() {
            match sessions.commit(self.tx(db).await?, session, deadline).await {
                Ok(outcome) => Some(outcome),
                Err(error) => {
                    self.abort().await;
                    return Err(error.into());
                }
            }
        } else {
            None
        };
        if let Some(tx) = self.conn.take() {
            tx.commit().await?;
        }
        let cookie = match outcome {
            Some(outcome) => {
                sessions.committed(&outcome);
                outcome.cookie
            }
            None => CookieChange::Keep,
        };
        Ok((cookie, std::mem::take(&mut self.effects)))
    }

    /// Undoes everything and gives the connection back.
    pub(crate) async fn abort(&mut self) {
        self.effects.clear();
        // A connection in doubt is closed when it is dropped, and that undoes its transaction.
        if let Some(conn) = self.conn.take()
            && conn.is_transaction()
            && !conn.is_in_doubt()
            && let Err(error) = conn.rollback().await
        {
            // The connection is closed then, which undoes the transaction as well.
            tracing::debug!(error = &error as &dyn std::error::Error, "rollback");
        }
    }
}

/// Runs effects one after the other, each until the request's deadline at the latest; none can
/// hurt another.
pub(crate) async fn run_effects(effects: Vec<Effect>, deadline: Instant) {
    for effect in effects {
        let limit = deadline.max(Instant::now() + EFFECT_LIMIT);
        // The time limit is inside the guard: what the effect drops may panic as well.
        let run = AssertUnwindSafe(async { tokio::time::timeout_at(limit.into(), effect).await });
        match run.catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!("an after-commit effect did not end in time and is cut off"),
            Err(_) => tracing::error!("an after-commit effect panicked"),
        }
    }
}
