//! What a page asks for when it answers with a stream.

use std::sync::Arc;

use super::draft::topic_of;
use super::present::Present;
use super::table::Topic;
use crate::session::Session;

/// Most topics of one stream.
const TOPICS_MAX: usize = 32;

/// Most places where one stream is present.
const PLACES_MAX: usize = 8;

/// The longest text of what somebody does, in bytes.
const DOING_MAX: usize = 64;

/// For whom a stream is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Viewer {
    /// The session's number.
    pub(super) session: Option<i64>,
    /// Who is signed in and may do what, as the session has it: a stream goes on only while that stays so.
    pub(super) entry: Option<Arc<str>>,
    /// The key and the name of who is signed in.
    pub(super) user: Option<(String, String)>,
}

/// The stream a page wants to answer with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub(super) viewer: Viewer,
    pub(super) topics: Vec<Topic>,
    pub(super) present: Vec<(Topic, Present)>,
}

impl Viewer {
    pub(crate) fn of(session: &Session) -> Self {
        Self {
            session: session.known().map(|known| known.id),
            entry: session.stored_user().map(Arc::from),
            user: session.end_user().map(|user| (user.id, user.display_name)),
        }
    }
}

impl Wish {
    pub(crate) fn new(viewer: Viewer, topics: &[impl AsRef<str>]) -> Self {
        let mut wish = Self { viewer, ..Self::default() };
        for topic in topics.iter().map(AsRef::as_ref) {
            match topic_of(topic) {
                Some(topic) if wish.topics.contains(&topic) => {}
                Some(topic) if wish.topics.len() < TOPICS_MAX => wish.topics.push(topic),
                _ => tracing::error!(topic, "a stream was not given this topic: it is not sound, or one too many"),
            }
        }
        wish
    }

    /// Nobody is present who is not signed in.
    pub(crate) fn present(&mut self, topic: &str, doing: &str) {
        let Some((user_id, display_name)) = self.viewer.user.clone() else { return };
        match topic_of(topic) {
            Some(topic) if self.present.len() < PLACES_MAX => {
                let doing = doing.get(..doing.floor_char_boundary(DOING_MAX)).unwrap_or_default().to_owned();
                self.present.push((topic, Present { user_id, display_name, doing }));
            }
            _ => tracing::error!(topic, "a stream is not present at this topic: it is not sound, or one too many"),
        }
    }
}
