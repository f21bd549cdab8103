//! Toolcrib: web pages as pooled, supervised actors.
//!
//! A factory's *tool crib* is the room where workers check a drill out, use it and hand it back.
//! In Toolcrib every page is such a tool: a type whose instances live in a bounded, supervised
//! pool and serve one request at a time. What a request changes is one unit of work: it commits
//! once or not at all, and a conflict runs the whole request again.
//!
//! ```no_run
//! use toolcrib::prelude::*;
//!
//! struct Hello;
//!
//! impl AppModule for Hello {
//!     const TITLE: &'static str = "Hello";
//!     async fn create(_: &Site) -> Result<Self, CreateError> { Ok(Self) }
//!     fn initialize(&mut self) {}
//! }
//!
//! struct HelloPage;
//!
//! impl PageModule for HelloPage {
//!     const INFO: PageInfo = PageInfo::new("hello", "/hello/{name}");
//!     async fn create(_: &Site) -> Result<Self, CreateError> { Ok(Self) }
//!     fn initialize(&mut self) {}
//!     async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
//!         let name: String = cx.path("name")?;
//!         Ok(Response::text(format!("Hello, {name}!")))
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     toolcrib::run(async {
//!         let settings = Settings::load().expect("settings");
//!         let site = Site::builder(settings).app_module::<Hello>().page::<HelloPage>();
//!         site.build().await.expect("a sound site").serve().await.expect("served");
//!         std::process::ExitCode::SUCCESS
//!     })
//! }
//! ```
//!
//! `ARCHITECTURE.md` beside this crate tells the parts, the way of a request and the guarantees.

#[cfg(panic = "abort")]
compile_error!("toolcrib needs panic = \"unwind\": with \"abort\" one panicking page ends the whole site");

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("toolcrib needs a database: enable the feature `sqlite` or `postgres`");

// What the derives write names everything by `::toolcrib`: here too.
extern crate self as toolcrib;

pub mod adapter;
pub mod application;
pub mod clock;
mod cluster;
pub mod db;
pub mod events;
pub mod filters;
mod fold;
pub mod jobs;
pub mod live;
pub mod locks;
mod logging;
pub mod object_log;
pub mod page;
mod panics;
pub mod pool;
pub mod prelude;
mod requests;
mod secret;
pub mod server;
pub mod session;
pub mod settings;
pub mod supervisor;
mod tools;
pub mod unit_of_work;
pub mod users;
mod worker;

pub use logging::start_logging;
pub use server::run;
pub use settings::Settings;

/// The guides' code is compiled with the tests.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../guide/live.md")]
    mod live {}
    #[doc = include_str!("../guide/jobs.md")]
    mod jobs {}
    #[doc = include_str!("../guide/pages.md")]
    mod pages {}
    #[doc = include_str!("../guide/shared-state.md")]
    mod shared_state {}
    #[doc = include_str!("../guide/templates.md")]
    mod templates {}
}
