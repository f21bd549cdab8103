//! `/tools/status.json`, every field of it.

use serde::Deserialize;

/// What the server says about itself.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Status {
    pub uptime_s: u64,
    pub workers: u64,
    pub pools: Vec<Pool>,
    #[serde(default)]
    pub application: Application,
    #[serde(default)]
    pub locks: Locks,
    pub sessions: Sessions,
    pub requests: Requests,
    pub jobs: Jobs,
    pub live: Live,
    pub database: DatabasePool,
}

/// One page's pool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Pool {
    pub page: String,
    pub max: u64,
    pub active: u64,
    pub idle: u64,
    pub waiting: u64,
    pub created_total: u64,
    pub destroyed_total: u64,
    pub uses_total: u64,
    pub rejected_total: u64,
    pub timed_out_total: u64,
    pub panics_total: u64,
    pub state: String,
}

/// The application's state.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Application {
    pub variables: u64,
    pub lock_owner: Option<serde_json::Value>,
    pub lock_waiting: u64,
}

/// Named locks.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Locks {
    pub names: u64,
    pub held: u64,
    pub waiting: u64,
    pub timed_out_total: u64,
    pub deadlocks_total: u64,
}

/// Sessions and how they ended.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Sessions {
    pub active: u64,
    pub started_total: u64,
    pub ended_total: Ended,
}

/// Ended sessions by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Ended {
    pub timeout: u64,
    pub logout: u64,
    pub abandoned: u64,
    pub shutdown: u64,
}

impl Ended {
    /// However they ended.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.timeout + self.logout + self.abandoned + self.shutdown
    }
}

/// Requests and attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Requests {
    pub received: u64,
    pub attempts: u64,
    pub committed: u64,
    pub retried: u64,
    pub exhausted: u64,
    pub failed: u64,
}

impl Requests {
    /// Whether every attempt is accounted for.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self.attempts == self.committed + self.retried + self.failed + self.exhausted
    }
}

/// Jobs in the background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Jobs {
    pub queued: u64,
    pub running: u64,
    pub failed: u64,
    pub done_total: u64,
}

/// Streams of events to browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Live {
    pub streams: u64,
    pub topics: u64,
    pub published_total: u64,
    pub dropped_total: u64,
}

/// The database's connections.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct DatabasePool {
    pub kind: String,
    pub in_use: u64,
    pub idle: u64,
}

impl Status {
    /// A page's pool, by the page's name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn pool(&self, page: &str) -> &Pool {
        let found = self.pools.iter().find(|pool| pool.page == page);
        found.unwrap_or_else(|| panic!("no pool {page} among {:?}", self.pools))
    }
}
