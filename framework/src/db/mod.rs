//! The database: one facade over SQLite and PostgreSQL, chosen at run time.
//!
//! [`Db`] owns the connections. [`Db::read`] lends a [`Conn`] that cannot write, [`Db::begin`] one
//! inside a transaction. Statements are written once, with `$1` placeholders, and run on either
//! engine through [`query`]:
//!
//! ```no_run
//! use toolcrib::db::{self, Conn, DbError};
//!
//! async fn city_of(conn: &mut Conn, id: i64) -> Result<Option<String>, DbError> {
//!     db::query("SELECT city FROM clients WHERE id = $1").bind(id).scalar_optional(conn).await
//! }
//! ```
//!
//! Every integer column is a `BIGINT`, times are microseconds since 1970 (UTC), money is an amount
//! of minor units: types both engines agree on to the bit. A site for one engine reaches the
//! native connection with [`Conn::sqlite`] or [`Conn::postgres`].
//!
//! What each engine needs to be safe (write-ahead log, one writer, `BEGIN IMMEDIATE`; statement
//! and lock time limits, a clean-up before a connection is lent again) is set in `sqlite.rs` and
//! `postgres.rs` and is nobody else's business.

mod beside;
mod conn;
mod database;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod driving;
mod error;
mod migrations;
#[cfg(feature = "sqlite")]
mod ownership;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod shelf;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod value;

#[cfg(feature = "redis")]
pub(crate) use beside::Beside;
pub use conn::Conn;
pub use database::{Db, Engine, Status};
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) use driving::DrivingRuntime;
pub use error::{ConnectError, DbError};
pub use migrations::MigrateError;
pub(crate) use migrations::migrate_framework;
#[cfg(feature = "postgres")]
pub(crate) use postgres::Listening;
pub use query::{Query, Record, query, query_built};
pub(crate) use statements::Statements;
pub use value::Value;

/// Nothing listens where there is nobody to be heard.
#[cfg(not(feature = "postgres"))]
#[derive(Debug)]
pub(crate) enum Listening {}
