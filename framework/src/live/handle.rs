//! The table behind a lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use serde::Serialize;

use super::draft::Draft;
use super::present::Present;
use super::stream::LiveStream;
use super::table::{Counts, LiveTable, Next, Refusal, Rules, StreamId};
use super::wish::{Viewer, Wish};
use crate::settings::LiveSettings;

/// Most events that wait for one browser.
const QUEUE_MAX: usize = 64;

/// Most streams of one session: a browser's tabs.
const OF_SESSION_MAX: usize = 20;

/// Events whose time is remembered, for browsers whose page is older than its stream.
const RECENT: usize = 1_024;

/// Tells browsers what happens. Cloning is cheap.
///
/// In a page and in other units of work take [`Unit::publish`](crate::page::Unit::publish), which tells of what was
/// committed only.
#[derive(Debug, Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    table: Mutex<LiveTable<Arc<AtomicWaker>>>,
    settings: LiveSettings,
}

impl Live {
    pub(crate) fn new(settings: LiveSettings) -> Self {
        let rules =
            Rules { streams: settings.max_streams, of_session: OF_SESSION_MAX, queue: QUEUE_MAX, recent: RECENT };
        let table = Mutex::new(LiveTable::new(rules, Instant::now()));
        Self { inner: Arc::new(Inner { table, settings }) }
    }

    /// Tells everybody who listens to `topic`, at once. The name of the event is of letters, digits, `-` and `_`; the
    /// data is at most 4 KiB of JSON. What cannot be told is left out, with a line in the log.
    ///
    /// ```no_run
    /// # use toolcrib::prelude::*;
    /// # fn stock_ran_out(site: &Site) {
    /// site.live().publish("stock", "changed", &serde_json::json!({ "item": 7, "left": 0 }));
    /// # }
    /// ```
    pub fn publish(&self, topic: impl AsRef<str>, event: &str, data: &(impl Serialize + ?Sized)) {
        if let Some(draft) = Draft::new(topic.as_ref(), event, data) {
            self.send(draft);
        }
    }

    /// Who is present at a topic: everybody once for each thing they do, whoever came first first, at most fifty.
    #[must_use]
    pub fn present(&self, topic: impl AsRef<str>) -> Vec<Present> {
        self.table().present(topic.as_ref())
    }

    pub(crate) fn send(&self, draft: Draft) {
        let now = Instant::now();
        let woken = self.table().publish(draft, now);
        wake(woken);
    }

    /// Opens a stream. It ends when what is answered here is dropped.
    pub(crate) fn open(&self, wish: &Wish) -> Result<LiveStream, Refusal> {
        let waker = Arc::new(AtomicWaker::new());
        let now = Instant::now();
        let opened = self.table().open(wish, Arc::clone(&waker), now)?;
        wake(opened.woken);
        Ok(LiveStream::new(self.clone(), opened.id, waker, opened.last))
    }

    pub(crate) fn status(&self) -> Counts {
        self.table().counts()
    }

    /// A session has ended.
    pub(crate) fn end_session(&self, session: i64) {
        let woken = self.table().end_session(session);
        wake(woken);
    }

    /// The site is stopping: nothing may wait for browsers.
    pub(crate) fn stop(&self) {
        let woken = self.table().stop();
        wake(woken);
    }

    pub(super) fn next(&self, id: StreamId) -> Next {
        self.table().next(id)
    }

    pub(super) fn close(&self, id: StreamId) {
        let woken = self.table().close(id);
        wake(woken);
    }

    pub(super) fn beat(&self) {
        let now = Instant::now();
        let woken = self.table().beat(self.inner.settings.max_age, now);
        wake(woken);
    }

    pub(super) fn sessions(&self) -> Vec<i64> {
        self.table().sessions()
    }

    pub(super) fn end_where(&self, is_over: impl FnMut(&Viewer) -> bool) {
        let woken = self.table().end_where(is_over);
        wake(woken);
    }

    pub(super) fn heartbeat(&self) -> Duration {
        self.inner.settings.heartbeat
    }

    fn table(&self) -> MutexGuard<'_, LiveTable<Arc<AtomicWaker>>> {
        // The table has no code that could panic half-way through a change.
        self.inner.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Outside the critical section: who is woken looks into the table.
fn wake(woken: Vec<Arc<AtomicWaker>>) {
    for waker in woken {
        waker.wake();
    }
}
