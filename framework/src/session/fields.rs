//! Typed fields and one unit's view of the session.

use std::collections::HashMap;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::events::EndReason;
use super::{Changes, EndUser, SessionError};
use crate::secret::Digest256;

/// Longest value of a field, in bytes of JSON. Every request loads all fields.
pub(super) const VALUE_LIMIT: usize = 16 * 1024;

/// Most fields of a session, for the same reason.
pub(super) const FIELDS_LIMIT: usize = 64;

/// Most messages that wait to be shown.
const FLASHES_LIMIT: usize = 16;

/// Names the framework keeps for itself begin like this.
const RESERVED: &str = "toolcrib.";
pub(super) const USER: &str = "toolcrib.user";
const FLASH: &str = "toolcrib.flash.";

/// A named, typed entry of a session.
///
/// ```
/// use toolcrib::session::SessionField;
///
/// const LAST_SEARCH: SessionField<String> = SessionField::new("last_search");
/// assert_eq!(LAST_SEARCH.name(), "last_search");
/// ```
#[derive(Debug)]
pub struct SessionField<T> {
    name: &'static str,
    value: PhantomData<fn() -> T>,
}

impl<T> SessionField<T> {
    /// Declares a field.
    ///
    /// # Panics
    /// At compile time, in a constant, for an empty name or one that begins with `toolcrib.`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(!name.is_empty(), "a session field needs a name");
        assert!(!begins_with(name, RESERVED), "names that begin with `toolcrib.` are reserved");
        Self { name, value: PhantomData }
    }

    /// The field's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

const fn begins_with(text: &str, prefix: &str) -> bool {
    let (mut text, mut prefix) = (text.as_bytes(), prefix.as_bytes());
    while let [wanted, wanted_rest @ ..] = prefix {
        match text {
            [given, given_rest @ ..] if *given == *wanted => (text, prefix) = (given_rest, wanted_rest),
            _ => return false,
        }
    }
    true
}

/// A session that exists in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: i64,
    pub(crate) key_hash: Digest256,
}

/// What is to become of the session at commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Fate {
    /// It goes on, or starts if something is stored.
    #[default]
    Keep,
    /// It goes on, or starts, under a new key, for this user.
    Rotate { user_id: String },
    /// It ends.
    End(EndReason),
}

/// One unit of work's view of its visitor's session.
///
/// Changes are kept here until the unit commits and vanish with a failed attempt.
#[derive(Debug, Clone, Default)]
pub struct Session {
    known: Option<Known>,
    fields: HashMap<String, String>,
    changes: Changes,
    fate: Fate,
    flashes: u32,
    /// The store did not answer: the visitor may have a session or not.
    unknown: bool,
}

impl Session {
    pub(crate) fn loaded(known: Option<Known>, fields: HashMap<String, String>) -> Self {
        Self { known, fields, ..Self::default() }
    }

    /// Of a visitor of whom the store could not say who it is: nothing can be stored.
    pub(crate) fn unknown() -> Self {
        Self { unknown: true, ..Self::default() }
    }

    /// Whether the store could not say which session this is.
    pub(super) fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// Reads a field.
    ///
    /// # Errors
    /// [`SessionError::Type`] where the stored value is of another type.
    pub fn get<T: DeserializeOwned>(&self, field: &SessionField<T>) -> Result<Option<T>, SessionError> {
        self.raw(field.name).map(|json| decode(field.name, json)).transpose()
    }

    /// Writes a field, at commit.
    ///
    /// # Errors
    /// [`SessionError::TooLarge`] above 16 KiB of JSON, [`SessionError::Value`] for a value that
    /// is not representable in JSON.
    pub fn set<T: Serialize>(&mut self, field: &SessionField<T>, value: &T) -> Result<(), SessionError> {
        self.store(field.name.to_owned(), value)
    }

