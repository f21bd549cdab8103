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
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often the owner looks whether somebody wants to join. It bounds how long a second process
/// waits at its start.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// This process's share of a database file.
#[derive(Debug)]
pub(super) struct Ownership {
    sole: Arc<AtomicBool>,
}

impl Ownership {
    /// Takes a share of the file; waits until a process that was sole owner so far knows.
    ///
    /// Where lock files cannot be made (a read-only folder) nobody is sole owner.
    pub(super) fn take(database: &Path) -> Self {
        let sole = Arc::new(AtomicBool::new(false));
        match take(database, &sole) {
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%error, "no lock file beside the database: nothing is kept in memory");
            }
        }
        Self { sole }
    }

    /// Whether no other process uses the file.
    pub(super) fn is_sole(&self) -> bool {
        self.sole.load(Ordering::Acquire)
    }
}

fn take(database: &Path, sole: &Arc<AtomicBool>) -> std::io::Result<()> {
    let owner = open(database, "owner")?;
    let join = open(database, "join")?;
    match owner.try_lock() {
        Ok(()) => {
            sole.store(true, Ordering::Release);
            let watched = Arc::downgrade(sole);
            std::thread::Builder::new()
                .name("toolcrib-owner".to_owned())
                .spawn(move || watch(&owner, &join, &watched))?;
        }
        Err(TryLockError::WouldBlock) => {
            join.lock()?;
            owner.lock_shared()?;
            join.unlock()?;
            // The lock lives as long as the process, or as the handle in this thread.
            let watched = Arc::downgrade(sole);
            std::thread::Builder::new().name("toolcrib-owner".to_owned()).spawn(move || hold(&owner, &watched))?;
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(())
}

/// Keeps the lock as sole owner and gives that up when somebody asks.
fn watch(owner: &File, join: &File, sole: &Weak<AtomicBool>) {
    while let Some(flag) = sole.upgrade() {
        match join.try_lock() {
            Ok(()) => {
                let _ = join.unlock();
            }
            Err(_) => {
                flag.store(false, Ordering::Release);
                drop(flag);
                // Whoever read the flag a moment ago ends its look-up meanwhile.
                std::thread::sleep(LOOK_EVERY);
                let _ = owner.unlock();
                if owner.lock_shared().is_ok() {
                    hold(owner, sole);
                }
                return;
            }
        }
        drop(flag);
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Keeps a shared lock for as long as the database is in use.
fn hold(_owner: &File, sole: &Weak<AtomicBool>) {
    while sole.strong_count() > 0 {
        std::thread::sleep(LOOK_EVERY);
    }
}

fn open(database: &Path, suffix: &str) -> std::io::Result<File> {
    let mut path = database.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Waits for what another thread does, for at most ten seconds.
    fn eventually(condition: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if condition() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

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
        assert!(eventually(|| Ownership::take(&database).is_sole()));
    }
}
