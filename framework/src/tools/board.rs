//! What the status pages show, gathered in one place.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde::Serialize;

use crate::db::Db;
use crate::jobs::JobState;
use crate::live::Live;
use crate::page::{PageError, Site};
use crate::supervisor::Watched;

/// Everything that can be watched of a running site. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Board {
    parts: Arc<Parts>,
}

struct Parts {
    started: Instant,
    workers: usize,
    modules: OnceLock<Vec<Arc<dyn Watched>>>,
}

/// `/tools/status.json`.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    pub(super) uptime_s: u64,
    pub(super) workers: usize,
    pub(super) pools: Vec<PoolStatus>,
    pub(super) application: ApplicationStatus,
    pub(super) locks: LocksStatus,
    pub(super) sessions: SessionsStatus,
    pub(super) requests: RequestsStatus,
    /// Nothing where there can be no others.
    pub(super) node: Option<NodeStatus>,
    pub(super) jobs: JobsStatus,
    pub(super) live: LiveStatus,
    pub(super) database: DatabaseStatus,
}

#[derive(Debug, Serialize)]
pub(super) struct PoolStatus {
    pub(super) page: &'static str,
    pub(super) max: usize,
    pub(super) active: usize,
    pub(super) idle: usize,
    pub(super) creating: usize,
    pub(super) waiting: usize,
    pub(super) created_total: u64,
    pub(super) destroyed_total: u64,
    pub(super) uses_total: u64,
    pub(super) rejected_total: u64,
    pub(super) timed_out_total: u64,
    pub(super) cancelled_total: u64,
    pub(super) panics_total: u64,
    pub(super) state: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct ApplicationStatus {
    pub(super) variables: usize,
    pub(super) lock_owner: Option<String>,
    pub(super) lock_waiting: usize,
}

/// Which of several nodes this is.
#[derive(Debug, Serialize)]
pub(super) struct NodeStatus {
    pub(super) number: i64,
    pub(super) name: String,
}

#[derive(Debug, Serialize)]
pub(super) struct LocksStatus {
    pub(super) names: usize,
    pub(super) held: usize,
    pub(super) waiting: usize,
    pub(super) timed_out_total: u64,
    pub(super) deadlocks_total: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct SessionsStatus {
    pub(super) active: u64,
    pub(super) started_total: u64,
    pub(super) ended_total: EndedStatus,
}

#[derive(Debug, Serialize)]
pub(super) struct EndedStatus {
    pub(super) timeout: u64,
    pub(super) logout: u64,
    pub(super) abandoned: u64,
    pub(super) shutdown: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct RequestsStatus {
    pub(super) received: u64,
    pub(super) attempts: u64,
    pub(super) committed: u64,
    pub(super) retried: u64,
    pub(super) exhausted: u64,
    pub(super) failed: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct JobsStatus {
    pub(super) queued: i64,
    pub(super) running: i64,
    pub(super) failed: i64,
    /// Done by this process since it started.
    pub(super) done_total: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct LiveStatus {
    pub(super) streams: usize,
    pub(super) topics: usize,
    pub(super) published_total: u64,
    pub(super) dropped_total: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct DatabaseStatus {
    pub(super) kind: &'static str,
    pub(super) in_use: u32,
    pub(super) idle: u32,
}

impl Board {
    pub(crate) fn new(workers: usize) -> Self {
        Self { parts: Arc::new(Parts { started: Instant::now(), workers, modules: OnceLock::new() }) }
    }

    /// Says once what there is to watch.
    pub(crate) fn watch(&self, modules: Vec<Arc<dyn Watched>>) {
        // A site is built once; a second list could only be the same.
        let _ = self.parts.modules.set(modules);
    }

    /// The state of this moment.
    pub(super) async fn status(&self, site: &Site) -> Result<Status, PageError> {
        let totals = site.parts().stats.totals();
        let sessions = site.sessions().counts().await?;
        Ok(Status {
            uptime_s: self.parts.started.elapsed().as_secs(),
            workers: self.parts.workers,
            pools: self.parts.modules.get().into_iter().flatten().map(|module| pool(module.as_ref())).collect(),
            application: application(site),
            locks: locks(site),
            sessions: SessionsStatus {
                active: sessions.active,
                started_total: sessions.started_total,
                ended_total: EndedStatus {
                    timeout: sessions.ended_by_timeout,
                    logout: sessions.ended_by_logout,
                    abandoned: sessions.abandoned,
                    shutdown: sessions.ended_by_shutdown,
                },
            },
            requests: RequestsStatus {
                received: totals.received,
                attempts: totals.attempts,
                committed: totals.committed,
                retried: totals.retried,
                exhausted: totals.exhausted,
                failed: totals.failed,
            },
            jobs: jobs(site).await?,
            node: node(site),
            live: live(site.live()),
            database: database(site.db()),
        })
    }
}

fn pool(module: &dyn Watched) -> PoolStatus {
    let status = module.status();
    PoolStatus {
        page: module.name(),
        max: status.max,
        active: status.active,
        idle: status.idle,
        creating: status.creating,
        waiting: status.waiting,
        created_total: status.created_total,
        destroyed_total: status.destroyed_total,
        uses_total: status.uses_total,
        rejected_total: status.rejected_total,
        timed_out_total: status.timed_out_total,
        cancelled_total: status.cancelled_total,
        panics_total: module.panics_total(),
        state: module.state(),
    }
}

fn application(site: &Site) -> ApplicationStatus {
    let lock = site.application().locks().application_lock();
    ApplicationStatus {
        variables: site.application().len(),
        lock_owner: lock.holder.map(|holder| holder.to_string()),
        lock_waiting: lock.waiting,
    }
}

fn node(site: &Site) -> Option<NodeStatus> {
    let cluster = site.application().cluster()?;
    Some(NodeStatus { number: cluster.number(), name: cluster.name().to_owned() })
}

fn locks(site: &Site) -> LocksStatus {
    let status = site.application().locks().status();
    LocksStatus {
        names: status.names,
        held: status.held,
        waiting: status.waiting,
        timed_out_total: status.timed_out_total,
        deadlocks_total: status.deadlocks_total,
    }
}

async fn jobs(site: &Site) -> Result<JobsStatus, PageError> {
    let jobs = site.jobs();
    let counts = jobs.counts(&mut site.db().read().await?).await?;
    Ok(JobsStatus {
        queued: counts.of(JobState::Queued),
        running: counts.of(JobState::Running),
        failed: counts.of(JobState::Failed),
        done_total: jobs.done_total(),
    })
}

fn live(live: &Live) -> LiveStatus {
    let counts = live.status();
    LiveStatus {
        streams: counts.streams,
        topics: counts.topics,
        published_total: counts.published_total,
        dropped_total: counts.dropped_total,
    }
}

fn database(db: &Db) -> DatabaseStatus {
    let status = db.status();
    DatabaseStatus { kind: status.engine.name(), in_use: status.in_use, idle: status.idle }
}
