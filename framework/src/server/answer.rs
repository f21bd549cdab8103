//! Turns what happened into what the browser is told: a status and a sentence. Causes go to the
//! log, once, here.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use askama::Template;

use super::payload::PayloadError;
use crate::application::ApplicationError;
use crate::clock::whole_seconds;
use crate::db::DbError;
use crate::live;
use crate::locks::LockError;
use crate::page::{ErrorNotice, Failure, FormError, Frame, PageError, wants_events, wants_fragment, wants_json};
use crate::pool::CheckoutError;
use crate::session::SessionError;
use crate::unit_of_work::CommitError;

const HTML: &str = "text/html; charset=utf-8";

/// A request that was not answered by its page.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    sentence: Cow<'static, str>,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
    close: bool,
}

/// In which form an error is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Page,
    Fragment,
    Json,
}

impl Form {
    pub(super) fn of(headers: &HeaderMap, fragment_page: bool) -> Self {
        if wants_json(headers) {
            Self::Json
        } else if wants_fragment(headers) || wants_events(headers) || (fragment_page && !is_opened(headers)) {
            Self::Fragment
        } else {
            Self::Page
        }
    }
}

/// Whether a browser opens the address in its window: what would be a fragment elsewhere must be a whole page there, as
/// from a bare sentence nobody finds the way back.
fn is_opened(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|destination| destination.as_bytes() == b"document")
}

#[derive(Template)]
#[template(path = "server/error.html")]
struct ErrorPage<'a> {
    frame: &'a Frame,
    status: u16,
    reason: &'a str,
    sentence: &'a str,
}

