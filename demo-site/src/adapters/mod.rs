//! What the CRM's pages show and accept: adapters and what their actions do.

pub(crate) mod account;
pub(crate) mod activity;
mod changes;
mod client;
mod conversion;
pub(crate) mod deal;
mod import;
pub(crate) mod lead;
pub(crate) mod person;
pub(crate) mod pipeline;
mod tag;
mod task;
mod view;

pub use account::{Account, AccountAction, AccountState, ProviderName};
pub use activity::{Activity, ActivityAction, ActivityKind};
pub use client::{Client, ClientAction, SHOWN_TAGS};
pub use conversion::{Conversion, ConversionAction, NEW_CLIENT};
pub use deal::{Deal, DealAction};
pub use import::{ImportAction, ImportFile};
pub use lead::{Lead, LeadAction, LeadStatus};
pub use person::{Person, PersonAction};
pub use pipeline::{Outcome, Pipeline, PipelineAction, Stage, StageAction};
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
