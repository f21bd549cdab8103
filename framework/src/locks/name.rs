//! What a lock is on, and in which mode.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::LockError;

/// The longest name of a lock, in bytes.
pub(crate) const NAME_MAX: usize = 200;

/// Who else may hold a lock at the same time.
///
/// ```
/// use toolcrib::locks::Mode;
///
/// assert_eq!(Mode::default(), Mode::Exclusive);
/// assert_eq!(Mode::ReadOnly.to_string(), "read-only");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Nobody.
    #[default]
    Exclusive,
    /// All who also only read.
    ReadOnly,
}

impl Mode {
    /// Whether two requests cannot hold a lock side by side, the one in this mode, the other in `other`.
    pub(super) fn conflicts(self, other: Self) -> bool {
        self == Self::Exclusive || other == Self::Exclusive
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Exclusive => "exclusive",
            Self::ReadOnly => "read-only",
        })
    }
}

/// What a lock without a name of its own is on, in the order in which such locks are to be taken.
///
/// A request that holds the lock on a wider scope does not ask for that on a narrower one.
///
/// ```
/// use toolcrib::locks::Scope;
///
/// assert!(Scope::Session < Scope::Application && Scope::Application < Scope::Server);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The visitor's session.
    Session,
    /// The application.
    Application,
    /// The server process.
    Server,
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Session => "session",
            Self::Application => "application",
            Self::Server => "server",
        })
    }
}

/// What a lock is on, as reports show it: `client/7`, `scope session`, `application`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LockName(Subject);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Subject {
    /// The application's own lock, which no name can reach.
    Application,
    Scope(Scope, Option<Arc<str>>),
    /// Trimmed and in lower case.
    Named(Arc<str>),
}

/// How far a lock reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This process.
    Node,
    /// All nodes of the site.
    Nodes,
}

impl LockName {
    /// The application's own lock.
    pub(crate) const APPLICATION: Self = Self(Subject::Application);

    /// A name of the author's; blanks around it and the case of its letters do not matter.
    ///
    /// # Errors
    /// [`LockError::EmptyName`], [`LockError::NameTooLong`].
    pub(crate) fn named(text: &str) -> Result<Self, LockError> {
        let text = text.trim().to_lowercase();
        match text.len() {
            0 => Err(LockError::EmptyName),
            1..=NAME_MAX => Ok(Self(Subject::Named(text.into()))),
            length => Err(LockError::NameTooLong { length, limit: NAME_MAX }),
        }
    }

    /// A scope; `id` tells one session (or application) from the others and is not shown.
    pub(crate) fn scope(scope: Scope, id: Option<&str>) -> Self {
        Self(Subject::Scope(scope, id.map(Arc::from)))
    }

    /// What the lock is called over all nodes; no two locks are called the same.
    pub(crate) fn over_nodes(&self) -> String {
        match &self.0 {
            Subject::Application => "application".to_owned(),
            Subject::Scope(scope, None) => format!("scope/{scope}"),
            Subject::Scope(scope, Some(id)) => format!("scope/{scope}/{id}"),
            Subject::Named(text) => format!("name/{text}"),
        }
    }

    /// The scope, if the lock is on one: only those have an order.
    pub(super) fn rank(&self) -> Option<Scope> {
        match self.0 {
            Subject::Scope(scope, _) => Some(scope),
            Subject::Application | Subject::Named(_) => None,
        }
    }
}

impl fmt::Display for LockName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Subject::Application => out.write_str("application"),
            Subject::Scope(scope, _) => write!(out, "scope {scope}"),
            // What a visitor typed may be part of a name; it must not begin a new line in a log.
            Subject::Named(text) => text.chars().try_for_each(|letter| {
                if letter.is_control() { write!(out, "{}", letter.escape_default()) } else { out.write_char(letter) }
            }),
        }
    }
}

/// As it is displayed: a session's id has no place in a log.
impl fmt::Debug for LockName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "LockName({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        LockName::named(text).unwrap().to_string()
    }

    #[test]
    fn blanks_around_and_case_do_not_matter() {
        assert_eq!(LockName::named(" Client/7\n").unwrap(), LockName::named("client/7").unwrap());
        assert_eq!(LockName::named("ÄRGER").unwrap(), LockName::named("ärger").unwrap());
        assert_ne!(LockName::named("client 7").unwrap(), LockName::named("client7").unwrap());
    }

    #[test]
    fn a_name_of_blanks_is_refused() {
        for text in ["", " ", "\t\n", "\u{a0}\u{2003}"] {
            assert!(matches!(LockName::named(text), Err(LockError::EmptyName)), "{text:?}");
        }
    }

    #[test]
    fn a_name_has_at_most_two_hundred_bytes_in_lower_case() {
        assert!(LockName::named(&"x".repeat(200)).is_ok());
        assert!(matches!(LockName::named(&"x".repeat(201)), Err(LockError::NameTooLong { length: 201, limit: 200 })));
        assert!(LockName::named(&format!("  {}  ", "x".repeat(200))).is_ok());
        // The Kelvin sign has three bytes, its lower case one; the Turkish capital i two and three.
        assert!(LockName::named(&"\u{212a}".repeat(200)).is_ok());
        assert!(matches!(LockName::named(&"İ".repeat(100)), Err(LockError::NameTooLong { length: 300, .. })));
    }

    #[test]
    fn names_are_shown_as_people_call_them() {
        assert_eq!(shown("Client/7"), "client/7");
        assert_eq!(LockName::scope(Scope::Session, Some("secret")).to_string(), "scope session");
        assert_eq!(LockName::scope(Scope::Server, None).to_string(), "scope server");
        assert_eq!(LockName::APPLICATION.to_string(), "application");
    }

    #[test]
    fn the_id_of_a_session_is_never_shown() {
        let name = LockName::scope(Scope::Session, Some("secret"));
        assert!(!format!("{name} {name:?}").contains("secret"));
    }

    #[test]
    fn a_name_stays_on_its_line_in_a_log() {
        assert_eq!(shown("a\nerror b\u{1b}[2J"), r"a\nerror b\u{1b}[2j");
    }

    #[test]
    fn scopes_of_different_sessions_are_different_locks() {
        let of = |id| LockName::scope(Scope::Session, Some(id));
        assert_ne!(of("a"), of("b"));
        assert_ne!(of("a"), LockName::scope(Scope::Session, None));
        // Ids are not names: they are taken as they are.
        assert_ne!(of("a"), of("A"));
    }

    #[test]
    fn no_name_of_an_author_reaches_a_scope_or_the_application() {
        assert_ne!(LockName::named("application").unwrap(), LockName::APPLICATION);
        assert_ne!(LockName::named("scope session").unwrap(), LockName::scope(Scope::Session, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_name_read_from_a_log_is_the_same_name(text in "[^\\p{Cc}]{1,40}") {
            if let Ok(name) = LockName::named(&text) {
                prop_assert_eq!(LockName::named(&name.to_string()).unwrap(), name);
            }
        }
    }
}
