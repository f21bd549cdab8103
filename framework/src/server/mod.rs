//! The server: builds a site, takes requests through the gate, runs attempts, answers.
//!
//! ```text
//! gate (host, request id, headers, log line, last catch)
//!  └─ cookie layer (actix-session)
//!      └─ dispatch: route ► method ► origin ► body ► token ► access ► attempts
//!                                                                     │
//!                     checkout app, data modules, page (one deadline) ◄┤
//!                     attempt in the page instance's own task ────────►│ commit ► answer
//!                     conflict: wait, holding nothing ─────────────────┘
//! ```

mod access;
mod answer;
mod application_start;
mod assembly;
mod attempt;
mod builder;
mod companion;
mod corner;
mod dispatch;
mod gate;
mod health;
mod jobs;
mod nodes;
mod origin;
mod page_pool;
mod payload;
mod routes;
mod running;
mod served;
mod shutdown;
mod task;

pub use builder::{BuildError, SiteBuilder};
pub use running::{ServeError, Server, run};
