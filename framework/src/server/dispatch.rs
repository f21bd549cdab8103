//! From a complete request to an answer.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{CACHE_CONTROL, COOKIE, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use super::access::{self, Access};
use super::answer::{Form, Refusal};
use super::attempt::{Committed, Ended, Failure, Job};
use super::gate::RequestId;
use super::origin::is_same_origin;
use super::page_pool::{NotRun, Wanted};
use super::payload;
use super::served::{Entry, Served};
use crate::db::DbError;
use crate::page::{
    Attempt, Body, Csrf, Frame, InstanceUse, Modules, PageError, Request, Site, TOKEN_FIELD, TOKEN_HEADER, parse_pairs,
    repeated,
};
use crate::pool::CheckoutError;
use crate::session::{CookieChange, Session, SessionError, State};
use crate::unit_of_work::{CommitError, End, Verdict, Work};

/// Most pages one request may be handed on to.
const DISPATCH_LIMIT: usize = 8;

/// Headers an answer has in the end, the gate's included: room made once instead of thrice.
const HEADERS: usize = 14;

/// What the log line wants to know of a request that reached a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trace {
    pub(super) page: &'static str,
    pub(super) attempts: u32,
    pub(super) instance: InstanceUse,
}

/// The visitor of a request.
struct Visitor {
    session: Session,
    csrf: Csrf,
    /// The store did not answer: nothing may be concluded from the missing session.
    unknown: bool,
}

/// An answer on its way out.
struct Outgoing {
    response: HttpResponse,
    cookie: CookieChange,
    visitor: Option<String>,
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
    response
}

fn visitor_of(http: &HttpRequest, cookie_session: &actix_session::Session, served: &Served) -> Visitor {
    let (unknown, known, fields) = match State::of(cookie_session) {
        State::Unavailable => (true, None, Default::default()),
        State::Loaded(known, fields) => (false, known, fields),
    };
    let session = Session::loaded(known, fields);
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
    if visitor.unknown && (is_post || entry.info.requires_login()) {
        let sentence = "The site cannot tell who you are at this moment. Please try again.";
        return refuse(Refusal::unavailable(sentence, Duration::from_secs(2))).into();
    }
    if let Some(known) = visitor.session.known()
        && !entry.info.is_background()
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
    served.stats.received();
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
        headers: http.headers().clone(),
        peer: http.peer_addr().map(|peer| peer.ip()),
        body,
        deadline: Instant::now() + served.site.settings().request.timeout,
    });
    let task = Task { http, served, request };
    task.answer(found.page, visitor, fragment).await
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

/// One complete request on its way through its attempts.
struct Task<'a> {
    http: &'a HttpRequest,
    served: &'a Served,
    request: Arc<Request>,
}

/// How the attempts of a request ended.
struct Run {
    outcome: Result<Box<Committed>, Undone>,
    trace: Trace,
}

/// Why nothing was committed.
enum Undone {
    Refused(Refusal),
    /// The session ended while the request ran.
    SessionEnded,
}

