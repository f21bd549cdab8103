//! Statements written once for both engines.

use std::borrow::Cow;

use super::conn::{Conn, Link};
use super::{DbError, Value};

/// Starts a statement. Its text uses `$1`, `$2`, … for parameters.
///
/// The text is a literal on purpose: what a visitor sent belongs into [`Query::bind`]. For a text
/// composed of constant parts see [`query_built`].
pub fn query(sql: &'static str) -> Query {
    Query { sql: Cow::Borrowed(sql), values: Vec::new() }
}

/// Starts a statement whose text was composed at run time **from the site's own constants**.
///
/// Never put anything into the text that came from a request; bind it.
pub fn query_built(sql: String) -> Query {
    Query { sql: Cow::Owned(sql), values: Vec::new() }
}

/// A statement and its parameters, ready to run on a [`Conn`].
#[derive(Debug, Clone)]
#[must_use = "a statement does nothing until it is run"]
pub struct Query {
    sql: Cow<'static, str>,
    values: Vec<Value>,
}

/// A row type both compiled-in engines can fill: anything with `#[derive(sqlx::FromRow)]` whose
/// fields are `i64`, `f64`, `bool`, `String`, `Vec<u8>` or options of these.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
pub trait Record:
    Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>
{
}
#[cfg(all(feature = "sqlite", feature = "postgres"))]
impl<T> Record for T where
    T: Send
        + Unpin
        + for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
        + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>
{
}

/// A row type SQLite can fill: anything with `#[derive(sqlx::FromRow)]`.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
pub trait Record: Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> {}
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
impl<T> Record for T where T: Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> {}

/// A row type PostgreSQL can fill: anything with `#[derive(sqlx::FromRow)]`.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
pub trait Record: Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> {}
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
impl<T> Record for T where T: Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> {}

/// Runs `$run` on the engine's own query type, keeping the connection marked as busy meanwhile.
macro_rules! on_engine {
    ($query:expr, $conn:expr, $as:ident $(::<$row:ty>)?, |$statement:ident, $link:ident| $run:expr) => {{
        let Query { sql, values } = $query;
        if values.iter().any(Value::has_nul) {
            return Err(DbError::Nul);
        }
        let busy = $conn.busy();
        let outcome = match busy.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(lent) => {
                let $link = lent.connection()?;
                let arguments = super::sqlite::arguments(values)?;
                let $statement = sqlx::$as::<sqlx::Sqlite, $($row,)? _>(safe(sql), arguments);
                $run
            }
            #[cfg(feature = "postgres")]
            Link::Postgres(lent) => {
                let $link = lent.connection()?;
                let arguments = super::postgres::arguments(values)?;
                let $statement = sqlx::$as::<sqlx::Postgres, $($row,)? _>(safe(sql), arguments);
                $run
            }
        };
        busy.ended(outcome)
    }};
}

fn safe(sql: Cow<'static, str>) -> sqlx::AssertSqlSafe<Cow<'static, str>> {
    sqlx::AssertSqlSafe(sql)
}

impl Query {
    /// Binds the next parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs the statement and answers how many rows it touched.
    ///
    /// # Errors
    /// Whatever the engine says, classified as a [`DbError`].
    pub async fn execute(self, conn: &mut Conn) -> Result<u64, DbError> {
        on_engine!(self, conn, query_with, |statement, link| {
            statement.execute(link).await.map(|done| done.rows_affected())
        })
    }

    /// Runs the statement and answers all its rows.
    ///
    /// # Errors
    /// Whatever the engine says, and [`DbError::Query`] where a row does not fit `T`.
    pub async fn fetch_all<T: Record>(self, conn: &mut Conn) -> Result<Vec<T>, DbError> {
        on_engine!(self, conn, query_as_with::<T>, |statement, link| statement.fetch_all(link).await)
    }

    /// Runs the statement and answers its first row, if there is one.
    ///
    /// # Errors
    /// As [`Query::fetch_all`].
    pub async fn fetch_optional<T: Record>(self, conn: &mut Conn) -> Result<Option<T>, DbError> {
        on_engine!(self, conn, query_as_with::<T>, |statement, link| statement.fetch_optional(link).await)
    }

    /// Runs the statement and answers its first row.
    ///
    /// # Errors
    /// As [`Query::fetch_all`], and [`DbError::Query`] where there is no row.
    pub async fn fetch_one<T: Record>(self, conn: &mut Conn) -> Result<T, DbError> {
        on_engine!(self, conn, query_as_with::<T>, |statement, link| statement.fetch_one(link).await)
    }

    /// Runs the statement and answers the first column of its first row.
    ///
    /// # Errors
    /// As [`Query::fetch_one`].
    pub async fn scalar<T>(self, conn: &mut Conn) -> Result<T, DbError>
    where
        (T,): Record,
    {
        self.fetch_one::<(T,)>(conn).await.map(|(value,)| value)
    }

    /// Runs the statement and answers the first column of its first row, if there is one.
    ///
    /// # Errors
    /// As [`Query::fetch_all`].
    pub async fn scalar_optional<T>(self, conn: &mut Conn) -> Result<Option<T>, DbError>
    where
        (T,): Record,
    {
        Ok(self.fetch_optional::<(T,)>(conn).await?.map(|(value,)| value))
    }

    /// Runs the statement and answers the first column of every row.
    ///
    /// # Errors
    /// As [`Query::fetch_all`].
    pub async fn scalars<T>(self, conn: &mut Conn) -> Result<Vec<T>, DbError>
    where
        (T,): Record,
    {
        Ok(self.fetch_all::<(T,)>(conn).await?.into_iter().map(|(value,)| value).collect())
    }
}
