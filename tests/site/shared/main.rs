//! Shared state, seen by many visitors at once: counters, application variables, locks, the object log.
//!
//! Every test starts a server of its own. Those whose limits are times have the machine to themselves
//! ([`support::Scene::alone`]), whatever `--test-threads` says; the others run beside one another.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod bad_input;
mod card_game;
mod crash;
mod crawl;
mod exits;
mod forms;
mod knobs;
mod log;
mod object_log;
mod race;
mod rc_tally;
mod sales;
mod sales_clock;
mod serial;
mod skew;
mod support;
mod tally;
mod tracking;
mod traffic;
