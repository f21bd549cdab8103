//! `/login`: the form, and what stands in for any page that needs a user.

use std::time::Duration;

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::users::Refusal;
use toolcrib::users::password::MAX_PASSWORD_BYTES;

use super::next::local_path;
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
        match cx.authenticate(&username, credentials.password).await? {
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

fn refuse(cx: &mut Context<'_>, refusal: Refusal, username: String, next: String) -> PageResult {
    let status = status_of(refusal);
    let problem = sentence_of(refusal);
    let answer = if cx.wants_json() {
        cx.json_with(status, &json!({ "errors": { "username": [problem] } }))?
    } else {
        cx.render_with(status, LoginForm { username, next: Some(next), problem })?
    };
    Ok(match refusal.retry_after() {
        Some(wait) => answer.with_header("Retry-After", &whole_seconds(wait).to_string()),
        None => answer,
    })
}

fn status_of(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn sentence_of(refusal: Refusal) -> String {
    match refusal {
        Refusal::TooLong => format!("A password has at most {MAX_PASSWORD_BYTES} bytes."),
        Refusal::Throttled(wait) => format!("Too many failed sign-ins. Please wait {}.", in_words(wait)),
        Refusal::Busy(_) => "Many people are signing in right now. Please try again in a moment.".to_owned(),
        _ => "That username and password do not go together.".to_owned(),
    }
}

/// Rounded up, so that nobody comes back too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

fn in_words(wait: Duration) -> String {
    let seconds = whole_seconds(wait);
    match (seconds, seconds.div_ceil(60)) {
        (..=60, _) => format!("{seconds} seconds"),
        (_, minutes) => format!("{minutes} minutes"),
    }
}
