//! Two nodes, one application: loads, histories, and what goes wrong between nodes.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod faults;
mod histories;
mod visitors;
