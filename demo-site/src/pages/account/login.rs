//! `/login`: the form, and what stands in for any page that needs a user.

use std::time::{Duration, Instant};

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;

use super::next::local_path;
use crate::accounts::limiter::SignInLimiter;
use crate::accounts::password::{MAX_PASSWORD_BYTES, PasswordError, Passwords, Verdict};
use crate::db::users::{self, User};
use crate::pages::filters;

/// Signs a visitor in.
#[derive(Debug)]
pub struct LoginPage;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Credentials {
    username: String,
    password: String,
    next: String,
}

/// Why a sign-in got no further.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// Unknown user, wrong password, disabled user: nobody learns which.
    Mismatch,
    TooLong,
    Throttled(Duration),
    Busy(Duration),
}

#[derive(Debug, Template)]
#[template(path = "account/login.html")]
struct LoginForm {
    username: String,
    /// Where to go afterwards; nothing means the page this form stands in for.
    next: Option<String>,
    problem: String,
}

impl PageModule for LoginPage {
    const INFO: PageInfo = PageInfo::new("login", "/login").title("Sign in").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let next = cx.query_param("next").map(|next| local_path(next).to_owned());
        cx.render(LoginForm { username: String::new(), next, problem: String::new() })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let credentials: Credentials = cx.form()?;
        let next = local_path(&credentials.next).to_owned();
        let username = credentials.username.trim().to_owned();
        match check(cx, &username, credentials.password).await? {
            Ok(user) => {
                cx.sign_in(&user)?;
                if cx.wants_json() {
                    return cx.json(&json!({ "next": next }));
                }
                cx.redirect(&next)
            }
            Err(refusal) => refuse(cx, refusal, username, next),
        }
    }
}

/// Who the name and the password belong to, or why that is not said.
async fn check(cx: &Context<'_>, username: &str, password: String) -> Result<Result<EndUser, Refusal>, PageError> {
    let address = cx.peer_ip();
    if let Err(throttled) = state::<SignInLimiter>(cx.site())?.check(username, address, Instant::now()) {
        return Ok(Err(Refusal::Throttled(throttled.retry_after)));
    }
    let site = cx.site();
    // Not the unit's connection: that would be held while the password is checked.
    let user = users::by_name(&mut site.db().read().await?, username).await?;
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let verdict = match state::<Passwords>(site)?.verify(password, stored).await {
        Ok(verdict) => verdict,
        Err(PasswordError::TooLong) => return Ok(Err(Refusal::TooLong)),
        Err(PasswordError::Busy { retry_after }) => return Ok(Err(Refusal::Busy(retry_after))),
        Err(error) => return Err(PageError::other(error)),
    };
    // A disabled user's right password counts as a wrong one, or the limit would tell them apart.
    if let (Verdict::Match, Some(user)) = (verdict, user.filter(|user| !user.disabled)) {
        return Ok(Ok(end_user(user)));
    }
    // A try that came from yet another address is told so too: guessing one account from many
    // addresses ends here, while the right password still gets in.
    match state::<SignInLimiter>(site)?.failed(username, address, Instant::now()) {
        Ok(()) => Ok(Err(Refusal::Mismatch)),
        Err(throttled) => Ok(Err(Refusal::Throttled(throttled.retry_after))),
    }
}

fn end_user(user: User) -> EndUser {
    let rights = user.role.rights().iter().map(|right| (*right).to_owned()).collect();
    EndUser { id: user.id.to_string(), name: user.name, display_name: user.display_name, rights }
}

fn state<T: std::any::Any + Send + Sync>(site: &Site) -> Result<&T, PageError> {
    site.state().ok_or_else(|| PageError::other(format!("the site has no {}", std::any::type_name::<T>())))
}

fn refuse(cx: &mut Context<'_>, refusal: Refusal, username: String, next: String) -> PageResult {
    let status = refusal.status();
    let problem = refusal.sentence();
    let answer = if cx.wants_json() {
        cx.json_with(status, &json!({ "errors": { "username": [problem] } }))?
    } else {
        cx.render_with(status, LoginForm { username, next: Some(next), problem })?
    };
    Ok(match refusal.retry_after() {
        Some(seconds) => answer.with_header("Retry-After", &seconds.to_string()),
        None => answer,
    })
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Mismatch | Self::TooLong => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// In whole seconds, rounded up, so that nobody comes back too early.
    fn retry_after(self) -> Option<u64> {
        match self {
            Self::Mismatch | Self::TooLong => None,
            Self::Throttled(wait) | Self::Busy(wait) => Some(wait.as_secs() + 1),
        }
    }

    fn sentence(self) -> String {
        match self {
            Self::Mismatch => "That username and password do not go together.".to_owned(),
            Self::TooLong => format!("A password has at most {MAX_PASSWORD_BYTES} bytes."),
            Self::Throttled(wait) => {
                format!("Too many failed sign-ins. Please wait {}.", in_words(wait))
            }
            Self::Busy(_) => "Many people are signing in right now. Please try again in a moment.".to_owned(),
        }
    }
}

fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + 1;
    match (seconds, seconds.div_ceil(60)) {
        (..=60, _) => format!("{seconds} seconds"),
        (_, minutes) => format!("{minutes} minutes"),
    }
}
