//! Where an example pauses or fails on purpose: races are between a read and the write that follows it.

use std::time::Duration;

use toolcrib::page::Knobs;
use toolcrib::prelude::*;

/// The pauses of one visit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    knobs: Knobs,
    pause: Duration,
}

impl Pace {
    /// As the request's test knobs ask.
    pub(super) fn of(cx: &Context<'_>) -> Self {
        Self { knobs: cx.knobs(), pause: Duration::ZERO }
    }

    /// With a pause between the read and the write, whatever the knobs say.
    pub(super) fn pausing(pause: Duration) -> Self {
        Self { knobs: Knobs::default(), pause }
    }

    /// To be awaited before the first read or lock.
    pub(super) async fn before(self) {
        self.knobs.pre().await;
    }

    /// To be awaited between the read and the write.
    pub(super) async fn between(self) -> Result<(), PageError> {
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
        self.knobs.hold().await;
        self.knobs.fail().await
    }
}
