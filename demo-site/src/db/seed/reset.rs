//! Emptying a CRM.

use toolcrib::db::{self, Conn, DbError};

/// The tables of the CRM, those first that refer to others. Pipelines stay: they are how the CRM is set up.
const TABLES: [&str; 18] = [
    "search_words",
    "merge_moves",
    "merges",
    "external_accounts",
    "client_tags",
    "tags",
    "saved_views",
    "timeline_events",
    "audit_log",
    "activities",
    "leads",
    "deals",
    "persons",
    "tracking",
    "import_rows",
    "import_files",
    "clients",
    "import_runs",
];

/// Removes all clients and whatever else was entered. Users, roles, sessions and pipelines stay.
///
/// # Errors
/// Whatever the database says.
pub async fn reset(conn: &mut Conn) -> Result<(), DbError> {
    for table in TABLES {
        db::query_built(format!("DELETE FROM {table}")).execute(conn).await?;
    }
    Ok(())
}
