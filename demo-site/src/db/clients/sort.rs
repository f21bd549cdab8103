//! The orders of the list.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientSort {
    /// By name, whatever the case.
    #[default]
    Name,
    /// By account.
    Account,
    /// By industry.
    Industry,
    /// By city.
    City,
    /// The latest change first.
    Updated,
}

/// A text that names no order.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("clients cannot be sorted by {0:?}")]
pub struct UnknownSort(String);

impl ClientSort {
    /// All orders.
    pub const ALL: [Self; 5] = [Self::Name, Self::Account, Self::Industry, Self::City, Self::Updated];

    /// The order's name in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Account => "account",
            Self::Industry => "industry",
            Self::City => "city",
            Self::Updated => "updated",
        }
    }

    /// Each order has an index of its own and ends in something unique, so that no client is on
    /// two pages or on none.
    pub(super) fn order_by(self) -> &'static str {
        match self {
            Self::Name => "sort_name, id",
            Self::Account => "account",
            Self::Industry => "industry, id",
            Self::City => "city, id",
            Self::Updated => "updated_at DESC, id DESC",
        }
    }
}

impl fmt::Display for ClientSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Nothing (`?sort=`) is the default order.
impl FromStr for ClientSort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, UnknownSort> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).ok_or_else(|| UnknownSort(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_ends_in_something_unique() {
        for sort in ClientSort::ALL {
            let last = sort.order_by().rsplit(", ").next();
            assert!(matches!(last, Some("id" | "id DESC" | "account")), "{sort}");
        }
    }

    #[test]
    fn unknown_orders_are_refused() {
        for sort in ClientSort::ALL {
            assert_eq!(sort.as_str().parse(), Ok(sort));
        }
        assert_eq!("".parse(), Ok(ClientSort::Name));
        for unknown in ["Name", "name;--", "name DESC", "id", "sort_name, id"] {
            assert!(unknown.parse::<ClientSort>().is_err(), "{unknown}");
        }
    }
}
