//! The token that proves a form came from a page of this site (D9).
//!
//! It is a keyed digest of what only the visitor's own browser sends: the session's key, or, for
//! visitors without a session, a random cookie. Nothing is stored for it; it changes at sign-in
//! and with it all forms of the time before become void.

use std::cell::OnceCell;

use crate::secret::{Digest256, SiteSecret, hex, random_key, same};

/// The form field that carries the token.
pub(crate) const TOKEN_FIELD: &str = "_csrf";
/// The request header in which scripts send it.
pub(crate) const TOKEN_HEADER: &str = "x-csrf-token";

const PURPOSE_SESSION: &str = "csrf token of a session";
const PURPOSE_VISITOR: &str = "csrf token of a visitor";

/// What a visitor's token is bound to.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    Session(Digest256),
    Visitor(String),
}

/// One request's token.
#[derive(Debug, Default)]
pub(crate) struct Csrf {
    binding: Option<Binding>,
    /// A form shown before the visitor's session began stays good until somebody signs in.
    before: Option<Binding>,
    /// Made when a page asks for a token and the visitor has neither session nor cookie.
    fresh: OnceCell<String>,
}

impl Csrf {
    /// `cookie` is what the browser of a visitor who is not signed in sent, if it has the right
    /// form.
    pub(crate) fn new(session: Option<Digest256>, cookie: Option<&str>) -> Self {
        let cookie = cookie.filter(|value| value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()));
        let visitor = cookie.map(|cookie| Binding::Visitor(cookie.to_owned()));
        let (binding, before) = match session {
            Some(key_hash) => (Some(Binding::Session(key_hash)), visitor),
            None => (visitor, None),
        };
        Self { binding, before, fresh: OnceCell::new() }
    }

    /// The token for this visitor's forms.
    pub(crate) fn token(&self, secret: &SiteSecret) -> String {
        match &self.binding {
            Some(binding) => token(secret, binding),
            None => {
                // Without randomness there is no cookie and no token matches: forms are refused,
                // which is the safe side.
                let fresh = self.fresh.get_or_init(|| random_key().unwrap_or_default());
                token(secret, &Binding::Visitor(fresh.clone()))
            }
        }
    }

    /// The cookie to set, where a token was made for a visitor who has none.
    pub(crate) fn new_cookie(&self) -> Option<&str> {
        self.fresh.get().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether `given` is this visitor's token.
    pub(crate) fn accepts(&self, secret: &SiteSecret, given: &str) -> bool {
        [&self.binding, &self.before]
            .into_iter()
            .flatten()
            .any(|binding| same(token(secret, binding).as_bytes(), given.as_bytes()))
    }

    /// The same for another attempt of the request.
    pub(crate) fn for_attempt(&self) -> Self {
        Self { binding: self.binding.clone(), before: self.before.clone(), fresh: self.fresh.clone() }
    }
}

fn token(secret: &SiteSecret, binding: &Binding) -> String {
    hex(&match binding {
        Binding::Session(key_hash) => secret.digest(PURPOSE_SESSION, key_hash),
        Binding::Visitor(cookie) => secret.digest(PURPOSE_VISITOR, cookie.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SiteSecret {
        SiteSecret::new("a secret of at least thirty-two characters")
    }

    #[test]
    fn a_token_is_accepted_from_its_own_visitor_only() {
        let mine = Csrf::new(Some([1; 32]), None);
        let token = mine.token(&secret());
        assert!(mine.accepts(&secret(), &token));
        assert!(!Csrf::new(Some([2; 32]), None).accepts(&secret(), &token));
        assert!(!Csrf::new(None, None).accepts(&secret(), &token));
        assert!(!mine.accepts(&secret(), token.get(..63).expect("ascii")));
        assert!(!mine.accepts(&secret(), ""));
    }

    #[test]
    fn a_visitor_without_a_session_gets_a_cookie_with_the_token() {
        let first = Csrf::new(None, None);
        assert_eq!(first.new_cookie(), None, "only where a form is shown");
        let token = first.token(&secret());
        let cookie = first.new_cookie().expect("cookie").to_owned();
        assert!(Csrf::new(None, Some(&cookie)).accepts(&secret(), &token));
        assert!(!first.accepts(&secret(), &token), "not without sending the cookie back");
    }

    #[test]
    fn a_cookie_of_another_form_is_ignored() {
        assert_eq!(Csrf::new(None, Some("x")).new_cookie(), None);
        assert!(!Csrf::new(None, Some("x")).accepts(&secret(), ""));
    }

    #[test]
    fn a_form_shown_before_the_session_began_is_good_until_the_sign_in() {
        let cookie = "a".repeat(64);
        let before = Csrf::new(None, Some(&cookie)).token(&secret());
        let session_began = Csrf::new(Some([1; 32]), Some(&cookie));
        assert!(session_began.accepts(&secret(), &before));
        // Of a signed-in visitor the cookie is not looked at.
        let signed_in = Csrf::new(Some([2; 32]), None);
        assert!(!signed_in.accepts(&secret(), &before));
        assert!(!signed_in.accepts(&secret(), &session_began.token(&secret())));
    }
}
