//! From a complete request to an answer.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{CACHE_CONTROL, COOKIE, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::{Form, Refusal};
use super::corner;
use super::gate::RequestId;
use super::origin::is_same_origin;
use super::payload;
use super::served::{Entry, Served};
use super::task::Task;
use crate::db::Statements;
use crate::page::{
    Body, Csrf, Frame, InstanceUse, PageInfo, Request, Site, TOKEN_FIELD, TOKEN_HEADER, parse_pairs, repeated,
    wants_events,
};
use crate::session::{CookieChange, Session, State};

/// The header of requests that a page's script makes by itself.
const UNATTENDED: &str = "x-live";

/// What the log line wants to know of a request that reached a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    pub(super) page: &'static str,
    pub(super) attempts: u32,
    pub(super) instance: InstanceUse,
    /// What each attempt that lost a conflict lost over.
    pub(super) lost: Vec<String>,
    pub(super) statements: u64,
    /// The session's number.
    pub(super) session: Option<i64>,
}

/// The visitor of a request.
pub(super) struct Visitor {
    pub(super) session: Session,
    pub(super) csrf: Csrf,
    /// The store did not answer: nothing may be concluded from the missing session.
    pub(super) unknown: bool,
}

/// An answer on its way out.
pub(super) struct Outgoing {
    pub(super) response: HttpResponse,
    pub(super) cookie: CookieChange,
    pub(super) visitor: Option<String>,
}

impl From<HttpResponse> for Outgoing {
    fn from(response: HttpResponse) -> Self {
        Self { response, cookie: CookieChange::Keep, visitor: None }
    }
}

