//! A request as an attempt sees it: complete, buffered, the same for every attempt.

use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, Uri};
use actix_web::web::Bytes;

use super::body::Body;
use crate::db::Statements;

/// A complete request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: std::sync::Arc<str>,
    pub(crate) method: Method,
    /// Path and query as sent, percent-encoded.
    pub(crate) uri: Uri,
    /// Parameters of the route's pattern, decoded.
    pub(crate) params: Vec<(String, String)>,
    /// The query's pairs, decoded, in order.
    pub(crate) query_pairs: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) body: Body,
    /// When the answer is due.
    pub(crate) deadline: Instant,
    /// Whether the attempt under way has begun its work.
    pub(crate) started: AtomicBool,
    /// The statements of all its attempts.
    pub(crate) statements: Statements,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// JSON is answered where it is asked for and HTML is not preferred.
    pub(crate) fn wants_json(&self) -> bool {
        wants_json(&self.headers)
    }

    /// A part of a page is answered to our script and to whoever says so.
    pub(crate) fn wants_fragment(&self) -> bool {
        wants_fragment(&self.headers)
    }

    /// Path and query as sent.
    pub(crate) fn path_and_query(&self) -> String {
        self.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
    }

    pub(crate) fn form(&self) -> &[(String, String)] {
        self.body.form()
    }

    pub(crate) fn raw_body(&self) -> &Bytes {
        self.body.raw()
    }
}

pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(actix_web::http::header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

/// Whether a browser asks for a stream of events.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(actix_web::http::header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"))
}

pub(crate) fn wants_fragment(headers: &HeaderMap) -> bool {
    headers
        .get("x-requested-with")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.eq_ignore_ascii_case("fetch"))
}
