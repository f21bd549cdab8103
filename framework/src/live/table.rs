//! The bookkeeping of all streams: who listens to what, what waits for whom, who is present.
//!
//! [`LiveTable`] is a pure state machine. It neither writes nor wakes nor reads a clock: its shell holds it under a short
//! lock, tells it what happened and *when*, and wakes those whom the answer names after it has let go. `W` stands for
//! whatever wakes the writer of a stream.
//!
//! What it keeps to, at every moment:
//!
//! * A stream gets every event of its topics from its begin to its end, in the order they were published.
//! * No queue is longer than its limit; a stream that would need a longer one is gone, with its place and its presence.
//! * Who is present at a topic is what the streams there say, and each change of that list is told there.
//! * There is no topic, and no count of a session, that no stream has.

mod outcome;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use self::outcome::{Counts, Refusal, StreamId, Topic};
pub(super) use self::outcome::{Event, Next, Opened, Rules};
use self::stream::Stream;
use super::draft::Draft;
use super::present::{Present, distinct};
use super::wish::{Viewer, Wish};

/// Keeps all streams. See the module's documentation.
#[derive(Debug)]
pub(super) struct LiveTable<W> {
    rules: Rules,
    streams: BTreeMap<StreamId, Stream<W>>,
    topics: HashMap<Topic, BTreeSet<StreamId>>,
    present: HashMap<Topic, BTreeMap<StreamId, Vec<Present>>>,
    /// Who is present on other nodes.
    elsewhere: HashMap<Topic, BTreeMap<i64, Vec<Present>>>,
    /// Topics where those present here are not what the other nodes were told.
    untold: BTreeSet<Topic>,
    sessions: HashMap<i64, usize>,
    /// When the latest events were, the newest last.
    recent: VecDeque<(Topic, Instant)>,
    /// What happened before is not remembered.
    remembers_from: Instant,
    last_stream: u64,
    last_event: u64,
    published_total: u64,
    dropped_total: u64,
    stopping: bool,
}

impl<W: Clone> LiveTable<W> {
    pub(super) fn new(rules: Rules, now: Instant) -> Self {
        Self {
            rules,
            streams: BTreeMap::new(),
            topics: HashMap::new(),
            present: HashMap::new(),
            elsewhere: HashMap::new(),
            untold: BTreeSet::new(),
            sessions: HashMap::new(),
            recent: VecDeque::new(),
            remembers_from: now,
            last_stream: 0,
            last_event: 0,
            published_total: 0,
            dropped_total: 0,
            stopping: false,
        }
    }