    /// Removes a field, at commit.
    pub fn remove<T>(&mut self, field: &SessionField<T>) {
        self.changes.remove(field.name);
    }

    /// Whether the visitor has a session.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.known.is_some()
    }

    /// Who is signed in, this unit's own sign-in or sign-out included.
    #[must_use]
    pub fn end_user(&self) -> Option<EndUser> {
        // A user entry of another version of the program reads as "nobody": signing in again
        // mends it, whereas an error would lock the visitor out.
        self.raw(USER).and_then(|json| serde_json::from_str(json).ok())
    }

    pub(crate) fn sign_in(&mut self, user: &EndUser) -> Result<(), SessionError> {
        self.store(USER.to_owned(), user)?;
        self.fate = Fate::Rotate { user_id: user.id.clone() };
        Ok(())
    }

    pub(crate) fn end(&mut self, reason: EndReason) {
        self.changes.remove(USER);
        self.fate = Fate::End(reason);
    }

    /// Every flash is a field of its own: requests in parallel do not lose one another's.
    ///
    /// Of messages nobody looked at the oldest go: whoever only sends forms must not fill the session.
    pub(crate) fn flash(&mut self, text: &str) -> Result<(), SessionError> {
        let unread = self.flash_names();
        for oldest in unread.iter().take((unread.len() + 1).saturating_sub(FLASHES_LIMIT)) {
            self.changes.remove(oldest.clone());
        }
        self.flashes += 1;
        let name = format!("{FLASH}{}.{:03}", uuid::Uuid::now_v7().simple(), self.flashes);
        self.store(name, &text)
    }

    /// Takes the flashes to show them: they are removed at commit.
    pub(crate) fn take_flashes(&mut self) -> Vec<String> {
        self.flash_names()
            .into_iter()
            .filter_map(|name| {
                let text = self.raw(&name).and_then(|json| serde_json::from_str(json).ok());
                self.changes.remove(name);
                text
            })
            .collect()
    }

    /// The fields of the messages nobody looked at, oldest first.
    fn flash_names(&self) -> Vec<String> {
        let stored = self.fields.keys().map(String::as_str).filter(|name| self.changes.touched(name).is_none());
        let own = self.changes.iter().filter(|(_, json)| json.is_some()).map(|(name, _)| name);
        let mut names: Vec<String> =
            stored.chain(own).filter(|name| name.starts_with(FLASH)).map(str::to_owned).collect();
        names.sort_unstable();
        names
    }

    /// Who is signed in, as it is stored: this unit's own changes left out.
    pub(crate) fn stored_user(&self) -> Option<&str> {
        self.fields.get(USER).map(String::as_str)
    }

    pub(crate) fn known(&self) -> Option<Known> {
        self.known
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// How many fields the session has with this unit's changes.
    pub(super) fn field_count(&self) -> usize {
        let removed_or_replaced = self.fields.keys().filter(|name| self.changes.touched(name).is_some()).count();
        let set = self.changes.iter().filter(|(_, json)| json.is_some()).count();
        self.fields.len() - removed_or_replaced + set
    }

    pub(crate) fn fate(&self) -> &Fate {
        &self.fate
    }

    /// Whether commit has anything to do.
    pub(crate) fn is_changed(&self) -> bool {
        match self.fate {
            Fate::Rotate { .. } => true,
            Fate::End(_) => self.known.is_some(),
            Fate::Keep if self.known.is_some() => !self.changes.is_empty(),
            Fate::Keep => self.changes.has_values(),
        }
    }

    /// The JSON text of a field of the site's own.
    pub(crate) fn own_text(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|_| !name.starts_with(RESERVED))
    }

    /// A field as JSON, for adapters (W32).
    pub(crate) fn json(&self, name: &str) -> Option<serde_json::Value> {
        self.raw(name).and_then(|json| serde_json::from_str(json).ok())
    }

    /// Writes a field as JSON.
    pub(crate) fn set_json(&mut self, name: &str, value: &serde_json::Value) -> Result<(), SessionError> {
        self.store(name.to_owned(), value)
    }

    /// Forgets what this unit changed.
    pub(crate) fn undo(&mut self) {
        let Self { known, fields, unknown, .. } = std::mem::take(self);
        *self = Self { unknown, ..Self::loaded(known, fields) };
    }

    fn raw(&self, name: &str) -> Option<&str> {
        match self.changes.touched(name) {
            Some(own) => own,
            None => self.fields.get(name).map(String::as_str),
        }
    }

    /// The entry that says who is signed in.
    pub(super) fn user_entry(user: &EndUser) -> Result<String, SessionError> {
        encode(USER, user)
    }

    fn store<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), SessionError> {
        let json = encode(&name, value)?;
        self.changes.set(name, json);
        Ok(())
    }
}

