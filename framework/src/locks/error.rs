//! Why a lock was not had.

use std::fmt;
use std::time::Duration;

use super::{LockName, Party};

/// How many parties a message names before it only counts them.
const NAMED: usize = 3;

/// A lock that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The name is empty or blank.
    #[error("a lock needs a name: give one with at least one visible character")]
    EmptyName,
    /// The name is too long.
    #[error("the name of a lock has {length} bytes: use at most {limit}, such as a kind and a key")]
    NameTooLong {
        /// Its length in bytes, trimmed and in lower case.
        length: usize,
        /// The longest there may be.
        limit: usize,
    },
    /// The time to wait is zero.
    #[error("a lock needs a time limit: say how long to wait for `{name}`, or only try to lock it")]
    NoTimeLimit {
        /// The lock.
        name: LockName,
    },
    /// The lock did not become free in time.
    #[error(
        "`{name}` did not become free within {within:?}, it is held by {}: try again, or let its holders do less under it",
        List(.holders)
    )]
    TimedOut {
        /// The lock.
        name: LockName,
        /// How long it was waited for.
        within: Duration,
        /// Who held it when the time was over, the oldest unit of work first.
        holders: Vec<Party>,
    },
    /// The lock was only tried, and is not free.
    #[error("`{name}` is held by {by}: do without it, or wait for it with a time limit")]
    Held {
        /// The lock.
        name: LockName,
        /// Who holds it; the oldest unit of work if there are several.
        by: Party,
    },
    /// As many requests wait for the lock as may wait.
    #[error("{limit} requests wait for `{name}` already: try again later")]
    TooManyWaiters {
        /// The lock.
        name: LockName,
        /// How many may wait.
        limit: usize,
    },
    /// The request holds the lock read-only and would wait for itself.
    #[error(
        "this request holds `{name}` read-only and would wait for itself: lock it exclusively from the start, or release it first"
    )]
    UpgradeDeadlock {
        /// The lock.
        name: LockName,
    },
    /// The wait would close a circle of requests that wait for one another.
    #[error("{0}")]
    Deadlock(Box<Deadlock>),
    /// Scopes are locked in the wrong order, which ends in deadlocks.
    #[error("`{wanted}` was asked for while `{held}` is held: lock scopes in the order session, application, server")]
    OrderViolation {
        /// The lock on the wider scope.
        held: LockName,
        /// The lock on the narrower scope.
        wanted: LockName,
    },
    /// The request waits for another lock at the same time.
    #[error("`{wanted}` was asked for while this request waits for `{awaited}`: ask for one after the other")]
    AlreadyWaiting {
        /// The lock.
        wanted: LockName,
        /// What the request waits for.
        awaited: LockName,
    },
    /// This node was taken to be dead by the others while it held or waited for a lock over all nodes.
    #[error("`{name}` was lost: this node was taken to be dead by the others meanwhile")]
    Lost {
        /// The lock.
        name: LockName,
    },
    /// A lock over all nodes could not be asked for.
    #[error("`{name}` could not be asked for over all nodes: {why}")]
    Unreachable {
        /// The lock.
        name: LockName,
        /// What the database said.
        why: String,
    },
    /// The request ended while it waited.
    #[error("the request ended while it waited for `{name}`: do not wait for locks in work that outlives its request")]
    Ended {
        /// The lock.
        name: LockName,
    },
}

impl LockError {
    /// Whether no waiting would have helped: requests wait for one another, or one for itself.
    ///
    /// What the request holds has to be released first; another attempt of the whole request does that.
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        matches!(self, Self::Deadlock(_) | Self::UpgradeDeadlock { .. })
    }

    /// Whether running the whole request again may succeed at once: a circle is open when what
    /// the request holds is released, and a lock that was held for a moment is free the next. A
    /// request that upgrades would do so again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Deadlock(_) | Self::Held { .. } | Self::Lost { .. })
    }
}

/// A circle of waiting requests, as it would have been.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlock {
    /// Who was refused.
    pub waiter: Party,
    /// Who holds what it wanted, and waits, itself or through others, for what it holds.
    pub holder: Party,
    /// What it wanted.
    pub wanted: LockName,
    /// What it holds.
    pub held: LockName,
}

impl fmt::Display for Deadlock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waiter, holder, wanted, held } = self;
        write!(
            out,
            "deadlock: {waiter} holds `{held}` and wants `{wanted}`, {holder} holds `{wanted}` and waits for `{held}`: \
             lock them in the same order everywhere"
        )
    }
}

/// Parties in a message.
struct List<'a>(&'a [Party]);

impl fmt::Display for List<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, party) in self.0.iter().take(NAMED).enumerate() {
            write!(out, "{}{party}", if index == 0 { "" } else { "; " })?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(out, "; and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Owner;
    use super::*;

    fn parties(count: u64) -> Vec<Party> {
        (1..=count).map(|number| Party::new(Owner(number), format!("r{number}"), "client")).collect()
    }

    fn timed_out(holders: Vec<Party>) -> String {
        let name = LockName::named("client/7").unwrap();
        LockError::TimedOut { name, within: Duration::from_secs(3), holders }.to_string()
    }

    #[test]
    fn a_time_out_names_the_lock_the_time_and_the_holder() {
        let message = timed_out(parties(1));
        assert!(
            message.starts_with("`client/7` did not become free within 3s, it is held by page client, request r1:")
        );
    }

    #[test]
    fn a_message_names_three_holders_and_counts_the_others() {
        assert!(timed_out(parties(3)).contains("request r1; page client, request r2; page client, request r3:"));
        assert!(timed_out(parties(9)).contains("request r3; and 6 more:"));
    }

    #[test]
    fn a_deadlock_names_both_sides() {
        let [waiter, holder] = <[Party; 2]>::try_from(parties(2)).unwrap();
        let (wanted, held) = (LockName::named("b").unwrap(), LockName::named("a").unwrap());
        let error = LockError::Deadlock(Box::new(Deadlock { waiter, holder, wanted, held }));
        assert!(error.is_deadlock());
        assert_eq!(
            error.to_string(),
            "deadlock: page client, request r1 holds `a` and wants `b`, page client, request r2 holds `b` and waits for \
             `a`: lock them in the same order everywhere"
        );
    }

    #[test]
    fn only_deadlocks_are_deadlocks() {
        let name = LockName::APPLICATION;
        assert!(LockError::UpgradeDeadlock { name: name.clone() }.is_deadlock());
        assert!(!LockError::NoTimeLimit { name: name.clone() }.is_deadlock());
        assert!(!LockError::TooManyWaiters { name, limit: 1 }.is_deadlock());
    }
}
