//! A database of its own for each server under test.

use std::path::Path;
use std::path::PathBuf;

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::PgConnection;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;

use crate::Engine;
use crate::random;

const URL: &str = "TOOLCRIB_TEST_POSTGRES_URL";

/// A fresh database, removed when dropped.
#[derive(Debug)]
pub struct Database {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Cluster { server: String, name: String },
    Given,
}

impl Database {
    /// An empty database: a file's name in `folder`, or a new database in the throw-away cluster.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is asked for and `TOOLCRIB_TEST_POSTGRES_URL` names no server where databases may be created.
    pub async fn fresh(engine: Engine, folder: &Path) -> Self {
        match engine {
            Engine::Sqlite => {
                let file = folder.join("crm.db");
                Self { url: format!("sqlite://{}", file.display()), place: Place::File(file) }
            }
            Engine::Postgres | Engine::TwoNodes => Self::in_cluster().await,
        }
    }

    /// A PostgreSQL database that whoever names it has made and removes.
    #[must_use]
    pub fn given(url: &str) -> Self {
        Self { url: url.to_owned(), place: Place::Given }
    }

    async fn in_cluster() -> Self {
        let server = std::env::var(URL).unwrap_or_else(|_| {
            panic!(
                "{URL} is not set: this half of the test needs a PostgreSQL server; tests/run starts one and sets it"
            )
        });
        let (base, _) = server.rsplit_once('/').unwrap_or_else(|| panic!("{URL} names no database: {server}"));
        let name = random::word("toolcrib_test_");
        let url = format!("{base}/{name}");
        administer(&server, &format!("CREATE DATABASE {name}")).await;
        Self { url, place: Place::Cluster { server, name } }
    }

    /// What goes into `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The SQLite file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Cluster { .. } | Place::Given => None,
        }
    }

    /// One whole number out of the database, behind the server's back.
    ///
    /// # Panics
    ///
    /// When the statement fails.
    pub async fn number(&self, sql: &str) -> i64 {
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        let number = match &self.place {
            Place::File(path) => query.fetch_one(&mut sqlite(path).await).await,
            Place::Cluster { .. } | Place::Given => {
                let mut connection =
                    PgConnection::connect(&self.url).await.expect("a connection to the test's database");
                return sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
                    .fetch_one(&mut connection)
                    .await
                    .unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
        };
        number.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs one statement behind the server's back.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn execute(&self, sql: &str) {
        let query = AssertSqlSafe(sql.to_owned());
        let done = match &self.place {
            Place::File(path) => sqlx::query(query).execute(&mut sqlite(path).await).await.map(drop),
            Place::Cluster { .. } | Place::Given => {
                let mut connection =
                    PgConnection::connect(&self.url).await.expect("a connection to the test's database");
                sqlx::query(query).execute(&mut connection).await.map(drop)
            }
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Cluster { server, name } = &self.place else { return };
        let (server, drop) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // A thread of its own: this drop runs inside the test's runtime, which must not be blocked on.
        let _ = std::thread::spawn(move || crate::run(async move { administer(&server, &drop).await })).join();
    }
}

/// A connection of the test's own to an SQLite file.
///
/// # Panics
///
/// When it cannot be opened.
pub async fn sqlite(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::from_secs(10));
    SqliteConnection::connect_with(&options).await.expect("the SQLite file opens")
}

async fn administer(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server)
        .await
        .unwrap_or_else(|error| panic!("{URL} names no server that answers: {error}"));
    let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
