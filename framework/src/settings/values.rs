//! The settings, as the framework reads them.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// What the site runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// On a developer's machine: a secret is made up, knobs may be turned on.
    Development,
    /// For real visitors: no made-up secrets, no test knobs, no demo users.
    Production,
}

/// All settings of a site.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// `profile`. Defaults to development.
    pub profile: Profile,
    /// `server.*`
    pub server: ServerSettings,
    /// `database.*`
    pub database: DatabaseSettings,
    /// `pool.*`: what pages have that say nothing else.
    pub pool: PoolSettings,
    /// `pages.<name>.*`: exceptions for single pages, by lower-case page name.
    pub pages: BTreeMap<String, PageSettings>,
    /// `request.*`
    pub request: RequestSettings,
    /// `retry.delays_ms`: the wait before each further attempt after a conflict.
    pub retry_delays: Vec<Duration>,
    /// `application.lock_timeout_ms`: the longest wait for the application's lock. Defaults to 10 s.
    pub application_lock_timeout: Duration,
    /// `locks.waiters_max`: most requests that wait for one lock. Defaults to 1,000.
    pub lock_waiters_max: usize,
    /// `session.*`
    pub session: SessionSettings,
    /// `object_log.*`
    pub object_log: ObjectLogSettings,
    /// `jobs.*`
    pub jobs: JobSettings,
    /// `live.*`
    pub live: LiveSettings,
    /// `cluster.*`
    pub cluster: ClusterSettings,
    /// `shutdown.drain_ms`: how long, once told to stop, the site goes on taking requests while it says that it is not
    /// ready, so that a proxy sees it and sends no more. Defaults to 0.
    pub shutdown_drain: Duration,
    /// `shutdown.grace_ms`: how long requests under way may take to end. Defaults to 10 s.
    pub shutdown_grace: Duration,
    /// `secret`: signs cookies and tokens. Required in the production profile.
    pub secret: Option<SecretString>,
    /// `development.corner`: every page shows in a corner how it came about. Defaults to true in development, to false
    /// with `test_knobs`, as no two answers would be the same; refused in production.
    pub corner: bool,
    /// `tools.requests`: the latest requests are kept in memory, for `/tools/requests`. Defaults to true in development
    /// and to false in production.
    pub keep_requests: bool,
    /// `test_knobs`: query parameters that slow requests down or make them fail.
    pub test_knobs: bool,
}

/// Where the server listens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Defaults to `127.0.0.1`.
    pub host: String,
    /// Defaults to 8080; 0 lets the system choose.
    pub port: u16,
    /// Worker threads. Defaults to the number of cores.
    pub workers: usize,
    /// The address visitors use, `https://crm.example.org`. Switches on secure cookies and HSTS.
    pub public_url: Option<String>,
    /// Host names the site answers to, besides `public_url`'s. Defaults to the local ones in
    /// development.
    pub hosts: Vec<String>,
    /// Open connections per worker. Defaults to 10,000.
    pub max_connections: usize,
    /// Whose `X-Forwarded-For` is believed. Defaults to nobody's.
    pub trusted_proxies: super::TrustedProxies,
}

/// How the database is reached.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseSettings {
    pub(super) url: SecretString,
    pub(super) max_connections: u32,
    pub(super) max_writers: u32,
    pub(super) acquire_timeout: Duration,
    pub(super) busy_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) slow_statement: Duration,
}

/// Limits of a page's pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolSettings {
    /// Most instances, over all workers; 0 is unlimited. Defaults to 32.
    pub max: usize,
    /// Most waiting requests. Defaults to 128.
    pub queue_max: usize,
    /// Longest wait for an instance; 0 refuses at once. Defaults to 5 s.
    pub queue_timeout: Duration,
}

/// Exceptions for one page.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PageSettings {
    /// See [`PoolSettings::max`].
    pub max: Option<usize>,
    /// See [`PoolSettings::queue_max`].
    pub queue_max: Option<usize>,
    /// See [`PoolSettings::queue_timeout`].
    pub queue_timeout: Option<Duration>,
    /// `on_demand` or `always`.
    pub create: Option<super::CreateMode>,
    /// `cache` or `destroy`.
    pub cache: Option<super::CacheMode>,
    /// See [`Settings::retry_delays`].
    pub retry_delays: Option<Vec<Duration>>,
}

