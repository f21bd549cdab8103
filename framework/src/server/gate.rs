//! The gate: what every request passes first and every answer last.
//!
//! It gives the request its id, refuses hosts that are not ours and methods nobody answers, puts
//! the security headers on every answer, writes the log line, and catches what panicked outside
//! a page (actix-web would close the connection without an answer).

use std::cell::Cell;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use uuid::Uuid;

use super::answer::{Form, Refusal};
use super::dispatch::Trace;
use super::origin::HostRefusal;
use super::served::Served;
use crate::clock::now_micros;
use crate::panics::message_of;
use crate::requests::{Requests, Seen, shown};
use crate::settings::TrustedProxies;
use crate::tools::WATCHERS;
use crate::worker;

/// A request's id, in its extensions, in the answer's header and in every log line; when it came, and where from.
#[derive(Debug, Clone)]
pub(super) struct RequestId {
    id: Arc<str>,
    came: Instant,
    peer: Option<IpAddr>,
}

/// What all ids of this process begin with: no two processes of a site share it.
static PROCESS: LazyLock<u64> = LazyLock::new(|| Uuid::new_v4().as_u64_pair().0);

thread_local! {
    static REQUESTS: Cell<u32> = const { Cell::new(0) };
}

impl RequestId {
    /// Asking the system for randomness for every request would cost more than the whole rest of
    /// the gate; a number nobody can predict is not needed here.
    fn new(peer: Option<IpAddr>) -> Self {
        let number = REQUESTS.get().wrapping_add(1);
        REQUESTS.set(number);
        let id = format!("{:016x}{:04x}{number:08x}", *PROCESS, worker::home()).into();
        Self { id, came: Instant::now(), peer }
    }

    pub(super) fn of(request: &HttpRequest) -> Arc<str> {
        request.extensions().get::<Self>().map_or_else(|| Arc::from(""), |id| Arc::clone(&id.id))
    }

    /// How long ago the request came.
    pub(super) fn age_of(request: &HttpRequest) -> Duration {
        request.extensions().get::<Self>().map(|id| id.came.elapsed()).unwrap_or_default()
    }

    /// Where the request came from: the proxy's client, where the peer is a proxy that is trusted.
    pub(super) fn peer_of(request: &HttpRequest) -> Option<IpAddr> {
        request.extensions().get::<Self>().and_then(|id| id.peer)
    }
}

/// Own content only: no script or style in the page, no frames, forms lead back here.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
);
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const PERMISSIONS: HeaderValue = HeaderValue::from_static("camera=(), geolocation=(), microphone=()");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The middleware.
pub(super) async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // Looked at, not cloned: a count that all workers write to costs more than the look.
    let Some((refused, peer, out)) = request.app_data::<web::Data<Served>>().map(|served| {
        let requests = &served.site.parts().requests;
        let settings = served.site.settings();
        let out = WayOut {
            is_last: served.draining.load(Ordering::Relaxed),
            https: settings.is_https(),
            requests: requests.is_kept().then(|| requests.clone()),
        };
        (refusal(&request, served), peer_of(&request, &settings.server.trusted_proxies), out)
    }) else {
        return Err(actix_web::error::ErrorInternalServerError("the gate stands outside the site"));
    };
    let id = RequestId::new(peer);
    request.extensions_mut().insert(id.clone());
    let line = Line { method: request.method().clone(), uri: request.uri().clone(), id, out };
    let form = Form::of(request.headers(), true);
    if let Some(refusal) = refused {
        let mut response = request.into_response(refusal.answer_small(form, &line.id.id)).map_into_right_body();
        line.let_out(response.response_mut());
        return Ok(response);
    }
    // The request itself must not be kept here: the router wants it for itself.
    let status = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => {
            let mut response = response.map_into_left_body();
            line.let_out(response.response_mut());
            return Ok(response);
        }
        Ok(Err(error)) => {
            let status = error.as_response_error().status_code();
            if status.is_server_error() {
                tracing::error!(request = &*line.id.id, %error, "request failed outside a page");
            }
            status
        }
        Err(panic) => {
            let message = message_of(panic.as_ref());
            tracing::error!(request = &*line.id.id, message, "panic outside a page");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let mut answer = Refusal::new(status, sentence_of(status)).answer_small(form, &line.id.id);
    line.let_out(&mut answer);
    Err(InternalError::from_response("answered by the gate", answer).into())
}

