//! Whether this process is the only one that uses a SQLite file.
//!
//! What one process alone writes it may keep in memory. Two lock files beside the database tell:
//!
//! ```text
//!            first process                       second process
//!   lock crm.db.owner exclusively: sole
//!   look at crm.db.join now and then        lock crm.db.join, then wait for crm.db.owner (shared)
//!   found it locked: no longer sole,
//!   share crm.db.owner  ───────────────────► shared: nobody is sole; unlock crm.db.join
//! ```
//!
//! The second process does not serve before the first has stopped relying on its memory. Locks go
//! with their process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the owner looks whether somebody wants to join. It bounds how long a second process
/// waits at its start.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// This process's share of a database file. Dropped, it gives the share up before it returns.
#[derive(Debug)]
pub(super) struct Ownership {
    sole: Arc<AtomicBool>,
    keeper: Option<Keeper>,
}

/// The thread that keeps the lock.
#[derive(Debug)]
struct Keeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Ownership {
    /// Takes a share of the file; waits until a process that was sole owner so far knows.
    ///
    /// Where lock files cannot be made (a read-only folder) nobody is sole owner.
    pub(super) fn take(database: &Path) -> Self {
        let sole = Arc::new(AtomicBool::new(false));
        let keeper = match take(database, &sole) {
            Ok(keeper) => Some(keeper),
            Err(error) => {
                tracing::warn!(%error, "no lock file beside the database: nothing is kept in memory");
                None
            }
        };
        Self { sole, keeper }
    }

    /// Whether no other process uses the file.
    pub(super) fn is_sole(&self) -> bool {
        self.sole.load(Ordering::Acquire)
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        if let Some(Keeper { stop, thread }) = self.keeper.take() {
            drop(stop);
            // A keeper that panicked has dropped its lock file, which is all that is wanted.
            let _ = thread.join();
        }
    }
}

fn take(database: &Path, sole: &Arc<AtomicBool>) -> std::io::Result<Keeper> {
    let owner = open(database, "owner")?;
    let join = open(database, "join")?;
    let is_sole = match owner.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => {
            join.lock()?;
            owner.lock_shared()?;
            join.unlock()?;
            false
        }
        Err(TryLockError::Error(error)) => return Err(error),
    };
    sole.store(is_sole, Ordering::Release);
    let (stop, stopped) = channel();
    let flag = Arc::clone(sole);
    let thread = std::thread::Builder::new().name("toolcrib-owner".to_owned()).spawn(move || {
        if is_sole && !keep_alone(&owner, &join, &flag, &stopped) {
            return;
        }
        // The lock goes with the file, when the other end of the channel is dropped.
        let _ = stopped.recv();
    })?;
    Ok(Keeper { stop, thread })
}

/// Keeps the lock as sole owner and shares it when somebody asks. False: told to stop, or the lock
/// was lost.
fn keep_alone(owner: &File, join: &File, sole: &AtomicBool, stopped: &Receiver<()>) -> bool {
    while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        if join.try_lock().is_ok() {
            let _ = join.unlock();
            continue;
        }
        sole.store(false, Ordering::Release);
        // Whoever read the flag a moment ago ends its look-up meanwhile.
        std::thread::sleep(LOOK_EVERY);
        let _ = owner.unlock();
        return owner.lock_shared().is_ok();
    }
    false
}

fn open(database: &Path, suffix: &str) -> std::io::Result<File> {
    let mut path = database.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_sole_owner_until_a_second_comes() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("crm.db");
        let first = Ownership::take(&database);
        assert!(first.is_sole());
        let second = Ownership::take(&database);
        assert!(!first.is_sole(), "the second came back only after the first knew");
        assert!(!second.is_sole());
        let third = Ownership::take(&database);
        assert!(!third.is_sole());
    }

    #[test]
    fn the_next_is_sole_owner_once_the_first_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("crm.db");
        drop(Ownership::take(&database));
        assert!(Ownership::take(&database).is_sole());
    }
}
