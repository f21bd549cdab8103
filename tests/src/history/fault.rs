//! What a checker finds a site guilty of.

use std::fmt;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Two critical sections of one name at the same time.
    Overlap,
    /// A critical section that was left before it was entered.
    Backwards,
    /// Two additions were answered the same value.
    HandedOutTwice,
    /// The values contradict the times: what had ended was not seen, or seen before it began.
    OutOfOrder,
    /// A value that takes more additions than there were.
    NobodysAddition,
    /// A value that never was.
    NeverWritten,
    /// No order explains the answers.
    NotLinearizable,
    /// The search was given up: the history is too hard to judge.
    Undecided,
    /// One thing was made twice, or two things were one.
    NotOnce,
    /// A unit that contradicts itself.
    Internal,
    /// An element that nobody appended.
    Phantom,
    /// An element that is in a list twice.
    Duplicate,
    /// Two readings of which neither is the beginning of the other.
    Incompatible,
    /// An acknowledged append that a later reading has not.
    Vanished,
    /// An element of a unit that was undone (Adya's G1a).
    AbortedRead,
    /// A list as it was in the middle of somebody's unit (G1b).
    IntermediateRead,
    /// Two units changed the same version (P4).
    LostUpdate,
    /// A cycle of appends (G0).
    WriteCycle,
    /// A cycle of appends and of what was seen (G1c).
    CircularInformation,
    /// A cycle with one reading of what was too old (G-single).
    ReadSkew,
    /// A cycle with several such, never two in a row.
    NonadjacentSkew,
    /// A cycle of appends, what was seen, and real time: what was seen had not begun.
    BackwardsInTime,
    /// A cycle with one reading of what was too old by real time: a stale read.
    StaleRead,
    /// A cycle with several such, never two in a row.
    NonadjacentStaleRead,
}

/// Something no correct site can have answered, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: Kind,
    /// The operations that show it, a line each.
    pub evidence: Vec<String>,
}

impl Fault {
    pub(super) fn new(kind: Kind, evidence: impl IntoIterator<Item = String>) -> Self {
        Self { kind, evidence: evidence.into_iter().collect() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.kind)?;
        for line in &self.evidence {
            write!(formatter, "\n    {line}")?;
        }
        Ok(())
    }
}
