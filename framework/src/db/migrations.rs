//! Migrations: the framework's own tables apart from the site's.

use std::borrow::Cow;

use sqlx::migrate::Migrator;

use super::database::Store;
use super::{Db, DbError};

/// Where the framework keeps account of its own migrations. The site's are in sqlx's own table;
/// two migrators on one table would each take the other's entries for missing files.
const BOOKKEEPING: &str = "toolcrib_migrations";

#[cfg(feature = "sqlite")]
static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
#[cfg(feature = "postgres")]
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

/// A migration failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// No connection for it.
    #[error("no connection for the migrations")]
    Connection(#[source] DbError),
    /// A migration failed, was changed after it had been applied, or is missing.
    #[error("a migration of {of} failed")]
    Migration {
        /// `the framework` or `the site`.
        of: &'static str,
        /// Which, and why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
}

/// Brings the framework's own tables up to date.
pub(crate) async fn migrate_framework(db: &Db) -> Result<(), MigrateError> {
    run(
        db.store(),
        #[cfg(feature = "sqlite")]
        &own(&SQLITE),
        #[cfg(feature = "postgres")]
        &own(&POSTGRES),
        "the framework",
    )
    .await
}

/// Brings the site's tables up to date.
pub(super) async fn migrate(store: &Store, sqlite: &Migrator, postgres: &Migrator) -> Result<(), MigrateError> {
    let _ = (sqlite, postgres);
    run(
        store,
        #[cfg(feature = "sqlite")]
        sqlite,
        #[cfg(feature = "postgres")]
        postgres,
        "the site",
    )
    .await
}

fn own(migrator: &Migrator) -> Migrator {
    let mut own = Migrator::with_migrations(migrator.iter().cloned().collect());
    own.dangerous_set_table_name(Cow::Borrowed(BOOKKEEPING));
    own
}

async fn run(
    store: &Store,
    #[cfg(feature = "sqlite")] sqlite: &Migrator,
    #[cfg(feature = "postgres")] postgres: &Migrator,
    of: &'static str,
) -> Result<(), MigrateError> {
    let connection = MigrateError::Connection;
    let outcome = match store {
        #[cfg(feature = "sqlite")]
        Store::Sqlite(store) => {
            let mut lent = store.bare().await.map_err(connection)?;
            sqlite.run(lent.connection().map_err(connection)?).await
        }
        #[cfg(feature = "postgres")]
        Store::Postgres(store) => {
            let mut lent = store.bare().await.map_err(connection)?;
            // Closed afterwards: no time limit applies to a migration, and a failed one would
            // leave its advisory lock behind.
            lent.doubt();
            let link = lent.connection().map_err(connection)?;
            super::postgres::simple(link, "SET statement_timeout = 0")
                .await
                .map_err(|error| connection(error.into()))?;
            postgres.run(link).await
        }
    };
    outcome.map_err(|source| MigrateError::Migration { of, source })
}
