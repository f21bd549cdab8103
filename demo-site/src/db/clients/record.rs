//! A client as stored.

use toolcrib::db::{self, Conn, DbError};

use crate::domain::client::ClientInput;
use crate::domain::csv_export::ExportRow;

/// The columns of [`Client`].
pub(super) const COLUMNS: &str = "id, account, name, industry, city, website, phone, email, notes, \
                       owner_id, version, created_at, updated_at";

/// A client as stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Client {
    /// Its id.
    pub id: i64,
    /// The code it is known by, unique.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its line of business, or nothing.
    pub industry: String,
    /// Where it sits, or nothing.
    pub city: String,
    /// `http://…` or `https://…`, or nothing.
    pub website: String,
    /// Its phone number, or nothing.
    pub phone: String,
    /// Its e-mail address, or nothing.
    pub email: String,
    /// What a file knew about it beside the fields, a line each.
    pub notes: String,
    /// The user who looks after it.
    pub owner_id: Option<i64>,
    /// Goes up with every change; an edit names the version it started from.
    pub version: i64,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

impl From<&Client> for ClientInput {
    fn from(client: &Client) -> Self {
        Self {
            name: client.name.clone(),
            account: client.account.clone(),
            industry: client.industry.clone(),
            city: client.city.clone(),
            website: client.website.clone(),
            phone: client.phone.clone(),
            email: client.email.clone(),
        }
    }
}

impl<'a> From<&'a Client> for ExportRow<'a> {
    fn from(client: &'a Client) -> Self {
        Self {
            account: &client.account,
            name: &client.name,
            industry: &client.industry,
            city: &client.city,
            website: &client.website,
            phone: &client.phone,
            email: &client.email,
            notes: &client.notes,
        }
    }
}

/// Finds a client by its id.
///
/// # Errors
/// Whatever the database says.
pub async fn find(conn: &mut Conn, id: i64) -> Result<Option<Client>, DbError> {
    db::query_built(format!("SELECT {COLUMNS} FROM clients WHERE id = $1")).bind(id).fetch_optional(conn).await
}

/// Answers every client, by account.
///
/// # Errors
/// Whatever the database says.
pub async fn all_for_export(conn: &mut Conn) -> Result<Vec<Client>, DbError> {
    db::query_built(format!("SELECT {COLUMNS} FROM clients ORDER BY account")).fetch_all(conn).await
}
