//! What the CRM knows about its data, without a framework and without SQL.
//!
//! Everything here is pure: values in, values out. [`csv_import`] and [`csv_export`] carry records in from
//! and out to files. What a client record may contain says [`Client`](crate::adapters::Client).

pub mod account_code;
pub mod agenda;
pub mod board;
pub mod calendar;
pub mod changes;
pub mod charts;
pub mod client_filter;
pub mod csv_export;
mod csv_guard;
pub mod csv_import;
pub mod duplicates;
pub mod moments;
pub mod money;
pub mod months;
pub mod privacy;
pub mod providers;
pub mod tagging;
pub mod words;
