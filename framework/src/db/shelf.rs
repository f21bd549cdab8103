//! Connections kept at hand between requests.
//!
//! A driver's pool tests a connection each time it comes back and, by default, each time it goes
//! out; for SQLite each test is a hand-over to the connection's thread and costs as much as a
//! short query. The shelf knows which connections came back sound, because [`Conn`](super::Conn)
//! marks every statement's beginning and end, and lends those again untested. Whatever is in doubt
//! goes back to the pool to be closed. Opening, closing and the limits stay the pool's work.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Database, Pool};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DbError;

/// After this long unused a connection is closed: it holds a thread or a server process.
const CLOSE_AFTER: Duration = Duration::from_secs(60);

/// After this long unused a connection is tested before it is lent: a firewall may have cut it.
const TEST_AFTER: Duration = Duration::from_secs(20);

/// Opens connections for a shelf. The runtime matters for PostgreSQL, whose connections live on
/// the one that opened them.
#[derive(Debug, Clone)]
pub(super) enum Opener {
    /// On whichever runtime asks.
    #[cfg(feature = "sqlite")]
    Caller,
    /// On one runtime that does nothing else.
    #[cfg(feature = "postgres")]
    Runtime(Handle),
}

/// Sound connections, lent last in first out, at most the pool's limit at once.
pub(super) struct Shelf<DB: Database> {
    pool: Pool<DB>,
    opener: Opener,
    idle: Mutex<VecDeque<(PoolConnection<DB>, Instant)>>,
    permits: Arc<Semaphore>,
    limit: usize,
    wait: Duration,
}

/// A connection on loan.
pub(super) struct Lent<DB: Database> {
    connection: Option<PoolConnection<DB>>,
    shelf: Arc<Shelf<DB>>,
    doubtful: bool,
    _permit: OwnedSemaphorePermit,
}

impl<DB: Database> std::fmt::Debug for Lent<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lent").field("doubtful", &self.doubtful).finish_non_exhaustive()
    }
}

impl<DB: Database> Shelf<DB> {
    pub(super) fn new(pool: Pool<DB>, opener: Opener, wait: Duration) -> Arc<Self> {
        let limit = pool.options().get_max_connections() as usize;
        Arc::new(Self {
            pool,
            opener,
            idle: Mutex::new(VecDeque::new()),
            permits: Arc::new(Semaphore::new(limit)),
            limit,
            wait,
        })
    }

    /// Lends a connection, first come first served.
    ///
    /// # Errors
    /// [`DbError::NoConnection`] after the time limit, otherwise why none could be opened.
    pub(super) async fn lend(self: &Arc<Self>) -> Result<Lent<DB>, DbError> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(self.wait, Arc::clone(&self.permits).acquire_owned())
                .await
                .map_err(|_| DbError::NoConnection)?
                .map_err(|_| DbError::Unavailable(sqlx::Error::PoolClosed))?,
        };
        while let Some((mut connection, since)) = self.take() {
            // Guarded by the pool meanwhile: a future dropped here drops the connection into it.
            if since.elapsed() < TEST_AFTER || connection.ping().await.is_ok() {
                return Ok(self.loan(connection, permit));
            }
            connection.close_on_drop();
        }
        let connection = match &self.opener {
            #[cfg(feature = "sqlite")]
            Opener::Caller => self.pool.acquire().await,
            #[cfg(feature = "postgres")]
            Opener::Runtime(runtime) => {
                runtime.spawn(self.pool.acquire()).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
            }
        }?;
        Ok(self.loan(connection, permit))
    }

    /// How many connections are lent and how many lie ready.
    pub(super) fn usage(&self) -> (u32, u32) {
        let in_use = self.limit.saturating_sub(self.permits.available_permits());
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        (u32::try_from(in_use).unwrap_or(u32::MAX), u32::try_from(idle).unwrap_or(u32::MAX))
    }

    /// Closes everything; borrowers finish first.
    pub(super) async fn close(&self) {
        self.permits.close();
        self.forget_idle();
        self.pool.close().await;
    }

    fn loan(self: &Arc<Self>, connection: PoolConnection<DB>, permit: OwnedSemaphorePermit) -> Lent<DB> {
        Lent { connection: Some(connection), shelf: Arc::clone(self), doubtful: false, _permit: permit }
    }

    fn take(&self) -> Option<(PoolConnection<DB>, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_back()
    }

    fn put_back(&self, connection: PoolConnection<DB>) {
        let now = Instant::now();
        let stale = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push_back((connection, now));
            match idle.front() {
                Some((_, since)) if now.duration_since(*since) > CLOSE_AFTER => idle.pop_front(),
                _ => None,
            }
        };
        if let Some((connection, _)) = stale {
            close(connection);
        }
    }

    /// A server that went away took the idle connections with it: find that out once, not once
    /// for each of them.
    fn forget_idle(&self) {
        let forgotten = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for (connection, _) in forgotten {
            close(connection);
        }
    }
}

impl<DB: Database> Lent<DB> {
    /// The connection itself. It is always there until the loan ends.
    pub(super) fn connection(&mut self) -> Result<&mut DB::Connection, DbError> {
        match &mut self.connection {
            Some(connection) => Ok(&mut **connection),
            None => Err(DbError::NoConnection),
        }
    }

    /// Marks the connection as unfit to be lent again.
    pub(super) fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// Marks the server as gone: this connection and the idle ones are closed.
    pub(super) fn lost(&mut self) {
        self.doubtful = true;
        self.shelf.forget_idle();
    }
}

impl<DB: Database> Drop for Lent<DB> {
    fn drop(&mut self) {
        // The connection is on the shelf before the permit in `_permit` is given back.
        if let Some(connection) = self.connection.take() {
            if self.doubtful || self.shelf.permits.is_closed() {
                close(connection);
            } else {
                self.shelf.put_back(connection);
            }
        }
    }
}

impl<DB: Database> Drop for Shelf<DB> {
    fn drop(&mut self) {
        self.forget_idle();
    }
}

/// Closes a connection, wherever this is called: the driver's pool panics where there is no
/// runtime any more, as when a thread's last tasks are dropped with it.
fn close<DB: Database>(mut connection: PoolConnection<DB>) {
    if Handle::try_current().is_ok() {
        connection.close_on_drop();
    } else {
        drop(connection.detach());
    }
}
