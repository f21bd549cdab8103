//! All clients at once, for the export, and whether one is there for somebody. Single ones and pages of the list are their adapter's.

use toolcrib::db::{self, Conn, DbError};

use super::visible;
use crate::adapters::Client;
use crate::domain::csv_export::ExportRow;

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

/// Whether there is such a client for a user: not merged into another, and not somebody else's private one.
///
/// # Errors
/// Whatever the database says.
pub async fn is_there(conn: &mut Conn, id: i64, viewer: i64) -> Result<bool, DbError> {
    let select = format!("SELECT COUNT(*) FROM clients WHERE clients.id = $1 AND {}", visible::client(2));
    Ok(db::query_built(select).bind(id).bind(viewer).scalar::<i64>(conn).await? > 0)
}

/// Answers every client, by account.
///
/// # Errors
/// Whatever the database says.
pub async fn all_for_export(conn: &mut Conn) -> Result<Vec<Client>, DbError> {
    db::query(
        "SELECT account, name, industry, city, website, phone, email, notes, updated_at \
         FROM clients ORDER BY account",
    )
    .fetch_all(conn)
    .await
}
