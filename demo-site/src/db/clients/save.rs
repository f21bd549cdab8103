//! Storing and changing a client.

use thiserror::Error;
use toolcrib::db::{self, Conn, DbError, Query};

use crate::domain::FieldErrors;
use crate::domain::client::NewClient;
use crate::domain::search::{fold, fold_all};

/// Binds what a person fills in: account, name, industry, city, website, phone, email.
pub(in crate::db) fn bind_facts(statement: Query, client: &NewClient) -> Query {
    statement
        .bind(client.account())
        .bind(client.name())
        .bind(client.industry())
        .bind(client.city())
        .bind(client.website())
        .bind(client.phone())
        .bind(client.email())
}

/// Why a client was not saved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SaveError {
    /// Another client has the account. The transaction is still good, unless that client was saved
    /// at the same moment: then PostgreSQL takes nothing more in it.
    #[error("the account belongs to another client")]
    AccountTaken,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl SaveError {
    /// The error as the form shows it.
    ///
    /// # Errors
    /// What the form cannot help.
    pub fn into_field_errors(self) -> Result<FieldErrors, DbError> {
        match self {
            Self::AccountTaken => Ok(FieldErrors::one("account", "Account belongs to another client already.")),
            Self::Db(error) => Err(error),
        }
    }
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Updated {
    /// It is stored.
    Done,
    /// Somebody else changed the client meanwhile; nothing is stored.
    Stale,
    /// There is no such client any more.
    Gone,
}

/// The texts of a client that are derived from its fields.
pub(in crate::db) struct Derived {
    pub(in crate::db) search: String,
    pub(in crate::db) sort_name: String,
}

impl Derived {
    pub(in crate::db) fn of(client: &NewClient) -> Self {
        let searchable = [client.account(), client.name(), client.industry(), client.city(), client.email()];
        Self { search: fold_all(&searchable), sort_name: fold(client.name()) }
    }
}

/// Stores a new client and answers its id.
///
/// # Errors
/// [`SaveError::AccountTaken`], or whatever the database says.
pub async fn insert(conn: &mut Conn, client: &NewClient, now: i64) -> Result<i64, SaveError> {
    let Derived { search, sort_name } = Derived::of(client);
    // Not by a unique violation: after one PostgreSQL takes nothing more in this transaction.
    let statement = db::query(
        "INSERT INTO clients (account, name, industry, city, website, phone, email, \
         search, sort_name, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
         ON CONFLICT (account) DO NOTHING RETURNING id",
    );
    let id = bind_facts(statement, client).bind(search).bind(sort_name).bind(now).scalar_optional(conn).await?;
    id.ok_or(SaveError::AccountTaken)
}

/// Changes a client, if it still is in the version the edit started from.
///
/// One statement compares and writes, so of two edits of one version exactly one is stored.
///
/// # Errors
/// [`SaveError::AccountTaken`], or whatever the database says.
pub async fn update(
    conn: &mut Conn,
    id: i64,
    version: i64,
    client: &NewClient,
    now: i64,
) -> Result<Updated, SaveError> {
    let Derived { search, sort_name } = Derived::of(client);
    let statement = db::query(
        "UPDATE clients SET account = $3, name = $4, industry = $5, city = $6, website = $7, \
         phone = $8, email = $9, search = $10, sort_name = $11, updated_at = $12, \
         version = version + 1 \
         WHERE id = $1 AND version = $2 \
         AND NOT EXISTS (SELECT 1 FROM clients other WHERE other.account = $3 AND other.id <> $1)",
    );
    let changed = bind_facts(statement.bind(id).bind(version), client)
        .bind(search)
        .bind(sort_name)
        .bind(now)
        .execute(conn)
        .await
        // Two clients that take one account at the same moment: the unique index decides.
        .map_err(|error| if error.is_unique() { SaveError::AccountTaken } else { error.into() })?;
    if changed > 0 {
        return Ok(Updated::Done);
    }
    let current: Option<i64> =
        db::query("SELECT version FROM clients WHERE id = $1").bind(id).scalar_optional(conn).await?;
    match current {
        None => Ok(Updated::Gone),
        Some(current) if current != version => Ok(Updated::Stale),
        Some(_) => Err(SaveError::AccountTaken),
    }
}
