//! What came back.

use std::fmt;
use std::time::Duration;
use std::time::Instant;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::cookies;
use crate::cookies::Cookie;
use crate::html;

/// One complete answer, with the times at which it was asked for and complete.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
    /// When the request was about to be sent.
    pub started: Instant,
    /// When the last byte had arrived.
    pub finished: Instant,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is none; the message shows the answer.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}) in {self:?}"))
    }

    /// A header's value, if it is there.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where a redirect leads; empty when it is none.
    #[must_use]
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or("")
    }

    /// The cookies it sets.
    #[must_use]
    pub fn cookies(&self) -> Vec<Cookie> {
        cookies::set_by(&self.headers)
    }

    /// From asking to the last byte.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.finished - self.started
    }

    /// Whether it says that it is HTML.
    #[must_use]
    pub fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    }

    /// Whether it says that it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"))
    }

    /// Whether the page asks for a user name and a password.
    #[must_use]
    pub fn asks_to_sign_in(&self) -> bool {
        let page = self.text();
        html::has_input(&page, "username") && html::has_input(&page, "password")
    }

    /// This answer, if it has that status.
    ///
    /// # Panics
    ///
    /// When it has another one; the message shows the answer.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The seconds after which it invites another try.
    ///
    /// # Panics
    ///
    /// When `Retry-After` is missing or no whole number of at least one second.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        let seconds = self.header("retry-after").unwrap_or_else(|| panic!("no Retry-After in {self:?}"));
        let seconds = seconds.parse().unwrap_or_else(|_| panic!("Retry-After is {seconds:?}, not seconds"));
        assert!(seconds >= 1, "Retry-After is {seconds}");
        seconds
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "answer {} after {:?}", self.status, self.took())?;
        for (name, value) in &self.headers {
            writeln!(formatter, "  {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        let text: String = self.text().chars().take(1500).collect();
        writeln!(formatter, "\n{text}")
    }
}