fn encode<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<String, SessionError> {
    let json = serde_json::to_string(value).map_err(|source| SessionError::Value { field: name.to_owned(), source })?;
    if json.len() > VALUE_LIMIT {
        return Err(SessionError::TooLarge { field: name.to_owned(), length: json.len(), limit: VALUE_LIMIT });
    }
    Ok(json)
}

fn decode<T: DeserializeOwned>(name: &str, json: &str) -> Result<T, SessionError> {
    serde_json::from_str(json).map_err(|source| SessionError::Type {
        field: name.to_owned(),
        wanted: std::any::type_name::<T>(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: SessionField<String> = SessionField::new("name");
    const COUNT: SessionField<i64> = SessionField::new("name");

    #[test]
    fn a_unit_sees_its_own_changes() {
        let mut session = Session::default();
        assert_eq!(session.get(&NAME).expect("reads"), None);
        session.set(&NAME, &"Anna".to_owned()).expect("fits");
        assert_eq!(session.get(&NAME).expect("reads").as_deref(), Some("Anna"));
        session.remove(&NAME);
        assert_eq!(session.get(&NAME).expect("reads"), None);
        assert!(!session.is_changed(), "removing from nothing starts no session");
    }

    #[test]
    fn a_field_of_another_type_is_an_error_that_names_it() {
        let fields = [("name".to_owned(), "\"Anna\"".to_owned())].into();
        let session = Session::loaded(None, fields);
        let error = session.get(&COUNT).expect_err("not a number");
        assert!(error.to_string().contains("session field name"), "{error}");
    }

    #[test]
    fn a_value_too_large_is_refused() {
        let mut session = Session::default();
        let long = "x".repeat(VALUE_LIMIT);
        assert!(matches!(session.set(&NAME, &long), Err(SessionError::TooLarge { .. })));
    }

    #[test]
    fn flashes_are_taken_once_and_in_order() {
        let mut session = Session::default();
        session.flash("one").expect("fits");
        session.flash("two").expect("fits");
        assert_eq!(session.take_flashes(), ["one", "two"]);
        assert_eq!(session.take_flashes(), Vec::<String>::new());
    }

    #[test]
    fn of_many_messages_nobody_looked_at_the_newest_stay() {
        let mut session = Session::default();
        for number in 0..100 {
            session.flash(&format!("message {number:02}")).unwrap();
        }
        assert_eq!(session.field_count(), FLASHES_LIMIT);
        let texts = session.take_flashes();
        assert_eq!((texts.first().map(String::as_str), texts.len()), (Some("message 84"), FLASHES_LIMIT));
    }

    #[test]
    fn signing_out_hides_the_user_at_once() {
        let user =
            EndUser { id: "1".into(), name: "anna".into(), display_name: "Anna".into(), rights: vec!["edit".into()] };
        let mut session = Session::default();
        session.sign_in(&user).expect("fits");
        assert_eq!(session.end_user(), Some(user));
        session.end(EndReason::Logout);
        assert_eq!(session.end_user(), None);
    }
}
