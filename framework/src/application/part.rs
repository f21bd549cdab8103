//! What one unit of work holds of shared state: its view of the application, what it wants
//! changed, and its locks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reservation::{Reservation, Shared};
use super::{Application, ApplicationError, Changes, Snapshot};
use crate::db::Conn;
use crate::locks::{LockError, LockName, Mode, Party};

/// A unit's part. Dropping it gives every lock back, however the unit ended.
pub(crate) struct Part {
    pub(super) application: Application,
    pub(crate) party: Party,
    /// The unit's view, taken when it first looks.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    pub(super) changes: Changes,
    /// How often the unit locked the application.
    pub(super) locked: u32,
    pub(super) holds_objects: bool,
    /// Whether something of the unit is done already, so that it must not be run again.
    sealed: bool,
}

impl Part {
    pub(crate) fn new(application: Application, party: Party) -> Self {
        Self {
            application,
            party,
            snapshot: None,
            changes: Changes::new(),
            locked: 0,
            holds_objects: false,
            sealed: false,
        }
    }

    /// Waits until this unit alone may change these variables: for one that lost too often.
    pub(crate) async fn claim(
        &mut self,
        names: &BTreeSet<Arc<str>>,
        deadline: Instant,
    ) -> Result<(), ApplicationError> {
        // Before the question: one that is given up half-way takes its place in the queue along.
        self.holds_objects = true;
        let claim = self.application.claim_objects(self.party.owner, names.iter().map(Arc::clone).collect());
        match tokio::time::timeout_at(deadline.into(), claim).await {
            Ok(claimed) => claimed,
            Err(_) => Err(ApplicationError::ClaimTimedOut { names: names.iter().map(ToString::to_string).collect() }),
        }
    }

    pub(crate) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// From now on the unit is not run again, whatever happens.
    pub(crate) fn seal(&mut self) {
        self.sealed = true;
    }

    /// Takes part in the application's lock for the commit, as [`Part::acquire`] does.
    pub(crate) async fn share(&self, conn: &mut Option<Conn>) -> Result<Shared, LockError> {
        let limit = self.application.lock_timeout();
        self.acquire(conn, LockName::APPLICATION, Mode::ReadOnly, limit).await?;
        Ok(self.application.shared(self.party.owner))
    }

    /// Commits the changes by themselves.
    pub(crate) async fn commit(&mut self, hold: Shared) -> Result<(), ApplicationError> {
        let changes = std::mem::take(&mut self.changes);
        self.application.commit(hold, changes).await
    }

    /// Validates the changes and keeps others off them, for the unit's own transaction.
    pub(crate) async fn prepare(&mut self, hold: Shared) -> Result<Reservation, ApplicationError> {
        let changes = std::mem::take(&mut self.changes);
        self.application.prepare(hold, changes).await
    }

    /// Takes a lock, waiting for it without a connection: one for reading is given back first. A
    /// unit that has opened its transaction takes the lock only if it is free, for whoever holds
    /// it may need the connection.
    pub(crate) async fn acquire(
        &self,
        conn: &mut Option<Conn>,
        name: LockName,
        mode: Mode,
        within: Duration,
    ) -> Result<(), LockError> {
        if conn.as_ref().is_some_and(Conn::is_transaction) {
            return self.application.locks().try_acquire(&self.party, name, mode);
        }
        *conn = None;
        self.application.acquire(&self.party, name, mode, within).await
    }

    /// One count of a named lock back.
    pub(crate) fn release(&self, name: &LockName) {
        self.application.locks().release(self.party.owner, name);
    }

    /// The unit's view, and its changes on top.
    pub(super) fn view(&mut self) -> (&Snapshot, &mut Changes) {
        let Self { application, snapshot, changes, .. } = self;
        (snapshot.get_or_insert_with(|| application.snapshot()), changes)
    }

    /// One count of the application's lock back.
    pub(super) fn unlock_once(&mut self) {
        self.locked = self.locked.saturating_sub(1);
        self.release(&LockName::APPLICATION);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.application.locks().release_all(self.party.owner);
        if self.holds_objects {
            self.application.release_objects(self.party.owner);
        }
    }
}
