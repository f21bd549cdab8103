//! One attempt: modules reset, hooks called, the page answers, the unit of work commits.
//!
//! It runs in the page instance's own task. The author's code is guarded: a panic, in the code
//! itself or in what it drops, becomes an answer, and the value it may have left half-changed is
//! thrown away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use actix_web::http::Method;
use futures_util::FutureExt;

use super::companion::CompanionLease;
use crate::page::{
    Attempt, Companion, Context, Failure, Flow, Modules, PageModule, PageOf, PageResult, Response, Then, Unit,
};
use crate::panics::message_of;
use crate::session::CookieChange;
use crate::supervisor::Supervised;
use crate::unit_of_work::run_effects;

/// What a page's instance is sent.
pub(super) struct Job {
    pub(super) attempt: Box<Attempt>,
    /// Leases of the modules in `attempt.modules`, in the same order. A module whose value is not
    /// there yet is taken when the attempt begins.
    pub(super) companions: Vec<Held>,
}

/// A lease and the number of the module it is of.
pub(super) struct Held {
    pub(super) module: usize,
    pub(super) lease: Box<dyn CompanionLease>,
}

/// How an attempt ended.
pub(super) enum Ended {
    /// Committed.
    Answered(Box<Committed>),
    /// Another page is to answer; the unit of work goes on.
    Dispatched { page: String, job: Job },
    /// Undone.
    Failed(Failure),
}

/// A committed attempt.
pub(super) struct Committed {
    pub(super) response: Response,
    pub(super) cookie: CookieChange,
    /// The cookie a visitor's form token is bound to, where one was made.
    pub(super) visitor: Option<String>,
    /// Whether it has looked at the application.
    pub(super) looked: bool,
}

/// Runs one attempt in the instance's task, and ends the leases it came with.
pub(super) async fn run<P: PageModule>(mut page: Box<PageOf<P>>, lease: Supervised<PageOf<P>>, mut job: Job) -> Ended {
    job.attempt.request.started.store(true, Ordering::Release);
    job.attempt.instance = lease.instance();
    if !take_companions(&mut job) {
        job.attempt.unit.work.abort().await;
        give_back(job.companions, job.attempt.modules);
        lease.put_back(page);
        return Ended::Failed(Failure::Vanished);
    }
    // The deadline is inside the guard: what the author's future drops may panic as well.
    let deadline = job.attempt.request.deadline;
    let outcome = AssertUnwindSafe(async {
        tokio::time::timeout_at(deadline.into(), serve(&mut page.0, &mut job.attempt)).await
    })
    .catch_unwind()
    .await;
    match outcome {
        Ok(Ok(answer)) => {
            let ended = conclude(answer, job).await;
            lease.put_back(page);
            ended
        }
        Ok(Err(_)) => {
            let site = job.attempt.unit.site.clone();
            drop_guarded((job, page));
            lease.cut_off();
            site.application().given_back().await;
            Ended::Failed(Failure::Overran)
        }
        Err(panic) => {
            let site = job.attempt.unit.site.clone();
            drop_guarded((job, page));
            lease.panicked();
            site.application().given_back().await;
            Ended::Failed(Failure::Panicked(message_of(panic.as_ref())))
        }
    }
}

fn take_companions(job: &mut Job) -> bool {
    let present = job.attempt.modules.companions.len();
    for held in job.companions.iter_mut().skip(present) {
        let Some(value) = held.lease.take() else { return false };
        job.attempt.modules.companions.push(Some(value));
    }
    true
}

/// Calls the modules in their order (W6).
async fn serve<P: PageModule>(page: &mut P, attempt: &mut Attempt) -> PageResult {
    let activated = page.on_activate(&mut Context { attempt }).await;
    // After a dispatch the modules of the page before are at work already.
    let at_work = std::mem::replace(&mut attempt.initialized, attempt.modules.companions.len());
    for companion in attempt.modules.companions.iter_mut().skip(at_work).flatten() {
        companion.initialize();
    }
    page.initialize();
    let answer = match activated {
        Ok(()) => answer(page, attempt).await,
        Err(error) => Err(error),
    };
    page.on_deactivate();
    answer
}

async fn answer<P: PageModule>(page: &mut P, attempt: &mut Attempt) -> PageResult {
    let mut started = Flow::Continue;
    if !attempt.dispatched
        && let Some((place, mut app)) = take_app(attempt)
    {
        if let Some(hooks) = app.app_hooks() {
            started = hooks.start(&mut Context { attempt }).await?;
        }
        put_app(attempt, place, app);
    }
    let mut response = match started {
        Flow::Handled(response) => response,
        Flow::Continue => page_answer(page, &mut Context { attempt }).await?,
    };
    if !matches!(response.then, Then::Dispatch(_))
        && let Some((place, mut app)) = take_app(attempt)
    {
        if let Some(hooks) = app.app_hooks() {
            hooks.end(&mut Context { attempt }, &mut response).await?;
        }
        put_app(attempt, place, app);
    }
    Ok(response)
}

