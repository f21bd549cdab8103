//! What the CRM's pages show and accept: adapters and what their actions do.

pub(crate) mod account;
pub(crate) mod activity;
mod client;
pub(crate) mod deal;
mod import;
pub(crate) mod lead;
pub(crate) mod person;
pub(crate) mod pipeline;
pub(crate) mod tag;
pub(crate) mod view;

pub use account::{Account, AccountAction, AccountState, ProviderName};
pub use activity::{Activity, ActivityAction, ActivityKind};
pub use client::{Client, ClientAction};
pub use import::{ImportAction, ImportFile};
pub use person::{Person, PersonAction};
