//! The table behind a lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use serde::Serialize;

use super::draft::Draft;
use super::present::Present;
use super::stream::LiveStream;
use super::table::{Counts, LiveTable, Next, Refusal, Rules, StreamId, Topic};
use super::wish::{Viewer, Wish};
use crate::cluster::{Change, Cluster, Kind};
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
    /// The other nodes, where there can be any.
    cluster: Option<Cluster>,
}

impl Live {
    pub(crate) fn new(settings: LiveSettings, cluster: Option<Cluster>) -> Self {
        let rules =
            Rules { streams: settings.max_streams, of_session: OF_SESSION_MAX, queue: QUEUE_MAX, recent: RECENT };
        let table = Mutex::new(LiveTable::new(rules, Instant::now()));
        Self { inner: Arc::new(Inner { table, settings, cluster }) }
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

    /// Over several nodes what is told here takes the way of what is told elsewhere, so all have one order.
    pub(crate) fn send(&self, draft: Draft) {
        match &self.inner.cluster {
            None => self.deliver(draft),
            Some(cluster) => cluster.tell(Kind::Live, &*draft.topic, Some(draft.detail())),
        }
    }

    fn deliver(&self, draft: Draft) {
        let now = Instant::now();
        self.change(|table| ((), table.publish(draft, now)));
    }

    /// What nodes, this one included, told.
    pub(crate) fn heard(&self, change: &Change) {
        let Some(cluster) = &self.inner.cluster else { return };
        let detail = change.detail.as_deref().unwrap_or_default();
        let is_own = change.node == cluster.number();
        match change.kind() {
            Some(Kind::Live) => {
                if let Some(draft) = Draft::heard(&change.subject, detail) {
                    self.deliver(draft);
                }
            }
            Some(Kind::Presence) if !is_own => {
                let list = serde_json::from_str(detail).unwrap_or_default();
                let topic = Topic::from(change.subject.as_str());
                self.change(|table| ((), table.present_elsewhere(change.node, &topic, list)));
            }
            Some(Kind::Who) if !is_own => {
                let all = self.table().all_present_here();
                self.tell_presence(all);
            }
            Some(Kind::Gone) => {
                let node = change.subject.parse().unwrap_or_default();
                self.change(|table| ((), table.node_gone(node)));
            }
            Some(Kind::Session) => {
                if let Ok(session) = change.subject.parse() {
                    self.end_session(session);
                }
            }
            _ => {}
        }
    }

    /// This node has joined the others: what is known of them is asked for, and they are told who is here.
    pub(crate) fn joined(&self) {
        let Some(cluster) = &self.inner.cluster else { return };
        self.change(|table| ((), table.forget_elsewhere()));
        cluster.tell(Kind::Who, "", None);
        let all = self.table().all_present_here();
        self.tell_presence(all);
    }

    fn tell_presence(&self, lists: Vec<(Topic, Vec<Present>)>) {
        let Some(cluster) = &self.inner.cluster else { return };
        for (topic, list) in lists {
            // Texts alone: that cannot fail.
            cluster.tell(Kind::Presence, &*topic, serde_json::to_string(&list).ok());
        }
    }

    /// Opens a stream. It ends when what is answered here is dropped.
    pub(crate) fn open(&self, wish: &Wish) -> Result<LiveStream, Refusal> {
        let waker = Arc::new(AtomicWaker::new());
        let now = Instant::now();
        let opened = self.change(|table| match table.open(wish, Arc::clone(&waker), now) {
            Ok(opened) => (Ok((opened.id, opened.last)), opened.woken),
            Err(refusal) => (Err(refusal), Vec::new()),
        });
        opened.map(|(id, last)| LiveStream::new(self.clone(), id, waker, last))
    }

    pub(crate) fn status(&self) -> Counts {
        self.table().counts()
    }

    /// A session has ended.
    pub(crate) fn end_session(&self, session: i64) {
        self.change(|table| ((), table.end_session(session)));
    }

    /// The site is stopping: nothing may wait for browsers.
    pub(crate) fn stop(&self) {
        self.change(|table| ((), table.stop()));
    }

    pub(super) fn next(&self, id: StreamId) -> Next {
        self.table().next(id)
    }

    pub(super) fn close(&self, id: StreamId) {
        self.change(|table| ((), table.close(id)));
    }

    pub(super) fn beat(&self) {
        let now = Instant::now();
        self.change(|table| ((), table.beat(self.inner.settings.max_age, now)));
    }

    pub(super) fn sessions(&self) -> Vec<i64> {
        self.table().sessions()
    }

    pub(super) fn end_where(&self, is_over: impl FnMut(&Viewer) -> bool) {
        self.change(|table| ((), table.end_where(is_over)));
    }

    pub(super) fn heartbeat(&self) -> Duration {
        self.inner.settings.heartbeat
    }

    /// Changes the table, and tells whoever has to know: those who listen here, and the other nodes.
    fn change<T>(&self, change: impl FnOnce(&mut LiveTable<Arc<AtomicWaker>>) -> (T, Vec<Arc<AtomicWaker>>)) -> T {
        let mut table = self.table();
        let (answer, woken) = change(&mut table);
        let untold = table.take_untold();
        drop(table);
        wake(woken);
        self.tell_presence(untold);
        answer
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
