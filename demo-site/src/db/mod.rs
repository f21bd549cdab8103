//! The CRM's tables. This is the only folder with SQL.
//!
//! Every statement is one text for SQLite and PostgreSQL. Functions take the connection they run
//! on: reading ones any, writing ones that of a transaction, which the caller commits. Times come
//! from the caller too, as microseconds since 1970 UTC.

pub mod clients;
pub mod desk;
#[cfg(test)]
mod fixture;
pub mod import;
mod migrations;
pub mod panels;
pub mod search;
pub mod seed;
pub mod tracking;
mod values;

pub use migrations::{POSTGRES, SQLITE};
