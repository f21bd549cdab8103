//! What one unit of work holds of shared state: its view of the application, what it wants
//! changed, and its locks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reservation::{Reservation, Shared};
use super::{Application, ApplicationError, Changes, Snapshot};
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

    /// Takes part in the application's lock for the commit. A unit that holds a connection does
    /// not wait: whoever holds the lock may need it.
    pub(crate) async fn share(&self, may_wait: bool) -> Result<Shared, LockError> {
        if may_wait { self.application.share(&self.party).await } else { self.application.try_share(&self.party) }
    }

    /// Commits the changes by themselves.
    pub(crate) async fn commit(&mut self, hold: Shared) -> Result<(), ApplicationError> {
        let changes = std::mem::replace(&mut self.changes, Changes::new());
        self.application.commit(hold, changes).await
    }

    /// Validates the changes and keeps others off them, for the unit's own transaction.
    pub(crate) async fn prepare(&mut self, hold: Shared) -> Result<Reservation, ApplicationError> {
        let changes = std::mem::replace(&mut self.changes, Changes::new());
        self.application.prepare(hold, changes).await
    }

    /// Waits for a named lock.
    pub(crate) async fn acquire(&self, name: LockName, mode: Mode, within: Duration) -> Result<(), LockError> {
        self.application.acquire(&self.party, name, mode, within).await
    }

    /// Takes a named lock if it is free.
    pub(crate) fn try_acquire(&self, name: LockName, mode: Mode) -> Result<(), LockError> {
        self.application.locks().try_acquire(&self.party, name, mode)
    }

    /// One count of a named lock back.
    pub(crate) fn release(&self, name: &LockName) {
        self.application.locks().release(self.party.owner, name);
    }

    pub(super) fn snapshot(&mut self) -> &Arc<Snapshot> {
        let application = &self.application;
        self.snapshot.get_or_insert_with(|| application.snapshot())
    }

    /// One count of the application's lock back.
    pub(super) fn unlock_once(&mut self) {
        self.locked = self.locked.saturating_sub(1);
        self.application.locks().release(self.party.owner, &LockName::APPLICATION);
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