    /// Opens a stream. It is told who is present at its topics, and they are told who came.
    pub(super) fn open(&mut self, wish: &Wish, waker: W, now: Instant) -> Result<Opened<W>, Refusal> {
        self.admit(&wish.viewer)?;
        self.last_stream += 1;
        let id = StreamId(self.last_stream);
        if let Some(session) = wish.viewer.session {
            *self.sessions.entry(session).or_default() += 1;
        }
        for topic in &wish.topics {
            self.topics.entry(Arc::clone(topic)).or_default().insert(id);
        }
        self.streams.insert(id, Stream::new(wish, waker, now));
        let mut woken = Vec::new();
        let arrivals = self.arrive(id, &wish.present);
        let told: Vec<Topic> = arrivals.iter().map(|event| Arc::clone(&event.topic)).collect();
        // First what is so already: what is told from now on is newer.
        for topic in wish.topics.iter().filter(|topic| !told.contains(topic)) {
            if self.present.contains_key(topic) || self.elsewhere.contains_key(topic) {
                let event = self.presence(topic);
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.queue.push_back(event);
                }
            }
        }
        self.spread(arrivals, &mut woken);
        Ok(Opened { id, last: self.last_of(&wish.topics, now), woken })
    }

    /// Tells everybody who listens to the topic.
    pub(super) fn publish(&mut self, draft: Draft, now: Instant) -> Vec<W> {
        let Draft { topic, event, json } = draft;
        self.published_total += 1;
        if self.recent.len() >= self.rules.recent
            && let Some((_, at)) = self.recent.pop_front()
        {
            self.remembers_from = at;
        }
        self.recent.push_back((Arc::clone(&topic), now));
        let event = self.event(topic, event, json);
        let mut woken = Vec::new();
        self.spread(vec![event], &mut woken);
        woken
    }

    /// What the stream is to write next.
    pub(super) fn next(&mut self, id: StreamId) -> Next {
        match self.streams.get_mut(&id) {
            Some(stream) => stream.next(),
            None => Next::Ended,
        }
    }

    /// Ends a stream; one that has ended already is no error.
    pub(super) fn close(&mut self, id: StreamId) -> Vec<W> {
        self.close_all_of([id])
    }

    /// Has every stream write that it is alive, and ends those that are open for `longest` or longer.
    pub(super) fn beat(&mut self, longest: Duration, now: Instant) -> Vec<W> {
        let mut old = Vec::new();
        let mut woken = Vec::new();
        for (id, stream) in &mut self.streams {
            if now.saturating_duration_since(stream.since) >= longest {
                old.push(*id);
            } else {
                stream.beat = true;
                woken.push(stream.waker.clone());
            }
        }
        woken.extend(self.close_all_of(old));
        woken
    }

    /// Ends the streams of a session.
    pub(super) fn end_session(&mut self, session: i64) -> Vec<W> {
        if !self.sessions.contains_key(&session) {
            return Vec::new();
        }
        self.end_where(|viewer| viewer.session == Some(session))
    }

    /// Ends the streams of whoever this is true of.
    pub(super) fn end_where(&mut self, mut is_over: impl FnMut(&Viewer) -> bool) -> Vec<W> {
        let over = self.streams.iter().filter(|(_, stream)| is_over(&stream.viewer)).map(|(id, _)| *id);
        let over: Vec<StreamId> = over.collect();
        self.close_all_of(over)
    }

    /// Ends all streams and opens no more.
    pub(super) fn stop(&mut self) -> Vec<W> {
        self.stopping = true;
        self.end_where(|_| true)
    }

    /// The sessions that have streams.
    pub(super) fn sessions(&self) -> Vec<i64> {
        self.sessions.keys().copied().collect()
    }

    /// Who is present at a topic.
    pub(super) fn present(&self, topic: &str) -> Vec<Present> {
        let here = self.present.get(topic).into_iter().flat_map(BTreeMap::values).flatten();
        distinct(here.chain(self.elsewhere.get(topic).into_iter().flat_map(BTreeMap::values).flatten()))
    }

    /// What other nodes are to be told of who is present here: each list that is not what they know.
    pub(super) fn take_untold(&mut self) -> Vec<(Topic, Vec<Present>)> {
        std::mem::take(&mut self.untold).into_iter().map(|topic| self.present_here(topic)).collect()
    }

    /// Everybody who is present here, for a node that has just come.
    pub(super) fn all_present_here(&self) -> Vec<(Topic, Vec<Present>)> {
        self.present.keys().map(|topic| self.present_here(Arc::clone(topic))).collect()
    }

    fn present_here(&self, topic: Topic) -> (Topic, Vec<Present>) {
        let here = distinct(self.present.get(&topic).into_iter().flat_map(BTreeMap::values).flatten());
        (topic, here)
    }

    /// Another node says who is present there.
    pub(super) fn present_elsewhere(&mut self, node: i64, topic: &Topic, list: Vec<Present>) -> Vec<W> {
        let before = self.lists(std::iter::once(topic));
        let nodes = self.elsewhere.entry(Arc::clone(topic)).or_default();
        if list.is_empty() {
            nodes.remove(&node);
        } else {
            nodes.insert(node, list);
        }
        if nodes.is_empty() {
            self.elsewhere.remove(topic);
        }
        let mut woken = Vec::new();
        let events = self.changed(before);
        self.spread(events, &mut woken);
        woken
    }

    /// A node is gone: nobody is present there.
    pub(super) fn node_gone(&mut self, node: i64) -> Vec<W> {
        let there = self.elsewhere.iter().filter(|(_, nodes)| nodes.contains_key(&node));
        let topics: Vec<Topic> = there.map(|(topic, _)| Arc::clone(topic)).collect();
        topics.iter().flat_map(|topic| self.present_elsewhere(node, topic, Vec::new())).collect()
    }

    /// Nothing is known of other nodes any more.
    pub(super) fn forget_elsewhere(&mut self) -> Vec<W> {
        let nodes: BTreeSet<i64> = self.elsewhere.values().flat_map(BTreeMap::keys).copied().collect();
        nodes.into_iter().flat_map(|node| self.node_gone(node)).collect()
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            streams: self.streams.len(),
            topics: self.topics.len(),
            published_total: self.published_total,
            dropped_total: self.dropped_total,
        }
    }

    fn admit(&self, viewer: &Viewer) -> Result<(), Refusal> {
        if self.stopping {
            return Err(Refusal::Stopping);
        }
        let of_session = viewer.session.and_then(|session| self.sessions.get(&session)).copied().unwrap_or_default();
        match (self.streams.len() >= self.rules.streams, of_session >= self.rules.of_session) {
            (_, true) => Err(Refusal::OfSession),
            (true, false) => Err(Refusal::Full),
            (false, false) => Ok(()),
        }
    }

    /// How long ago the last event of these topics was, or may have been.
    fn last_of(&self, topics: &[Topic], now: Instant) -> Duration {
        let last = self.recent.iter().rev().find(|(topic, _)| topics.contains(topic));
        now.saturating_duration_since(last.map_or(self.remembers_from, |(_, at)| *at))
    }

    fn event(&mut self, topic: Topic, name: Box<str>, json: Box<str>) -> Arc<Event> {
        self.last_event += 1;
        Arc::new(Event { number: self.last_event, topic, name, json })
    }

    /// The list of those present, as an event.
    fn presence(&mut self, topic: &Topic) -> Arc<Event> {
        // Texts alone: that cannot fail.
        let json = serde_json::to_string(&self.present(topic)).unwrap_or_else(|_| "[]".to_owned());
        self.event(Arc::clone(topic), "presence".into(), json.into())
    }

    /// Puts a stream among those present; answers what is to be told of that.
    fn arrive(&mut self, id: StreamId, places: &[(Topic, Present)]) -> Vec<Arc<Event>> {
        let before = self.lists(places.iter().map(|(topic, _)| topic));
        for (topic, present) in places {
            self.untold.insert(Arc::clone(topic));
            self.present.entry(Arc::clone(topic)).or_default().entry(id).or_default().push(present.clone());
        }
        self.changed(before)
    }

    fn lists<'a>(&self, topics: impl Iterator<Item = &'a Topic>) -> BTreeMap<Topic, Vec<Present>> {
        topics.map(|topic| (Arc::clone(topic), self.present(topic))).collect()
    }

    /// An event for each list that is not what it was.
    fn changed(&mut self, before: BTreeMap<Topic, Vec<Present>>) -> Vec<Arc<Event>> {
        let changed: Vec<Topic> =
            before.into_iter().filter(|(topic, list)| self.present(topic) != *list).map(|(topic, _)| topic).collect();
        changed.iter().map(|topic| self.presence(topic)).collect()
    }

    fn close_all_of(&mut self, ids: impl IntoIterator<Item = StreamId>) -> Vec<W> {
        let mut woken = Vec::new();
        for id in ids {
            let departures = self.remove(id, &mut woken);
            self.spread(departures, &mut woken);
        }
        woken
    }

    /// Takes a stream out of everything; answers what is to be told of that.
    fn remove(&mut self, id: StreamId, woken: &mut Vec<W>) -> Vec<Arc<Event>> {
        let Some(stream) = self.streams.remove(&id) else { return Vec::new() };
        if let Some(session) = stream.viewer.session
            && let Some(count) = self.sessions.get_mut(&session)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.sessions.remove(&session);
            }
        }
        for topic in &stream.topics {
            if let Some(listeners) = self.topics.get_mut(topic) {
                listeners.remove(&id);
                if listeners.is_empty() {
                    self.topics.remove(topic);
                }
            }
        }
        let before = self.lists(stream.places.iter());
        for topic in &stream.places {
            self.untold.insert(Arc::clone(topic));
            if let Some(here) = self.present.get_mut(topic) {
                here.remove(&id);
                if here.is_empty() {
                    self.present.remove(topic);
                }
            }
        }
        woken.push(stream.waker);
        self.changed(before)
    }

    /// Puts events into the queues. Whoever has no room is given up, which others may have to be told; that ends, as
    /// each time there is a stream less.
    fn spread(&mut self, events: Vec<Arc<Event>>, woken: &mut Vec<W>) {
        let mut left = VecDeque::from(events);
        while let Some(event) = left.pop_front() {
            let listeners: Vec<StreamId> = self.topics.get(&event.topic).into_iter().flatten().copied().collect();
            for id in listeners {
                let Some(stream) = self.streams.get_mut(&id) else { continue };
                if stream.queue.len() < self.rules.queue {
                    stream.queue.push_back(Arc::clone(&event));
                    woken.push(stream.waker.clone());
                } else {
                    self.dropped_total += 1;
                    let departures = self.remove(id, woken);
                    left.extend(departures);
                }
            }
        }
    }
}
