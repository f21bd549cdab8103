//! What the CRM knows about its data, without a framework and without SQL.
//!
//! Everything here is pure: values in, values out. [`client`] says what a client record may
//! contain, [`csv_import`] and [`csv_export`] carry records in from and out to files, [`search`]
//! defines what "contains, whatever the case" means.

pub mod client;
pub mod csv_export;
mod csv_guard;
pub mod csv_import;
mod email;
mod field_errors;
mod paging;
pub mod search;
mod text;
mod website;

pub use field_errors::FieldErrors;
pub use paging::Page;
