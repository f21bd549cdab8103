//! Test knobs: slow a request down or make it fail, where the site was started for tests.

use std::time::Duration;

use super::PageError;

/// Longest wait a knob accepts.
const LONGEST: Duration = Duration::from_secs(120);

/// What the query asked for. Every knob does nothing unless the setting `test_knobs` is on, which
/// a production profile refuses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Knobs {
    pre: Option<Duration>,
    hold: Option<Duration>,
    fail: Option<Fail>,
}

#[derive(Debug, Clone, Copy)]
enum Fail {
    Error,
    Panic,
    Hang,
}

impl Knobs {
    pub(crate) fn read(query: &[(String, String)]) -> Self {
        let value = |name: &str| query.iter().find(|(given, _)| given == name).map(|(_, value)| value);
        let wait = |name| {
            value(name).and_then(|value| value.parse().ok()).map(|millis| Duration::from_millis(millis).min(LONGEST))
        };
        Self {
            pre: wait("pre_ms"),
            hold: wait("hold_ms"),
            fail: value("fail").and_then(|fail| match fail.as_str() {
                "error" => Some(Fail::Error),
                "panic" => Some(Fail::Panic),
                "hang" => Some(Fail::Hang),
                _ => None,
            }),
        }
    }

    /// Waits as long as `pre_ms` says: to be called before the first read or lock.
    pub async fn pre(self) {
        wait(self.pre).await;
    }

    /// Waits as long as `hold_ms` says: to be called between the read and the write.
    pub async fn hold(self) {
        wait(self.hold).await;
    }

    /// Fails as `fail` says.
    ///
    /// # Errors
    /// For `fail=error`.
    ///
    /// # Panics
    /// For `fail=panic`: that is what the knob is for.
    #[expect(clippy::panic, reason = "a knob to see a page panic")]
    pub async fn fail(self) -> Result<(), PageError> {
        match self.fail {
            None => Ok(()),
            Some(Fail::Error) => Err(PageError::other("the test knob asked for an error")),
            Some(Fail::Panic) => panic!("the test knob asked for a panic"),
            Some(Fail::Hang) => std::future::pending().await,
        }
    }
}

async fn wait(duration: Option<Duration>) {
    if let Some(duration) = duration {
        tokio::time::sleep(duration).await;
    }
}
