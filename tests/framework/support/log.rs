//! The object log of a site under test, read as its administrator does.

use serde::Deserialize;
use serde_json::Value;

use super::Running;

/// The label of an attempt that met a conflict and is followed by another.
pub(crate) const RETRYING: &str = "Commit failure - retrying";

/// The label of an attempt that could not have a lock and is followed by another.
pub(crate) const LOCK_RETRYING: &str = "Lock not acquired - retrying";

/// One entry, as `/tools/object-log.json` has it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) priority: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) attempt: Option<u32>,
    #[serde(default)]
    pub(crate) page: Option<String>,
    #[serde(default)]
    pub(crate) object: Value,
    #[serde(default)]
    pub(crate) error: Value,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<LogEntry>,
}

impl LogEntry {
    /// Whether the object or the chain of causes has these words in it.
    pub(crate) fn says(&self, words: &str) -> bool {
        text_of(&self.object).contains(words) || text_of(&self.error).contains(words)
    }
}

/// JSON as text, without the quotes of what is a text already.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Running {
    /// All entries of the object log, oldest first.
    pub(crate) async fn log(&self) -> Vec<LogEntry> {
        let answer = self.admin().await.get_json("/tools/object-log.json").await.expect_status(200);
        let Log { mut entries } =
            serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
        entries.reverse();
        entries
    }

    /// The entries of this label, oldest first.
    pub(crate) async fn logged(&self, label: &str) -> Vec<LogEntry> {
        let mut entries = self.log().await;
        entries.retain(|entry| entry.label == label);
        entries
    }
}
