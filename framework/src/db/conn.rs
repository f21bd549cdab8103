//! One lent connection.

use super::beside::Beside;
use super::{DbError, Engine, Statements};

/// A connection lent by [`Db`](super::Db): for reading, or inside a transaction.
///
/// Dropping one inside a transaction rolls it back. A statement whose future is dropped half-way
/// leaves the connection in doubt; it is then closed instead of being lent again.
#[must_use = "dropping a connection inside a transaction rolls it back"]
pub struct Conn {
    link: Link,
    in_flight: bool,
    transaction: bool,
    statements: Option<Statements>,
    /// Run when the transaction has ended, however it did.
    ended: Vec<Box<dyn FnOnce() + Send>>,
    /// What changes with the transaction outside this database.
    beside: Vec<Box<dyn Beside>>,
}

/// The engine's connection.
#[derive(Debug)]
pub(super) enum Link {
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::Lent),
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::Lent),
}

/// A connection with a statement under way. The mark is taken off by whoever saw the statement
/// end; a dropped future leaves it on.
pub(super) struct Busy<'a> {
    pub(super) link: &'a mut Link,
    pub(super) in_flight: &'a mut bool,
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conn")
            .field("engine", &self.engine())
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}

impl Conn {
    pub(super) fn reading(link: Link) -> Self {
        Self { link, in_flight: false, transaction: false, statements: None, ended: Vec::new(), beside: Vec::new() }
    }

    /// Opens the transaction. Marked as open before the statement is sent: a future dropped
    /// half-way must not leave a connection in a transaction for the next borrower, whose
    /// acknowledged write would be rolled back with it.
    pub(super) async fn begin(&mut self, statement: &'static str) -> Result<(), DbError> {
        self.transaction = true;
        self.run_simple(statement).await
    }

    /// From now on the statements of this loan are counted there, its COMMIT or ROLLBACK included.
    pub(crate) fn count_on(&mut self, statements: Statements) {
        self.statements = Some(statements);
    }

    pub(super) fn busy(&mut self) -> Busy<'_> {
        if let Some(statements) = &self.statements {
            statements.count();
        }
        self.in_flight = true;
        Busy { link: &mut self.link, in_flight: &mut self.in_flight }
    }

    /// Which engine this connection speaks to.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Link::Postgres(_) => Engine::Postgres,
        }
    }

    /// Whether this connection is inside a transaction and may write.
    #[must_use]
    pub fn is_transaction(&self) -> bool {
        self.transaction
    }

    /// Has something done when the transaction has ended: committed, undone or given up. For what is
    /// kept in memory of rows this transaction changes: forgetting it too often costs nothing.
    ///
    /// It runs before whoever commits goes on, so it must be quick and must not panic.
    pub(crate) fn on_end(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.ended.push(Box::new(effect));
    }

    /// Has something outside this database change with the transaction: made ready before COMMIT is
    /// sent, carried out after it. Nothing of it is done where the transaction is undone.
    #[cfg(feature = "redis")]
    pub(crate) fn commit_beside(&mut self, part: impl Beside + 'static) {
        self.beside.push(Box::new(part));
    }

    /// Whether a statement was begun whose end nobody saw.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.in_flight
    }

    /// The native SQLite connection, for a site that speaks to SQLite only.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(&mut self) -> Option<&mut sqlx::SqliteConnection> {
        match &mut self.link {
            Link::Sqlite(lent) => lent.connection().ok(),
            #[cfg(feature = "postgres")]
            Link::Postgres(_) => None,
        }
    }

    /// The native PostgreSQL connection, for a site that speaks to PostgreSQL only.
    #[cfg(feature = "postgres")]
    pub fn postgres(&mut self) -> Option<&mut sqlx::PgConnection> {
        match &mut self.link {
            Link::Postgres(lent) => lent.connection().ok(),
            #[cfg(feature = "sqlite")]
            Link::Sqlite(_) => None,
        }
    }

    /// Commits the transaction and gives the connection back.
    ///
    /// # Errors
    /// [`DbError::OutcomeUnknown`] where the connection was lost after COMMIT had been sent,
    /// [`DbError::Conflict`] where the engine refused the commit, [`DbError::Query`] on a reading
    /// connection, [`DbError::Beside`] where another store that takes part does not answer.
    pub async fn commit(mut self) -> Result<(), DbError> {
        let mut parts = std::mem::take(&mut self.beside);
        if parts.is_empty() {
            return self.finish("COMMIT").await.map_err(DbError::during_commit);
        }
        for number in 0..parts.len() {
            let Some(part) = parts.get_mut(number) else { break };
            if let Err(error) = part.prepare().await {
                parts.truncate(number + 1);
                for part in parts {
                    part.undo().await;
                }
                return Err(error);
            }
        }
        let outcome = self.finish("COMMIT").await.map_err(DbError::during_commit);
        for part in parts {
            match &outcome {
                Ok(()) => part.carry_out().await,
                // Nobody knows: what was made ready decides by itself, after a while.
                Err(DbError::OutcomeUnknown(_)) => {}
                Err(_) => part.undo().await,
            }
        }
        outcome
    }

    /// Undoes the transaction and gives the connection back. Dropping does the same, later.
    ///
    /// # Errors
    /// Whatever the engine says; the connection is then closed.
    pub async fn rollback(self) -> Result<(), DbError> {
        self.finish("ROLLBACK").await
    }

    async fn finish(mut self, statement: &'static str) -> Result<(), DbError> {
        if !self.transaction {
            return Err(DbError::Query(sqlx::Error::Protocol(format!("{statement} on a reading connection"))));
        }
        self.run_simple(statement).await?;
        self.transaction = false;
        Ok(())
    }

    async fn run_simple(&mut self, statement: &'static str) -> Result<(), DbError> {
        let busy = self.busy();
        let outcome = match busy.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(lent) => super::sqlite::simple(lent.connection()?, statement).await,
            #[cfg(feature = "postgres")]
            Link::Postgres(lent) => super::postgres::simple(lent.connection()?, statement).await,
        };
        busy.ended(outcome)
    }
}

impl Busy<'_> {
    /// The statement ended. A connection whose engine went away is not lent again.
    pub(super) fn ended<T>(self, outcome: Result<T, sqlx::Error>) -> Result<T, DbError> {
        *self.in_flight = false;
        let outcome = outcome.map_err(DbError::from);
        if matches!(outcome, Err(DbError::Unavailable(_))) {
            match self.link {
                #[cfg(feature = "sqlite")]
                Link::Sqlite(lent) => lent.lost(),
                #[cfg(feature = "postgres")]
                Link::Postgres(lent) => lent.lost(),
            }
        }
        outcome
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        // An unfinished transaction or statement: nobody may borrow this connection as it is.
        if self.in_flight || self.transaction {
            match &mut self.link {
                #[cfg(feature = "sqlite")]
                Link::Sqlite(lent) => lent.doubt(),
                #[cfg(feature = "postgres")]
                Link::Postgres(lent) => lent.doubt(),
            }
        }
        for effect in std::mem::take(&mut self.ended) {
            effect();
        }
    }
}
