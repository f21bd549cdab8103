//! How many statements somebody had run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count of statements. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statements(Arc<AtomicU64>);

impl Statements {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
