//! Where the pages of a site and its test meet.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use toolcrib::prelude::*;

/// How long anybody waits for anybody else.
const PATIENCE: Duration = Duration::from_secs(15);

/// Shared by a site's modules, as its state, and by its test.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stage(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    journal: Mutex<Vec<String>>,
    counts: Mutex<BTreeMap<String, u64>>,
    flags: Mutex<BTreeSet<&'static str>>,
    gates: Mutex<BTreeMap<&'static str, Arc<Gate>>>,
}

/// A point that pages reach and pass only when they are let.
#[derive(Debug)]
pub(crate) struct Gate {
    arrived: Semaphore,
    way: Semaphore,
}

/// The site's stage.
pub(crate) fn stage(cx: &Context<'_>) -> Stage {
    Stage::of(cx.site())
}

impl Stage {
    /// The stage a site was built with.
    pub(crate) fn of(site: &Site) -> Self {
        site.state::<Self>().cloned().expect("a site with a stage")
    }

    /// Adds a line to the journal.
    pub(crate) fn note(&self, what: impl Into<String>) {
        lock(&self.0.journal).push(what.into());
    }

    /// Takes all lines of the journal.
    pub(crate) fn journal(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.0.journal))
    }

    /// Counts one more of these, and says how many there are now.
    pub(crate) fn count(&self, what: &str) -> u64 {
        let mut counts = lock(&self.0.counts);
        let count = counts.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// How many of these were counted.
    pub(crate) fn counted(&self, what: &str) -> u64 {
        lock(&self.0.counts).get(what).copied().unwrap_or_default()
    }

    /// From now on [`Stage::is_up`].
    pub(crate) fn raise(&self, flag: &'static str) {
        lock(&self.0.flags).insert(flag);
    }

    /// No longer [`Stage::is_up`].
    pub(crate) fn lower(&self, flag: &'static str) {
        lock(&self.0.flags).remove(flag);
    }

    /// Whether the flag was raised.
    pub(crate) fn is_up(&self, flag: &'static str) -> bool {
        lock(&self.0.flags).contains(flag)
    }

    /// The gate of this name.
    pub(crate) fn gate(&self, name: &'static str) -> Arc<Gate> {
        Arc::clone(
            lock(&self.0.gates)
                .entry(name)
                .or_insert_with(|| Arc::new(Gate { arrived: Semaphore::new(0), way: Semaphore::new(0) })),
        )
    }
}

impl Gate {
    /// Says that somebody is here and waits to be let through.
    pub(crate) async fn pass(&self) {
        self.arrived.add_permits(1);
        self.way.acquire().await.expect("a gate that is never closed").forget();
    }

    /// Waits until that many have come, those of earlier calls apart.
    pub(crate) async fn arrivals(&self, count: u32) {
        let here = timeout(PATIENCE, self.arrived.acquire_many(count)).await;
        let here = here.unwrap_or_else(|_| panic!("{count} did not come; {} did", self.arrived.available_permits()));
        here.expect("a gate that is never closed").forget();
    }

    /// Lets that many through.
    pub(crate) fn open(&self, count: usize) {
        self.way.add_permits(count);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
