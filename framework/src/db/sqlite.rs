//! SQLite's rules: write-ahead log, one writer, many readers.
//!
//! A deferred transaction that turns into a writing one fails at once when somebody else wrote
//! meanwhile, whatever the busy time-out says. So writers begin with `BEGIN IMMEDIATE` on the one
//! writing connection of this process, and readers have connections of their own that cannot
//! write. `synchronous=FULL`: what was acknowledged survives a power failure.

use std::str::FromStr;
use std::sync::Arc;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Arguments, ConnectOptions, Executor, Sqlite};

use super::conn::{Conn, Link};
use super::ownership::Ownership;
use super::shelf::{self, Opener, Shelf};
use super::{ConnectError, DbError, Value};
use crate::settings::DatabaseSettings;

pub(super) type Lent = shelf::Lent<Sqlite>;

/// Statements kept prepared per connection.
const PREPARED: usize = 256;

/// The two shelves of a SQLite database.
pub(super) struct Store {
    readers: Arc<Shelf<Sqlite>>,
    writer: Arc<Shelf<Sqlite>>,
    ownership: Ownership,
}

impl Store {
    /// Opens the file, creating it where it is missing.
    ///
    /// # Errors
    /// [`ConnectError::Address`] for an address that does not parse or names no file,
    /// [`ConnectError::Open`] where the file cannot be opened or is not a database.
    pub(super) async fn open(url: &str, settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| ConnectError::Address(error.to_string()))?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(settings.busy_timeout())
            .statement_cache_capacity(PREPARED)
            .optimize_on_close(true, None)
            .log_slow_statements(tracing::log::LevelFilter::Warn, settings.slow_statement())
            .log_statements(tracing::log::LevelFilter::Trace);
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(ConnectError::Address(
                "an in-memory database has one connection only and is lost on every error; \
                 name a file (sqlite://crm.db)"
                    .to_owned(),
            ));
        }
        let file = options.get_filename().to_owned();
        let target = file.display().to_string();
        let open_error =
            |source: sqlx::Error| ConnectError::Open { target: target.clone(), source: DbError::from(source) };

        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(settings.acquire_timeout())
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(open_error)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(settings.max_connections())
            .acquire_timeout(settings.acquire_timeout())
            .test_before_acquire(false)
            .max_lifetime(None)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        // Another process may have to notice us first: that takes a moment.
        let ownership = tokio::task::spawn_blocking(move || Ownership::take(&file));
        let ownership = ownership
            .await
            .map_err(|_| ConnectError::Open { target, source: DbError::Unavailable(sqlx::Error::WorkerCrashed) })?;
        Ok(Self {
            readers: Shelf::new(readers, Opener::Caller, settings.acquire_timeout()),
            writer: Shelf::new(writer, Opener::Caller, settings.acquire_timeout()),
            ownership,
        })
    }

    /// Whether no other process uses the file at this moment.
    pub(super) fn is_sole_owner(&self) -> bool {
        self.ownership.is_sole()
    }

    pub(super) async fn read(&self) -> Result<Conn, DbError> {
        Ok(Conn::reading(Link::Sqlite(self.readers.lend().await?)))
    }

    pub(super) async fn begin(&self) -> Result<Conn, DbError> {
        let mut conn = Conn::reading(Link::Sqlite(self.writer.lend().await?));
        conn.begin("BEGIN IMMEDIATE").await?;
        Ok(conn)
    }

    /// A connection that may write, outside any transaction: for migrations.
    pub(super) async fn bare(&self) -> Result<Lent, DbError> {
        self.writer.lend().await
    }

    pub(super) fn usage(&self) -> (u32, u32) {
        let (reading, readers_idle) = self.readers.usage();
        let (writing, writer_idle) = self.writer.usage();
        (reading + writing, readers_idle + writer_idle)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Binds parameters for SQLite.
pub(super) fn arguments(values: Vec<Value>) -> Result<SqliteArguments, DbError> {
    let mut arguments = SqliteArguments::default();
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

/// Runs one parameterless statement.
pub(super) async fn simple(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), sqlx::Error> {
    connection.execute(statement).await.map(|_| ())
}
