//! What is noted.

use std::error::Error;

use serde::Serialize;

use super::text::{chain, limited, limited_json, masked};
use crate::clock::now_micros;
use crate::worker;

/// How urgent an entry is. The lower the number, the more urgent (GLASS: G16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A request was given up: too many retries.
    Fatal = 1,
    /// A request failed.
    Error = 2,
    /// Something was mended: a commit conflict, by another attempt.
    Warn = 3,
    /// Worth knowing.
    Info = 4,
    /// For whoever looks for a fault.
    Debug = 5,
    /// Every step, such as a lock that was not acquired.
    Trace = 6,
    /// What a program printed.
    Transcript = 7,
    /// An object somebody wants to look at.
    Interaction = 8,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 8] = [
        Self::Fatal,
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
        Self::Transcript,
        Self::Interaction,
    ];

    /// Its number, 1 to 8.
    #[must_use]
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The priority of a number.
    #[must_use]
    pub fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.number() == number)
    }

    /// Its name in addresses and documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Transcript => "transcript",
            Self::Interaction => "interaction",
        }
    }

    /// The priority of a name, whatever its case.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.name().eq_ignore_ascii_case(name))
    }
}

/// An entry to be noted. Every text is cut where it is too long; secret-looking parameters of the
/// address are masked.
///
/// ```
/// use toolcrib::object_log::{Entry, Priority};
///
/// let entry = Entry::new(Priority::Warn, "Stock ran low").object(&("drill", 2)).page("stock");
/// assert_eq!(entry.priority(), Priority::Warn);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an entry is in the log when it is noted"]
pub struct Entry {
    pub(super) at: i64,
    pub(super) worker: usize,
    pub(super) priority: Priority,
    pub(super) label: String,
    pub(super) url: String,
    pub(super) request_id: String,
    pub(super) attempt: u32,
    pub(super) page: String,
    pub(super) object: Option<String>,
    pub(super) error: Option<String>,
    pub(super) session: Option<String>,
}

impl Entry {
    /// Longest label and any other short text, in bytes.
    pub const LABEL_LIMIT: usize = 200;
    /// Longest address, in bytes.
    pub const URL_LIMIT: usize = 2_000;
    /// Longest object, in bytes of JSON; a longer one becomes a string that begins like it.
    pub const OBJECT_LIMIT: usize = 8_000;
    /// Longest chain of causes, in bytes.
    pub const ERROR_LIMIT: usize = 8_000;

    /// An entry of this moment. `label` is a short text that all entries of its kind share.
    pub fn new(priority: Priority, label: &str) -> Self {
        Self {
            at: now_micros(),
            worker: worker::home(),
            priority,
            label: limited(label, Self::LABEL_LIMIT),
            url: String::new(),
            request_id: String::new(),
            attempt: 0,
            page: String::new(),
            object: None,
            error: None,
            session: None,
        }
    }

    /// Path and query of the request.
    pub fn url(mut self, path_and_query: &str) -> Self {
        self.url = limited(&masked(path_and_query), Self::URL_LIMIT);
        self
    }

    /// The request's id and the number of its attempt, from 1.
    pub fn request(mut self, id: &str, attempt: u32) -> Self {
        self.request_id = limited(id, Self::LABEL_LIMIT);
        self.attempt = attempt;
        self
    }

    /// The page's name.
    pub fn page(mut self, name: &str) -> Self {
        self.page = limited(name, Self::LABEL_LIMIT);
        self
    }

    /// What it is about, as JSON.
    pub fn object(mut self, object: &(impl Serialize + ?Sized)) -> Self {
        let json = serde_json::to_string(object).unwrap_or_else(|error| {
            serde_json::Value::String(format!("not representable in JSON: {error}")).to_string()
        });
        self.object = Some(limited_json(json, Self::OBJECT_LIMIT));
        self
    }

    /// What went wrong, with all its causes.
    pub fn error(mut self, error: &(dyn Error + 'static)) -> Self {
        self.error = Some(limited(&chain(error), Self::ERROR_LIMIT));
        self
    }

    /// The session's number. Never the key the browser holds.
    pub fn session(mut self, id: &str) -> Self {
        self.session = Some(limited(id, Self::LABEL_LIMIT));
        self
    }

    /// How urgent it is.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// The text that all entries of its kind share.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Tells the text log. The query stays out of that one: it may hold what a visitor typed.
    pub(super) fn trace(&self) {
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    target: "toolcrib::object_log",
                    request = self.request_id,
                    page = self.page,
                    attempt = self.attempt,
                    path = self.url.split('?').next(),
                    object = self.object,
                    error = self.error,
                    session = self.session,
                    "{}",
                    self.label
                )
            };
        }
        match self.priority {
            Priority::Fatal | Priority::Error => tell!(error),
            Priority::Warn => tell!(warn),
            Priority::Info => tell!(info),
            Priority::Debug => tell!(debug),
            Priority::Trace | Priority::Transcript | Priority::Interaction => tell!(trace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_limited() {
        let long = "ä".repeat(20_000);
        let entry = Entry::new(Priority::Error, &long)
            .url(&format!("/{long}"))
            .request(&long, 1)
            .page(&long)
            .object(&long)
            .error(&std::io::Error::other(long.clone()))
            .session(&long);
        // Characters of two bytes: a limit may leave one byte unused.
        let fits = |text: &str, limit: usize| (limit - 1..=limit).contains(&text.len()) && text.contains('…');
        assert!(fits(&entry.label, Entry::LABEL_LIMIT));
        assert!(fits(&entry.url, Entry::URL_LIMIT));
        assert!(fits(&entry.request_id, Entry::LABEL_LIMIT));
        assert!(fits(&entry.page, Entry::LABEL_LIMIT));
        assert!(fits(entry.object.as_deref().expect("object"), Entry::OBJECT_LIMIT));
        assert!(fits(entry.error.as_deref().expect("error"), Entry::ERROR_LIMIT));
        assert!(fits(entry.session.as_deref().expect("session"), Entry::LABEL_LIMIT));
    }

    #[test]
    fn a_secret_is_masked_before_the_address_is_cut() {
        let url = format!("/{}?token=hunter2hunter2", "x".repeat(1_980));
        let entry = Entry::new(Priority::Error, "label").url(&url);
        assert!(!entry.url.contains("hunter"), "{}", entry.url);
    }

    #[test]
    fn what_json_cannot_represent_is_said_so() {
        let entry = Entry::new(Priority::Error, "label").object(&std::collections::HashMap::from([((1, 2), 3)]));
        assert!(entry.object.expect("object").contains("not representable"));
    }

    #[test]
    fn priorities_are_found_by_number_and_by_name() {
        for (number, priority) in (1..).zip(Priority::ALL) {
            assert_eq!(priority.number(), number);
            assert_eq!(Priority::of_number(number), Some(priority));
            assert_eq!(Priority::of_name(&priority.name().to_uppercase()), Some(priority));
        }
        assert_eq!((Priority::of_number(0), Priority::of_number(9), Priority::of_name("")), (None, None, None));
    }
}
