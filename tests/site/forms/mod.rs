//! The demo's forms, as its pages show them: what they promise to people, to scripts and to those who forge them.

mod conflicts;
mod forged;
mod hostile;
mod page_form;
mod plain;
mod repeats;
mod scene;
pub(crate) mod snapshot;
mod values;
