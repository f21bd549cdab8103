//! Page modules: what a site author writes.
//!
//! A page is a type that implements [`PageModule`]. Its values are pooled: one is checked out for
//! one request at a time, reset by [`PageModule::initialize`], used, and handed back. Everything
//! an author needs of the request, the session, the database and the answer is in [`Context`].
//!
//! ```
//! use toolcrib::prelude::*;
//!
//! pub struct HelloPage;
//!
//! impl PageModule for HelloPage {
//!     const INFO: PageInfo = PageInfo::new("hello", "/hello/{name}").title("Hello");
//!
//!     async fn create(_: &Site) -> Result<Self, CreateError> { Ok(Self) }
//!     fn initialize(&mut self) {}
//!     async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
//!         let name: String = cx.path("name")?;
//!         Ok(Response::text(format!("Hello, {name}!")))
//!     }
//! }
//! ```
//!
//! Code in a page is written as if it ran alone. What it changes - rows through
//! [`Context::tx`], session fields, effects after the commit - is one unit of work: it commits
//! when the page answers `Ok` and vanishes when it answers `Err`.

mod account;
mod address;
mod background;
mod body;
mod context;
mod csrf;
mod error;
mod failure;
mod frame;
mod info;
mod knobs;
mod lock_request;
mod log_entries;
mod module;
mod preview;
mod request;
mod response;
mod shared_object;
mod site;
mod unit;

pub use account::OwnPasswordRefused;
pub(crate) use address::{encode, is_local};
pub use background::{UnitAttempt, UnitDone, UnitError};
pub(crate) use body::{Body, fill, parse_pairs, repeated};
pub use body::{FormError, Upload};
pub(crate) use context::{Attempt, Modules, Refused};
pub use context::{Context, InstanceUse};
pub(crate) use csrf::{Csrf, TOKEN_FIELD, TOKEN_HEADER};
pub use error::{OrNotFound, PageError};
pub(crate) use failure::Failure;
pub use frame::{Frame, FrameApplication, FrameSession, MenuEntry};
pub use info::PageInfo;
pub use knobs::Knobs;
pub use lock_request::LockRequest;
pub(crate) use log_entries::{About, note};
pub use module::{AppModule, CreateError, DataModule, Flow, PageModule, PageResult, Uses};
pub(crate) use module::{AppOf, ApplicationHooks, Companion, DataOf, Module, PageOf};
pub use preview::{Preview, PreviewError};
pub(crate) use request::{Request, wants_events, wants_fragment, wants_json};
pub use response::Response;
pub(crate) use response::{Content, Then};
pub(crate) use shared_object::{GiveUp, ObjectHandle};
pub use shared_object::{ObjectInUnit, SharedObject};
pub(crate) use site::{Assets, SiteParts};

pub use crate::settings::{CacheMode, CreateMode};
pub use site::{ErrorNotice, Site};
pub use unit::Unit;
