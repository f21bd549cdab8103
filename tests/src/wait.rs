//! Waiting for a state by looking at it again and again, with a deadline.

use std::time::Duration;
use std::time::Instant;

/// How long to leave the server alone between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Waits until `probe` gives a value, and returns it.
///
/// # Panics
///
/// When there is none `within` that time; the message names `what`.
pub async fn eventually<T>(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// Waits until `probe` is true.
///
/// # Panics
///
/// When it is not `within` that time; the message names `what`.
pub async fn holds_within(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> bool) {
    eventually(what, within, async || probe().await.then_some(())).await;
}

/// Lets time pass, where the passing of time is what the test is about.
pub async fn time_passes(duration: Duration) {
    tokio::time::sleep(duration).await;
}
