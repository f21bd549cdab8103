//! All clients at once, for the export. Single ones and pages of the list are their adapter's.

use toolcrib::db::{self, Conn, DbError};

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
