//! The site's migrations, one set per engine.

use sqlx::migrate::Migrator;

/// The tables in SQLite's words.
pub static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");

/// The tables in PostgreSQL's words.
pub static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");