#[derive(Template)]
#[template(path = "server/error_fragment.html")]
struct ErrorFragment<'a> {
    sentence: &'a str,
    request_id: &'a str,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status, sentence: sentence.into(), retry_after: None, allow: None, close: false }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no page at this address.")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "You may not do this.")
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        let mut refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, "This page does not answer this kind of request.");
        refusal.allow = Some(allow);
        refusal
    }

    pub(super) fn login_required() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Please sign in.")
    }

    pub(super) fn forged() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This form is out of date or did not come from this site. Go back, load the page again and retry.",
        )
    }

    pub(super) fn unavailable(sentence: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        let mut refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence);
        refusal.retry_after = Some(retry_after);
        refusal
    }

    /// Many were refused at the same moment; they must not all come back at the same moment.
    pub(super) fn overloaded() -> Self {
        Self::unavailable(
            "The site has more visitors than it can serve at this moment. Please try again in a few seconds.",
            jittered(),
        )
    }

    pub(super) fn of_stream(refusal: live::Refusal) -> Self {
        match refusal {
            live::Refusal::Full => Self::overloaded(),
            live::Refusal::OfSession => {
                Self::unavailable("You look at this in too many windows at the same time.", Duration::from_secs(30))
            }
            live::Refusal::Stopping => {
                Self::unavailable("The site is stopping. Please try again in a moment.", jittered())
            }
        }
    }

    fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong on our side. Nothing was changed. If it happens again, tell us the request id.",
        )
    }

    pub(super) fn of_payload(error: &PayloadError) -> Self {
        let mut refusal = match error {
            PayloadError::TooLarge { limit } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The limit here is {}.", megabytes(*limit)))
            }
            PayloadError::TooSlow { .. } => {
                Self::new(StatusCode::REQUEST_TIMEOUT, "The request did not arrive in time.")
            }
            PayloadError::Broken(_) => Self::new(StatusCode::BAD_REQUEST, "The request broke off."),
        };
        // What is left of the body is not read.
        refusal.close = true;
        refusal
    }

    pub(super) fn of_form(error: FormError) -> Self {
        Self::of_page(&PageError::from(error))
    }

    pub(super) fn of_checkout(error: &CheckoutError) -> Self {
        match error {
            CheckoutError::OutOfService { retry_after, .. } => {
                Self::unavailable("This page is out of service for a moment. Please try again later.", *retry_after)
            }
            CheckoutError::Create { .. } | CheckoutError::CreatePanicked { .. } => Self::internal(),
            CheckoutError::QueueFull { .. }
            | CheckoutError::TimedOut { .. }
            | CheckoutError::CreateTimedOut { .. }
            | CheckoutError::Vanished { .. }
            | CheckoutError::Closed { .. } => Self::overloaded(),
        }
    }

    pub(super) fn of_failure(failure: &Failure) -> Self {
        match failure {
            Failure::Page(error) => Self::of_page(error),
            Failure::Commit(CommitError::Database(error)) => Self::of_database(error),
            Failure::Commit(CommitError::Session(error)) => Self::of_session(error),
            Failure::Commit(CommitError::Application(error)) => Self::of_application(error),
            Failure::Commit(CommitError::Locked(error)) => Self::of_lock(error),
            Failure::Sealed(_) => Self::unavailable(
                "A part of this was done; for the rest too many people changed the same thing at the same time. \
                 Please look before you try again.",
                jittered(),
            ),
            Failure::Stale => Self::contended(),
            Failure::Panicked(_) | Failure::Vanished => Self::internal(),
            Failure::Overran => {
                Self::unavailable("This took longer than it may. Nothing was changed. Please try again.", jittered())
            }
        }
    }

    fn of_page(error: &PageError) -> Self {
        match error {
            PageError::NotFound => Self::not_found(),
            PageError::Forbidden => Self::forbidden(),
            PageError::MethodNotAllowed => Self::method_not_allowed("GET, HEAD"),
            PageError::BadRequest(sentence) => Self::new(StatusCode::BAD_REQUEST, sentence.clone()),
            PageError::TooLarge(sentence) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, sentence.clone()),
            PageError::TooMany { reason, retry_after } => {
                let mut refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, reason.clone());
                refusal.retry_after = Some(*retry_after);
                refusal
            }
            PageError::Unavailable { reason, retry_after } => Self::unavailable(reason.clone(), *retry_after),
            PageError::Database(error) => Self::of_database(error),
            PageError::Session(error) => Self::of_session(error),
            PageError::Application(error) => Self::of_application(error),
            PageError::Lock(error) => Self::of_lock(error),
            PageError::Retry(_) => Self::contended(),
            PageError::Template(_) | PageError::Other(_) => Self::internal(),
        }
    }

    fn of_database(error: &DbError) -> Self {
        match error {
            DbError::Unavailable(_)
            | DbError::NoConnection
            | DbError::Busy(_)
            | DbError::Full(_)
            | DbError::Beside { .. } => Self::unavailable(
                "The site cannot reach or change its data at this moment. Nothing was changed. Please try again.",
                jittered(),
            ),
            DbError::Conflict(_) => Self::contended(),
            DbError::Nul => Self::new(StatusCode::BAD_REQUEST, "A text has a character that cannot be stored."),
            DbError::OutcomeUnknown(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The outcome is unknown: the change may have been made or not. Please look before you try again.",
            ),
            DbError::Constraint { .. } | DbError::ReadOnly(_) | DbError::Query(_) => Self::internal(),
        }
    }

    fn of_application(error: &ApplicationError) -> Self {
        match error {
            ApplicationError::Lock(error) => Self::of_lock(error),
            ApplicationError::Database(error) | ApplicationError::NotCurrent(error) => Self::of_database(error),
            ApplicationError::Conflict(_)
            | ApplicationError::Elsewhere
            | ApplicationError::Fenced
            | ApplicationError::ClaimTimedOut { .. } => Self::contended(),
            ApplicationError::Stopped => {
                Self::unavailable("The site is stopping. Please try again in a moment.", jittered())
            }
            _ => Self::internal(),
        }
    }

    fn of_lock(error: &LockError) -> Self {
        match error {
            LockError::TimedOut { .. }
            | LockError::Held { .. }
            | LockError::TooManyWaiters { .. }
            | LockError::Deadlock(_)
            | LockError::Lost { .. }
            | LockError::Ended { .. } => Self::contended(),
            LockError::Unreachable { .. } => Self::of_database(&DbError::NoConnection),
            _ => Self::internal(),
        }
    }

    fn contended() -> Self {
        Self::unavailable(
            "Too many people changed the same thing at the same time. Nothing was changed. Please try again.",
            jittered(),
        )
    }

    fn of_session(error: &SessionError) -> Self {
        match error {
            SessionError::Ended => Self::login_required(),
            SessionError::Full(_) => Self::sessions_full(),
            SessionError::Unknown => {
                Self::unavailable("The site cannot tell who you are at this moment. Please try again.", jittered())
            }
            SessionError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "That is more than can be kept for one visitor.")
            }
            SessionError::Store(error) => Self::of_database(error),
            _ => Self::internal(),
        }
    }

    pub(super) fn sessions_full() -> Self {
        Self::unavailable(
            "As many visitors as allowed are here already. Please try again in a minute.",
            Duration::from_secs(60),
        )
    }

    /// The answer in the site's looks, where a page is asked for.
    pub(super) fn answer(
        self,
        form: Form,
        request_id: &str,
        frame: impl FnOnce() -> Frame,
        site_page: fn(&ErrorNotice<'_>, &Frame) -> Option<String>,
    ) -> HttpResponse {
        if form != Form::Page {
            return self.answer_small(form, request_id);
        }
        let frame = frame();
        let notice = ErrorNotice { status: self.status, sentence: &self.sentence };
        let body = site_page(&notice, &frame).unwrap_or_else(|| {
            let page = ErrorPage {
                frame: &frame,
                status: self.status.as_u16(),
                reason: self.status.canonical_reason().unwrap_or("Error"),
                sentence: &self.sentence,
            };
            page.render().unwrap_or_default()
        });
        self.with_body(HTML, body)
    }

    /// The answer as JSON where that is asked for, else as a part of a page.
    pub(super) fn answer_small(self, form: Form, request_id: &str) -> HttpResponse {
        if form == Form::Json {
            let notice = serde_json::json!({
                "error": {
                    "status": self.status.as_u16(),
                    "message": self.sentence,
                    "request_id": request_id,
                }
            });
            return self.with_body("application/json", notice.to_string());
        }
        let body = ErrorFragment { sentence: &self.sentence, request_id }.render().unwrap_or_default();
        self.with_body(HTML, body)
    }

    fn with_body(self, content_type: &'static str, body: String) -> HttpResponse {
        let mut response = HttpResponse::build(self.status).body(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(retry_after) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(retry_after)));
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn jittered() -> Duration {
    let noise = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_micros());
    Duration::from_secs(1 + u64::from(noise % 5))
}

