//! What a page answers.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use serde::Serialize;

use super::PageError;
use crate::clock::whole_seconds;
use crate::live::Wish;

/// A page's answer: status, headers, body. Sent only after the unit of work has committed.
#[derive(Debug, Clone)]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Content,
    pub(crate) then: Then,
}

/// What follows the headers.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Bytes(Bytes),
    /// A stream, opened once the unit of work has committed and the instance is given back.
    Live(Box<Wish>),
}

/// Whether a response is the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is.
    #[default]
    Answer,
    /// The page is to show itself.
    Show,
    /// Another page is to answer in place of this one.
    Dispatch(String),
}

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Response {
    fn new(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(actix_web::http::header::CONTENT_TYPE, content_type);
        Self { status, headers, body: Content::Bytes(body), then: Then::Answer }
    }

    /// 200 with a stream of events.
    pub(crate) fn live(wish: Wish) -> Self {
        let mut response = Self::new(StatusCode::OK, EVENTS, Bytes::new());
        response.body = Content::Live(Box::new(wish));
        // Nobody on the way may keep it back or keep it.
        response.with_header("Cache-Control", "no-store").with_header("X-Accel-Buffering", "no")
    }

    /// The same stream, and while it is open, whoever is signed in is present at `topic`, `doing` something there:
    /// `editing`. Without effect on any other answer, and for a visitor who is not signed in.
    ///
    /// Who listens to the topic is told of every change of the list, by an event `presence` with the list as its data;
    /// [`Live::present`](crate::live::Live::present) answers it.
    #[must_use]
    pub fn present(mut self, topic: impl AsRef<str>, doing: impl AsRef<str>) -> Self {
        if let Content::Live(wish) = &mut self.body {
            wish.present(topic.as_ref(), doing.as_ref());
        }
        self
    }

    /// 200 with HTML. Escaping is the caller's; templates do it themselves.
    pub fn html(body: impl Into<String>) -> Self {
        Self::new(StatusCode::OK, HTML, Bytes::from(body.into()))
    }

    /// 200 with plain text.
    pub fn text(body: impl Into<String>) -> Self {
        Self::new(StatusCode::OK, TEXT, Bytes::from(body.into()))
    }

    /// 200 with JSON.
    ///
    /// # Errors
    /// [`PageError::Other`] for a value JSON cannot represent.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self, PageError> {
        let body = serde_json::to_vec(value).map_err(PageError::other)?;
        Ok(Self::new(StatusCode::OK, JSON, Bytes::from(body)))
    }

    /// 200 with bytes of a type such as `text/csv; charset=utf-8`.
    pub fn bytes(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, HeaderValue::from_static(content_type), body.into())
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            headers: HeaderMap::new(),
            body: Content::Bytes(Bytes::new()),
            then: Then::Answer,
        }
    }

    pub(crate) fn redirect(location: HeaderValue) -> Self {
        let mut response = Self::no_content();
        response.status = StatusCode::SEE_OTHER;
        response.headers.insert(actix_web::http::header::LOCATION, location);
        response
    }

    pub(crate) fn dispatch(page: String) -> Self {
        let mut response = Self::no_content();
        response.then = Then::Dispatch(page);
        response
    }

    /// The page is to show itself, whatever the request's method.
    pub(crate) fn show() -> Self {
        let mut response = Self::no_content();
        response.then = Then::Show;
        response
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with a header. A name or value that HTTP does not allow is left out and logged.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => self.headers.insert(name, value),
            _ => {
                tracing::error!(header = name, "a header that HTTP does not allow was left out");
                return self;
            }
        };
        self
    }

    /// The same with `Retry-After`, where waiting helps.
    pub(crate) fn retry_after(self, wait: Option<Duration>) -> Self {
        match wait {
            Some(wait) => self.with_header("Retry-After", &whole_seconds(wait).to_string()),
            None => self,
        }
    }

    /// The same, to be saved by the browser under a name (RFC 6266; any character in it is safe).
    #[must_use]
    pub fn attachment(mut self, file_name: &str) -> Self {
        use actix_web::http::header::{
            Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, TryIntoHeaderValue,
        };
        let plain: String =
            file_name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%/".contains(c) { c } else { '_' }).collect();
        let disposition = ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![
                DispositionParam::Filename(plain),
                DispositionParam::FilenameExt(ExtendedValue {
                    charset: Charset::Ext("UTF-8".to_owned()),
                    language_tag: None,
                    value: file_name.as_bytes().to_vec(),
                }),
            ],
        };
        if let Ok(value) = disposition.try_into_value() {
            self.headers.insert(actix_web::http::header::CONTENT_DISPOSITION, value);
        }
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body; nothing of a stream.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match &self.body {
            Content::Bytes(bytes) => bytes,
            Content::Live(_) => &[],
        }
    }
}
