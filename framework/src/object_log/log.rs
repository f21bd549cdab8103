//! The handle that everybody notes with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::buffer::Buffer;
use super::writer::LogWriter;
use super::{Entry, FlushError};
use crate::db::Db;

/// Most entries that wait in memory.
const WAITING: usize = 10_000;

/// How often dropped entries are worth a line in the text log.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// A handle on the site's object log. Cloning is cheap.
#[derive(Clone)]
pub struct ObjectLog {
    pub(super) shared: Arc<Shared>,
}

/// What the handles and the writer share.
pub(super) struct Shared {
    pub(super) db: Db,
    /// Most entries kept in the database.
    pub(super) max_entries: u64,
    /// This process, among all that ever wrote to the log.
    pub(super) process: i64,
    state: Mutex<State>,
    /// Something waits to be stored.
    pub(super) noted: Notify,
    /// Somebody waits for it to be stored.
    pub(super) urgent: Notify,
    pub(super) progress: watch::Sender<Progress>,
}

struct State {
    buffer: Buffer,
    warned: Option<Instant>,
}

/// How far the writer has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Entries with lower numbers are stored or dropped.
    pub(super) settled: u64,
    /// How often the database took nothing.
    pub(super) failures: u64,
    pub(super) stopped: bool,
}

impl std::fmt::Debug for ObjectLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectLog").field("waiting", &self.shared.buffer(|buffer| buffer.len())).finish_non_exhaustive()
    }
}

impl ObjectLog {
    /// Starts a log that keeps at most `max_entries`, and the task that writes it. The writer runs
    /// on the caller's runtime until it is stopped or dropped.
    pub(crate) fn start(db: Db, max_entries: u64) -> (Self, LogWriter) {
        let shared = Arc::new(Shared {
            db,
            max_entries,
            process: i64::from_ne_bytes(Uuid::new_v4().as_u64_pair().0.to_ne_bytes()),
            state: Mutex::new(State { buffer: Buffer::new(WAITING), warned: None }),
            noted: Notify::new(),
            urgent: Notify::new(),
            progress: watch::Sender::new(Progress::default()),
        });
        let writer = LogWriter::start(Arc::clone(&shared));
        (Self { shared }, writer)
    }

    /// Notes an entry, here and in the text log. Never waits and never fails.
    pub fn note(&self, entry: Entry) {
        entry.trace();
        self.shared.keep(entry);
        self.shared.noted.notify_one();
    }

    /// Waits until everything noted so far is stored.
    ///
    /// # Errors
    /// [`FlushError`] where the database does not take it. Nothing is lost by that: it is tried
    /// again. Whoever cannot wait for a database that does not answer sets a time limit.
    pub async fn flush(&self) -> Result<(), FlushError> {
        let wanted = self.shared.buffer(|buffer| buffer.next());
        let mut progress = self.shared.progress.subscribe();
        let failures = progress.borrow().failures;
        self.shared.urgent.notify_one();
        loop {
            let now = *progress.borrow_and_update();
            if now.settled >= wanted {
                return Ok(());
            }
            if now.stopped {
                return Err(FlushError::Stopped);
            }
            if now.failures > failures {
                return Err(FlushError::NotTaken);
            }
            // It cannot close: the sender is in `self`.
            let _ = progress.changed().await;
        }
    }

    /// How many entries never came into the database, since the process started.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.shared.buffer(|buffer| buffer.dropped_total())
    }
}

impl Shared {
    /// Takes a look or a step at the entries that wait: a short critical section.
    pub(super) fn buffer<R>(&self, step: impl FnOnce(&mut Buffer) -> R) -> R {
        step(&mut self.state().buffer)
    }

    fn keep(&self, entry: Entry) {
        let warn = {
            let mut state = self.state();
            state.buffer.push(entry) && state.may_warn(Instant::now())
        };
        if warn {
            self.warn_of_drops();
        }
    }

    /// Tells the text log that entries were dropped, now and then.
    pub(super) fn dropped(&self) {
        let may = self.state().may_warn(Instant::now());
        if may {
            self.warn_of_drops();
        }
    }

    fn warn_of_drops(&self) {
        let dropped_total = self.buffer(|buffer| buffer.dropped_total());
        tracing::warn!(dropped_total, "the object log cannot keep up: its oldest waiting entries are dropped");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_warn(&mut self, now: Instant) -> bool {
        let may = self.warned.is_none_or(|warned| now.saturating_duration_since(warned) >= BETWEEN_WARNINGS);
        if may {
            self.warned = Some(now);
        }
        may
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
