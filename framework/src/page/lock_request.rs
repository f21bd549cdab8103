//! Asking for a named lock.

use std::time::Duration;

use crate::application::Part;
use crate::db::Conn;
use crate::locks::{LockError, LockName, Mode, Reach};

/// A lock that is asked for: exclusive unless said otherwise, and always with a time limit (C4).
#[must_use = "a lock is not asked for until `acquire` or `acquire_or_skip` is called"]
pub struct LockRequest<'a> {
    part: &'a mut Part,
    conn: &'a mut Option<Conn>,
    name: Result<LockName, LockError>,
    mode: Mode,
    within: Duration,
    reach: Reach,
}

impl std::fmt::Debug for LockRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LockRequest")
            .field("name", &self.name)
            .field("mode", &self.mode)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

impl<'a> LockRequest<'a> {
    pub(super) fn new(part: &'a mut Part, conn: &'a mut Option<Conn>, name: Result<LockName, LockError>) -> Self {
        Self { part, conn, name, mode: Mode::Exclusive, within: Duration::ZERO, reach: Reach::Node }
    }

    /// One holder at a time (C6).
    pub fn exclusive(mut self) -> Self {
        self.mode = Mode::Exclusive;
        self
    }

    /// Many holders together, none while somebody holds it exclusively (C7).
    pub fn read_only(mut self) -> Self {
        self.mode = Mode::ReadOnly;
        self
    }

    /// Over all nodes of the site, not only in this process: first come, first served among the requests of a node, and
    /// among the nodes. It is kept by a row of the database for as long as the node lives; where the node is taken to be
    /// dead (`cluster.lease_ms`) the lock goes to whoever waits for it, and the unit that held it cannot commit any more.
    /// On SQLite, which one process owns, it is the same lock. All who lock a name have to say this, or none.
    pub fn cluster(mut self) -> Self {
        self.reach = Reach::Nodes;
        self
    }

    /// The longest wait.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// Waits for the lock, first come, first served, holding no connection: one for reading is
    /// given back first, and a unit that has opened its transaction does not wait. It is run
    /// again where the lock is not free at once.
    ///
    /// # Errors
    /// [`LockError`]: no time limit, an impossible name, the time-out, or a wait that could only
    /// end by it, which is refused at once: an upgrade from read-only to exclusive, a circle of
    /// requests that wait for one another. As a page's error the time-out is answered 503, and a
    /// circle makes the request run again.
    pub async fn acquire(self) -> Result<(), LockError> {
        self.part.acquire(self.conn, self.name?, self.mode, self.within, self.reach).await
    }

    /// As [`LockRequest::acquire`], but a lock that is not to be had in time is no error: answers
    /// whether it was acquired (`throwOnTimeout=false`). A unit that has opened its transaction
    /// does not wait here either.
    ///
    /// # Errors
    /// [`LockError`], the time-out and the held lock excepted.
    pub async fn acquire_or_skip(self) -> Result<bool, LockError> {
        match self.acquire().await {
            Ok(()) => Ok(true),
            Err(LockError::TimedOut { .. } | LockError::Held { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
