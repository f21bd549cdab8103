//! What can go wrong, sorted by what the caller should do about it.

/// A failed statement, by consequence rather than by engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The database cannot be reached or went away before anything was committed: 503.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// No connection became free in time: 503.
    #[error("no database connection became free within the time limit")]
    NoConnection,
    /// Another process or unit held what was needed for too long: 503.
    #[error("the database was busy for longer than the time limit")]
    Busy(#[source] sqlx::Error),
    /// Two units of work collided; running the whole request again may succeed.
    #[error("a commit conflict in the database")]
    Conflict(#[source] sqlx::Error),
    /// A unique, foreign-key, not-null or check constraint was violated.
    #[error("a database constraint was violated ({constraint})")]
    Constraint {
        /// What kind of constraint.
        kind: sqlx::error::ErrorKind,
        /// Its name (PostgreSQL) or its columns as `table.column` (SQLite).
        constraint: String,
        /// The engine's own error.
        #[source]
        source: sqlx::Error,
    },
    /// The disk or the space given to the database is full: 503, nothing half-written.
    #[error("the database has no room left")]
    Full(#[source] sqlx::Error),
    /// The connection was lost after COMMIT had been sent: it may have happened or not.
    #[error("the outcome of a commit is unknown")]
    OutcomeUnknown(#[source] sqlx::Error),
    /// A write on a connection lent for reading.
    #[error("a write on a reading connection: use the unit's transaction")]
    ReadOnly(#[source] sqlx::Error),
    /// A text with the NUL character: PostgreSQL cannot store one, so it is refused on both engines. 400.
    #[error("a text with the NUL character cannot be stored")]
    Nul,
    /// Another store in which a part of the work is kept does not answer: 503.
    #[error("{store} is unavailable")]
    Beside {
        /// Which store.
        store: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else: a faulty statement, a row that does not fit its type.
    #[error("a statement failed")]
    Query(#[source] sqlx::Error),
}

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is neither `sqlite://…` nor `postgres://…`, or has a part that does not parse.
    #[error("DATABASE_URL is not usable: {0}")]
    Address(String),
    /// The engine was not compiled in.
    #[error("DATABASE_URL names {0}, but this program was built without the feature `{0}`")]
    NotBuilt(&'static str),
    /// The engine refused.
    #[error("cannot open the database {target}")]
    Open {
        /// The file, or host and database; never a password.
        target: String,
        /// Why.
        #[source]
        source: DbError,
    },
    /// The runtime that drives PostgreSQL's connections could not be started.
    #[error("cannot start the database runtime")]
    Runtime(#[source] std::io::Error),
}

impl DbError {
    /// Whether a unique or primary-key constraint was violated.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Constraint { kind: sqlx::error::ErrorKind::UniqueViolation, .. })
    }

    /// The violated constraint's name or columns.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { constraint, .. } => Some(constraint),
            _ => None,
        }
    }

    /// Whether running the whole request again may succeed at once.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Turns a failed COMMIT into what it means: a lost connection leaves the outcome unknown.
    pub(crate) fn during_commit(self) -> Self {
        match self {
            Self::Unavailable(source) => Self::OutcomeUnknown(source),
            other => other,
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let code = database.code().map(std::borrow::Cow::into_owned).unwrap_or_default();
                let kind = database.kind();
                match class_of(&code) {
                    Class::Busy => Self::Busy(error),
                    Class::Conflict => Self::Conflict(error),
                    Class::Full => Self::Full(error),
                    Class::ReadOnly => Self::ReadOnly(error),
                    Class::Unavailable => Self::Unavailable(error),
                    Class::Other if matches!(kind, sqlx::error::ErrorKind::Other) => Self::Query(error),
                    Class::Other => {
                        let constraint = database
                            .constraint()
                            .map_or_else(|| after_last_colon(database.message()).to_owned(), str::to_owned);
                        Self::Constraint { kind, constraint, source: error }
                    }
                }
            }
            sqlx::Error::PoolTimedOut => Self::NoConnection,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error)
            }
            _ => Self::Query(error),
        }
    }
}

/// "UNIQUE constraint failed: clients.account" names its columns after the colon.
fn after_last_colon(message: &str) -> &str {
    message.rsplit(": ").next().unwrap_or(message)
}

#[derive(Debug, PartialEq, Eq)]
enum Class {
    Busy,
    Conflict,
    Full,
    ReadOnly,
    Unavailable,
    Other,
}

/// Sorts an engine's error code. SQLite's are numbers of at most four digits (extended codes),
/// PostgreSQL's SQLSTATEs have five characters, so one table serves both.
fn class_of(code: &str) -> Class {
    match code {
        // SQLITE_BUSY_SNAPSHOT: the reader's view is stale, no waiting helps.
        // PostgreSQL: serialization_failure, deadlock_detected.
        "517" | "40001" | "40P01" => Class::Conflict,
        // SQLITE_BUSY, _RECOVERY, _TIMEOUT, SQLITE_LOCKED, _SHAREDCACHE.
        // PostgreSQL: lock_not_available, query_canceled (statement_timeout).
        "5" | "261" | "773" | "6" | "262" | "55P03" | "57014" => Class::Busy,
        // SQLITE_FULL; PostgreSQL: disk_full.
        "13" | "53100" => Class::Full,
        // SQLITE_READONLY; PostgreSQL: read_only_sql_transaction.
        "8" | "25006" => Class::ReadOnly,
        // SQLITE_CANTOPEN, SQLITE_IOERR and its extended forms are in the next arm.
        "14" | "10" => Class::Unavailable,
        // PostgreSQL: insufficient resources, operator intervention, connection exceptions.
        code if code.len() == 5 && (code.starts_with("53") || code.starts_with("57P") || code.starts_with("08")) => {
            Class::Unavailable
        }
        code if sqlite_primary(code) == Some(10) => Class::Unavailable,
        _ => Class::Other,
    }
}

/// The primary code in the low byte of a SQLite extended code.
fn sqlite_primary(code: &str) -> Option<u32> {
    if code.len() >= 5 { None } else { code.parse::<u32>().ok().map(|code| code & 0xff) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_codes_are_sorted_by_consequence() {
        assert_eq!(class_of("517"), Class::Conflict);
        assert_eq!(class_of("40001"), Class::Conflict);
        assert_eq!(class_of("40P01"), Class::Conflict);
        assert_eq!(class_of("5"), Class::Busy);
        assert_eq!(class_of("57014"), Class::Busy);
        assert_eq!(class_of("13"), Class::Full);
        assert_eq!(class_of("57P01"), Class::Unavailable);
        assert_eq!(class_of("53300"), Class::Unavailable);
        assert_eq!(class_of("3338"), Class::Unavailable, "SQLITE_IOERR_AUTH");
        assert_eq!(class_of("42601"), Class::Other);
        assert_eq!(class_of("2067"), Class::Other, "a unique violation is told by its kind");
    }

    #[test]
    fn a_connection_lost_during_commit_leaves_the_outcome_unknown() {
        let lost = DbError::from(sqlx::Error::WorkerCrashed);
        assert!(matches!(lost.during_commit(), DbError::OutcomeUnknown(_)));
    }
}