/// Takes the app module out of its place. Its hooks see the other modules but not their own; one
/// that fails costs the instance, which is out of its place then.
fn take_app(attempt: &mut Attempt) -> Option<(usize, Box<dyn Companion>)> {
    attempt.modules.companions.iter_mut().enumerate().find_map(|(place, companion)| {
        let is_app = companion.as_mut().is_some_and(|module| module.app_hooks().is_some());
        if is_app { companion.take().map(|app| (place, app)) } else { None }
    })
}

fn put_app(attempt: &mut Attempt, place: usize, app: Box<dyn Companion>) {
    if let Some(place) = attempt.modules.companions.get_mut(place) {
        *place = Some(app);
    }
}

async fn page_answer<P: PageModule>(page: &mut P, cx: &mut Context<'_>) -> PageResult {
    // A page dispatched by another one's action shows itself: the form was the other's.
    if *cx.method() == Method::POST && !cx.attempt.dispatched {
        let response = page.action(cx).await?;
        if response.then != Then::Show {
            return Ok(response);
        }
    }
    if let Flow::Handled(response) = page.before_page(cx).await? {
        return Ok(response);
    }
    let mut response = page.show(cx).await?;
    page.after_page(cx, &mut response).await?;
    Ok(response)
}

/// The page returned: commits or undoes its work, and ends the companions' leases.
async fn conclude(answer: PageResult, mut job: Job) -> Ended {
    let (looked, is_stale) = job.attempt.unit.work.looked();
    // An error may come of what it saw as well. What was done already is not undone by running it again.
    if is_stale && !job.attempt.unit.work.is_sealed() {
        job.attempt.unit.work.abort().await;
        give_back(job.companions, job.attempt.modules);
        return Ended::Failed(Failure::Stale);
    }
    let response = match answer {
        Ok(Response { then: Then::Dispatch(page), .. }) => {
            keep_app_only(&mut job);
            return Ended::Dispatched { page, job };
        }
        Ok(response) => response,
        Err(error) => {
            let sealed = job.attempt.unit.work.is_sealed();
            job.attempt.unit.work.abort().await;
            give_back(job.companions, job.attempt.modules);
            return Ended::Failed(Failure::from(error).sealed_if(sealed));
        }
    };
    let Job { attempt, companions, .. } = job;
    let Attempt { unit, session, csrf, modules, request, .. } = *attempt;
    let Unit { site, work, .. } = unit;
    let (deadline, sealed) = (request.deadline, work.is_sealed());
    let committed = work.commit(site.db(), &session, site.sessions(), deadline).await;
    give_back(companions, modules);
    match committed {
        Ok((cookie, effects)) => {
            // What is committed is answered, whatever becomes of the effects.
            run_effects(effects, deadline).await;
            let visitor = csrf.new_cookie().map(str::to_owned);
            Ended::Answered(Box::new(Committed { response, cookie, visitor, looked }))
        }
        Err(error) => Ended::Failed(Failure::from(error).sealed_if(sealed)),
    }
}

/// Of its companions a request that goes on to another page keeps the app module, whose two hooks
/// belong together. If it held the others it would wait in a circle: for a page whose instance is
/// with somebody who waits for one of them, or for that page among them.
fn keep_app_only(job: &mut Job) {
    let values = std::mem::take(&mut job.attempt.modules.companions);
    let leases = std::mem::take(&mut job.companions);
    for (held, value) in leases.into_iter().zip(values) {
        // One that is out of its place takes its instance with it.
        let Some(mut module) = value else { continue };
        if module.app_hooks().is_some() {
            job.companions.push(held);
            job.attempt.modules.companions.push(Some(module));
        } else {
            held.lease.put_back(module);
        }
    }
    job.attempt.initialized = job.companions.len();
}

/// Gives the companions' values back to their instances. A value that is out of its place takes
/// its instance with it.
fn give_back(companions: Vec<Held>, modules: Modules) {
    let mut values = modules.companions.into_iter();
    for held in companions {
        if let Some(value) = values.next().flatten() {
            held.lease.put_back(value);
        }
    }
}

/// Drops what the author's code may have left in any state, even one that panics when dropped.
fn drop_guarded<T>(left: T) {
    if catch_unwind(AssertUnwindSafe(move || drop(left))).is_err() {
        tracing::error!("a module panicked while it was dropped");
    }
}
