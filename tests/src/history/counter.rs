//! A counter to which clients add one, and which they read.

mod blind;
mod numbered;

use super::Fault;
use super::History;
use super::Operation;
use super::search::Model;
use super::search::search;

/// What is asked of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Its value.
    Read,
    /// One more; the answer is the value afterwards.
    Add,
    /// One more; whatever is answered says nothing of the value.
    AddBlindly,
}

/// What clients did to one counter.
pub type Counts = History<Call, i64>;

type Count = Operation<Call, i64>;

/// Checks that a counter which was `start` at first is linearizable.
///
/// All additions that were answered have happened, each once, and every value that was answered was the value at some
/// moment between question and answer.
///
/// # Errors
///
/// The first [`Fault`] that was found.
pub fn check(history: &Counts, start: i64) -> Result<(), Fault> {
    let of = |call: Call| -> Vec<&Count> {
        let all = history.operations.iter().filter(|operation| operation.call == call);
        all.filter(|operation| operation.may_have_happened()).collect()
    };
    let (adds, blind) = (of(Call::Add), of(Call::AddBlindly));
    let reads = of(Call::Read).into_iter().filter(|read| read.answer().is_some()).collect::<Vec<_>>();
    // Whose outcome is unknown tells no number either way.
    let tells_numbers = adds.iter().any(|add| add.answer().is_some());
    let (done, unknown): (Vec<_>, Vec<_>) = adds.iter().chain(&blind).copied().partition(|add| add.answer().is_some());
    if blind.iter().all(|add| add.answer().is_none()) {
        numbered::check(&done, &unknown, &reads, start)
    } else if !tells_numbers {
        blind::check(&done, &unknown, &reads, start)
    } else {
        check_by_search(history, start)
    }
}

/// The same, by trying. For histories of few clients.
///
/// # Errors
///
/// As [`check`], and a fault of kind [`Undecided`](super::Kind::Undecided) when it takes too long.
pub fn check_by_search(history: &Counts, start: i64) -> Result<(), Fault> {
    let operations: Vec<_> = history.operations.iter().filter(|operation| operation.may_have_happened()).collect();
    search(&Counter, start, &operations)
}

struct Counter;

impl Model for Counter {
    type Call = Call;
    type Answer = i64;
    type State = i64;

    fn step(&self, state: &i64, call: &Call, answer: Option<&i64>) -> Option<i64> {
        let (next, said) = match call {
            Call::Read => (*state, *state),
            Call::Add => (state + 1, state + 1),
            Call::AddBlindly => return Some(state + 1),
        };
        answer.is_none_or(|answer| *answer == said).then_some(next)
    }
}

#[cfg(test)]
mod tests;