/// Limits of one request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RequestSettings {
    /// From the complete request to the answer, waiting included. Defaults to 30 s.
    pub timeout: Duration,
    /// For the arrival of the body. Defaults to 15 s.
    pub body_timeout: Duration,
    /// Largest body of a page that says nothing else, in bytes. Defaults to 1 MiB.
    pub body_limit: usize,
}

/// How long sessions last, and where they are kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionSettings {
    /// `session.store`, and `session.redis_url` with it. Defaults to the database.
    pub store: StoreSettings,
    /// A session ends after this long without a request. Defaults to 20 minutes.
    pub idle_timeout: Duration,
    /// A session ends this long after its start, whatever happens. Defaults to 12 hours.
    pub absolute_timeout: Duration,
    /// Most sessions at once; none is unlimited. Defaults to none.
    pub max_sessions: Option<u64>,
}

/// Where sessions are kept.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum StoreSettings {
    /// `database`: rows of the site's own database.
    #[default]
    Database,
    /// `redis`: at this address, `redis://:password@host:port/number` (`REDIS_URL`).
    Redis(SecretString),
}

/// What the object log keeps.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ObjectLogSettings {
    /// Most entries; beyond that the oldest go. Defaults to 100,000.
    pub max_entries: u64,
    /// Whether a lock that was not acquired is noted. Defaults to true.
    pub lock_retries: bool,
}

/// How jobs are done in the background.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct JobSettings {
    /// Threads that do jobs; 0: this process does none, nor keeps schedules. Defaults to 2.
    pub workers: usize,
    /// How often jobs are looked for that another process added, or that are due later. Defaults to 1 s.
    pub poll: Duration,
    /// After this long without a sign of life a worker is taken to be dead, and another one takes its job. The
    /// clocks of all processes on the database have to agree much better than that. Defaults to 30 s.
    pub lease: Duration,
    /// Days for which jobs are kept that were done or cancelled. Defaults to 7.
    pub keep_days: u32,
}

/// Several nodes on one PostgreSQL database.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClusterSettings {
    /// `cluster.lease_ms`: a node that has not said for so long that it lives is declared dead by the others: its locks
    /// are given to whoever waits for them, and it cannot commit what they guarded. Defaults to 5 s.
    pub lease: Duration,
    /// `cluster.poll_ms`: how often a node looks for what others changed where nothing hints at it. Defaults to 200 ms.
    pub poll: Duration,
    /// `cluster.node`: what people call this node. Defaults to the host's name and the port.
    pub node: Option<String>,
}

/// Streams of events to browsers.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LiveSettings {
    /// `live.heartbeat_ms`: how often a stream shows that it is alive, and its session is looked at. Defaults to 15 s.
    pub heartbeat: Duration,
    /// `live.max_streams`: most streams at once; 0 is none. Defaults to 1,000.
    pub max_streams: usize,
    /// `live.max_minutes`: after that long a stream ends, and the browser comes again. Defaults to 30.
    pub max_age: Duration,
}

impl DatabaseSettings {
    /// The address, with its password.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Reading connections. Defaults to 10.
    #[must_use]
    pub fn max_connections(&self) -> u32 {
        self.max_connections
    }

    /// Writing connections; SQLite has one whatever this says. Defaults to 10.
    #[must_use]
    pub fn max_writers(&self) -> u32 {
        self.max_writers
    }

    /// Longest wait for a free connection. Defaults to 5 s.
    #[must_use]
    pub fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }

    /// Longest wait for a lock inside the database. Defaults to 5 s.
    #[must_use]
    pub fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// Longest run of one statement (PostgreSQL). Defaults to 30 s.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        self.statement_timeout
    }

    /// A statement that takes longer is logged with a warning. Defaults to 1 s.
    #[must_use]
    pub fn slow_statement(&self) -> Duration {
        self.slow_statement
    }
}
