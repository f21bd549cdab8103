//! What happens when things go wrong around the server: settings, ports, databases, signals, crashes.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod crash;
mod deploy;
mod knobs;
mod locked;
mod refusals;
mod rolling;
mod stop;
mod users;
