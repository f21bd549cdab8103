//! What the framework promises to whoever builds a site on it: small sites, made here through the public API and served
//! by several workers, under real HTTP.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod builder;
mod conflicts;
mod db;
mod deadlines;
mod departures;
mod dispatch;
mod modules;
mod order;
mod outages;
mod panics;
mod reset;
mod session_ends;
mod session_limits;
mod sessions;
mod shared_file;
mod stops;
mod support;
mod units;
