//! What the proxy answers itself: the script, its style sheet, the events, and why there is no site.

use std::time::Duration;

use http_body_util::{BodyExt, channel::Channel};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, RETRY_AFTER,
};
use hyper::{Request, Response, StatusCode};
use tokio::time::timeout;

use super::hub::lagged;
use super::notice::Notice;
use super::proxy::{Answer, Failure, Proxy, full};

/// What begins so is never the site's.
pub(super) const PREFIX: &str = "/__toolcrib/";

const SCRIPT: &str = include_str!("browser/reload.js");
const STYLE: &str = include_str!("browser/notice.css");
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'self'; object-src 'none'; base-uri 'none'");

/// How often a page hears that the loop is alive; a connection nobody reads is found out by it.
const PING: Duration = Duration::from_secs(15);

/// The address of the script for a page with this mark.
pub(super) fn script(mark: &str) -> String {
    format!("{PREFIX}reload.js?page={mark}")
}

/// Whether a person is going to read the answer.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The answer below [`PREFIX`].
pub(super) async fn answer(proxy: &Proxy, request: &Request<Incoming>, path: &str) -> Answer {
    if !is_own(proxy, request.headers().get(HOST)) {
        return plain(StatusCode::MISDIRECTED_REQUEST, "There is no site of this name here.");
    }
    match path {
        "reload.js" => with_type(SCRIPT, "text/javascript; charset=utf-8"),
        "notice.css" => with_type(STYLE, "text/css; charset=utf-8"),
        "events" => {
            events(proxy, request.uri().query().and_then(|query| query.strip_prefix("page=")).unwrap_or_default())
        }
        _ => plain(StatusCode::NOT_FOUND, "There is nothing here."),
    }
}

/// Why there is no site, as a page or as text.
pub(super) fn notice(proxy: &Proxy, notice: &Notice, host: Option<&HeaderValue>, as_page: bool) -> Answer {
    if !is_own(proxy, host) {
        return plain(StatusCode::MISDIRECTED_REQUEST, "There is no site of this name here.");
    }
    let mut answer = if as_page {
        with_type(
            notice.page(&script(&proxy.hub.notice_mark()), &format!("{PREFIX}notice.css")),
            "text/html; charset=utf-8",
        )
    } else {
        with_type(notice.text(), "text/plain; charset=utf-8")
    };
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    answer
}

/// One line of text.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = with_type(text, "text/plain; charset=utf-8");
    *answer.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

fn is_own(proxy: &Proxy, host: Option<&HeaderValue>) -> bool {
    host.and_then(|host| host.to_str().ok()).is_some_and(|host| proxy.public.is_own(host))
}

fn with_type(body: impl Into<Bytes>, kind: &'static str) -> Answer {
    let mut answer = Response::new(full(body));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    answer
}

/// The stream of events a page listens to.
fn events(proxy: &Proxy, mark: &str) -> Answer {
    let (missed, mut events) = proxy.hub.listen(mark);
    let (mut sender, body) = Channel::<Bytes, Failure>::new(8);
    tokio::spawn(async move {
        for event in missed {
            if sender.send_data(Bytes::copy_from_slice(event.as_bytes())).await.is_err() {
                return;
            }
        }
        loop {
            let text = match timeout(PING, events.recv()).await {
                Ok(Ok(event)) => event,
                Ok(Err(tokio::sync::broadcast::error::RecvError::Lagged(_))) => lagged(),
                Ok(Err(tokio::sync::broadcast::error::RecvError::Closed)) => return,
                Err(_) => ": alive\n\n".into(),
            };
            if sender.send_data(Bytes::copy_from_slice(text.as_bytes())).await.is_err() {
                return;
            }
        }
    });
    let mut answer = with_type("", "text/event-stream");
    *answer.body_mut() = body.boxed_unsync();
    answer
}
