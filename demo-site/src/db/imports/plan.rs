//! Which column of a file goes where, and what would come of its rows.

use serde::{Deserialize, Serialize};

use crate::domain::csv_import::{Column, Target};

/// Which column goes where, and what somebody was shown would come of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Where the columns go, in the order of the file.
    pub columns: Vec<Target>,
    /// What would come of the rows; not known yet where the file is being looked through.
    pub counts: Option<Counts>,
}

/// What would come of the rows of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New clients.
    pub fresh: i64,
    /// Clients that are there and say the same.
    pub same: i64,
    /// Clients that are there and say something else, or that are hidden.
    pub other: i64,
    /// Rows with something wrong.
    pub refused: i64,
    /// Among the new ones, how many have the name of a client that is there.
    pub alike: i64,
}

impl Plan {
    /// The plan a file's columns suggest.
    #[must_use]
    pub fn for_columns(columns: &[Column]) -> Self {
        Self { columns: columns.iter().map(|column| column.target).collect(), counts: None }
    }

    /// What was stored; an empty plan where it makes no sense.
    #[must_use]
    pub(super) fn of(stored: &str) -> Self {
        serde_json::from_str(stored).unwrap_or_default()
    }

    /// As it is stored.
    #[must_use]
    pub fn stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_what_was_stored_or_empty() {
        let plan = Plan {
            columns: vec![Target::Account, Target::NoteLine],
            counts: Some(Counts { fresh: 3, ..Counts::default() }),
        };
        assert_eq!(Plan::of(&plan.stored()), plan);
        assert_eq!(Plan::of("{}"), Plan::default());
        assert_eq!(Plan::of("nonsense"), Plan::default());
    }
}
