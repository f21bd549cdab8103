//! Takes the settings out of their sources, one by one, and refuses what does not fit.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use config::{Value, ValueKind};
use secrecy::SecretString;

use super::error::env_name;
use super::{
    ClusterSettings, DatabaseSettings, FILE, JobSettings, LiveSettings, ObjectLogSettings, PageSettings, PoolSettings,
    Profile, RequestSettings, ServerSettings, SessionSettings, Settings, SettingsError, StoreSettings, TrustedProxies,
};

/// Shortest accepted secret, in characters: 256 bits written in base64 have 43.
const SECRET_MIN: usize = 32;

/// Every name that may be set, `pages.*` apart.
const NAMES: &[&str] = &[
    "profile",
    "server.host",
    "server.port",
    "server.workers",
    "server.public_url",
    "server.hosts",
    "server.max_connections",
    "server.trusted_proxies",
    "database.url",
    "database.max_connections",
    "database.max_writers",
    "database.acquire_timeout_ms",
    "database.busy_timeout_ms",
    "database.statement_timeout_ms",
    "database.slow_statement_ms",
    "pool.max",
    "pool.queue_max",
    "pool.queue_timeout_ms",
    "request.timeout_ms",
    "request.body_timeout_ms",
    "request.body_limit",
    "retry.delays_ms",
    "application.lock_timeout_ms",
    "session.idle_timeout_ms",
    "session.absolute_timeout_ms",
    "session.max_sessions",
    "session.store",
    "session.redis_url",
    "locks.waiters_max",
    "object_log.max_entries",
    "object_log.lock_retries",
    "jobs.workers",
    "jobs.poll_ms",
    "jobs.lease_ms",
    "jobs.keep_days",
    "cluster.lease_ms",
    "cluster.poll_ms",
    "cluster.node",
    "live.heartbeat_ms",
    "live.max_streams",
    "live.max_minutes",
    "shutdown.drain_ms",
    "shutdown.grace_ms",
    "secret",
    "development.corner",
    "tools.requests",
    "test_knobs",
];

const PAGE_NAMES: &[&str] = &["max", "queue_max", "queue_timeout_ms", "create", "cache", "retry_delays_ms"];

/// The schedule Seaside on GemStone retries with (GLASS, G3).
const RETRY_DELAYS_MS: [u64; 10] = [10, 100, 100, 100, 500, 500, 1000, 1000, 10_000, 10_000];