impl Task<'_> {
    async fn answer(&self, page: usize, visitor: &Visitor, fragment: bool) -> Outgoing {
        let Some(entry) = self.served.entry(page) else {
            return self.refuse(Refusal::not_found(), visitor, fragment).into();
        };
        match access::check(&entry.info, visitor.session.end_user().as_ref()) {
            Access::Granted => {}
            Access::Denied => return self.refuse(Refusal::forbidden(), visitor, fragment).into(),
            // Boxed: the rare ways must not make every request's future larger.
            Access::LoginRequired => return Box::pin(self.login_in_place(visitor, fragment)).await,
        }
        let Run { outcome, trace } = self.attempts(page, visitor, false).await;
        let mut outgoing = match outcome {
            Ok(committed) => self.committed(*committed, visitor, fragment).await,
            Err(Undone::Refused(refusal)) => self.refuse(refusal, visitor, fragment).into(),
            Err(Undone::SessionEnded) => {
                let nobody = Visitor { session: Session::default(), csrf: Csrf::default(), unknown: false };
                let mut outgoing = Box::pin(self.login_in_place(&nobody, fragment)).await;
                outgoing.cookie = CookieChange::Remove;
                outgoing
            }
        };
        self.mark(&mut outgoing.response, trace);
        outgoing
    }

    /// The login page in place of the page asked for (W23): the address stays, no instance of the
    /// page is touched.
    async fn login_in_place(&self, visitor: &Visitor, fragment: bool) -> Outgoing {
        let form = Form::of(self.http.headers(), fragment);
        let Some(login) = self.served.login_page.filter(|_| form == Form::Page) else {
            return self.refuse(Refusal::login_required(), visitor, fragment).into();
        };
        let Run { outcome, trace } = self.attempts(login, visitor, true).await;
        let mut outgoing = match outcome {
            Ok(committed) => self.committed(*committed, visitor, false).await,
            Err(Undone::Refused(refusal)) => self.refuse(refusal, visitor, false).into(),
            Err(Undone::SessionEnded) => self.refuse(Refusal::login_required(), visitor, false).into(),
        };
        if self.request.method == Method::POST && outgoing.response.status() == StatusCode::OK {
            *outgoing.response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        self.mark(&mut outgoing.response, trace);
        outgoing
    }

    async fn committed(&self, committed: Committed, visitor: &Visitor, fragment: bool) -> Outgoing {
        let Committed { response, cookie, visitor: new_visitor } = committed;
        // A form for a visitor who could not start a session is of no use to him.
        if new_visitor.is_some() && Box::pin(self.served.site.sessions().is_full()).await.unwrap_or(false) {
            return self.refuse(Refusal::sessions_full(), visitor, fragment).into();
        }
        let mut http = HttpResponse::build(response.status).body(response.body);
        http.headers_mut().reserve(HEADERS);
        for (name, value) in response.headers {
            http.headers_mut().append(name, value);
        }
        Outgoing { response: http, cookie, visitor: new_visitor }
    }

    /// Runs attempts until one commits, fails for good, or the schedule is over.
    async fn attempts(&self, page: usize, visitor: &Visitor, in_place: bool) -> Run {
        let stats = &self.served.stats;
        let mut trace = Trace { page: self.name_of(page), attempts: 0, instance: InstanceUse::default() };
        loop {
            trace.attempts += 1;
            let failure = match self.attempt(page, visitor, in_place, &mut trace).await {
                Ok(committed) => {
                    stats.ended(End::Committed);
                    return Run { outcome: Ok(committed), trace };
                }
                Err(NotDone::NotStarted(error)) => {
                    tracing::warn!(
                        request = &*self.request.id,
                        error = &error as &dyn std::error::Error,
                        "no instance"
                    );
                    return Run { outcome: Err(Undone::Refused(Refusal::of_checkout(&error))), trace };
                }
                Err(NotDone::Failed(failure)) => failure,
            };
            if is_session_end(&failure) {
                stats.ended(End::Failed);
                return Run { outcome: Err(Undone::SessionEnded), trace };
            }
            match self.verdict(&failure, trace.attempts) {
                Some(Verdict::Wait(delay)) => {
                    stats.ended(End::Retried);
                    tracing::warn!(
                        request = &*self.request.id,
                        page = trace.page,
                        attempt = trace.attempts,
                        error = &failure as &dyn std::error::Error,
                        "Commit failure - retrying"
                    );
                    // Nothing is held here: no instance, connection, or lock.
                    tokio::time::sleep(delay).await;
                }
                Some(Verdict::Exhausted) => {
                    stats.ended(End::Exhausted);
                    self.log(&failure, &trace, "too many retries");
                    return Run { outcome: Err(Undone::Refused(Refusal::of_failure(&failure))), trace };
                }
                None => {
                    stats.ended(End::Failed);
                    self.log(&failure, &trace, "request failed");
                    return Run { outcome: Err(Undone::Refused(Refusal::of_failure(&failure))), trace };
                }
            }
        }
    }

    /// Whether a failure is one that another attempt may mend.
    fn verdict(&self, failure: &Failure, attempt: u32) -> Option<Verdict> {
        let left = self.request.deadline.saturating_duration_since(Instant::now());
        if is_conflict(failure) {
            return Some(self.served.retry.after_conflict(attempt, left));
        }
        let reads_only = self.request.method != Method::POST;
        let lost = matches!(failure, Failure::Page(PageError::Database(DbError::Unavailable(_))));
        if (reads_only && lost || matches!(failure, Failure::Vanished)) && attempt == 1 {
            return Some(Verdict::Wait(Duration::ZERO));
        }
        None
    }

    /// One attempt: checks out, runs, and follows the request to the pages it is handed on to.
    async fn attempt(
        &self,
        page: usize,
        visitor: &Visitor,
        in_place: bool,
        trace: &mut Trace,
    ) -> Result<Box<Committed>, NotDone> {
        let mut entry = self.served.entry(page).ok_or_else(|| no_such_page("?"))?;
        let mut job = self.new_job(entry, visitor, trace.attempts, in_place);
        for handed_on in 0..=DISPATCH_LIMIT {
            job.attempt.page = entry.info;
            job.attempt.dispatched = in_place || handed_on > 0;
            let wanted = Wanted { modules: &self.served.modules, before: &entry.before, after: &entry.after };
            match entry.pool.run(job, wanted).await {
                Ok((Ended::Answered(committed), instance)) => {
                    trace.instance = instance;
                    return Ok(committed);
                }
                Ok((Ended::Failed(failure), instance)) => {
                    trace.instance = instance;
                    return Err(NotDone::Failed(failure));
                }
                Ok((Ended::Dispatched { page, job: next }, _)) => {
                    let number = self.served.page_named(&page).ok_or_else(|| no_such_page(&page))?;
                    entry = self.served.entry(number).ok_or_else(|| no_such_page(&page))?;
                    let user = next.attempt.session.end_user();
                    if access::check(&entry.info, user.as_ref()) != Access::Granted {
                        return Err(NotDone::Failed(Failure::Page(PageError::Forbidden)));
                    }
                    job = next;
                }
                Err(NotRun::NoInstance(error)) => return Err(NotDone::NotStarted(error)),
                Err(NotRun::Lost { started: false }) => return Err(NotDone::Failed(Failure::Vanished)),
                Err(NotRun::Lost { started: true }) => {
                    return Err(NotDone::Failed(Failure::Panicked("the instance's worker stopped".to_owned())));
                }
            }
        }
        Err(NotDone::Failed(Failure::Page(PageError::other(format!(
            "the request was handed on to more than {DISPATCH_LIMIT} pages"
        )))))
    }

    fn new_job(&self, entry: &Entry, visitor: &Visitor, number: u32, dispatched: bool) -> Job {
        Job {
            attempt: Box::new(Attempt {
                site: self.served.site.clone(),
                request: Arc::clone(&self.request),
                page: entry.info,
                session: visitor.session.clone(),
                work: Work::default(),
                csrf: visitor.csrf.for_attempt(),
                modules: Modules::default(),
                instance: InstanceUse::default(),
                number,
                dispatched,
                initialized: 0,
            }),
            companions: Vec::with_capacity(entry.before.len() + entry.after.len()),
        }
    }

    fn log(&self, failure: &Failure, trace: &Trace, message: &'static str) {
        let error = failure as &dyn std::error::Error;
        let request = &*self.request.id;
        if Refusal::of_failure(failure).status.is_server_error() {
            tracing::error!(request, page = trace.page, attempt = trace.attempts, error, "{message}");
        } else {
            tracing::debug!(request, page = trace.page, attempt = trace.attempts, error, "{message}");
        }
    }

    fn refuse(&self, refusal: Refusal, visitor: &Visitor, fragment: bool) -> HttpResponse {
        refuse(refusal, self.http, visitor, self.served, fragment)
    }

    fn name_of(&self, page: usize) -> &'static str {
        self.served.entry(page).map_or("?", |entry| entry.info.name())
    }

    /// Notes what the log line, and under test knobs the client, wants to know.
    fn mark(&self, response: &mut HttpResponse, trace: Trace) {
        response.extensions_mut().insert(trace);
        if self.served.site.settings().test_knobs {
            let headers = response.headers_mut();
            let mut set = |name, value: u64| headers.insert(HeaderName::from_static(name), value.into());
            set("x-page-instance", trace.instance.id);
            set("x-page-uses", trace.instance.uses);
            set("x-attempts", trace.attempts.into());
        }
    }
}

