//! The CRM's tables. This is the only folder with SQL.
//!
//! Every statement is one text for SQLite and PostgreSQL. Functions take the connection they run
//! on: reading ones any, writing ones that of a transaction, which the caller commits. Times come
//! from the caller too, as microseconds since 1970 UTC.

pub mod accounts;
pub mod audit;
pub mod bulk;
pub mod client_list;
pub mod clients;
pub mod colleagues;
pub mod deals;
pub mod desk;
pub mod duplicates;
#[cfg(test)]
mod fixture;
pub mod import;
pub mod imports;
pub mod journal;
pub mod leads;
pub mod merges;
mod migrations;
pub mod panels;
pub mod persons;
pub mod pipelines;
pub mod race;
pub mod reindex;
pub mod reports;
pub mod search;
pub mod seed;
pub mod tags;
pub mod tasks;
pub mod timeline;
pub mod tracking;
mod values;
pub mod views;
pub mod visible;
pub mod words;

pub use migrations::{POSTGRES, SQLITE};
