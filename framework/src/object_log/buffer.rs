//! Entries on their way to the database: pure, no store, no clock.

use std::collections::VecDeque;

use super::Entry;

/// An entry and its number, of its own in this process.
#[derive(Debug, Clone)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) entry: Entry,
}

/// Entries that wait to be stored, oldest first.
///
/// At most `limit` wait. While a batch is being stored it is the writer's, and as many again may
/// come; if it comes back, the oldest of all are dropped.
#[derive(Debug)]
pub(super) struct Buffer {
    limit: usize,
    waiting: VecDeque<Numbered>,
    next: u64,
    dropped_total: u64,
}

impl Buffer {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, waiting: VecDeque::new(), next: 0, dropped_total: 0 }
    }

    /// Adds an entry. Answers whether the oldest had to be dropped for it.
    pub(super) fn push(&mut self, entry: Entry) -> bool {
        self.waiting.push_back(Numbered { number: self.next, entry });
        self.next += 1;
        self.drop_excess() > 0
    }

    /// Takes all that wait, for storing them.
    pub(super) fn take(&mut self) -> VecDeque<Numbered> {
        std::mem::take(&mut self.waiting)
    }

    /// Puts a batch back that could not be stored, before what came meanwhile. Answers how many
    /// had to be dropped.
    pub(super) fn put_back(&mut self, mut batch: VecDeque<Numbered>) -> u64 {
        batch.append(&mut self.waiting);
        self.waiting = batch;
        self.drop_excess()
    }

    /// Counts entries that the database refused for good.
    pub(super) fn refused(&mut self, count: u64) {
        self.dropped_total += count;
    }

    /// The number the next entry will have: all noted so far have lower ones.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn dropped_total(&self) -> u64 {
        self.dropped_total
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    fn drop_excess(&mut self) -> u64 {
        let mut dropped = 0;
        while self.waiting.len() > self.limit {
            self.waiting.pop_front();
            dropped += 1;
        }
        self.dropped_total += dropped;
        dropped
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Priority;
    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push,
        Take,
        PutBack,
        Store,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![6 => Just(Step::Push), 1 => Just(Step::Take), 2 => Just(Step::PutBack), 1 => Just(Step::Store)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

        #[test]
        fn every_entry_is_stored_waiting_or_dropped_and_the_oldest_are_dropped_first(
            steps in proptest::collection::vec(step(), 0..80),
            limit in 1_usize..8,
        ) {
            let mut buffer = Buffer::new(limit);
            let mut writing: Option<VecDeque<Numbered>> = None;
            let (mut pushed, mut stored, mut last_stored) = (0_u64, 0_u64, None);
            for step in steps {
                match step {
                    Step::Push => {
                        buffer.push(Entry::new(Priority::Info, "x"));
                        pushed += 1;
                    }
                    Step::Take if writing.is_none() => writing = Some(buffer.take()),
                    Step::PutBack => {
                        if let Some(batch) = writing.take() {
                            buffer.put_back(batch);
                        }
                    }
                    Step::Store => {
                        for numbered in writing.take().into_iter().flatten() {
                            prop_assert!(last_stored < Some(numbered.number), "in order, each once");
                            last_stored = Some(numbered.number);
                            stored += 1;
                        }
                    }
                    Step::Take => {}
                }
                let numbers: Vec<u64> = buffer.waiting.iter().map(|numbered| numbered.number).collect();
                prop_assert!(numbers.len() <= limit);
                // Only the oldest were dropped: what waits is the newest without a gap.
                let newest: Vec<u64> = (pushed - numbers.len() as u64..pushed).collect();
                prop_assert_eq!(&numbers, &newest);
                let in_hand = writing.as_ref().map_or(0, VecDeque::len) as u64;
                prop_assert_eq!(pushed, stored + in_hand + buffer.len() as u64 + buffer.dropped_total());
            }
        }
    }
}
