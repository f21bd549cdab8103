//! A register that clients write and read.

use std::collections::BTreeMap;

use super::Fault;
use super::History;
use super::Kind;
use super::Moment;
use super::Operation;
use super::search::Model;
use super::search::search;

/// What is asked of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Its value; the answer is that, or none where nothing was written.
    Read,
    /// Another value. The answer says nothing.
    Write(i64),
}

/// What clients did to one register.
pub type Accesses = History<Call, Option<i64>>;

type Access = Operation<Call, Option<i64>>;

/// Checks that a register without a value at first is linearizable.
///
/// # Errors
///
/// The first [`Fault`] that was found.
pub fn check(history: &Accesses) -> Result<(), Fault> {
    let mut written: Vec<i64> = operations(history).filter_map(value_written).collect();
    let writes = written.len();
    written.sort_unstable();
    written.dedup();
    if written.len() == writes { check_by_zones(history) } else { check_by_search(history) }
}

/// The same, by trying. For histories of few clients, or where values are written more than once.
///
/// # Errors
///
/// As [`check`], and a fault of kind [`Undecided`](super::Kind::Undecided) when it takes too long.
pub fn check_by_search(history: &Accesses) -> Result<(), Fault> {
    let operations: Vec<_> = operations(history).collect();
    search(&Register, None, &operations)
}

fn operations(history: &Accesses) -> impl Iterator<Item = &Access> {
    history.operations.iter().filter(|operation| operation.may_have_happened())
}

fn value_written(operation: &Access) -> Option<i64> {
    match operation.call {
        Call::Write(value) => Some(value),
        Call::Read => None,
    }
}

struct Register;

impl Model for Register {
    type Call = Call;
    type Answer = Option<i64>;
    type State = Option<i64>;

    fn step(&self, state: &Option<i64>, call: &Call, answer: Option<&Option<i64>>) -> Option<Option<i64>> {
        match call {
            Call::Write(value) => Some(Some(*value)),
            Call::Read => answer.is_none_or(|answer| answer == state).then_some(*state),
        }
    }
}

/// A write, and all who read it.
struct Cluster<'a> {
    /// None for the value that nobody wrote.
    write: Option<&'a Access>,
    /// The one that ended first, and the one that began last. Where the former ended before the latter began, the value
    /// was certainly stored from the one moment to the other.
    first: Option<&'a Access>,
    last: Option<&'a Access>,
}

impl<'a> Cluster<'a> {
    fn of(write: Option<&'a Access>) -> Self {
        Self { write, first: write, last: write }
    }

    fn add(&mut self, read: &'a Access) {
        self.first = self.first.into_iter().chain([read]).min_by_key(|operation| operation.ends());
        self.last = self.last.into_iter().chain([read]).max_by_key(|operation| operation.invoked);
    }

    /// Nothing for what nobody wrote: that was stored before the first moment.
    fn first_end(&self) -> Option<Moment> {
        self.write.and(self.first).map(Operation::ends)
    }

    fn last_begin(&self) -> Option<Moment> {
        self.last.map(|last| last.invoked)
    }

    /// Whether the value was certainly stored for a while.
    fn is_forward(&self) -> bool {
        self.first_end() < self.last_begin()
    }

    fn told(&self) -> impl Iterator<Item = String> {
        let mut told: Vec<String> =
            [self.write, self.first, self.last].into_iter().flatten().map(Access::told).collect();
        told.dedup();
        told.into_iter()
    }
}

fn check_by_zones(history: &Accesses) -> Result<(), Fault> {
    let mut clusters: BTreeMap<Option<i64>, Cluster<'_>> = BTreeMap::from([(None, Cluster::of(None))]);
    for write in operations(history).filter(|operation| value_written(operation).is_some()) {
        clusters.insert(value_written(write), Cluster::of(Some(write)));
    }
    for read in operations(history).filter(|operation| operation.call == Call::Read) {
        let Some(value) = read.answer() else { continue };
        let Some(cluster) = clusters.get_mut(value) else {
            return Err(Fault::new(Kind::NeverWritten, [read.told()]));
        };
        if let Some(write) = cluster.write.filter(|write| read.ends() < write.invoked) {
            return Err(Fault::new(Kind::OutOfOrder, [read.told(), write.told()]));
        }
        cluster.add(read);
    }
    let (mut forward, mut backward): (Vec<_>, Vec<_>) =
        clusters.into_values().partition(|cluster| cluster.is_forward());
    // A write whose outcome is unknown and that nobody has read is no trouble: it ends never.
    forward.sort_by_key(Cluster::first_end);
    for pair in forward.windows(2) {
        // Two values that were both stored at one moment. Zones that touch can still be one after the other.
        if pair[1].first_end() < pair[0].last_begin() {
            return Err(Fault::new(Kind::OutOfOrder, pair[0].told().chain(pair[1].told())));
        }
    }
    backward.retain(|cluster| cluster.write.is_some());
    for cluster in backward {
        // The value was written and read all within a time in which another one was stored throughout.
        let around = forward.partition_point(|other| other.first_end() < cluster.last_begin()).checked_sub(1);
        let around = around.map(|around| &forward[around]).filter(|other| cluster.first_end() < other.last_begin());
        if let Some(other) = around {
            return Err(Fault::new(Kind::OutOfOrder, cluster.told().chain(other.told())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
