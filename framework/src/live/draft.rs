//! What is to be published, checked before it is.

use serde::Serialize;

use super::table::Topic;

/// The longest name of a topic, in bytes.
const TOPIC_MAX: usize = 200;

/// The longest name of an event, in bytes.
const EVENT_MAX: usize = 64;

/// Most JSON of one event, in bytes: an event says what to look at, not what is there.
const JSON_MAX: usize = 4 * 1024;

/// Names of events that browsers and this module use themselves.
const RESERVED: [&str; 5] = ["presence", "live", "message", "open", "error"];

/// An event that may be published.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(super) topic: Topic,
    pub(super) event: Box<str>,
    pub(super) json: Box<str>,
}

impl Draft {
    /// `None`, and a line in the log, for what cannot be sent: that is a mistake of the page, and no reason to undo what
    /// it did.
    pub(crate) fn new(topic: &str, event: &str, data: &(impl Serialize + ?Sized)) -> Option<Self> {
        let refused = |why: &str| tracing::error!(topic, event, "an event was not published: {why}");
        if !is_event(event) {
            refused("its name is not of letters, digits, - and _, too long, or used by browsers themselves");
            return None;
        }
        let Some(topic) = topic_of(topic) else {
            refused("its topic is empty, too long, or has a character that is not to be seen");
            return None;
        };
        match serde_json::to_string(data) {
            Ok(json) if json.len() <= JSON_MAX => Some(Self { topic, event: event.into(), json: json.into() }),
            Ok(json) => {
                refused(&format!("it has {} bytes of JSON, and {JSON_MAX} are allowed", json.len()));
                None
            }
            Err(error) => {
                refused(&error.to_string());
                None
            }
        }
    }
}

impl Draft {
    /// What other nodes have to know beside the topic.
    pub(super) fn detail(&self) -> String {
        // The name is of letters and digits, and the data is JSON.
        format!("{} {}", self.event, self.json)
    }

    /// An event that some node told of.
    pub(super) fn heard(topic: &str, detail: &str) -> Option<Self> {
        let (event, json) = detail.split_once(' ')?;
        Some(Self { topic: topic_of(topic)?, event: event.into(), json: json.into() })
    }
}

/// A topic as the table knows it; `None` for one that cannot be.
pub(super) fn topic_of(text: &str) -> Option<Topic> {
    (!text.is_empty() && text.len() <= TOPIC_MAX && !text.contains(char::is_control)).then(|| text.into())
}

fn is_event(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.len() <= EVENT_MAX && name.bytes().all(is_letter) && !RESERVED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_frame_or_is_too_large_is_not_published() {
        assert!(Draft::new("deals/1", "moved", &1).is_some());
        for event in ["", "a b", "a\ndata: x", "presence", "error", "open", &"x".repeat(65)] {
            assert!(Draft::new("deals/1", event, &1).is_none(), "{event:?}");
        }
        for topic in ["", "a\nb", "a\u{85}b", &"x".repeat(201)] {
            assert!(Draft::new(topic, "moved", &1).is_none(), "{topic:?}");
        }
        // The quotes are two bytes of it.
        assert!(Draft::new("deals/1", "moved", &"x".repeat(JSON_MAX - 2)).is_some());
        assert!(Draft::new("deals/1", "moved", &"x".repeat(JSON_MAX - 1)).is_none());
    }

    #[test]
    fn json_of_an_event_is_one_line() {
        let draft = Draft::new("t", "said", "one\ntwo\r\u{2028}").expect("sound");
        assert!(!draft.json.contains(['\n', '\r']), "{}", draft.json);
    }
}
