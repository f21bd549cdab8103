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
pub(crate) mod tag;
pub(crate) mod view;

pub use activity::{Activity, ActivityAction, ActivityKind};
pub use client::{Client, ClientAction};
pub use conversion::{Conversion, ConversionAction, NEW_CLIENT};
pub use deal::{Deal, DealAction};
pub use import::{ImportAction, ImportFile};
pub use lead::{Lead, LeadAction, LeadStatus};
pub use pipeline::{Outcome, Pipeline, PipelineAction, Stage, StageAction};
pub use person::{Person, PersonAction};
