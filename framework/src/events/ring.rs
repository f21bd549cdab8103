//! A bounded list of the latest events: pure, the clock is the caller's.

use std::collections::VecDeque;

use super::Event;

/// Longest subject or detail, in bytes: some of it may be what a visitor sent.
const TEXT_LIMIT: usize = 500;

/// The latest events.
#[derive(Debug)]
pub(super) struct Ring {
    kept: usize,
    last: u64,
    events: VecDeque<Event>,
}

impl Ring {
    pub(super) fn new(kept: usize) -> Self {
        Self { kept, last: 0, events: VecDeque::new() }
    }

    /// Adds an event, and answers it as it was added. The clock is read here, so that later numbers never have earlier times.
    pub(super) fn push(&mut self, mut event: Event, now: impl FnOnce() -> i64) -> Event {
        for text in std::iter::once(&mut event.subject).chain(&mut event.detail) {
            text.truncate(text.floor_char_boundary(TEXT_LIMIT));
        }
        // A wall clock may be set back.
        event.at = now().max(self.events.back().map_or(i64::MIN, |event| event.at));
        if self.events.len() >= self.kept {
            self.events.pop_front();
        }
        self.last += 1;
        event.number = self.last;
        self.events.push_back(event.clone());
        event
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(subject: String, detail: Option<String>) -> Event {
        Event { number: 0, at: 0, kind: "kind".into(), subject, detail, node: None }
    }

    #[test]
    fn the_oldest_make_room_and_numbers_go_on() {
        let mut ring = Ring::new(3);
        for at in 1..=5 {
            ring.push(event(at.to_string(), None), || at);
        }
        let kept: Vec<(u64, i64, &str)> =
            ring.iter().map(|event| (event.number, event.at, event.subject.as_str())).collect();
        assert_eq!(kept, [(3, 3, "3"), (4, 4, "4"), (5, 5, "5")]);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let mut ring = Ring::new(1);
        ring.push(event("é".repeat(300), Some("é".repeat(300))), || 1);
        let event = ring.iter().next().expect("one");
        assert_eq!(event.subject, "é".repeat(250));
        assert_eq!(event.detail.as_deref(), Some(&*"é".repeat(250)));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_turn_the_order_round() {
        let mut ring = Ring::new(2);
        ring.push(event("a".to_owned(), None), || 9);
        ring.push(event("b".to_owned(), None), || 5);
        assert!(ring.iter().is_sorted_by_key(|event| event.at));
    }
}
