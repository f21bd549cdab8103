//! What the table is told and what it answers.

use std::sync::Arc;
use std::time::Duration;

/// What events are about, as pages call it.
pub(crate) type Topic = Arc<str>;

/// The number of a stream, of its own in this process; later ones are larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId(pub(super) u64);

/// Something that was published.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::live) struct Event {
    /// From 1, in the order of publication.
    pub(in crate::live) number: u64,
    pub(in crate::live) topic: Topic,
    pub(in crate::live) name: Box<str>,
    pub(in crate::live) json: Box<str>,
}

/// The limits.
#[derive(Debug, Clone, Copy)]
pub(in crate::live) struct Rules {
    /// Most streams.
    pub(in crate::live) streams: usize,
    /// Most streams of one session.
    pub(in crate::live) of_session: usize,
    /// Most events that wait for one stream.
    pub(in crate::live) queue: usize,
    /// Events whose time is remembered.
    pub(in crate::live) recent: usize,
}

/// Why there is no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There are as many as may be.
    Full,
    /// This session has as many as it may have.
    OfSession,
    /// The site is stopping.
    Stopping,
}

/// A stream that was opened.
#[derive(Debug)]
pub(in crate::live) struct Opened<W> {
    pub(in crate::live) id: StreamId,
    /// How long ago the last event was that it would have been told, at most; nobody knows of earlier ones.
    pub(in crate::live) last: Duration,
    pub(in crate::live) woken: Vec<W>,
}

/// What is next for a stream.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::live) enum Next {
    Event(Arc<Event>),
    Beat,
    Nothing,
    /// It has ended.
    Ended,
}

/// The counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Open at this moment.
    pub(crate) streams: usize,
    /// That somebody listens to.
    pub(crate) topics: usize,
    /// Events, those about presence not counted.
    pub(crate) published_total: u64,
    /// Streams that were given up since their client was too slow.
    pub(crate) dropped_total: u64,
}
