//! The harness of the tests that look at Toolcrib and its demo CRM from outside.
//!
//! A test starts the demo as a process of its own, on a port, in a folder and with a database of its own, and talks to it
//! over HTTP as browsers, scripts and bad clients do. Nothing here links the framework or the demo.
//!
//! ```no_run
//! use toolcrib_tests::prelude::*;
//!
//! on_both_engines! { fifty_requests_in_a_row_use_one_instance }
//!
//! async fn fifty_requests_in_a_row_use_one_instance(engine: Engine) {
//!     let server = Server::on(engine).setting("PAGES__DRILL__MAX", 10).start().await;
//!     let visitor = server.visitor();
//!     for _ in 0..50 {
//!         assert_eq!(visitor.drill("").await.status, 200);
//!     }
//!     assert_eq!(server.status().await.pool("drill").created_total, 1);
//! }
//! # fn main() {}
//! ```
//!
//! # Parts
//!
//! | part | what it is |
//! |---|---|
//! | [`Server`] | the process: settings, start, readiness, signals, log; its drop kills it and fails the test if it died or panicked unasked |
//! | [`Node`], [`Proxy`] | where the site is two processes: each of them, and what stands before them |
//! | [`Client`], [`Answer`] | one visitor: cookies, no automatic redirects, verbs named after what users do |
//! | [`Engine`], [`Database`] | a file, or a fresh database in the cluster for one process or two; [`on_both_engines!`] and [`on_all_engines!`] make one test of each |
//! | [`Postgres`] | a PostgreSQL server of the test's own, to be killed |
//! | [`Redis`] | a Redis of a test's own, which can be stopped, emptied and made to hang |
//! | [`Status`] | `/tools/status.json`, read as administrator |
//! | [`wire`] | raw sockets: hang-ups by RST and FIN, slow and malformed requests |
//! | [`load`] | many requests at once |
//! | [`history`] | what clients did and were answered, and checkers of it: locks, counters, units of work |
//! | [`html`] | what the tests need to know about a page: tags, inputs, links |
//! | [`wait`] | polling a state until it holds; the only way to wait for something |
//! | [`command`] | the demo's command line |
//!
//! # Environment
//!
//! | variable | meaning |
//! |---|---|
//! | `TOOLCRIB_DEMO_BIN` | the demo's binary; without it the harness builds it with cargo |
//! | `TOOLCRIB_TEST_POSTGRES_URL` | a throw-away server on which databases may be created; without it the half of the tests that needs it fails and says so |
//! | `TOOLCRIB_TEST_REDIS` | the Redis server's binary; without it `redis-server` is looked for in the `PATH` |
//! | `TOOLCRIB_TEST_LONG` | `1`: longer loads, more rounds |
//! | `TOOLCRIB_TEST_SEED` | repeats a run's random choices (every test that makes some prints its seed) |
//! | `TOOLCRIB_TEST_OVERRIDE` | `NAME=value,NAME=value`: settings laid over those of every server, to see tests fail on purpose |
//!
//! # Rules
//!
//! A test waits by observing ([`wait::eventually`]), never by sleeping; where time itself is what is tested (an idle
//! time-out, a hold) the test says so and measures it. Limits are the requirement's, not what the code happens to do.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod answer;
mod binary;
mod client;
pub mod command;
mod cookies;
mod crm;
mod database;
mod drill;
mod engine;
pub mod history;
pub mod html;
pub mod load;
mod places;
mod port;
mod postgres;
mod proxy;
pub mod random;
mod redis;
mod routes;
mod server;
pub mod status;
pub mod table;
pub mod wait;
pub mod wire;

pub use answer::Answer;
pub use client::Client;
pub use client::Request;
pub use cookies::Cookie;
pub use cookies::Jar;
pub use crm::NewClient;
pub use crm::companies;
pub use crm::companies_file;
pub use crm::count_in;
pub use database::Database;
pub use database::sqlite;
pub use drill::Drill;
pub use engine::Engine;
pub use engine::run;
pub use places::Places;
pub use port::free_port;
pub use postgres::Postgres;
pub use proxy::Proxy;
pub use redis::Redis;
pub use routes::Route;
pub use routes::routes;
pub use server::Node;
pub use server::PASSWORD;
pub use server::SECRET;
pub use server::Server;
pub use server::ServerPlan;
pub use server::SettingText;
pub use status::Pool;
pub use status::Status;

/// What nearly every test uses.
pub mod prelude {
    pub use std::time::Duration;
    pub use std::time::Instant;

    pub use crate::Answer;
    pub use crate::Client;
    pub use crate::Engine;
    pub use crate::NewClient;
    pub use crate::PASSWORD;
    pub use crate::Server;
    pub use crate::html;
    pub use crate::load::all_at_once;
    pub use crate::on_all_engines;
    pub use crate::on_both_engines;
    pub use crate::wait::eventually;
    pub use crate::wait::holds_within;
}

/// Whether the long variants were asked for.
#[must_use]
pub fn long() -> bool {
    std::env::var("TOOLCRIB_TEST_LONG").is_ok_and(|value| value == "1")
}

/// `short`, or `long` when the long variants were asked for.
#[must_use]
pub fn rounds(short: usize, long_variant: usize) -> usize {
    if long() { long_variant } else { short }
}
