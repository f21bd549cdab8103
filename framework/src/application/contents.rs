//! All variables as a page shows them.

use serde::Serialize;

use super::Snapshot;

/// One application variable as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it is: `value`, `counter`, `queue`, `map` or `bag`.
    pub kind: String,
    /// Whether it is in the database.
    pub durable: bool,
    /// Grows with every change.
    pub version: u64,
    /// Its content as JSON, or how many things are in it.
    pub text: String,
}

pub(super) fn contents(snapshot: &Snapshot) -> Vec<Variable> {
    let mut all: Vec<Variable> = snapshot
        .iter()
        .map(|(name, cell)| Variable {
            name: name.to_string(),
            kind: cell.kind().to_string(),
            durable: cell.durable,
            version: cell.version,
            text: cell.content.excerpt(),
        })
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}
