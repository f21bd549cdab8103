//! The work of one attempt.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use crate::application::{ApplicationError, NotStored, Part, Shared, store_changes};
use crate::db::{Conn, Db, DbError, Statements};
use crate::locks::LockError;
use crate::session::{CookieChange, Outcome, Session, SessionError, Sessions};

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
    #[error("the application's changes could not be committed")]
    Application(#[from] ApplicationError),
    #[error("the application was locked")]
    Locked(#[from] LockError),
}

impl From<NotStored> for CommitError {
    fn from(error: NotStored) -> Self {
        match error {
            NotStored::Refused(error) => Self::Application(error),
            NotStored::Failed(error) => Self::Database(error),
        }
    }
}

/// What one attempt holds of the database and of shared state, and what it wants done afterwards.
///
/// At most one connection at a time: asking for the transaction gives the reader back first, so
/// that no request waits for a second connection while it keeps a first from others.
#[derive(Default)]
pub(crate) struct Work {
    conn: Option<Conn>,
    /// Every statement on the unit's connections, BEGIN, COMMIT and ROLLBACK included.
    statements: Statements,
    effects: Vec<Effect>,
    /// Made when the unit first looks at the application or locks something: most never do.
    part: Option<Box<Part>>,
}

impl Work {
    /// As the default, and counts its statements there.
    pub(crate) fn counting(statements: Statements) -> Self {
        Self { statements, ..Self::default() }
    }

    pub(crate) async fn read(&mut self, db: &Db) -> Result<&mut Conn, DbError> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                let mut conn = db.read().await?;
                conn.count_on(self.statements.clone());
                conn
            }
        };
        Ok(self.conn.insert(conn))
    }

    pub(crate) async fn tx(&mut self, db: &Db) -> Result<&mut Conn, DbError> {
        let conn = match self.conn.take() {
            Some(conn) if conn.is_transaction() => conn,
            reader => {
                drop(reader);
                let mut conn = db.begin().await?;
                self.statements.count();
                conn.count_on(self.statements.clone());
                conn
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

    /// The unit's part in shared state, and its connection beside it.
    pub(crate) fn shared(&mut self, make: impl FnOnce() -> Part) -> (&mut Part, &mut Option<Conn>) {
        (self.part.get_or_insert_with(|| Box::new(make())), &mut self.conn)
    }

    /// Whether the unit has looked at the application, and whether what it saw may lack what another node had committed.
    pub(crate) fn looked(&self) -> (bool, bool) {
        self.part.as_ref().map_or((false, false), |part| (part.has_looked(), part.is_stale()))
    }

    /// From here on what the unit sees has whatever was committed before it began.
    pub(crate) fn is_current(&mut self) {
        if let Some(part) = &mut self.part {
            part.is_current = true;
        }
    }

    /// Whether something of the unit is done already, so that it must not be run again.
    pub(crate) fn is_sealed(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.is_sealed())
    }

    /// Commits rows, application variables and session fields together. On an error nothing of
    /// the unit remains, except where the outcome of COMMIT is unknown. Its locks are given back
    /// in either case.
    pub(crate) async fn commit(
        mut self,
        db: &Db,
        session: &Session,
        sessions: &Sessions,
        deadline: Instant,
    ) -> Result<(CookieChange, Vec<Effect>), CommitError> {
        self.release_reader();
        let outcome = match self.commit_all(db, session, sessions, deadline).await {
            Ok(outcome) => outcome,
            Err(error) => {
                self.abort().await;
                return Err(error);
            }
        };
        self.end_part().await;
        let cookie = match outcome {
            Some(outcome) => sessions.committed(outcome).await,
            None => CookieChange::Keep,
        };
        Ok((cookie, std::mem::take(&mut self.effects)))
    }

    async fn commit_all(
        &mut self,
        db: &Db,
        session: &Session,
        sessions: &Sessions,
        deadline: Instant,
    ) -> Result<Option<Outcome>, CommitError> {
        // Before a transaction is opened for the session: while somebody else holds the
        // application's lock, whoever has a connection does not wait.
        let hold = self.share().await?;
        let outcome = if !session.is_changed() {
            None
        } else if self.conn.is_none() && hold.is_none() && sessions.commits_alone(session) {
            Some(sessions.commit_alone(session).await?)
        } else {
            Some(sessions.commit(self.tx(db).await?, session, deadline).await?)
        };
        match (self.conn.take(), hold) {
            (None, None) => {}
            (Some(tx), None) => self.commit_rows(tx).await?,
            (None, Some(hold)) => {
                if let Some(part) = &mut self.part {
                    part.commit(hold).await?;
                }
            }
            (Some(tx), Some(hold)) => self.commit_both(tx, hold).await?,
        }
        Ok(outcome)
    }

    async fn share(&mut self) -> Result<Option<Shared>, LockError> {
        match &mut self.part {
            Some(part) if part.has_changes() => part.share(&mut self.conn).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Rows alone. Where the unit holds locks over all nodes they have to be its own still: what they guard was given to
    /// others otherwise.
    async fn commit_rows(&mut self, mut tx: Conn) -> Result<(), CommitError> {
        if let Some(admission) = self.part.as_ref().and_then(|part| part.admission())
            && let Err(error) = admission.ask(&mut tx, &[]).await
        {
            self.conn = Some(tx);
            return Err(error.into());
        }
        Ok(tx.commit().await?)
    }

    /// Rows and application variables in the unit's own transaction: validated, stored, committed,
    /// published.
    async fn commit_both(&mut self, mut tx: Conn, hold: Shared) -> Result<(), CommitError> {
        let Some(part) = &mut self.part else { return Ok(tx.commit().await?) };
        let reservation = match part.prepare(hold).await {
            Ok(reservation) => reservation,
            Err(error) => {
                self.conn = Some(tx);
                return Err(error.into());
            }
        };
        // On any way out that does not settle it, the reservation asks the database when dropped.
        let stored = match reservation.admission(part.ticket_numbers().collect()) {
            Some(admission) => admission.store(&mut tx, reservation.writes()).await,
            None => store_changes(&mut tx, reservation.writes()).await.map_err(NotStored::from),
        };
        match stored {
            Ok(None) => {}
            Ok(Some(_)) => {
                drop(tx.rollback().await);
                reservation.look_again().await;
                return Err(ApplicationError::Elsewhere.into());
            }
            Err(error) => {
                reservation.discard();
                self.conn = Some(tx);
                return Err(error.into());
            }
        }
        match tx.commit().await {
            Ok(()) => reservation.publish().await,
            Err(error) => {
                if !matches!(error, DbError::OutcomeUnknown(_)) {
                    reservation.discard();
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Undoes everything, gives the connection back and then the locks.
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
        self.end_part().await;
    }

    /// Gives the locks back, before anybody is answered.
    async fn end_part(&mut self) {
        if let Some(part) = self.part.take() {
            (*part).end().await;
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
