//! What the CRM's pages show and accept: adapters and what their actions do.

pub(crate) mod account;
pub(crate) mod activity;
mod client;
pub(crate) mod deal;
mod import;
pub(crate) mod lead;
pub(crate) mod person;
pub(crate) mod pipeline;
mod tag;
mod task;
mod view;

pub use activity::{Activity, ActivityAction, ActivityKind};
pub use client::{Client, ClientAction};
pub use import::{ImportAction, ImportFile};
pub use person::{Person, PersonAction};
pub use tag::{Tag, TagAction};
pub use task::{Task, TaskAction};
pub use view::{SavedView, ViewAction};

use toolcrib::page::PageError;

/// Runs the request again where a unique index refused what an action had looked up as free: somebody was faster, and the next
/// attempt says so in words.
pub(crate) fn once_more<T>(result: Result<T, PageError>) -> Result<T, PageError> {
    match result {
        Err(PageError::Database(error)) if error.is_unique() => Err(PageError::retry(error.to_string())),
        other => other,
    }
}
