//! `/tools/status.json`, every field of it.

use serde::Deserialize;

/// What the server says about itself.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the document and explained there")]
pub struct Status {
    /// How many nodes were asked; whatever a request for the status takes itself is counted at each of them.
    #[serde(skip, default = "one")]
    pub nodes: u64,
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

fn one() -> u64 {
    1
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

    /// What two nodes of one site say, as if one had said it. What each counts for itself is added up; of what both read
    /// in their database, what the second one says, which was asked later.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            nodes: self.nodes + other.nodes,
            uptime_s: self.uptime_s.max(other.uptime_s),
            workers: self.workers + other.workers,
            pools: together(self.pools, other.pools),
            application: self.application.and(other.application),
            locks: self.locks.and(&other.locks),
            sessions: Sessions {
                active: other.sessions.active,
                started_total: self.sessions.started_total + other.sessions.started_total,
                ended_total: self.sessions.ended_total.and(other.sessions.ended_total),
            },
            requests: self.requests.and(other.requests),
            jobs: Jobs { done_total: self.jobs.done_total + other.jobs.done_total, ..other.jobs },
            live: self.live.and(other.live),
            database: DatabasePool {
                kind: other.database.kind,
                in_use: self.database.in_use + other.database.in_use,
                idle: self.database.idle + other.database.idle,
            },
        }
    }
}

/// The pools of two nodes, those of one page as one.
fn together(pools: Vec<Pool>, others: Vec<Pool>) -> Vec<Pool> {
    let mut all: Vec<Pool> = Vec::new();
    for pool in pools.into_iter().chain(others) {
        match all.iter_mut().find(|known| known.page == pool.page) {
            Some(known) => known.add(pool),
            None => all.push(pool),
        }
    }
    all
}

impl Pool {
    /// A page is as well as the node where it is worse.
    fn add(&mut self, other: Self) {
        self.max += other.max;
        self.active += other.active;
        self.idle += other.idle;
        self.waiting += other.waiting;
        self.created_total += other.created_total;
        self.destroyed_total += other.destroyed_total;
        self.uses_total += other.uses_total;
        self.rejected_total += other.rejected_total;
        self.timed_out_total += other.timed_out_total;
        self.panics_total += other.panics_total;
        if self.state == "serving" {
            self.state = other.state;
        }
    }
}

impl Application {
    fn and(self, other: Self) -> Self {
        Self {
            variables: other.variables,
            lock_owner: self.lock_owner.or(other.lock_owner),
            lock_waiting: self.lock_waiting + other.lock_waiting,
        }
    }
}

impl Locks {
    fn and(&self, other: &Self) -> Self {
        Self {
            names: self.names + other.names,
            held: self.held + other.held,
            waiting: self.waiting + other.waiting,
            timed_out_total: self.timed_out_total + other.timed_out_total,
            deadlocks_total: self.deadlocks_total + other.deadlocks_total,
        }
    }
}

impl Ended {
    fn and(self, other: Self) -> Self {
        Self {
            timeout: self.timeout + other.timeout,
            logout: self.logout + other.logout,
            abandoned: self.abandoned + other.abandoned,
            shutdown: self.shutdown + other.shutdown,
        }
    }
}

impl Requests {
    fn and(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            attempts: self.attempts + other.attempts,
            committed: self.committed + other.committed,
            retried: self.retried + other.retried,
            exhausted: self.exhausted + other.exhausted,
            failed: self.failed + other.failed,
        }
    }
}

impl Live {
    fn and(self, other: Self) -> Self {
        Self {
            streams: self.streams + other.streams,
            topics: self.topics.max(other.topics),
            published_total: self.published_total + other.published_total,
            dropped_total: self.dropped_total + other.dropped_total,
        }
    }
}
