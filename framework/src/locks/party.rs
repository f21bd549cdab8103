//! Who asks for a lock.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

static OWNERS: AtomicU64 = AtomicU64::new(1);

/// One unit of work: one attempt of one request. Later ones have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Owner(pub(crate) u64);

impl Owner {
    /// A number that nobody in this process had before.
    pub(crate) fn next() -> Self {
        Self(OWNERS.fetch_add(1, Ordering::Relaxed))
    }
}

/// Who holds a lock or waits for it, as reports show it: `page client, request 0193-…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub(crate) owner: Owner,
    pub(crate) request: Arc<str>,
    pub(crate) page: &'static str,
}

impl Party {
    pub(crate) fn new(owner: Owner, request: impl Into<Arc<str>>, page: &'static str) -> Self {
        Self { owner, request: request.into(), page }
    }

    /// Whoever it is on another node, as that node describes it.
    pub(crate) fn elsewhere(described: &str) -> Self {
        Self::new(Owner(0), described, "of another node")
    }

    /// Whoever changes the application outside any unit of work.
    pub(crate) fn outside() -> Self {
        static NOBODY: OnceLock<Arc<str>> = OnceLock::new();
        Self::new(Owner::next(), Arc::clone(NOBODY.get_or_init(|| "-".into())), "-")
    }
}

impl fmt::Display for Party {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "page {}, request {}", self.page, self.request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_units_of_work_have_the_same_number() {
        let (first, second) = (Owner::next(), Owner::next());
        assert!(first < second);
    }

    #[test]
    fn a_party_names_its_page_and_its_request() {
        let party = Party::new(Owner(7), "0193", "client");
        assert_eq!(party.to_string(), "page client, request 0193");
    }
}
