//! The handle on the database.

use std::sync::Arc;

use super::{Conn, ConnectError, DbError, Listening, MigrateError};
use crate::settings::DatabaseSettings;

/// A handle on the site's database. Cloning is cheap; all clones share the connections.
#[derive(Clone)]
pub struct Db {
    store: Arc<Store>,
}

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, embedded, one file.
    Sqlite,
    /// PostgreSQL, a server that several nodes may share.
    Postgres,
}

/// How busy the database's connections are.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Status {
    /// The engine.
    pub engine: Engine,
    /// Connections lent at this moment.
    pub in_use: u32,
    /// Connections that lie ready.
    pub idle: u32,
}

pub(super) enum Store {
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::Store),
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::Store),
}

impl Engine {
    /// The name used in `DATABASE_URL`, in logs and in the status page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("engine", &self.engine()).finish_non_exhaustive()
    }
}

impl Db {
    /// Opens the database that `settings` name and checks that it answers.
    ///
    /// # Errors
    /// [`ConnectError`], which names the file or host but never a password.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let url = settings.url();
        let store = match url.split_once(':').map(|(scheme, _)| scheme) {
            #[cfg(feature = "sqlite")]
            Some("sqlite") => Store::Sqlite(super::sqlite::Store::open(url, settings).await?),
            #[cfg(not(feature = "sqlite"))]
            Some("sqlite") => return Err(ConnectError::NotBuilt("sqlite")),
            #[cfg(feature = "postgres")]
            Some("postgres" | "postgresql") => Store::Postgres(super::postgres::Store::open(url, settings).await?),
            #[cfg(not(feature = "postgres"))]
            Some("postgres" | "postgresql") => return Err(ConnectError::NotBuilt("postgres")),
            _ => {
                return Err(ConnectError::Address("it must begin with sqlite:// or postgres://".to_owned()));
            }
        };
        Ok(Self { store: Arc::new(store) })
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => Engine::Postgres,
        }
    }

    /// Whether no other process uses the database at this moment, so that what this process alone
    /// writes may be kept in memory. Always false for PostgreSQL.
    #[must_use]
    pub fn is_sole_owner(&self) -> bool {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => store.is_sole_owner(),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => false,
        }
    }

    /// Lends a connection for reading. Writing on it fails.
    ///
    /// # Errors
    /// [`DbError::NoConnection`] where none became free in time, [`DbError::Unavailable`] where the
    /// engine cannot be reached.
    pub async fn read(&self) -> Result<Conn, DbError> {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => store.read().await,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.read().await,
        }
    }

    /// Lends a connection inside a new transaction.
    ///
    /// # Errors
    /// As [`Db::read`], and [`DbError::Busy`] where another process held SQLite's write lock for
    /// longer than the busy time-out.
    pub async fn begin(&self) -> Result<Conn, DbError> {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => store.begin().await,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.begin().await,
        }
    }

    /// Lends a connection for what nodes say to one another: short statements, each by itself, that never wait for
    /// connections that pages hold. PostgreSQL only.
    pub(crate) async fn upkeep(&self) -> Result<Conn, DbError> {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(_) => Err(alone()),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.upkeep().await,
        }
    }

    /// As [`Db::upkeep`], inside a transaction that sees one moment of the database.
    pub(crate) async fn moment(&self) -> Result<Conn, DbError> {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(_) => Err(alone()),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.moment().await,
        }
    }

    /// What this process's connections are called at the server.
    pub(crate) fn mark(&self) -> &str {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(_) => "",
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.mark(),
        }
    }

    /// Listens on a channel of the server's, for as long as what is answered lives; see `postgres.rs`.
    pub(crate) fn listen(
        &self,
        channel: &'static str,
        heard: impl Fn(&str) + Send + Sync + 'static,
    ) -> Option<Listening> {
        let _ = (channel, &heard);
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => Some(store.listen(channel, heard)),
        }
    }

    /// Applies the framework's migrations, then the site's, each with a bookkeeping table of its own:
    /// the site's tables may refer to the framework's (`toolcrib_users`).
    ///
    /// # Errors
    /// [`MigrateError`] with the migration that failed; what was applied before it stays.
    pub async fn migrate(
        &self,
        sqlite: &sqlx::migrate::Migrator,
        postgres: &sqlx::migrate::Migrator,
    ) -> Result<(), MigrateError> {
        super::migrations::migrate_framework(self).await?;
        super::migrations::migrate(&self.store, sqlite, postgres).await
    }

    /// How busy the connections are.
    #[must_use]
    pub fn status(&self) -> Status {
        let (in_use, idle) = match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => store.usage(),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.usage(),
        };
        Status { engine: self.engine(), in_use, idle }
    }

    /// Closes all connections. Whoever holds one may finish; nobody gets another.
    pub async fn close(&self) {
        match &*self.store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => store.close().await,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.close().await,
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }
}

/// One process owns an SQLite file, so it has nobody to talk to.
#[cfg(feature = "sqlite")]
fn alone() -> DbError {
    DbError::Query(sqlx::Error::Protocol("SQLite has no nodes".to_owned()))
}
