//! The task that stores what waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::log::Shared;
use super::store;
use crate::db::DbError;

/// How long others may join a transaction: many entries come at the same moment, and each
/// transaction takes the disk, and on SQLite the one writing connection, from visitors.
const GATHER: Duration = Duration::from_millis(20);

/// Waits between attempts while the database takes nothing: doubling from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The running writer. Dropping it stops it after a last attempt.
#[derive(Debug)]
#[must_use = "a dropped writer stops"]
pub(crate) struct LogWriter {
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl LogWriter {
    pub(super) fn start(shared: Arc<Shared>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, done: tokio::spawn(run(shared, stopped)) }
    }

    /// Stores what waits, if the database takes it, and stops.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // An error here: the runtime is going down, and the writer with it.
        let _ = self.done.await;
    }
}

/// Tells those who wait for a flush that nobody writes any more, even where the task is cut off.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.progress.send_modify(|progress| progress.stopped = true);
    }
}

async fn run(shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let running = Running(shared);
    let shared = &running.0;
    let mut trim = store::Trim::new(shared.max_entries);
    let mut pause = None;
    loop {
        let stopping = match pause {
            None => next(shared, &mut stopped).await,
            Some(pause) => tokio::select! {
                _ = &mut stopped => true,
                () = shared.urgent.notified() => false,
                () = tokio::time::sleep(pause) => false,
            },
        };
        let written = write(shared, &mut trim).await;
        if stopping {
            let lost = shared.buffer(|buffer| buffer.len());
            if lost > 0 {
                tracing::error!(lost, "the object log stops with entries that the database did not take");
            }
            return;
        }
        pause = match written {
            true => None,
            false => Some(pause.map_or(PAUSES.0, |pause: Duration| (pause * 2).min(PAUSES.1))),
        };
    }
}

/// Waits until there is something to do; true where the writer is to stop.
async fn next(shared: &Shared, stopped: &mut oneshot::Receiver<()>) -> bool {
    tokio::select! {
        _ = &mut *stopped => return true,
        () = shared.urgent.notified() => return false,
        () = shared.noted.notified() => {}
    }
    tokio::select! {
        _ = stopped => true,
        () = shared.urgent.notified() => false,
        () = tokio::time::sleep(GATHER) => false,
    }
}

/// Stores all that wait; false where they wait on.
async fn write(shared: &Shared, trim: &mut store::Trim) -> bool {
    let (batch, end) = shared.buffer(|buffer| (buffer.take(), buffer.next()));
    let settle = || shared.progress.send_modify(|progress| progress.settled = end);
    if batch.is_empty() {
        settle();
        return true;
    }
    match store::append(&shared.db, shared.process, &batch, trim).await {
        Ok(()) => {
            settle();
            true
        }
        Err(error) if may_pass(&error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "the object log's entries wait");
            if shared.buffer(|buffer| buffer.put_back(batch)) > 0 {
                shared.dropped();
            }
            shared.progress.send_modify(|progress| progress.failures += 1);
            false
        }
        Err(error) => {
            // Tried again they would be refused again, and keep all others waiting.
            tracing::error!(
                entries = batch.len(),
                error = &error as &dyn std::error::Error,
                "the database refuses the object log's entries; they are in this log only"
            );
            let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            shared.buffer(|buffer| buffer.refused(count));
            settle();
            true
        }
    }
}

/// Whether a failure may pass by itself. A COMMIT without an answer is tried again as well: what
/// it stored is not stored twice.
fn may_pass(error: &DbError) -> bool {
    matches!(
        error,
        DbError::Unavailable(_)
            | DbError::NoConnection
            | DbError::Busy(_)
            | DbError::Conflict(_)
            | DbError::Full(_)
            | DbError::ReadOnly(_)
            | DbError::OutcomeUnknown(_)
    )
}
