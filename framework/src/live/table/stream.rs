//! One stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::{Event, Next, Topic};
use crate::live::wish::{Viewer, Wish};

#[derive(Debug)]
pub(super) struct Stream<W> {
    pub(super) viewer: Viewer,
    pub(super) topics: Vec<Topic>,
    /// The topics where it is present.
    pub(super) places: Vec<Topic>,
    pub(super) queue: VecDeque<Arc<Event>>,
    /// Whether it is to write that it is alive.
    pub(super) beat: bool,
    pub(super) since: Instant,
    pub(super) waker: W,
}

impl<W> Stream<W> {
    pub(super) fn new(wish: &Wish, waker: W, now: Instant) -> Self {
        Self {
            viewer: wish.viewer.clone(),
            topics: wish.topics.clone(),
            places: wish.present.iter().map(|(topic, _)| Arc::clone(topic)).collect(),
            queue: VecDeque::new(),
            beat: false,
            since: now,
            waker,
        }
    }

    pub(super) fn next(&mut self) -> Next {
        if let Some(event) = self.queue.pop_front() {
            // What is written shows as well that the stream is alive.
            self.beat = false;
            return Next::Event(event);
        }
        if std::mem::take(&mut self.beat) { Next::Beat } else { Next::Nothing }
    }
}
