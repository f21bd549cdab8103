//! The connection to Redis: short time limits, and another connection when one fails.
//!
//! One connection serves all workers; what they ask goes over it side by side. The library's own
//! reconnecting connection is not used: it takes a time-out for an accident and stays with a
//! connection whose other end is gone without a word. Here a connection on which an answer failed to
//! come is given up. Whoever needs one meanwhile waits for the one attempt to connect that is made,
//! or is refused at once, right after one has failed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, Script};
use tokio::sync::Mutex;

use super::super::OpenStoreError;
use crate::db::{DbError, DrivingRuntime};

/// The longest wait for a connection, and for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// After a failed attempt to connect nobody tries again for this long.
const PAUSE: Duration = Duration::from_millis(100);

/// The way to Redis. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    script: Script,
    target: String,
    line: Mutex<Line>,
    runtime: DrivingRuntime,
}

/// The connection, if there is one.
#[derive(Default)]
struct Line {
    connection: Option<MultiplexedConnection>,
    /// Counts the connections, so that nobody gives up a newer one than the one that failed.
    number: u64,
    failed_at: Option<Instant>,
}

/// One step of the script, with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Step {
    arguments: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Link").field(&self.inner.target).finish()
    }
}

impl Step {
    pub(super) fn new(name: &str) -> Self {
        Self { arguments: vec![name.as_bytes().to_vec()] }
    }

    pub(super) fn with(mut self, argument: impl std::fmt::Display) -> Self {
        self.arguments.push(argument.to_string().into_bytes());
        self
    }
}

impl Link {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// [`OpenStoreError::Address`] for an address that cannot be used, [`OpenStoreError::Runtime`]
    /// where no thread can be had.
    pub(super) fn new(url: &str) -> Result<Self, OpenStoreError> {
        let client = Client::open(url.trim()).map_err(|error| OpenStoreError::Address(error.to_string()))?;
        let target = client.get_connection_info().addr().to_string();
        let runtime = DrivingRuntime::start("toolcrib-redis").map_err(OpenStoreError::Runtime)?;
        let script = Script::new(include_str!("sessions.lua"));
        Ok(Self { inner: Arc::new(Inner { client, script, target, line: Mutex::default(), runtime }) })
    }

    /// Host and port; no password.
    pub(super) fn target(&self) -> &str {
        &self.inner.target
    }

    /// Has a step done, and reads its answer. A caller that goes away leaves it to be done.
    pub(super) async fn run<T: FromRedisValue + Send + 'static>(&self, step: Step) -> Result<T, DbError> {
        let inner = Arc::clone(&self.inner);
        let done = self.inner.runtime.handle().spawn(async move { inner.run(&step).await });
        match done.await {
            Ok(outcome) => outcome.map_err(unavailable),
            Err(stopped) => Err(unavailable(stopped)),
        }
    }

    /// As [`Link::run`] for a step that may be done twice: where the connection turns out to have
    /// been lost, once more on another.
    pub(super) async fn ask<T: FromRedisValue + Send + 'static>(&self, step: Step) -> Result<T, DbError> {
        let inner = Arc::clone(&self.inner);
        let asked = self.inner.runtime.handle().spawn(async move {
            match inner.run(&step).await {
                Err(error) if error.is_io_error() && !error.is_timeout() && !error.is_connection_refusal() => {
                    inner.run(&step).await
                }
                outcome => outcome,
            }
        });
        match asked.await {
            Ok(outcome) => outcome.map_err(unavailable),
            Err(stopped) => Err(unavailable(stopped)),
        }
    }

    /// Has a step done without waiting for it.
    pub(super) fn leave(&self, what: &'static str, step: Step) {
        let inner = Arc::clone(&self.inner);
        self.inner.runtime.handle().spawn(async move {
            if let Err(error) = inner.run::<redis::Value>(&step).await {
                tracing::warn!(what, error = &error as &dyn std::error::Error, "session store");
            }
        });
    }
}

impl Inner {
    async fn run<T: FromRedisValue>(&self, step: &Step) -> Result<T, RedisError> {
        let (mut connection, number) = self.connection().await?;
        let mut call = self.script.prepare_invoke();
        for argument in &step.arguments {
            call.arg(argument.as_slice());
        }
        let outcome = call.invoke_async(&mut connection).await;
        if let Err(error) = &outcome
            && (error.is_io_error() || error.is_unrecoverable_error())
        {
            let mut line = self.line.lock().await;
            if line.number == number {
                line.connection = None;
            }
        }
        outcome
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), RedisError> {
        // Held while connecting: all who come meanwhile wait for the one attempt.
        let mut line = self.line.lock().await;
        if let Some(connection) = &line.connection {
            return Ok((connection.clone(), line.number));
        }
        if line.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
        }
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        match self.client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => {
                line.number += 1;
                line.failed_at = None;
                line.connection = Some(connection.clone());
                Ok((connection, line.number))
            }
            Err(error) => {
                line.failed_at = Some(Instant::now());
                Err(error)
            }
        }
    }
}

pub(super) fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DbError {
    DbError::Beside { store: "the session store", source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_is_refused_and_no_password_is_told() {
        for url in ["", "nonsense", "http://:hushhush@127.0.0.1/", "rediss://:hushhush@127.0.0.1/"] {
            let refused = Link::new(url).expect_err(url).to_string();
            assert!(refused.contains("REDIS_URL") && !refused.contains("hushhush"), "{refused}");
        }
        let link = Link::new("redis://:hushhush@127.0.0.1:1/3").unwrap();
        assert_eq!(format!("{link:?} {}", link.target()), "Link(\"127.0.0.1:1\") 127.0.0.1:1");
    }

    #[tokio::test]
    async fn where_nobody_listens_all_are_refused_soon() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let link = Link::new(&format!("redis://{}/", taken.local_addr().unwrap())).unwrap();
        drop(taken);
        let before = Instant::now();
        for _ in 0..50 {
            let refused = link.ask::<i64>(Step::new("count")).await;
            assert!(matches!(refused, Err(DbError::Beside { .. })), "{refused:?}");
        }
        assert!(before.elapsed() < PATIENCE, "{:?}", before.elapsed());
    }

    /// Whoever is accepted and never answered: the time-out counts once for all who wait, not for each.
    #[tokio::test]
    async fn who_never_answers_is_given_up_by_all_together() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let link = Link::new(&format!("redis://{}/", silent.local_addr().unwrap())).unwrap();
        let before = Instant::now();
        let asked = (0..20).map(|_| link.ask::<i64>(Step::new("count")));
        for refused in futures_util::future::join_all(asked).await {
            assert!(matches!(refused, Err(DbError::Beside { .. })), "{refused:?}");
        }
        assert!(before.elapsed() < 2 * PATIENCE, "{:?}", before.elapsed());
    }
}
