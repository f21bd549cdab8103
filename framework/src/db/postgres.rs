//! PostgreSQL's rules: one runtime for its connections, time limits on the server.
//!
//! A connection's socket is driven by the runtime that opened it. Every actix worker is a runtime
//! of its own and may be busy rendering; a query on a connection opened there waits until it is
//! done. So all connections are opened on one runtime that does nothing but drive them.
//!
//! A query whose caller went away keeps running on the server: `statement_timeout`,
//! `lock_timeout` and `idle_in_transaction_session_timeout` bound what it can hold.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sqlx::{Arguments, ConnectOptions, Executor, PgPool, Postgres};
use tokio::runtime::Handle;

use super::conn::{Conn, Link};
use super::shelf::{self, Opener, Shelf};
use super::{ConnectError, DbError, DrivingRuntime, Value};
use crate::settings::DatabaseSettings;

pub(super) type Lent = shelf::Lent<Postgres>;

/// Statements kept prepared per connection.
const PREPARED: usize = 256;

/// A transaction left open without a statement for this long is ended by the server.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// Connections for what nodes say to one another: short statements that must not wait for pages.
const UPKEEP: u32 = 4;

/// How the connection that listens calls itself.
const LISTENER: &str = "toolcrib listen";

/// The wait before the connection that listens is opened again.
const LISTEN_AGAIN: Duration = Duration::from_millis(200);

/// The shelves of a PostgreSQL database and the runtime that drives them.
pub(super) struct Store {
    readers: Arc<Shelf<Postgres>>,
    writers: Arc<Shelf<Postgres>>,
    upkeep: Arc<Shelf<Postgres>>,
    listening: PgPool,
    /// Tells this process's connections from those of others.
    mark: String,
    runtime: Handle,
    _driving: DrivingRuntime,
}

/// A connection that listens. Dropping it ends that.
#[derive(Debug)]
pub(crate) struct Listening(tokio::task::JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Store {
    /// Connects once, to fail early, and leaves the rest to demand.
    ///
    /// # Errors
    /// [`ConnectError::Address`] for an address that does not parse, [`ConnectError::Open`] where
    /// the server does not answer or refuses.
    pub(super) async fn open(url: &str, settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let mark = mark();
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| ConnectError::Address(error.to_string()))?
            .application_name(&mark)
            .statement_cache_capacity(PREPARED)
            .options([
                ("statement_timeout", millis(settings.statement_timeout())),
                ("lock_timeout", millis(settings.busy_timeout())),
                ("idle_in_transaction_session_timeout", millis(IDLE_IN_TRANSACTION)),
                ("client_min_messages", "error".to_owned()),
            ])
            .log_slow_statements(tracing::log::LevelFilter::Warn, settings.slow_statement())
            .log_statements(tracing::log::LevelFilter::Trace);
        let target =
            format!("{}:{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or_default());
        let driving = DrivingRuntime::start("toolcrib-db").map_err(ConnectError::Runtime)?;
        let handle = driving.handle().clone();
        let opener = Opener::Runtime(handle.clone());
        let pool = |max: u32| {
            PgPoolOptions::new()
                .max_connections(max)
                .acquire_timeout(settings.acquire_timeout())
                .test_before_acquire(false)
        };
        let reading = options.clone().options([("default_transaction_read_only", "on")]);
        let listening = options.clone().application_name(LISTENER);
        // A pool starts its own upkeep on the runtime it is made in; entering it must end before the next wait.
        let inside = handle.enter();
        let shelf =
            |max, options| Shelf::new(pool(max).connect_lazy_with(options), opener.clone(), settings.acquire_timeout());
        let store = Self {
            readers: shelf(settings.max_connections(), reading),
            writers: shelf(settings.max_writers(), options.clone()),
            // The tables of nodes grow and are emptied all the time: what was planned while one was empty would read all of
            // it until the server analyzes it.
            upkeep: shelf(UPKEEP, options.options([("enable_seqscan", "off")])),
            listening: pool(1).connect_lazy_with(listening),
            mark,
            runtime: handle.clone(),
            _driving: driving,
        };
        drop(inside);
        drop(store.read().await.map_err(|source| ConnectError::Open { target, source })?);
        Ok(store)
    }

    pub(super) async fn read(&self) -> Result<Conn, DbError> {
        Ok(Conn::reading(Link::Postgres(self.readers.lend().await?)))
    }

    pub(super) async fn begin(&self) -> Result<Conn, DbError> {
        let mut conn = Conn::reading(Link::Postgres(self.writers.lend().await?));
        // READ COMMITTED: conflicts are told by version columns and unique constraints, which
        // hold between engines and nodes; the isolation level is not relied upon.
        conn.begin("BEGIN").await?;
        Ok(conn)
    }

    /// A connection that may write, outside any transaction: for migrations.
    pub(super) async fn bare(&self) -> Result<Lent, DbError> {
        self.writers.lend().await
    }

    /// A connection for what nodes say to one another, outside any transaction.
    pub(super) async fn upkeep(&self) -> Result<Conn, DbError> {
        Ok(Conn::reading(Link::Postgres(self.upkeep.lend().await?)))
    }

    /// As [`Store::upkeep`], inside a transaction that sees one moment of the database.
    pub(super) async fn moment(&self) -> Result<Conn, DbError> {
        let mut conn = self.upkeep().await?;
        conn.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        Ok(conn)
    }

    /// What tells this process's connections from those of others: their `application_name`.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    /// Listens on a channel, for as long as what is answered lives. `heard` is told every notification, and the empty
    /// text whenever the connection was opened (again): some may have been missed. It must be quick.
    pub(super) fn listen(&self, channel: &'static str, heard: impl Fn(&str) + Send + Sync + 'static) -> Listening {
        let pool = self.listening.clone();
        Listening(self.runtime.spawn(async move {
            loop {
                if let Err(error) = listen(&pool, channel, &heard).await {
                    tracing::debug!(%error, "listening");
                }
                tokio::time::sleep(LISTEN_AGAIN).await;
            }
        }))
    }

    pub(super) fn usage(&self) -> (u32, u32) {
        let (reading, readers_idle) = self.readers.usage();
        let (writing, writers_idle) = self.writers.usage();
        (reading + writing, readers_idle + writers_idle)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
        self.upkeep.close().await;
        self.listening.close().await;
    }
}

/// Until the connection is lost.
async fn listen(pool: &PgPool, channel: &str, heard: &(impl Fn(&str) + Send + Sync)) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.ignore_pool_close_event(false);
    listener.listen(channel).await?;
    heard("");
    while let Some(notification) = listener.try_recv().await? {
        heard(notification.payload());
    }
    Ok(())
}

fn mark() -> String {
    format!("toolcrib {:08x}", uuid::Uuid::new_v4().as_fields().0)
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// Binds parameters for PostgreSQL.
pub(super) fn arguments(values: Vec<Value>) -> Result<PgArguments, DbError> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Int(value) => arguments.add(value),
            Value::Float(value) => arguments.add(value),
            Value::Bool(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        };
        added.map_err(|error| DbError::Query(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

/// Runs one parameterless statement by the simple protocol.
pub(super) async fn simple(connection: &mut PgConnection, statement: &'static str) -> Result<(), sqlx::Error> {
    connection.execute(statement).await.map(|_| ())
}
