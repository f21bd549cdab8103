//! Who holds a lock, as pages may show it.

use std::sync::Arc;
use std::time::Instant;

use super::{LedgerRow, Mode};

/// A request that holds a lock at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Who else may hold it beside this one.
    pub mode: Mode,
    /// Since when.
    pub since: Instant,
    /// The id of the request, or the name of the background work.
    pub request: Arc<str>,
    /// The page's name.
    pub page: &'static str,
}

impl Holder {
    /// The holders of one lock, in the order they got it.
    pub(crate) fn all_of(row: &LedgerRow) -> Vec<Self> {
        let holder = |holding: &super::Holding| Self {
            mode: row.mode,
            since: holding.since,
            request: Arc::clone(&holding.party.request),
            page: holding.party.page,
        };
        row.holders.iter().map(holder).collect()
    }
}
