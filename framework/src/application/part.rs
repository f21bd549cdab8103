//! What one unit of work holds of shared state: its view of the application, what it wants
//! changed, and its locks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reservation::{Reservation, Shared};
use super::{Admission, Application, ApplicationError, Changes, Snapshot};
use crate::cluster::{APPLICATION, Place, Ticket, VARIABLE};
use crate::db::Conn;
use crate::locks::{LockError, LockName, Mode, Party, Reach};

/// A lock over all nodes that a unit holds.
struct Held {
    /// As the cluster calls it.
    name: String,
    ticket: Ticket,
    count: u32,
}

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
    /// Locks over all nodes, and how often each was taken.
    tickets: Vec<Held>,
    /// Whether something of the unit is done already, so that it must not be run again.
    sealed: bool,
    /// Whether a view taken now has whatever was committed on any node before the unit began.
    pub(crate) is_current: bool,
    /// Whether the unit took a view that may lack something.
    is_stale: bool,
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
            tickets: Vec::new(),
            sealed: false,
            is_current: false,
            is_stale: false,
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
        let owner = self.party.owner;
        let claim = self.application.claim_objects(owner, names.iter().map(Arc::clone).collect());
        let too_late = || ApplicationError::ClaimTimedOut { names: names.iter().map(ToString::to_string).collect() };
        tokio::time::timeout_at(deadline.into(), claim).await.map_err(|_| too_late())??;
        // The same order for everybody, who holds nothing else: nobody waits in a circle.
        for name in names {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match self.take(format!("{VARIABLE}{name}"), &LockName::APPLICATION, Mode::Exclusive, left).await {
                Err(LockError::TimedOut { .. }) => return Err(too_late()),
                taken => taken?,
            }
        }
        Ok(())
    }

    pub(crate) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Gives everything back; returns when that is so on all nodes.
    pub(crate) async fn end(self) {
        let application = (!self.tickets.is_empty()).then(|| self.application.clone());
        drop(self);
        if let Some(application) = application {
            application.given_back().await;
        }
    }

    /// Whether the unit has looked at the application.
    pub(crate) fn has_looked(&self) -> bool {
        self.snapshot.is_some()
    }

    /// Whether what it saw there may lack what another node had committed.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// From now on the unit is not run again, whatever happens.
    pub(crate) fn seal(&mut self) {
        self.sealed = true;
    }

    /// Takes part in the application's lock for the commit, as [`Part::acquire`] does.
    pub(crate) async fn share(&mut self, conn: &mut Option<Conn>) -> Result<Shared, LockError> {
        let limit = self.application.lock_timeout();
        self.acquire(conn, LockName::APPLICATION, Mode::ReadOnly, limit, Reach::Node).await?;
        Ok(self.application.shared(self.party.owner, self.ticket_numbers().collect()))
    }

    /// Commits the changes by themselves.
    pub(crate) async fn commit(&mut self, hold: Shared) -> Result<(), ApplicationError> {
        let changes = std::mem::take(&mut self.changes);
        if self.application.cluster().is_none() {
            return self.application.commit(hold, changes).await;
        }
        match self.application.commit(hold, changes.clone()).await {
            // Locked on another node: it waits in line with the others there.
            Err(ApplicationError::Lock(LockError::Held { .. })) => {}
            done => return done,
        }
        let limit = self.application.lock_timeout();
        // First within the node, then between nodes, as everybody: whoever has the lock's turn here waits between the nodes,
        // and who stood before it there and waited here for its turn would wait for ever.
        let mut hold = self.share(&mut None).await?;
        self.line_up_for_commit(limit).await?;
        hold.tickets = self.ticket_numbers().collect();
        self.application.commit(hold, changes).await
    }

    /// Waits until nobody on another node holds the application's lock, in line with those who want it, and keeps them
    /// from it until this part ends.
    pub(super) async fn line_up_for_commit(&mut self, within: Duration) -> Result<(), LockError> {
        self.take(APPLICATION.to_owned(), &LockName::APPLICATION, Mode::ReadOnly, within).await
    }

    /// What a commit names of the locks over all nodes.
    pub(crate) fn ticket_numbers(&self) -> impl Iterator<Item = i64> {
        self.tickets.iter().map(|held| held.ticket.number())
    }

    /// What the unit's transaction asks before its COMMIT where it changes no variable: whether its locks over all nodes
    /// are still its own.
    pub(crate) fn admission(&self) -> Option<Admission> {
        let cluster = self.application.cluster().filter(|_| !self.tickets.is_empty())?.clone();
        Some(Admission { cluster, tx: 0, tickets: self.ticket_numbers().collect() })
    }

    /// Validates the changes and keeps others off them, for the unit's own transaction.
    pub(crate) async fn prepare(&mut self, hold: Shared) -> Result<Reservation, ApplicationError> {
        let changes = std::mem::take(&mut self.changes);
        self.application.prepare(hold, changes).await
    }

    /// Takes a lock, waiting for it without a connection: one for reading is given back first. A
    /// unit that has opened its transaction takes the lock only if it is free, for whoever holds
    /// it may need the connection.
    ///
    /// Over all nodes there is one line for those of a node, in which they wait first, and one for the nodes.
    pub(crate) async fn acquire(
        &mut self,
        conn: &mut Option<Conn>,
        name: LockName,
        mode: Mode,
        within: Duration,
        reach: Reach,
    ) -> Result<(), LockError> {
        let begun = Instant::now();
        let waits = !conn.as_ref().is_some_and(Conn::is_transaction);
        if waits {
            *conn = None;
            self.application.acquire(&self.party, name.clone(), mode, within).await?;
        } else {
            self.application.locks().try_acquire(&self.party, name.clone(), mode)?;
        }
        if reach == Reach::Node || self.application.cluster().is_none() {
            return Ok(());
        }
        let left =
            if waits { within.saturating_sub(begun.elapsed()).max(Duration::from_millis(1)) } else { Duration::ZERO };
        let taken = match self.take(name.over_nodes(), &name, mode, left).await {
            // What is read from here on is what the lock's last holder left, on whatever node that was.
            Ok(()) => self.catch_up(&name).await,
            Err(error) => Err(error),
        };
        if taken.is_err() {
            self.release(&name);
        }
        taken
    }

    async fn catch_up(&mut self, name: &LockName) -> Result<(), LockError> {
        match self.application.catch_up().await {
            Ok(()) => {
                self.is_current = true;
                Ok(())
            }
            Err(error) => Err(LockError::Unreachable { name: name.clone(), why: error.to_string() }),
        }
    }

    /// Takes a lock over all nodes, at once where `within` is zero. It is kept until the unit ends or gives it back.
    pub(super) async fn take(
        &mut self,
        over_nodes: String,
        name: &LockName,
        mode: Mode,
        within: Duration,
    ) -> Result<(), LockError> {
        let Some(cluster) = self.application.cluster() else { return Ok(()) };
        if let Some(held) = self.tickets.iter_mut().find(|held| held.name == over_nodes) {
            held.count += 1;
            return Ok(());
        }
        let place = Place {
            owner: format!("{}/{}", cluster.number(), self.party.owner.0),
            shared: mode == Mode::ReadOnly,
            guards: over_nodes == APPLICATION || over_nodes.starts_with(VARIABLE),
            holder: format!("{} on node {}", self.party, cluster.name()),
            name: over_nodes.clone(),
        };
        let taken = cluster.take(place, within).await;
        let ticket = taken.map_err(|error| self.application.note_not_taken(&self.party, name, within, error))?;
        self.tickets.push(Held { name: over_nodes, ticket, count: 1 });
        Ok(())
    }

    /// One count of a named lock back.
    pub(crate) fn release(&mut self, name: &LockName) {
        if !self.application.locks().release(self.party.owner, name) {
            return;
        }
        let over_nodes = name.over_nodes();
        if let Some(place) = self.tickets.iter().position(|held| held.name == over_nodes) {
            let held = self.tickets.swap_remove(place);
            if held.count > 1 {
                self.tickets.push(Held { count: held.count - 1, ..held });
            }
        }
    }

    /// The unit's view, and its changes on top.
    pub(super) fn view(&mut self) -> (&Snapshot, &mut Changes) {
        self.is_stale |= self.snapshot.is_none() && !self.is_current;
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
        // Those of other nodes first: who waits here would only wait there.
        self.tickets.clear();
        self.application.locks().release_all(self.party.owner);
        if self.holds_objects {
            self.application.release_objects(self.party.owner);
        }
    }
}
