//! What the CRM's pages show and accept: adapters and what their actions do.

mod client;
mod import;

pub use client::{Client, ClientAction};
pub use import::{ImportAction, ImportFile};
