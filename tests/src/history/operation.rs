//! What clients write down.

use std::fmt::Debug;

/// Nanoseconds since the history began, by one clock that never goes back.
pub type Moment = u64;

/// What came of an operation, as far as its client knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<A> {
    /// It happened, and this was the answer.
    Done(A),
    /// It certainly did not happen and never will.
    Failed,
    /// It may have happened, may not have, or may still happen.
    Unknown,
}

/// One question of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation<C, A> {
    /// The client's number. A client asks one thing at a time.
    pub process: usize,
    /// The node that answered, if it is known.
    pub node: Option<String>,
    /// When the client asked.
    pub invoked: Moment,
    /// When it had the answer, or gave up.
    pub completed: Moment,
    /// What it asked for.
    pub call: C,
    /// What came of it.
    pub outcome: Outcome<A>,
}

/// All that the clients of one load did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History<C, A> {
    /// The operations, in no order.
    pub operations: Vec<Operation<C, A>>,
}

/// How many operations ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Answered.
    pub done: usize,
    /// Certainly not done.
    pub failed: usize,
    /// Nobody knows.
    pub unknown: usize,
}

impl<C, A> Operation<C, A> {
    /// The answer, if there was one.
    pub fn answer(&self) -> Option<&A> {
        match &self.outcome {
            Outcome::Done(answer) => Some(answer),
            Outcome::Failed | Outcome::Unknown => None,
        }
    }

    /// Whether it may show in what others see.
    pub fn may_have_happened(&self) -> bool {
        !matches!(self.outcome, Outcome::Failed)
    }

    /// The last moment at which it can have happened: of one whose outcome is unknown there is none.
    pub fn ends(&self) -> Moment {
        match self.outcome {
            Outcome::Unknown => Moment::MAX,
            Outcome::Done(_) | Outcome::Failed => self.completed,
        }
    }
}

impl<C: Debug, A: Debug> Operation<C, A> {
    /// The operation in a line, for evidence.
    pub fn told(&self) -> String {
        let node = self.node.as_deref().map(|node| format!(" at {node}")).unwrap_or_default();
        format!(
            "client {}{node}, {}-{} µs: {:?} {:?}",
            self.process,
            self.invoked / 1000,
            self.completed / 1000,
            self.call,
            self.outcome
        )
    }
}

impl<C, A> History<C, A> {
    /// The history of these operations.
    ///
    /// # Panics
    ///
    /// When one of them ended before it began, or a client did two things at once: whoever recorded that is wrong.
    #[must_use]
    pub fn new(operations: Vec<Operation<C, A>>) -> Self {
        let mut sorted: Vec<_> = operations.iter().map(|op| (op.process, op.invoked, op.completed)).collect();
        sorted.sort_unstable();
        for (process, invoked, completed) in &sorted {
            assert!(invoked <= completed, "client {process} had an answer before it asked");
        }
        for pair in sorted.windows(2) {
            let is_one_client = pair[0].0 == pair[1].0;
            assert!(!is_one_client || pair[0].2 <= pair[1].1, "client {} asked twice at a time", pair[0].0);
        }
        Self { operations }
    }

    /// How many of them ended how.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for operation in &self.operations {
            match operation.outcome {
                Outcome::Done(_) => tally.done += 1,
                Outcome::Failed => tally.failed += 1,
                Outcome::Unknown => tally.unknown += 1,
            }
        }
        tally
    }
}
