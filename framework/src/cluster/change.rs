//! What nodes tell one another.

use serde::Serialize;

/// One entry of the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The node it is from.
    pub(crate) node: i64,
    kind: String,
    /// The number of the transaction of the application's it is about.
    pub(crate) tx: i64,
    pub(crate) subject: String,
    pub(crate) detail: Option<String>,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Application variables were changed; the subject is their names as JSON.
    Variables,
    /// A node has left or was declared dead.
    Gone,
    /// An event for browsers: the subject is its topic.
    Live,
    /// Who is present on that node at a topic, the subject, as JSON.
    Presence,
    /// Somebody joined and wants to know who is present where.
    Who,
    /// A session has ended: the subject is its number.
    Session,
    /// An event in the site's life.
    Event,
    /// There is something to do in the background.
    Jobs,
}

impl Kind {
    const ALL: [Self; 8] =
        [Self::Variables, Self::Gone, Self::Live, Self::Presence, Self::Who, Self::Session, Self::Event, Self::Jobs];

    /// As it is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Variables => "variables",
            Self::Gone => "gone",
            Self::Live => "live",
            Self::Presence => "presence",
            Self::Who => "who",
            Self::Session => "session",
            Self::Event => "event",
            Self::Jobs => "jobs",
        }
    }
}

impl Change {
    pub(super) fn new(node: i64, kind: String, tx: i64, subject: String, detail: Option<String>) -> Self {
        Self { node, kind, tx, subject, detail }
    }

    /// Nothing for a kind that this version does not know: a newer node may be about.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == self.kind)
    }

    /// The variables it names.
    pub(crate) fn variables(&self) -> Vec<String> {
        serde_json::from_str(&self.subject).unwrap_or_default()
    }
}

/// Something to be told.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) subject: String,
    pub(super) detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_stored_as_the_word_it_is_read_by() {
        for kind in Kind::ALL {
            let change = Change { node: 1, kind: kind.word().to_owned(), tx: 0, subject: String::new(), detail: None };
            assert_eq!(change.kind(), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }

    #[test]
    fn a_kind_of_a_later_version_is_passed_over() {
        let change = Change { node: 1, kind: "quorum".into(), tx: 0, subject: "[]".into(), detail: None };
        assert_eq!(change.kind(), None);
    }
}
