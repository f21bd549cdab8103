//! Pools, sessions and sign-in against the clock. What these facts assert is time, so run them one after another
//! (`--test-threads=1`; `tests/run` does).

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod failures;
mod hang_ups;
mod isolation;
mod limits;
mod order;
mod saturation;
mod session_clock;
mod sign_in_clock;
mod status;

/// How far a measured time may be from the one that was asked for.
const TOLERANCE: std::time::Duration = std::time::Duration::from_millis(300);

/// Fails unless `measured` is `expected`, give or take [`TOLERANCE`].
#[track_caller]
fn assert_about(measured: std::time::Duration, expected_ms: u64, what: &str) {
    let expected = std::time::Duration::from_millis(expected_ms);
    let off = measured.abs_diff(expected);
    assert!(off <= TOLERANCE, "{what} took {measured:?} instead of {expected:?} ± {TOLERANCE:?}");
}
