//! Units of work that append distinct numbers to lists and read whole lists.

mod cycles;
mod edges;
mod graph;
mod versions;

use super::Fault;
use super::History;
use super::Operation;

/// One step of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Reads a list.
    Read(String),
    /// Appends a number to a list. No other step of the history appends the same number to it.
    Append(String, i64),
}

impl Step {
    /// The list it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Read(key) | Self::Append(key, _) => key,
        }
    }
}

/// What clients had done in units of work; the answer is what each reading saw, in the order of the steps.
pub type Units = History<Vec<Step>, Vec<Vec<i64>>>;

type Unit = Operation<Vec<Step>, Vec<Vec<i64>>>;

/// What is no error, and worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Units that happened: acknowledged, or unknown and seen by others.
    pub units: usize,
    /// Edges of the graph, those of real time apart.
    pub edges: usize,
    /// Pairs of units that each did not see what the other did: write skew, which snapshot isolation allows.
    pub write_skews: usize,
    /// Groups of units that no serial order explains: write skew again, of two or more (G2-item).
    pub not_serializable: usize,
}

/// Checks that the units can be those of a strict snapshot isolation in which the first committer wins.
///
/// # Errors
///
/// One [`Fault`] for each kind of contradiction and place, the plainest ones first; of cycles the shortest that were
/// found.
///
/// # Panics
///
/// When two steps append the same number to one list: such a history tells nothing.
pub fn check(history: &Units) -> Result<Report, Vec<Fault>> {
    let (versions, mut faults) = versions::infer(history);
    let graph = edges::of(history, &versions);
    faults.extend(cycles::find(history, &graph));
    if faults.is_empty() { Ok(cycles::report(&graph, versions.committed())) } else { Err(faults) }
}

/// What a unit read of a list, and what it appended.
impl Unit {
    /// The readings, each with what was seen and what the unit itself had appended before.
    fn readings(&self) -> impl Iterator<Item = (&str, &[i64], Vec<i64>)> {
        let is_reading = |step: &&'_ Step| matches!(step, Step::Read(_));
        debug_assert!(self.answer().is_none_or(|seen| seen.len() == self.call.iter().filter(is_reading).count()));
        let steps = self.call.iter().enumerate().filter(|(_, step)| matches!(step, Step::Read(_)));
        let answers = self.answer().into_iter().flatten();
        steps.zip(answers).map(|((place, step), seen)| {
            let key = step.key();
            (key, seen.as_slice(), self.appended(key, place))
        })
    }

    /// What its first so many steps append to a list.
    fn appended(&self, key: &str, steps: usize) -> Vec<i64> {
        let append = |step: &Step| match step {
            Step::Append(to, number) if to == key => Some(*number),
            _ => None,
        };
        self.call.iter().take(steps).filter_map(append).collect()
    }

    fn appends(&self) -> impl Iterator<Item = (&str, i64)> {
        self.call.iter().filter_map(|step| match step {
            Step::Append(key, number) => Some((key.as_str(), *number)),
            Step::Read(_) => None,
        })
    }
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
