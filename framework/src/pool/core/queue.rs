//! The requests that wait for one pool: first come, first served, each with a deadline of its own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Instant;

/// A place in the queue; places are numbered in order of arrival and never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

#[derive(Debug)]
struct Place<W> {
    deadline: Instant,
    waiter: W,
}

#[derive(Debug)]
pub(super) struct Queue<W> {
    /// Keyed by arrival: the first entry is the next to be served, and any entry is removed without a search.
    places: BTreeMap<Ticket, Place<W>>,
    /// The same entries by deadline. Deadlines are the callers' own and do not follow the order of arrival.
    deadlines: BTreeSet<(Instant, Ticket)>,
    /// Retired, but not yet told.
    late: BTreeMap<Ticket, Place<W>>,
    next: u64,
}

impl<W> Queue<W> {
    pub(super) fn new() -> Self {
        Self { places: BTreeMap::new(), deadlines: BTreeSet::new(), late: BTreeMap::new(), next: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn push(&mut self, waiter: W, deadline: Instant) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.places.insert(ticket, Place { deadline, waiter });
        self.deadlines.insert((deadline, ticket));
        ticket
    }

    pub(super) fn pop_first(&mut self) -> Option<W> {
        let ticket = *self.places.first_key_value()?.0;
        self.remove(ticket)
    }

    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<W> {
        let place = self.places.remove(&ticket)?;
        self.deadlines.remove(&(place.deadline, ticket));
        Some(place.waiter)
    }

    /// Takes those whose deadline has come out of the queue and tells how many they were.
    pub(super) fn retire(&mut self, now: Instant) -> u64 {
        let mut retired = 0;
        while let Some(&(deadline, ticket)) = self.deadlines.first()
            && deadline <= now
        {
            self.deadlines.pop_first();
            if let Some(place) = self.places.remove(&ticket) {
                self.late.insert(ticket, place);
                retired += 1;
            }
        }
        retired
    }

    /// Hands out the retired, in order of arrival.
    pub(super) fn take_late(&mut self) -> Vec<W> {
        let late = std::mem::take(&mut self.late);
        late.into_values().map(|place| place.waiter).collect()
    }

    /// Hands out everyone, retired or not, in order of arrival.
    pub(super) fn take_all(&mut self) -> Vec<W> {
        self.deadlines.clear();
        self.late.append(&mut self.places);
        self.take_late()
    }

    /// Tells when somebody has to be told next; in the past if somebody was retired.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let late = self.late.values().map(|place| place.deadline).min();
        let queued = self.deadlines.first().map(|&(deadline, _)| deadline);
        late.into_iter().chain(queued).min()
    }
}
