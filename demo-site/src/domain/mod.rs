//! What the CRM knows about its data, without a framework and without SQL.
//!
//! Everything here is pure: values in, values out. [`csv_import`] and [`csv_export`] carry records in from
//! and out to files. What a client record may contain says [`Client`](crate::adapters::Client).

pub mod changes;
pub mod csv_export;
mod csv_guard;
pub mod csv_import;
pub mod moments;
pub mod privacy;
pub mod providers;
pub mod words;