/// Why an attempt did not end in a commit.
enum NotDone {
    NotStarted(CheckoutError),
    Failed(Failure),
}

fn no_such_page(name: &str) -> NotDone {
    NotDone::Failed(Failure::Page(PageError::other(format!("a request was handed on to {name:?}, which is no page"))))
}

fn is_conflict(failure: &Failure) -> bool {
    match failure {
        Failure::Page(error) => error.is_conflict(),
        Failure::Commit(CommitError::Database(error)) => error.is_conflict(),
        Failure::Commit(CommitError::Session(SessionError::Store(error))) => error.is_conflict(),
        _ => false,
    }
}

fn is_session_end(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Commit(CommitError::Session(SessionError::Ended))
            | Failure::Page(PageError::Session(SessionError::Ended))
    )
}

/// Answers a request that no page answered.
fn refuse(refusal: Refusal, http: &HttpRequest, visitor: &Visitor, served: &Served, fragment: bool) -> HttpResponse {
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
        application: parts.title,
        page: crate::page::PageInfo::new("error", "/").title("Error"),
        path: http.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        menu: site.menu(end_user.as_ref(), ""),
        csrf_token: visitor.csrf.token(&parts.secret),
        end_user,
        flashes: Vec::new(),
        request_id: request_id.to_owned(),
        assets: Arc::clone(&parts.assets),
    }
}