/// Answers one request.
pub(super) async fn dispatch(
    http: HttpRequest,
    payload: web::Payload,
    cookie_session: actix_session::Session,
) -> HttpResponse {
    let Some(served) = http.app_data::<web::Data<Served>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    let visitor = visitor_of(&http, &cookie_session, served);
    let Outgoing { mut response, cookie, visitor } = answer(&http, payload, &visitor, served).await;
    cookie.apply(&cookie_session);
    let https = served.site.settings().is_https();
    if let Some(value) = visitor {
        let mut visitor = Cookie::new(&served.visitor_cookie, value);
        visitor.set_path("/");
        visitor.set_http_only(true);
        visitor.set_secure(https);
        visitor.set_same_site(SameSite::Lax);
        if let Err(error) = response.add_cookie(&visitor) {
            tracing::error!(%error, "the visitor cookie could not be set");
        }
    }
    if !response.headers().contains_key(CACHE_CONTROL) {
        // Pages differ by visitor, by token at least.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if served.site.settings().corner { corner::added(&http, response, served) } else { response }
}

fn visitor_of(http: &HttpRequest, cookie_session: &actix_session::Session, served: &Served) -> Visitor {
    let (unknown, known, fields) = match State::of(cookie_session) {
        State::Unavailable => (true, None, Default::default()),
        State::Loaded(known, fields) => (false, known, fields),
    };
    let session = if unknown { Session::unknown() } else { Session::loaded(known, fields) };
    let signed_in = session.end_user().is_some();
    let cookie =
        if !signed_in && http.headers().contains_key(COOKIE) { http.cookie(&served.visitor_cookie) } else { None };
    Visitor { session, csrf: Csrf::new(known.map(|known| known.key_hash), cookie.as_ref().map(Cookie::value)), unknown }
}

async fn answer(http: &HttpRequest, payload: web::Payload, visitor: &Visitor, served: &Served) -> Outgoing {
    let Some(found) = served.routes.find(http.path()) else {
        return refuse(Refusal::not_found(), http, visitor, served, false).into();
    };
    let Some(entry) = served.entry(found.page) else {
        return refuse(Refusal::not_found(), http, visitor, served, false).into();
    };
    let fragment = entry.info.is_fragment();
    let refuse = |refusal| refuse(refusal, http, visitor, served, fragment);
    let is_post = http.method() == Method::POST;
    let allowed = match *http.method() {
        Method::GET | Method::HEAD => entry.info.answers_get(),
        Method::POST => entry.info.answers_post(),
        _ => false,
    };
    if !allowed {
        return refuse(Refusal::method_not_allowed(entry.info.allow())).into();
    }
    if let Err(refusal) = ready_for(visitor, is_post || entry.info.requires_login(), served).await {
        return refuse(refusal).into();
    }
    if let Some(known) = visitor.session.known()
        && !entry.info.is_background()
        && !is_unattended(http)
    {
        served.site.sessions().touch(known);
    }
    let body = if is_post {
        match Box::pin(receive(http, payload, entry, visitor, served)).await {
            Ok(body) => body,
            Err(refusal) => return refuse(refusal).into(),
        }
    } else {
        Body::default()
    };
    served.site.parts().stats.received();
    let query = match http.query_string() {
        "" => Vec::new(),
        query => match parse_pairs(query.as_bytes()) {
            Ok(pairs) => pairs,
            Err(_) => return refuse(Refusal::new(StatusCode::BAD_REQUEST, "The address cannot be read.")).into(),
        },
    };
    let request = Arc::new(Request {
        id: RequestId::of(http),
        method: http.method().clone(),
        params: found.params,
        query_pairs: query,
        uri: http.uri().clone(),
        started: AtomicBool::new(false),
        statements: Statements::default(),
        headers: http.headers().clone(),
        peer: RequestId::peer_of(http),
        body,
        deadline: Instant::now() + served.site.settings().request.timeout,
    });
    let task = Task { http, served, request };
    task.answer(found.page, visitor, fragment).await
}

/// Whether a page's script asks by itself, and not its visitor: a stream of events, or a part that is looked at again
/// since something happened there.
fn is_unattended(http: &HttpRequest) -> bool {
    wants_events(http.headers()) || http.headers().contains_key(UNATTENDED)
}

/// Whether the site can serve this visitor now: the application is started, and who he is can be
/// told where that matters.
async fn ready_for(visitor: &Visitor, who_matters: bool, served: &Served) -> Result<(), Refusal> {
    let soon = Duration::from_secs(2);
    if !served.start.is_started() {
        let deadline = Instant::now() + served.site.settings().request.timeout;
        if !Box::pin(served.start.ensure(deadline)).await {
            return Err(Refusal::unavailable("The site is not ready yet. Please try again in a moment.", soon));
        }
    }
    if visitor.unknown && who_matters {
        let sentence = "The site cannot tell who you are at this moment. Please try again.";
        return Err(Refusal::unavailable(sentence, soon));
    }
    Ok(())
}

/// Takes the body of a request that may change something, through both walls of D9.
async fn receive(
    http: &HttpRequest,
    payload: web::Payload,
    entry: &Entry,
    visitor: &Visitor,
    served: &Served,
) -> Result<Body, Refusal> {
    let settings = served.site.settings();
    if !is_same_origin(http.headers(), settings.is_https()) {
        return Err(Refusal::forged());
    }
    let limit = entry.info.max_body().unwrap_or(settings.request.body_limit);
    let raw = payload::read(http, payload, limit, settings.request.body_timeout)
        .await
        .map_err(|error| Refusal::of_payload(&error))?;
    let body = Body::read(raw, http.headers()).await.map_err(Refusal::of_form)?;
    let from_header = http.headers().get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
    let from_form = body.form().iter().find(|(name, _)| name == TOKEN_FIELD).map(|(_, value)| value.as_str());
    let given = from_header.or(from_form).unwrap_or_default();
    let twice = repeated(body.form()).contains(TOKEN_FIELD);
    if twice || !visitor.csrf.accepts(&served.site.parts().secret, given) {
        return Err(Refusal::forged());
    }
    Ok(body)
}

/// Answers a request that no page answered.
pub(super) fn refuse(
    refusal: Refusal,
    http: &HttpRequest,
    visitor: &Visitor,
    served: &Served,
    fragment: bool,
) -> HttpResponse {
    let form = Form::of(http.headers(), fragment);
    let request_id = RequestId::of(http);
    let frame = || error_frame(&served.site, visitor, http, &request_id);
    refusal.answer(form, &request_id, frame, served.site.parts().error_page)
}

/// A frame for an error page. Its forms work for visitors who have a token already; making one
/// here would set a cookie with an error.
fn error_frame(site: &Site, visitor: &Visitor, http: &HttpRequest, request_id: &str) -> Frame {
    let parts = site.parts();
    let end_user = visitor.session.end_user();
    Frame {
        site: site.clone(),
        page: PageInfo::new("error", "/").title("Error"),
        path: http.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        session: visitor.session.clone(),
        csrf_token: visitor.csrf.token(&parts.secret),
        end_user,
        flashes: Vec::new(),
        request_id: request_id.to_owned(),
        assets: Arc::clone(&parts.assets),
    }
}
