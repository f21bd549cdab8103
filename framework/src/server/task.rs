//! One complete request on its way through its attempts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::BodyStream;
use actix_web::http::header::HeaderName;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

use super::access::{self, Access};
use super::answer::{Form, Refusal};
use super::attempt::{Committed, Ended, Job};
use super::dispatch::{Outgoing, Trace, Visitor, refuse};
use super::page_pool::{NotRun, Wanted};
use super::served::{Entry, Served};
use crate::db::DbError;
use crate::locks::Scope;
use crate::object_log::Priority;
use crate::page::{
    About, Attempt, Content, Csrf, Failure, InstanceUse, Modules, PageError, Request, Unit, note as log_note,
};
use crate::pool::CheckoutError;
use crate::session::{CookieChange, Session, SessionError};
use crate::unit_of_work::{End, Replay, Verdict, Work};

/// Most pages one request may be handed on to.
const DISPATCH_LIMIT: usize = 8;

/// Headers an answer has in the end, the gate's included: room made once instead of thrice.
const HEADERS: usize = 14;

/// One complete request on its way through its attempts.
pub(super) struct Task<'a> {
    pub(super) http: &'a HttpRequest,
    pub(super) served: &'a Served,
    pub(super) request: Arc<Request>,
}

/// One run of a request.
struct Ran<'a> {
    page: usize,
    visitor: &'a Visitor,
    /// Whether the page answers in place of another.
    in_place: bool,
    replay: &'a Replay,
    /// Whether it has been seen that it looks at the application.
    is_looking: bool,
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
    /// Answers by the page, by the login page in its place, or by an error.
    pub(super) async fn answer(&self, page: usize, visitor: &Visitor, fragment: bool) -> Outgoing {
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
        let Committed { response, cookie, visitor: new_visitor, .. } = committed;
        // A form for a visitor who could not start a session is of no use to him.
        if new_visitor.is_some() && Box::pin(self.served.site.sessions().is_full()).await.unwrap_or(false) {
            return self.refuse(Refusal::sessions_full(), visitor, fragment).into();
        }
        let mut http = match response.body {
            Content::Bytes(bytes) => HttpResponse::build(response.status).body(bytes),
            // Whoever asks for the headers alone listens to nothing.
            Content::Live(_) if self.request.method == Method::HEAD => HttpResponse::build(response.status).finish(),
            Content::Live(wish) => match self.served.site.live().open(&wish) {
                Ok(stream) => HttpResponse::build(response.status).body(BodyStream::new(stream)),
                Err(refusal) => return self.refuse(Refusal::of_stream(refusal), visitor, fragment).into(),
            },
        };
        http.headers_mut().reserve(HEADERS);
        for (name, value) in response.headers {
            http.headers_mut().append(name, value);
        }
        Outgoing { response: http, cookie, visitor: new_visitor }
    }

    /// Runs attempts until one commits, fails for good, or the schedule is over.
    async fn attempts(&self, page: usize, visitor: &Visitor, in_place: bool) -> Run {
        let stats = &self.served.site.parts().stats;
        let session = visitor.session.known().map(|known| known.id);
        let mut trace = Trace { page: self.name_of(page), session, ..Trace::default() };
        let mut replay = Replay::default();
        let mut is_looking = false;
        loop {
            trace.attempts += 1;
            let run = Ran { page, visitor, in_place, replay: &replay, is_looking };
            let failure = match self.attempt(run, &mut trace).await {
                Ok(committed) => {
                    stats.ended(End::Committed);
                    return Run { outcome: Ok(committed), trace };
                }
                Err(NotDone::NotStarted(error)) => {
                    self.not_started(&error, visitor, &trace);
                    return Run { outcome: Err(Undone::Refused(Refusal::of_checkout(&error))), trace };
                }
                Err(NotDone::Failed(failure)) => failure,
            };
            if failure.is_session_end() {
                stats.ended(End::Failed);
                return Run { outcome: Err(Undone::SessionEnded), trace };
            }
            if matches!(failure, Failure::Stale) {
                // Nothing went wrong: as if it had not begun. It does not happen again on this page.
                trace.attempts = trace.attempts.saturating_sub(1);
                is_looking = true;
                continue;
            }
            let verdict = self.verdict(&failure, trace.attempts, page, &mut replay);
            self.note(&failure, verdict, visitor, &trace);
            stats.ended(End::undone(verdict));
            if verdict.is_some() {
                trace.lost.push(failure.lost_by());
            }
            let Some(Verdict::Wait(delay)) = verdict else {
                return Run { outcome: Err(Undone::Refused(Refusal::of_failure(&failure))), trace };
            };
            // Nothing is held here: no instance, connection, or lock.
            tokio::time::sleep(delay).await;
        }
    }

    /// Whether a failure is one that another attempt may mend.
    fn verdict(&self, failure: &Failure, attempt: u32, page: usize, replay: &mut Replay) -> Option<Verdict> {
        let left = self.request.deadline.saturating_duration_since(Instant::now());
        if failure.is_conflict() {
            let policy = &self.served.entry(page)?.retry;
            return Some(replay.lost(policy, failure.lost_over(), left));
        }
        let reads_only = self.request.method != Method::POST;
        let lost = matches!(failure, Failure::Page(PageError::Database(DbError::Unavailable(_))));
        if (reads_only && lost || matches!(failure, Failure::Vanished)) && attempt == 1 {
            return Some(Verdict::Wait(Duration::ZERO));
        }
        None
    }

    /// One attempt: takes its turn where it is owed one, checks out, runs, and follows the request
    /// to the pages it is handed on to.
    async fn attempt(&self, run: Ran<'_>, trace: &mut Trace) -> Result<Box<Committed>, NotDone> {
        let Ran { page, visitor, in_place, replay, is_looking } = run;
        let mut entry = self.served.entry(page).ok_or_else(|| no_such_page("?"))?;
        let mut job = self.new_job(entry, visitor, trace.attempts, in_place);
        let posts = self.request.method == Method::POST;
        let looks = &entry.looks;
        let expected = is_looking || trace.attempts > 1 || looks.are_expected(posts);
        self.take_turn(&mut job.attempt, replay, expected).await.map_err(NotDone::Failed)?;
        for handed_on in 0..=DISPATCH_LIMIT {
            job.attempt.page = entry.info;
            job.attempt.unit.page = entry.info.name();
            job.attempt.dispatched = in_place || handed_on > 0;
            let wanted = Wanted { modules: &self.served.modules, before: &entry.before, after: &entry.after };
            match entry.pool.run(job, wanted).await {
                Ok((Ended::Answered(committed), instance)) => {
                    trace.instance = instance;
                    looks.note(posts, committed.looked);
                    return Ok(committed);
                }
                Ok((Ended::Failed(failure), instance)) => {
                    trace.instance = instance;
                    if matches!(failure, Failure::Stale) {
                        looks.note(posts, true);
                    }
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

    /// What an attempt waits for before it takes an instance: the variables it lost over
    /// too often, and the session for itself, where the page asks for that. Whoever waited, or runs
    /// again, looks at the session anew; and whoever is expected to look at the application looks at what other nodes
    /// have committed.
    async fn take_turn(&self, attempt: &mut Attempt, replay: &Replay, looks: bool) -> Result<(), Failure> {
        // Variables first: whoever changes a claimed one meanwhile is undone and does not wait, so
        // this order closes no circle with the session's lock.
        if let Some(names) = replay.claims() {
            attempt.unit.claim(names, self.request.deadline).await.map_err(PageError::from)?;
        }
        let exclusive = attempt.page.is_session_exclusive() && attempt.session.is_started();
        if exclusive {
            let limit = self.served.site.settings().application_lock_timeout;
            let request = attempt.unit.lock_scope(Scope::Session).exclusive().cluster().within(limit);
            request.acquire().await.map_err(PageError::from)?;
        }
        if (exclusive || attempt.unit.number > 1)
            && let Some(known) = attempt.session.known()
        {
            let fresh = self.served.site.sessions().fresh(known).await.map_err(PageError::from)?;
            attempt.session = fresh.ok_or(PageError::Session(SessionError::Ended))?;
        }
        if looks && !attempt.unit.is_current {
            attempt.unit.catch_up().await.map_err(PageError::from)?;
        }
        Ok(())
    }

    fn new_job(&self, entry: &Entry, visitor: &Visitor, number: u32, dispatched: bool) -> Job {
        Job {
            attempt: Box::new(Attempt {
                unit: Unit {
                    site: self.served.site.clone(),
                    work: Work::counting(self.request.statements.clone()),
                    request: Arc::clone(&self.request.id),
                    page: entry.info.name(),
                    number,
                    session: visitor.session.known().map(|known| known.id),
                    is_current: self.served.site.application().cluster().is_none(),
                },
                request: Arc::clone(&self.request),
                page: entry.info,
                session: visitor.session.clone(),
                csrf: visitor.csrf.for_attempt(),
                modules: Modules::default(),
                instance: InstanceUse::default(),
                dispatched,
                initialized: 0,
                refused: None,
            }),
            companions: Vec::with_capacity(entry.before.len() + entry.after.len()),
        }
    }

    /// Notes an attempt that came to nothing, in the object log where it is for those who run the
    /// site: what the visitor did wrong is no entry, he is told.
    fn note(&self, failure: &Failure, verdict: Option<Verdict>, visitor: &Visitor, trace: &Trace) {
        if verdict.is_some() || Refusal::of_failure(failure).status.is_server_error() {
            log_note(&self.served.site, &self.about(visitor, trace), failure, verdict);
        } else {
            let error = failure as &dyn std::error::Error;
            tracing::debug!(request = &*self.request.id, page = trace.page, error, "request failed");
        }
    }

    /// Notes that there was no instance. That all are at work is no entry: it is counted, and
    /// happens too often when it happens.
    fn not_started(&self, error: &CheckoutError, visitor: &Visitor, trace: &Trace) {
        match error {
            CheckoutError::Create { .. }
            | CheckoutError::CreatePanicked { .. }
            | CheckoutError::CreateTimedOut { .. } => {
                let about = self.about(visitor, trace);
                let entry = about.entry(Priority::Error, "Module could not be created").error(error);
                self.served.site.object_log().note(entry);
            }
            _ => {
                let error = error as &dyn std::error::Error;
                tracing::warn!(request = &*self.request.id, page = trace.page, error, "no instance");
            }
        }
    }

    fn about<'a>(&'a self, visitor: &Visitor, trace: &Trace) -> About<'a> {
        About {
            url: self.request.path_and_query(),
            request: &self.request.id,
            session: visitor.session.known().map(|known| known.id),
            page: trace.page,
            attempt: trace.attempts,
        }
    }

    fn refuse(&self, refusal: Refusal, visitor: &Visitor, fragment: bool) -> HttpResponse {
        refuse(refusal, self.http, visitor, self.served, fragment)
    }

    fn name_of(&self, page: usize) -> &'static str {
        self.served.entry(page).map_or("?", |entry| entry.info.name())
    }

    /// Notes what the log line, and under test knobs the client, wants to know.
    fn mark(&self, response: &mut HttpResponse, mut trace: Trace) {
        trace.statements = self.request.statements.total();
        if self.served.site.settings().test_knobs {
            let headers = response.headers_mut();
            let mut set = |name, value: u64| headers.insert(HeaderName::from_static(name), value.into());
            set("x-page-instance", trace.instance.id);
            set("x-page-uses", trace.instance.uses);
            set("x-attempts", trace.attempts.into());
            set("x-statements", trace.statements);
        }
        response.extensions_mut().insert(trace);
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
