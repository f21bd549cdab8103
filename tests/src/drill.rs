//! The example page `/examples/drill`: one pooled instance, seen through its answer.

use std::time::Duration;
use std::time::Instant;

use crate::Answer;

/// One use of the drill.
#[derive(Debug, Clone)]
pub struct Drill {
    /// The status code; all that follows is empty unless it is 200.
    pub status: u16,
    /// Which instance served.
    pub instance: String,
    /// How often it has been used, this time included.
    pub uses: u64,
    /// What it still held when it was checked out.
    pub leftover: Option<String>,
    /// What was there after the reset.
    pub clean: Option<String>,
    /// The whole answer.
    pub answer: Answer,
}

impl Drill {
    /// When the request was sent.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.answer.started
    }

    /// When the answer was there.
    #[must_use]
    pub fn finished(&self) -> Instant {
        self.answer.finished
    }

    /// From asking to the answer.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.answer.took()
    }
}

impl From<Answer> for Drill {
    fn from(answer: Answer) -> Self {
        let mut drill =
            Self { status: answer.status, instance: String::new(), uses: 0, leftover: None, clean: None, answer };
        if drill.status == 200 {
            let body = drill.answer.json();
            // An empty text and nothing at all are the same here.
            let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            drill.instance = body["instance"].to_string();
            drill.uses = body["uses"].as_u64().unwrap_or_else(|| panic!("no uses in {body}"));
            drill.leftover = text("leftover");
            drill.clean = text("clean");
        }
        drill
    }
}