fn megabytes(bytes: usize) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1_048_576)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D7.
    #[test]
    fn a_fragment_opened_in_a_window_is_answered_with_a_page() {
        let form = |fragment_page, name: &'static str, value: &'static str| {
            let name = actix_web::http::header::HeaderName::from_static(name);
            let value = actix_web::http::header::HeaderValue::from_static(value);
            Form::of(&HeaderMap::from_iter([(name, value)]), fragment_page)
        };
        assert_eq!(form(true, "sec-fetch-dest", "document"), Form::Page);
        assert_eq!(form(true, "sec-fetch-dest", "empty"), Form::Fragment);
        assert_eq!(form(true, "user-agent", "a client that says nothing"), Form::Fragment);
        assert_eq!(form(false, "x-requested-with", "fetch"), Form::Fragment);
        assert_eq!(form(false, "accept", "application/json"), Form::Json);
    }

    #[test]
    fn retry_after_is_at_least_a_second_and_rounded_up() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1500)), 2);
        assert_eq!(whole_seconds(Duration::from_secs(3)), 3);
        for _ in 0..100 {
            assert!((1..=5).contains(&jittered().as_secs()));
        }
    }

    #[test]
    fn every_database_failure_has_an_answer_of_its_kind() {
        let status = |error: DbError| Refusal::of_database(&error).status;
        assert_eq!(status(DbError::NoConnection), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(DbError::Busy(sqlx::Error::WorkerCrashed)), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(DbError::OutcomeUnknown(sqlx::Error::WorkerCrashed)), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(status(DbError::Query(sqlx::Error::RowNotFound)), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
