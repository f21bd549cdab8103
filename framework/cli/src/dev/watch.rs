//! Watches the files, and gathers what changed until somebody asks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::changes::{Changes, matters};

/// A change is complete when nothing more happens for this long: editors write several times.
const QUIET: Duration = Duration::from_millis(40);

/// Longest wait for quiet, in steps of [`QUIET`].
const QUIET_STEPS: usize = 25;

/// What has changed since the last look.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    // Dropped, it stops watching.
    watcher: Mutex<RecommendedWatcher>,
}

#[derive(Debug, Default)]
struct Shared {
    roots: Vec<PathBuf>,
    changes: Mutex<Changes>,
    /// New folders at the top, not watched yet. The watcher's own thread cannot add them: it would wait for itself.
    folders: Mutex<Vec<PathBuf>>,
    changed: Notify,
}

impl Watch {
    /// Watches these folders, `target` and hidden ones apart.
    pub(super) fn start(roots: Vec<PathBuf>) -> notify::Result<Self> {
        let shared = Arc::new(Shared { roots, ..Shared::default() });
        let seen = Arc::clone(&shared);
        let mut watcher = notify::recommended_watcher(move |event| seen.see(event))?;
        for root in &shared.roots {
            // Not recursively from the top: `target` has thousands of folders.
            watcher.watch(root, RecursiveMode::NonRecursive)?;
            for entry in std::fs::read_dir(root).map_err(notify::Error::io)?.flatten() {
                let path = entry.path();
                if path.is_dir() && is_wanted(root, &path) {
                    watcher.watch(&path, RecursiveMode::Recursive)?;
                }
            }
        }
        Ok(Self { shared, watcher: Mutex::new(watcher) })
    }

    /// Waits for a change, and then until it is complete. Can be given up at any point without losing one.
    pub(super) async fn changed(&self) -> Changes {
        loop {
            self.shared.wait_for_any().await;
            for _ in 0..QUIET_STEPS {
                if timeout(QUIET, self.shared.changed.notified()).await.is_err() {
                    break;
                }
            }
            self.watch_new_folders();
            let changes = self.take();
            if !changes.is_empty() {
                return changes;
            }
        }
    }

    fn watch_new_folders(&self) {
        let folders = std::mem::take(&mut *held(&self.shared.folders));
        let mut watcher = held(&self.watcher);
        for folder in folders {
            // Gone again meanwhile.
            let _ = watcher.watch(&folder, RecursiveMode::Recursive);
        }
    }

    /// What changed by now.
    fn take(&self) -> Changes {
        std::mem::take(&mut *held(&self.shared.changes))
    }

    /// Whether anything changed since the last look.
    pub(super) fn is_dirty(&self) -> bool {
        !held(&self.shared.changes).is_empty()
    }
}

impl Shared {
    fn see(&self, event: notify::Result<notify::Event>) {
        let paths = match event {
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) if !event.need_rescan() => event.paths,
            // Something may have been missed.
            Ok(_) | Err(_) => {
                held(&self.changes).other = true;
                return self.changed.notify_one();
            }
        };
        for path in paths {
            let Some(root) = self.roots.iter().find(|root| path.starts_with(root)) else { continue };
            if !path.is_dir() {
                held(&self.changes).note(root, &path);
            } else if path.parent() == Some(root) && is_wanted(root, &path) {
                // What it came with was not seen.
                held(&self.changes).other = true;
                held(&self.folders).push(path);
            }
        }
        if !held(&self.changes).is_empty() {
            self.changed.notify_one();
        }
    }

    async fn wait_for_any(&self) {
        loop {
            if !held(&self.changes).is_empty() {
                return;
            }
            self.changed.notified().await;
        }
    }
}

/// Nothing panics under these locks.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_wanted(root: &Path, path: &Path) -> bool {
    path.strip_prefix(root).is_ok_and(matters)
}
