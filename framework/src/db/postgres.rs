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

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Arguments, ConnectOptions, Executor, Postgres};

use super::conn::{Conn, Link};
use super::shelf::{self, Opener, Shelf};
use super::{ConnectError, DbError, DrivingRuntime, Value};
use crate::settings::DatabaseSettings;

pub(super) type Lent = shelf::Lent<Postgres>;

/// Statements kept prepared per connection.
const PREPARED: usize = 256;

/// A transaction left open without a statement for this long is ended by the server.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// The two shelves of a PostgreSQL database and the runtime that drives them.
pub(super) struct Store {
    readers: Arc<Shelf<Postgres>>,
    writers: Arc<Shelf<Postgres>>,
    _runtime: DrivingRuntime,
}

impl Store {
    /// Connects once, to fail early, and leaves the rest to demand.
    ///
    /// # Errors
    /// [`ConnectError::Address`] for an address that does not parse, [`ConnectError::Open`] where
    /// the server does not answer or refuses.
    pub(super) async fn open(url: &str, settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| ConnectError::Address(error.to_string()))?
            .application_name("toolcrib")
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
        let runtime = DrivingRuntime::start("toolcrib-db").map_err(ConnectError::Runtime)?;
        let opener = Opener::Runtime(runtime.handle().clone());
        let pool = |max: u32| {
            PgPoolOptions::new()
                .max_connections(max)
                .acquire_timeout(settings.acquire_timeout())
                .test_before_acquire(false)
        };
        let reading = options.clone().options([("default_transaction_read_only", "on")]);
        let (readers, writers) = {
            // A pool starts its own upkeep on the runtime it is made in.
            let _inside = runtime.handle().enter();
            (
                pool(settings.max_connections()).connect_lazy_with(reading),
                pool(settings.max_writers()).connect_lazy_with(options),
            )
        };
        let store = Self {
            readers: Shelf::new(readers, opener.clone(), settings.acquire_timeout()),
            writers: Shelf::new(writers, opener, settings.acquire_timeout()),
            _runtime: runtime,
        };
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

    pub(super) fn usage(&self) -> (u32, u32) {
        let (reading, readers_idle) = self.readers.usage();
        let (writing, writers_idle) = self.writers.usage();
        (reading + writing, readers_idle + writers_idle)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
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
