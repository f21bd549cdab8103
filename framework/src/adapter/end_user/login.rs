//! The form to sign in with.

use std::fmt;

use serde_json::json;

use super::refuse;
use crate::adapter::{Actions, Adapter, Done, Execute, Form};
use crate::page::{Context, PageError, PageInfo, is_local};

/// The name of what the form carries: where to go next.
const NEXT: &str = "next";

/// The longest address to go to next, in bytes. More is none of this site's.
const MAX_NEXT_BYTES: usize = 2_000;

/// The form to sign in with (W23, W40): fields `username` and `password`, and, hidden, `next`.
///
/// * **It leads to a page of this site and nowhere else**, whatever `next` says: to the page it
///   stands in for, to the one that `?next=` of its address names, or to `/`. Never to itself
///   or to what answers no GET, such as signing out.
/// * Who signs in gets a session with a new key (S12).
/// * An unknown user, a wrong password and a disabled user are refused with the same words and the
///   same effort, 422 (S30); too many failures 429, too many at once 503, both with `Retry-After`
///   (S29, S31). As JSON `{"errors":{"username":["…"]}}`, and `{"next":"/…"}` after success.
/// * The password is not sent back, not kept and not logged.
///
/// [`end_user`](crate::adapter::end_user) shows a page of it.
#[derive(Clone, Default, Adapter)]
pub struct Login {
    /// The name, whatever its case and spaces; at most 64 characters.
    #[field(required, max_chars = 64, autocomplete = "username")]
    pub username: String,
    /// The password; at most 1024 characters.
    #[field(kind = "password", required, max_chars = 1024, autocomplete = "current-password")]
    pub password: String,
}

/// What [`Login`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub enum LoginAction {
    /// Signs the visitor in.
    #[action(label = "Sign in")]
    SignIn,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Login {
    /// The form, on the page that is the site's login page: empty, or as it was refused in this
    /// attempt. It is posted to that page wherever it stands in for another.
    pub fn form(cx: &mut Context<'_>) -> Form<Self> {
        let (page, next) = (cx.page().path(), next(cx));
        // A browser that goes back to the form must get in by it again.
        cx.form_of(Self::default()).to(page).carry(NEXT, next).repeatable()
    }
}

impl Execute for LoginAction {
    type Adapter = Login;

    async fn execute(self, form: &mut Form<Login>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let Login { username, password } = form.value().clone();
        match cx.authenticate(&username, password).await? {
            Ok(user) => {
                cx.sign_in(&user)?;
                let next = next(cx);
                Ok(Done::new().json(json!({ "next": next })).to(next))
            }
            Err(refusal) => {
                refuse(form, Login::USERNAME, refusal, "That username and password do not go together.");
                Ok(Done::new())
            }
        }
    }
}

/// Where to go after signing in.
fn next(cx: &Context<'_>) -> String {
    let here = cx.path_and_query();
    let at_home = is_at(&here, cx.page().path());
    let asked = match cx.form_param(NEXT).filter(|_| at_home) {
        Some(next) => next,
        None if at_home => cx.query_param(NEXT).unwrap_or_default(),
        None => &here,
    };
    local_page(asked, cx.site().pages(), cx.page()).unwrap_or("/").to_owned()
}

/// The address, if it stays on this site and a page may be there that can be looked at.
fn local_page<'a>(address: &'a str, pages: &[PageInfo], login: &PageInfo) -> Option<&'a str> {
    let closed = |page: &PageInfo| !page.answers_get() || page.name() == login.name();
    let ends_there = pages.iter().filter(|page| closed(page)).any(|page| is_at(address, page.path()));
    (address.len() <= MAX_NEXT_BYTES && is_local(address) && !ends_there).then_some(address)
}

/// Whether an address is that of a page, as routes are compared: a parameter is any segment.
fn is_at(address: &str, pattern: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let (mut path, mut pattern) = (path.trim_matches('/').split('/'), pattern.trim_matches('/').split('/'));
    loop {
        match (path.next(), pattern.next()) {
            (None, None) => return true,
            (Some(_), Some(part)) if part.starts_with('{') => {}
            (Some(segment), Some(part)) if segment.eq_ignore_ascii_case(part) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: PageInfo = PageInfo::new("login", "/login").accepts_post();
    const PAGES: [PageInfo; 4] = [
        LOGIN,
        PageInfo::new("logout", "/logout").post_only(),
        PageInfo::new("delete", "/clients/{id}/delete").post_only(),
        PageInfo::new("client", "/clients/{id}"),
    ];

    fn next(address: &str) -> Option<&str> {
        local_page(address, &PAGES, &LOGIN)
    }

    #[test]
    fn pages_of_this_site_are_followed() {
        for path in ["/", "/clients", "/clients/3", "/clients?q=a%2Fb&sort=city", "/search?q=%C3%BC", "/loginx"] {
            assert_eq!(next(path), Some(path));
        }
    }

    #[test]
    fn whatever_leads_elsewhere_is_not_followed() {
        for path in ["", "clients", "//evil.example", "https://evil.example", "/%2fevil.example", "/\\evil.example"] {
            assert_eq!(next(path), None, "{path:?}");
        }
        let long = format!("/{}", "a".repeat(MAX_NEXT_BYTES));
        assert_eq!(next(&long), None);
    }

    #[test]
    fn signing_in_ends_neither_on_the_form_nor_where_nothing_can_be_looked_at() {
        for path in ["/login", "/Login/?next=/", "/logout", "/LOGOUT#x", "/clients/3/delete"] {
            assert_eq!(next(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown_by_debug() {
        let login = Login { username: "anna".into(), password: "very secret".into() };
        let shown = format!("{login:?}");
        assert!(shown.contains("anna") && !shown.contains("very secret"), "{shown}");
    }
}
