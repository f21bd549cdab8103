//! The demo CRM in a real browser: what a visitor sees, with eyes, without them, and with values meant to do harm.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod flows;
mod harness;
mod hostile;
mod pages;
mod screenshots;
mod states;
mod support;
