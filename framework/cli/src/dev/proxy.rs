//! The streaming reverse proxy on the public port.
//!
//! ```text
//! browser ─► whole request read ─► door (waits during a switch) ─► one connection to the site ─► answer, script added
//! ```
//!
//! A request is read before it goes through the door: a client that is half-way through its body holds up no switch and
//! is served by the next site. Connections to the site are used once, so a site that stops has none left open. Answers
//! are handed on as they come, HTML pages apart, which get the script. No web sockets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::door::{Behind, Door, Entered};
use super::held::{Connection, Held};
use super::hub::Hub;
use super::inject::with_script;
use super::own;
use super::settings::Public;
use super::styles::Styles;

/// Longest wait at the door.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Largest request body that is read before the site is asked; larger ones of known length are streamed to it.
const BUFFERED: u64 = 16 << 20;

/// Longest arrival of such a body.
const BODY_LIMIT: Duration = Duration::from_secs(120);

/// Largest page that gets the script.
const MAX_PAGE: u64 = 16 << 20;

/// Open connections.
const MAX_CONNECTIONS: usize = 1_024;

/// How long a client may take to send a request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// How long until it is known why a site hung up.
const DEATH_KNOWN: Duration = Duration::from_millis(300);

pub(super) type Answer = Response<UnsyncBoxBody<Bytes, Failure>>;
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Headers that belong to one connection.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What all connections share.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) door: Door,
    pub(super) hub: Hub,
    pub(super) styles: Styles,
    pub(super) public: Public,
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, proxy: Arc<Proxy>) -> Infallible {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most often.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let proxy = Arc::clone(&proxy);
                async move { Ok::<_, Infallible>(answer(&proxy, request).await) }
            });
            // A client that hangs up is no error of ours.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_LIMIT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(place);
        });
    }
}

async fn answer(proxy: &Proxy, request: Request<Incoming>) -> Answer {
    if let Some(path) = request.uri().path().strip_prefix(own::PREFIX) {
        return own::answer(proxy, &request, path).await;
    }
    if let Some(answer) = proxy.styles.answer(request.method(), request.uri().path()).await {
        return answer;
    }
    let wants_page = own::wants_page(request.headers());
    let host = request.headers().get(header::HOST).cloned();
    match forward(proxy, request).await {
        Ok(answer) => answer,
        Err(Refused::Notice(notice)) => own::notice(proxy, &notice, host.as_ref(), wants_page),
        Err(Refused::Plain(status, text)) => own::plain(status, text),
    }
}

/// Why the site was not asked, or did not answer.
pub(super) enum Refused {
    Notice(Arc<super::notice::Notice>),
    Plain(StatusCode, &'static str),
}

async fn forward(proxy: &Proxy, request: Request<Incoming>) -> Result<Answer, Refused> {
    let (mut head, body) = request.into_parts();
    let body = whole(body).await?;
    let (address, pass) = match proxy.door.enter(PATIENCE).await {
        Entered::Site(address, pass) => (address, pass),
        Entered::Notice(notice) => return Err(Refused::Notice(notice)),
        Entered::TooLate => {
            return Err(Refused::Plain(StatusCode::SERVICE_UNAVAILABLE, "The site is still being built. Try again."));
        }
    };
    one_hop(&mut head.headers);
    head.headers.remove(header::EXPECT);
    // The script is put into plain text.
    head.headers.remove(header::ACCEPT_ENCODING);
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let mark = proxy.hub.mark();
    let is_head = head.method == Method::HEAD;
    let Ok((answer, connection)) = ask(address, Request::from_parts(head, body)).await else {
        return Err(why_not(&proxy.door, address).await);
    };
    let (mut head, body) = answer.into_parts();
    one_hop(&mut head.headers);
    // A stream of events ends with its site; were it waited for, every switch would wait.
    let pass = (!is_stream(&head.headers)).then_some(pass);
    let held = Held::new(body, pass, connection);
    if !is_page(&head.headers) || held.size_hint().lower() > MAX_PAGE {
        return Ok(Response::from_parts(head, held.boxed_unsync()));
    }
    // With the script it is longer than the site says.
    head.headers.remove(header::CONTENT_LENGTH);
    if is_head {
        return Ok(Response::from_parts(head, held.boxed_unsync()));
    }
    let limit = usize::try_from(MAX_PAGE).unwrap_or(usize::MAX);
    let Ok(page) = Limited::new(held, limit).collect().await else {
        return Err(Refused::Plain(StatusCode::BAD_GATEWAY, "The site's page broke off, or has more than 16 MiB."));
    };
    let page = page.to_bytes();
    let page = with_script(&page, &own::script(&mark)).map_or(page, Bytes::from);
    Ok(Response::from_parts(head, full(page)))
}

/// Reads a request's body; a large one is streamed later.
async fn whole(body: Incoming) -> Result<UnsyncBoxBody<Bytes, Failure>, Refused> {
    if body.size_hint().lower() > BUFFERED {
        return Ok(body.map_err(Into::into).boxed_unsync());
    }
    let limit = usize::try_from(BUFFERED).unwrap_or(usize::MAX);
    match timeout(BODY_LIMIT, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(full(body.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Refused::Plain(StatusCode::PAYLOAD_TOO_LARGE, "A body of unknown length may have 16 MiB here."))
        }
        Ok(Err(_)) => Err(Refused::Plain(StatusCode::BAD_REQUEST, "The request broke off.")),
        Err(_) => Err(Refused::Plain(StatusCode::REQUEST_TIMEOUT, "The request did not arrive in time.")),
    }
}

/// Asks the site on a connection of its own.
async fn ask(
    address: SocketAddr,
    request: Request<UnsyncBoxBody<Bytes, Failure>>,
) -> Result<(Response<Incoming>, Connection), Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = Connection::new(tokio::spawn(async move {
        let _ = connection.await;
    }));
    Ok((sender.send_request(request).await?, connection))
}

/// The site hung up. If it has died, that is the answer.
async fn why_not(door: &Door, address: SocketAddr) -> Refused {
    sleep(DEATH_KNOWN).await;
    match door.behind() {
        Behind::Notice(notice) => Refused::Notice(notice),
        Behind::Site(now) if now == address => {
            Refused::Plain(StatusCode::BAD_GATEWAY, "The site closed the connection without an answer.")
        }
        Behind::Site(_) | Behind::Shut => {
            Refused::Plain(StatusCode::SERVICE_UNAVAILABLE, "The site stopped before it had answered. Try again.")
        }
    }
}

fn one_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    is_kind(headers, "text/html") && !headers.contains_key(header::CONTENT_ENCODING)
}

fn is_stream(headers: &HeaderMap) -> bool {
    is_kind(headers, "text/event-stream")
}

fn is_kind(headers: &HeaderMap, wanted: &str) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with(wanted)
}

/// A body that is there.
pub(super) fn full(bytes: impl Into<Bytes>) -> UnsyncBoxBody<Bytes, Failure> {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}