/// Brings nested tables into dotted names; a list becomes its items joined by commas.
fn flatten(value: &Value, path: &str, found: &mut BTreeMap<String, Found>) {
    if let ValueKind::Table(table) = &value.kind {
        for (name, value) in table {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            flatten(value, &path, found);
        }
        return;
    }
    let text = match &value.kind {
        ValueKind::Array(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    // The environment source is the only one that names no file.
    let written = match value.origin() {
        Some(origin) if origin.contains("environment") => env_name(path),
        _ => format!("in {FILE}"),
    };
    found.insert(path.to_owned(), Found { text, written });
}

struct Found {
    text: String,
    written: String,
}

/// Takes the settings one by one; what is left over at the end was unknown.
struct Reader {
    found: BTreeMap<String, Found>,
}

/// Reads the settings from what the sources hold together.
pub(super) fn read(sources: &Value) -> Result<Settings, SettingsError> {
    let mut found = BTreeMap::new();
    flatten(sources, "", &mut found);
    Reader { found }.read()
}

impl Reader {
    fn read(mut self) -> Result<Settings, SettingsError> {
        let profiles = [("development", Profile::Development), ("production", Profile::Production)];
        let profile = self.choice("profile", Profile::Development, &profiles)?;
        let develops = profile == Profile::Development;
        let test_knobs = self.truth("test_knobs", false)?;
        let settings = Settings {
            profile,
            server: self.server()?,
            database: self.database()?,
            pool: PoolSettings {
                max: self.number("pool.max", 32)?,
                queue_max: self.number("pool.queue_max", 128)?,
                queue_timeout: self.millis("pool.queue_timeout_ms", 5_000)?,
            },
            pages: self.pages()?,
            request: RequestSettings {
                timeout: self.millis_positive("request.timeout_ms", 30_000)?,
                body_timeout: self.millis_positive("request.body_timeout_ms", 15_000)?,
                body_limit: self.number("request.body_limit", 1 << 20)?,
            },
            retry_delays: self.delays("retry.delays_ms")?,
            application_lock_timeout: self.millis("application.lock_timeout_ms", 10_000)?,
            lock_waiters_max: self.number("locks.waiters_max", 1_000)?,
            session: self.session()?,
            object_log: ObjectLogSettings {
                max_entries: self.positive("object_log.max_entries", 100_000)?.into(),
                lock_retries: self.truth("object_log.lock_retries", true)?,
            },
            jobs: self.jobs()?,
            live: self.live()?,
            cluster: self.cluster()?,
            shutdown_drain: self.millis("shutdown.drain_ms", 0)?,
            shutdown_grace: self.millis("shutdown.grace_ms", 10_000)?,
            secret: self.secret()?,
            corner: self.truth("development.corner", develops && !test_knobs)?,
            keep_requests: self.truth("tools.requests", develops)?,
            test_knobs,
        };
        self.nothing_left()?;
        if settings.profile == Profile::Production {
            refuse_in_production(&settings)?;
        }
        Ok(settings)
    }

    fn server(&mut self) -> Result<ServerSettings, SettingsError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(ServerSettings {
            host: self.text("server.host").unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: self.number("server.port", 8080)?,
            workers: self.at_least_one("server.workers", cores)?,
            public_url: self.public_url()?,
            hosts: self.list("server.hosts"),
            max_connections: self.at_least_one("server.max_connections", 10_000)?,
            trusted_proxies: self.trusted_proxies()?,
        })
    }

    fn database(&mut self) -> Result<DatabaseSettings, SettingsError> {
        Ok(DatabaseSettings {
            url: self.text("database.url").unwrap_or_else(|| "sqlite://crm.db".to_owned()).into(),
            max_connections: self.positive("database.max_connections", 10)?,
            max_writers: self.positive("database.max_writers", 10)?,
            acquire_timeout: self.millis("database.acquire_timeout_ms", 5_000)?,
            busy_timeout: self.millis("database.busy_timeout_ms", 5_000)?,
            statement_timeout: self.millis("database.statement_timeout_ms", 30_000)?,
            slow_statement: self.millis("database.slow_statement_ms", 1_000)?,
        })
    }

    fn session(&mut self) -> Result<SessionSettings, SettingsError> {
        let in_redis = self.choice("session.store", false, &[("database", false), ("redis", true)])?;
        let url = self.text("session.redis_url").filter(|url| !url.trim().is_empty());
        let store = match (in_redis, url) {
            (false, _) => StoreSettings::Database,
            (true, Some(url)) => StoreSettings::Redis(url.into()),
            (true, None) => {
                return Err(SettingsError::Value {
                    name: "session.redis_url".to_owned(),
                    problem: "session.store = redis needs the address of Redis, such as redis://127.0.0.1:6379/"
                        .to_owned(),
                });
            }
        };
        Ok(SessionSettings {
            store,
            idle_timeout: self.millis_positive("session.idle_timeout_ms", 20 * 60 * 1000)?,
            absolute_timeout: self.millis_positive("session.absolute_timeout_ms", 12 * 60 * 60 * 1000)?,
            max_sessions: self.optional_number("session.max_sessions")?,
        })
    }

    fn jobs(&mut self) -> Result<JobSettings, SettingsError> {
        Ok(JobSettings {
            workers: self.number("jobs.workers", 2)?,
            poll: self.millis_positive("jobs.poll_ms", 1_000)?,
            lease: self.millis_positive("jobs.lease_ms", 30_000)?,
            keep_days: self.number("jobs.keep_days", 7)?,
        })
    }

    fn cluster(&mut self) -> Result<ClusterSettings, SettingsError> {
        Ok(ClusterSettings {
            lease: self.millis_positive("cluster.lease_ms", 5_000)?,
            poll: self.millis_positive("cluster.poll_ms", 200)?,
            node: self.text("cluster.node"),
        })
    }

    fn live(&mut self) -> Result<LiveSettings, SettingsError> {
        Ok(LiveSettings {
            heartbeat: self.millis_positive("live.heartbeat_ms", 15_000)?,
            max_streams: self.number("live.max_streams", 1_000)?,
            max_age: Duration::from_secs(60 * u64::from(self.positive("live.max_minutes", 30)?)),
        })
    }

    fn pages(&mut self) -> Result<BTreeMap<String, PageSettings>, SettingsError> {
        let names: Vec<String> = self
            .found
            .keys()
            .filter_map(|name| name.strip_prefix("pages."))
            .filter_map(|rest| rest.rsplit_once('.'))
            .map(|(page, _)| page.to_owned())
            .collect();
        let mut pages = BTreeMap::new();
        for page in names {
            if let Entry::Vacant(entry) = pages.entry(page.replace('.', "_")) {
                let settings = self.page(&page)?;
                entry.insert(settings);
            }
        }
        Ok(pages)
    }

    fn page(&mut self, page: &str) -> Result<PageSettings, SettingsError> {
        use super::{CacheMode, CreateMode};
        let name = |part: &str| format!("pages.{page}.{part}");
        Ok(PageSettings {
            max: self.optional_number(&name("max"))?,
            queue_max: self.optional_number(&name("queue_max"))?,
            queue_timeout: self.optional_number(&name("queue_timeout_ms"))?.map(Duration::from_millis),
            create: self.choice(
                &name("create"),
                None,
                &[("on_demand", Some(CreateMode::OnDemand)), ("always", Some(CreateMode::Always))],
            )?,
            cache: self.choice(
                &name("cache"),
                None,
                &[("cache", Some(CacheMode::Cache)), ("destroy", Some(CacheMode::Destroy))],
            )?,
            retry_delays: self.optional_delays(&name("retry_delays_ms"))?,
        })
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.found.remove(name).map(|found| found.text)
    }

    fn list(&mut self, name: &str) -> Vec<String> {
        self.text(name)
            .unwrap_or_default()
            .split(',')
            .map(|item| item.trim().to_lowercase())
            .filter(|item| !item.is_empty())
            .collect()
    }

    fn optional_number<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| SettingsError::Value {
            name: name.to_owned(),
            problem: format!("{text:?} is not a whole number in its range"),
        })
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str, default: T) -> Result<T, SettingsError> {
        Ok(self.optional_number(name)?.unwrap_or(default))
    }

    fn at_least_one(&mut self, name: &str, default: usize) -> Result<usize, SettingsError> {
        match self.number(name, default)? {
            0 => Err(too_small(name)),
            number => Ok(number),
        }
    }

    fn positive(&mut self, name: &str, default: u32) -> Result<u32, SettingsError> {
        match self.number(name, default)? {
            0 => Err(too_small(name)),
            number => Ok(number),
        }
    }

    fn millis(&mut self, name: &str, default: u64) -> Result<Duration, SettingsError> {
        self.number(name, default).map(Duration::from_millis)
    }

    fn millis_positive(&mut self, name: &str, default: u64) -> Result<Duration, SettingsError> {
        match self.number(name, default)? {
            0 => Err(too_small(name)),
            number => Ok(Duration::from_millis(number)),
        }
    }

    fn delays(&mut self, name: &str) -> Result<Vec<Duration>, SettingsError> {
        let default = || RETRY_DELAYS_MS.into_iter().map(Duration::from_millis).collect();
        Ok(self.optional_delays(name)?.unwrap_or_else(default))
    }

    fn optional_delays(&mut self, name: &str) -> Result<Option<Vec<Duration>>, SettingsError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.split(',')
            .map(|item| item.trim().parse().map(Duration::from_millis))
            .collect::<Result<Vec<_>, _>>()
            .map(Some)
            .map_err(|_| SettingsError::Value {
                name: name.to_owned(),
                problem: format!("{text:?} is not a list of milliseconds such as 10,20,30"),
            })
    }

    fn choice<T: Clone>(&mut self, name: &str, default: T, choices: &[(&str, T)]) -> Result<T, SettingsError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        choices
            .iter()
            .find(|(choice, _)| text.trim().eq_ignore_ascii_case(choice))
            .map(|(_, value)| value.clone())
            .ok_or_else(|| SettingsError::Value {
                name: name.to_owned(),
                problem: format!(
                    "{text:?} is none of {}",
                    choices.iter().map(|(choice, _)| *choice).collect::<Vec<_>>().join(", ")
                ),
            })
    }

    fn truth(&mut self, name: &str, default: bool) -> Result<bool, SettingsError> {
        self.choice(name, default, &[("1", true), ("true", true), ("0", false), ("false", false)])
    }

    fn public_url(&mut self) -> Result<Option<String>, SettingsError> {
        let name = "server.public_url";
        let Some(text) = self.text(name) else { return Ok(None) };
        let url = text.trim().trim_end_matches('/').to_lowercase();
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']) => Ok(Some(url)),
            _ => Err(SettingsError::Value {
                name: name.to_owned(),
                problem: format!("{text:?} is not like https://crm.example.org"),
            }),
        }
    }

    fn trusted_proxies(&mut self) -> Result<TrustedProxies, SettingsError> {
        let name = "server.trusted_proxies";
        TrustedProxies::of(self.list(name))
            .map_err(|error| SettingsError::Value { name: name.to_owned(), problem: error.to_string() })
    }

    fn secret(&mut self) -> Result<Option<SecretString>, SettingsError> {
        let Some(text) = self.text("secret") else { return Ok(None) };
        if text.len() < SECRET_MIN {
            return Err(SettingsError::Value {
                name: "secret".to_owned(),
                problem: format!("it is shorter than {SECRET_MIN} characters; `openssl rand -base64 48` makes one"),
            });
        }
        Ok(Some(text.into()))
    }

    fn nothing_left(self) -> Result<(), SettingsError> {
        let Some((name, found)) = self.found.into_iter().next() else { return Ok(()) };
        let near = match name.strip_prefix("pages.").and_then(|rest| rest.rsplit_once('.')) {
            Some((page, part)) => nearest(part, PAGE_NAMES).map(|near| format!("pages.{page}.{near}")),
            None => nearest(&name, NAMES).map(str::to_owned),
        };
        Err(SettingsError::Unknown { name, written: found.written, near })
    }
}

