//! The table behind a lock, and the waiting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::table::{Cancelled, LockTable, Step, Ticket};
use super::{ApplicationLock, LedgerRow, LockError, LockName, Mode, Owner, Party, Rules, Status};

type Table = LockTable<oneshot::Sender<()>>;

/// The locks of this process. Cloning is cheap; all clones are the same table.
#[derive(Debug, Clone)]
pub(crate) struct Locks {
    table: Arc<Mutex<Table>>,
}

impl Locks {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { table: Arc::new(Mutex::new(LockTable::new(rules))) }
    }

    /// Locks a name, waiting for it for at most `within`. The owner holds it until it gives it back.
    ///
    /// A future that is dropped leaves the queue, and passes on what it was just being given.
    ///
    /// # Errors
    /// [`LockError::NoTimeLimit`] if `within` is zero, [`LockError::TimedOut`], and what the table refuses at once:
    /// [`LockError::UpgradeDeadlock`], [`LockError::Deadlock`], [`LockError::TooManyWaiters`],
    /// [`LockError::OrderViolation`], [`LockError::AlreadyWaiting`]. [`LockError::Ended`] if everything is taken from
    /// the owner while it waits.
    pub(crate) async fn acquire(
        &self,
        party: &Party,
        name: LockName,
        mode: Mode,
        within: Duration,
    ) -> Result<(), LockError> {
        if within.is_zero() {
            return Err(LockError::NoTimeLimit { name });
        }
        let now = Instant::now();
        let answer = self.table().acquire(party, name, mode, now, oneshot::channel);
        warn(party, answer.warning.as_ref());
        match answer.step {
            Step::Granted => Ok(()),
            Step::Refused(reason) => Err(reason),
            Step::Waiting(ticket, granted) => Place { locks: self, ticket: Some(ticket), granted }.turn(within).await,
        }
    }

    /// Locks a name if that needs no waiting.
    ///
    /// # Errors
    /// [`LockError::Held`], [`LockError::UpgradeDeadlock`], [`LockError::OrderViolation`].
    pub(crate) fn try_acquire(&self, party: &Party, name: LockName, mode: Mode) -> Result<(), LockError> {
        let now = Instant::now();
        let answer = self.table().try_acquire(party, name, mode, now);
        warn(party, answer.warning.as_ref());
        match answer.step {
            Step::Granted => Ok(()),
            Step::Waiting(_, never) => match never {},
            Step::Refused(reason) => Err(reason),
        }
    }

    /// Gives a lock back once; false if the owner does not hold it.
    pub(crate) fn release(&self, owner: Owner, name: &LockName) -> bool {
        let now = Instant::now();
        let released = self.table().release(owner, name, now);
        wake(released.granted);
        released.was_held
    }

    /// Gives back everything that the owner holds, as often as it took it; tells how many names that were.
    ///
    /// To be called when its unit of work is over, however it ended.
    pub(crate) fn release_all(&self, owner: Owner) -> usize {
        let now = Instant::now();
        let all = self.table().release_all(owner, now);
        wake(all.granted);
        // Its wait learns that it is over by this end being gone.
        drop(all.turned_away);
        all.released
    }

    pub(crate) fn status(&self) -> Status {
        self.table().status()
    }

    /// Who holds one lock and who waits for it; nothing, where nobody does.
    pub(crate) fn row(&self, name: &LockName) -> Option<LedgerRow> {
        self.table().row(name)
    }

    pub(crate) fn ledger(&self) -> Vec<LedgerRow> {
        self.table().ledger()
    }

    /// Who has the application's own lock.
    pub(crate) fn application_lock(&self) -> ApplicationLock {
        self.table().application()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // The table has no code that could panic half-way through a change.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a queue. Dropped there, it leaves the queue, and passes on what it was just being given.
struct Place<'a> {
    locks: &'a Locks,
    ticket: Option<Ticket>,
    granted: oneshot::Receiver<()>,
}

impl Place<'_> {
    async fn turn(mut self, within: Duration) -> Result<(), LockError> {
        let told = tokio::time::timeout(within, &mut self.granted).await;
        let Some(ticket) = self.ticket.take() else {
            return Ok(());
        };
        if let Ok(Ok(())) = told {
            return Ok(());
        }
        let now = Instant::now();
        let (holders, cancelled) = {
            let mut table = self.locks.table();
            (table.holders(ticket.name()), table.time_out(&ticket, now))
        };
        match cancelled {
            Cancelled::Left { waiter, granted } => {
                wake(granted);
                drop(waiter);
                Err(LockError::TimedOut { name: ticket.name().clone(), within, holders })
            }
            // The grant was on its way at that moment.
            Cancelled::Granted => Ok(()),
            Cancelled::Gone => Err(LockError::Ended { name: ticket.name().clone() }),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else {
            return;
        };
        let now = Instant::now();
        let (waiter, granted) = {
            // One critical section: nobody sees a lock that is held by somebody gone.
            let mut table = self.locks.table();
            match table.cancel(&ticket, now) {
                Cancelled::Left { waiter, granted } => (Some(waiter), granted),
                Cancelled::Granted => (None, table.release(ticket.owner(), ticket.name(), now).granted),
                Cancelled::Gone => (None, Vec::new()),
            }
        };
        wake(granted);
        drop(waiter);
    }
}

/// Tells those whose turn it is, outside the critical section. Who is gone meanwhile gives the lock back by its place
/// being dropped, so a message that cannot be delivered needs nothing more.
fn wake(granted: Vec<oneshot::Sender<()>>) {
    for waiter in granted {
        let _ = waiter.send(());
    }
}

fn warn(party: &Party, warning: Option<&LockError>) {
    if let Some(warning) = warning {
        tracing::warn!(page = party.page, request = %party.request, "{warning}");
    }
}

#[cfg(test)]
mod tests;
