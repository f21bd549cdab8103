//! The object log, as administrators read it.

use serde::Deserialize;
use serde_json::Value;
use toolcrib_tests::prelude::*;

pub(crate) const CONFLICT: &str = "Commit failure - retrying";
pub(crate) const LOCK_RETRY: &str = "Lock not acquired - retrying";

/// All entries, newest first.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) priority: String,
    pub(crate) label: String,
    pub(crate) url: Option<String>,
    pub(crate) request_id: Option<String>,
    #[serde(default)]
    pub(crate) object: Value,
    #[serde(default)]
    pub(crate) error: Value,
}

impl Entry {
    /// All that it says about what it is about.
    pub(crate) fn text(&self) -> String {
        format!("{} {} {}", self.label, self.object, self.error)
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.url.as_deref().is_some_and(|url| url.contains(path))
    }
}

impl Log {
    /// Reads it; fails unless it is complete and newest first. Each node first stores what it has not stored yet.
    pub(crate) async fn read(server: &Server, admin: &Client) -> Self {
        let answers = server.each_node_says(admin, "/tools/object-log.json?limit=100000").await;
        let answer = answers.into_iter().last().expect("a node that is awake").expect_status(200);
        let document = answer.json();
        let entries: Vec<Entry> = serde_json::from_value(document["entries"].clone())
            .unwrap_or_else(|error| panic!("not the object log ({error}): {answer:?}"));
        assert_eq!(document["total"].as_u64(), Some(entries.len() as u64), "the total is that of the entries");
        // Those that were noted at the same moment may stand in either order.
        let newest_first = entries.windows(2).all(|pair| pair[0].id > pair[1].id || pair[0].at >= pair[1].at);
        assert!(newest_first, "newest first: {entries:?}");
        Self { entries }
    }

    /// What is new in it.
    pub(crate) fn since(&self, before: &Self) -> Vec<Entry> {
        let known: Vec<_> = before.entries.iter().map(|entry| entry.id).collect();
        self.entries.iter().filter(|entry| !known.contains(&entry.id)).cloned().collect()
    }

    pub(crate) fn ids(&self, priority: &str) -> Vec<i64> {
        self.entries.iter().filter(|entry| entry.priority == priority).map(|entry| entry.id).collect()
    }

    /// Failed commits, each of which was retried.
    pub(crate) fn conflicts(&self) -> Vec<&Entry> {
        self.labelled("warn", CONFLICT)
    }

    /// Object locks that were not to be had, after each of which the request was retried.
    pub(crate) fn lock_retries(&self) -> Vec<&Entry> {
        self.labelled("trace", LOCK_RETRY)
    }

    fn labelled(&self, priority: &str, label: &str) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.priority == priority && entry.label == label).collect()
    }
}
