//! What a unit holds of the application while it commits.

use tokio::sync::oneshot;

use super::actor::messages::{Outcome, Reserved, Settle};
use super::state::Write;
use super::{Admission, Application};
use crate::locks::{LockName, Locks, Owner};

/// A part in the application's lock, as one who changes something.
pub(crate) struct Shared {
    pub(super) locks: Locks,
    pub(super) owner: Owner,
    /// Locks over all nodes that a commit names: it is refused where one of them is lost.
    pub(super) tickets: Vec<i64>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.locks.release(self.owner, &LockName::APPLICATION);
    }
}

/// Changes of one unit that nobody else may touch until it is known what became of them. Dropped
/// without a word, the database is asked.
pub(crate) struct Reservation {
    pub(super) application: Application,
    pub(super) reserved: Option<Reserved>,
}

impl Reservation {
    /// What the reservation's transaction asks before it writes, on one of several nodes.
    pub(crate) fn admission(&self, tickets: Vec<i64>) -> Option<Admission> {
        let cluster = self.application.cluster()?.clone();
        Some(Admission { cluster, tx: self.reserved.as_ref()?.tx.number(), tickets })
    }

    pub(crate) fn writes(&self) -> &[Write] {
        self.reserved.as_ref().map_or(&[], |reserved| &reserved.writes)
    }

    /// The unit's transaction has committed: returns when everybody sees the changes.
    pub(crate) async fn publish(self) {
        self.settled(Outcome::Committed).await;
    }

    /// Another process was first, and the unit's transaction was undone: returns when everybody
    /// sees what the other one wrote.
    pub(crate) async fn look_again(self) {
        self.settled(Outcome::Doubtful).await;
    }

    async fn settled(mut self, outcome: Outcome) {
        if let Some(Reserved { tx, .. }) = self.reserved.take() {
            let (reply, seen) = oneshot::channel();
            self.application.tell(Settle { tx, outcome, reply: Some(reply) });
            // An actor that is gone has nothing to show any more.
            drop(seen.await);
        }
    }

    /// The unit's transaction was undone.
    pub(crate) fn discard(mut self) {
        self.settle(Outcome::Undone);
    }

    fn settle(&mut self, outcome: Outcome) {
        if let Some(Reserved { tx, .. }) = self.reserved.take() {
            self.application.tell(Settle { tx, outcome, reply: None });
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.settle(Outcome::Doubtful);
    }
}
