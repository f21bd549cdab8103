//! The only file that speaks to actix-session.
//!
//! actix-session keeps the cookie: it reads and verifies it before the page and writes it after.
//! Between them stands our store. It hands the dispatcher the session's number and fields as the
//! state it loads, under reserved names, because the middleware tells nobody the key. What a unit
//! of work does to its session is committed by the unit; the middleware is then only told which
//! key the browser is to hold.

use std::collections::HashMap;

use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{SessionMiddleware, SessionStatus};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};

use super::{Changes, Known, Sessions};
use crate::secret::{SiteSecret, hex};

/// State entry with the session's number.
const ID: &str = "\u{0}id";
/// State entry with the hash of the session's key, in hexadecimal digits.
const KEY_HASH: &str = "\u{0}key_hash";
/// State entry of a load that failed.
const UNAVAILABLE: &str = "\u{0}unavailable";
/// State entry with the key that a unit has already given the session.
const NEW_KEY: &str = "\u{0}new_key";

/// What the browser's cookie is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CookieChange {
    /// As it is.
    Keep,
    /// This key.
    Set(String),
    /// None.
    Remove,
}

/// What the middleware loaded for a request.
#[derive(Debug)]
pub(crate) enum State {
    /// The store does not answer: the visitor may or may not have a session.
    Unavailable,
    /// The session's fields, or none where there is no session.
    Loaded(Option<Known>, HashMap<String, String>),
}

impl State {
    /// Reads what the store left in actix-session's state.
    pub(crate) fn of(session: &actix_session::Session) -> Self {
        let entries = session.entries();
        if entries.contains_key(UNAVAILABLE) {
            return Self::Unavailable;
        }
        let known =
            entries.get(ID).and_then(|id| id.parse().ok()).zip(entries.get(KEY_HASH).and_then(|digits| unhex(digits)));
        let Some((id, key_hash)) = known else { return Self::Loaded(None, HashMap::new()) };
        let fields = entries
            .iter()
            .filter(|(name, _)| !name.starts_with('\u{0}'))
            .map(|(name, json)| (name.clone(), json.clone()))
            .collect();
        Self::Loaded(Some(Known { id, key_hash }), fields)
    }
}

impl CookieChange {
    /// Tells the middleware.
    pub(crate) fn apply(&self, session: &actix_session::Session) {
        match self {
            Self::Keep => {}
            Self::Set(key) => {
                session.renew();
                if let Err(error) = session.insert(NEW_KEY, key) {
                    // A text is always representable in JSON.
                    tracing::error!(%error, "the session cookie could not be set");
                }
            }
            Self::Remove => session.purge(),
        }
        debug_assert_ne!(session.status(), SessionStatus::Changed, "the unit commits the fields");
    }
}

/// The middleware for the site's pages.
pub(crate) fn cookie_layer(sessions: Sessions, secret: &SiteSecret, https: bool) -> SessionMiddleware<Store> {
    let mut key = secret.digest("session cookie, first half", b"").to_vec();
    key.extend(secret.digest("session cookie, second half", b""));
    SessionMiddleware::builder(Store(sessions), Key::from(&key))
        .cookie_name(cookie_name("toolcrib-session", https))
        .cookie_secure(https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(BrowserSession::default())
        .build()
}

/// `__Host-` binds a cookie to this host and to TLS; browsers refuse it on plain HTTP.
pub(crate) fn cookie_name(name: &str, https: bool) -> String {
    if https { format!("__Host-{name}") } else { name.to_owned() }
}

/// [`Sessions`] as actix-session wants it.
pub(crate) struct Store(Sessions);

type Entries = HashMap<String, String>;

impl SessionStore for Store {
    async fn load(&self, key: &SessionKey) -> Result<Option<Entries>, LoadError> {
        match self.0.load(key.as_ref()).await {
            Ok(Some(loaded)) => {
                let mut entries = Entries::with_capacity(loaded.fields.len() + 2);
                entries.extend(loaded.fields.iter().map(|(name, json)| (name.clone(), json.clone())));
                entries.insert(ID.to_owned(), loaded.known.id.to_string());
                entries.insert(KEY_HASH.to_owned(), hex(&loaded.known.key_hash));
                Ok(Some(entries))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                // Not an error to the middleware, which would answer 500 for public pages too
                // and forget the cookie: the dispatcher decides page by page.
                tracing::warn!(error = &error as &dyn std::error::Error, "session store");
                Ok(Some([(UNAVAILABLE.to_owned(), String::new())].into()))
            }
        }
    }

    async fn save(&self, state: Entries, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = state.get(NEW_KEY).and_then(|json| serde_json::from_str::<String>(json).ok());
        match key {
            Some(key) => SessionKey::try_from(key).map_err(|error| SaveError::Other(Anyhow::new(error))),
            None => Err(SaveError::Other(Anyhow::msg("sessions are started by a unit of work"))),
        }
    }

    async fn update(&self, key: SessionKey, state: Entries, _: &Duration) -> Result<SessionKey, UpdateError> {
        let mut changes = Changes::default();
        for (name, json) in state.into_iter().filter(|(name, _)| !name.starts_with('\u{0}')) {
            changes.set(name, json);
        }
        self.0.merge(key.as_ref(), &changes).await.map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, _: &Duration) -> Result<(), Anyhow> {
        if let Some(loaded) = self.0.load(key.as_ref()).await? {
            self.0.touch(loaded.known);
        }
        Ok(())
    }

    /// After a sign-in or sign-out the unit has already replaced or ended the session, and this
    /// finds nothing to do.
    async fn delete(&self, key: &SessionKey) -> Result<(), Anyhow> {
        Ok(self.0.sign_out(key.as_ref()).await?)
    }
}

/// The error type actix-session's trait asks for.
type Anyhow = anyhow::Error;

fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::hash;

    #[test]
    fn hashes_survive_the_way_through_the_state() {
        let digest = hash(b"key");
        assert_eq!(unhex(&hex(&digest)), Some(digest));
        assert_eq!(unhex("xy"), None);
        assert_eq!(unhex(&"é".repeat(32)), None);
    }
}