fn too_small(name: &str) -> SettingsError {
    SettingsError::Value { name: name.to_owned(), problem: "it must be at least 1".to_owned() }
}

fn refuse_in_production(settings: &Settings) -> Result<(), SettingsError> {
    if settings.secret.is_none() {
        return Err(SettingsError::Value {
            name: "secret".to_owned(),
            problem: "the production profile needs one (at least 32 characters; \
                      `openssl rand -base64 48` makes one)"
                .to_owned(),
        });
    }
    if settings.test_knobs {
        return Err(SettingsError::Value {
            name: "test_knobs".to_owned(),
            problem: "the production profile refuses test knobs".to_owned(),
        });
    }
    if settings.corner {
        return Err(SettingsError::Value {
            name: "development.corner".to_owned(),
            problem: "the production profile tells nobody how its pages come about".to_owned(),
        });
    }
    if settings.server.public_url.is_none() && settings.server.hosts.is_empty() {
        return Err(SettingsError::Value {
            name: "server.public_url".to_owned(),
            problem: "the production profile needs the address visitors use, such as \
                      https://crm.example.org"
                .to_owned(),
        });
    }
    Ok(())
}

/// The known name with the fewest differing characters, if it is close.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (distance(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for (b, above) in right.iter().zip(row.windows(2)) {
            if let [diagonal, above] = above {
                let beside = next.last().copied().unwrap_or_default();
                let replaced = diagonal + usize::from(a != *b);
                next.push(replaced.min(above + 1).min(beside + 1));
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