/// Where a request came from, as far as those are trusted who say so.
fn peer_of(request: &ServiceRequest, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    if proxies.is_empty() {
        return Some(peer);
    }
    let values = request.headers().get_all(header::X_FORWARDED_FOR);
    Some(proxies.visitor(peer, values.map(|value| value.to_str().unwrap_or_default())))
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Why a request does not get in.
fn refusal(request: &ServiceRequest, served: &Served) -> Option<Refusal> {
    // Whoever watches over the process asks it by its address, and is told nothing but "alive".
    let probe = is_probe(request.path());
    match served.hosts.check(request.uri(), request.headers()) {
        Ok(()) => {}
        Err(HostRefusal::Foreign) if probe => {}
        Err(HostRefusal::Malformed) => {
            return Some(Refusal::new(StatusCode::BAD_REQUEST, "The request does not say whom it is for."));
        }
        Err(HostRefusal::Foreign) => {
            return Some(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "There is no site of this name here."));
        }
    }
    match *request.method() {
        Method::GET | Method::HEAD | Method::POST => None,
        _ => Some(Refusal::method_not_allowed("GET, HEAD, POST")),
    }
}

fn sentence_of(status: StatusCode) -> &'static str {
    if status.is_server_error() { "Something went wrong on our side." } else { "The request cannot be answered." }
}

fn secure(headers: &mut HeaderMap, id: &RequestId, https: bool) {
    // A page that says what may be done with it knows better.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(COOP, HeaderValue::from_static("same-origin"));
    headers.insert(CORP, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, PERMISSIONS);
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if let Ok(id) = HeaderValue::from_str(&id.id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// What is to be done with every answer.
struct WayOut {
    /// The site is stopping: whoever comes again comes on a new connection, and so to another process.
    is_last: bool,
    https: bool,
    /// Set where requests are kept.
    requests: Option<Requests>,
}

/// What the log line says of the request. The query stays out: it may hold what a visitor typed.
struct Line {
    method: Method,
    uri: Uri,
    id: RequestId,
    out: WayOut,
}

impl Line {
    /// Makes an answer fit to be sent, and notes it.
    fn let_out(&self, response: &mut HttpResponse<impl MessageBody>) {
        secure(response.headers_mut(), &self.id, self.out.https);
        if self.out.is_last {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        self.write(response);
    }

    fn write(&self, response: &HttpResponse<impl MessageBody>) {
        let (requests, status) = (self.out.requests.as_ref(), response.status());
        let extensions = response.extensions();
        let trace = extensions.get::<Trace>();
        tracing::info!(
            target: "toolcrib::request",
            request = &*self.id.id,
            peer = self.id.peer.map(tracing::field::display),
            method = %self.method,
            path = self.uri.path(),
            status = status.as_u16(),
            ms = self.id.came.elapsed().as_secs_f64() * 1e3,
            page = trace.map(|trace| trace.page),
            attempts = trace.map(|trace| trace.attempts),
            statements = trace.map(|trace| trace.statements),
            instance = trace.map(|trace| trace.instance.id),
        );
        // What only loads a page's looks, and who looks at this very list, would be most of it.
        let is_noted = !self.uri.path().starts_with("/assets/")
            && !is_probe(self.uri.path())
            && !trace.is_some_and(|trace| WATCHERS.contains(&trace.page));
        if is_noted && let Some(requests) = requests {
            requests.note(|| self.seen(status, trace));
        }
    }

    fn seen(&self, status: StatusCode, trace: Option<&Trace>) -> Seen {
        let url = self.uri.path_and_query().map_or("/", |url| url.as_str());
        Seen {
            at: now_micros(),
            method: self.method.to_string(),
            url: shown(url),
            page: trace.map(|trace| trace.page),
            status: status.as_u16(),
            took: self.id.came.elapsed(),
            statements: trace.map_or(0, |trace| trace.statements),
            attempts: trace.map_or(0, |trace| trace.attempts),
            instance: trace.map_or(0, |trace| trace.instance.id),
            request: Arc::clone(&self.id.id),
            session: trace.and_then(|trace| trace.session),
        }
    }
}
