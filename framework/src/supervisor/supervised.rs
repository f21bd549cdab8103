//! One module under supervision.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix::Addr;
use futures_util::FutureExt;

use super::policy::{Admission, Change, Failure, Pass, RestartPolicy, RestartState, Service, SteadyPass};
use crate::page::{InstanceUse, Module, Site};
use crate::panics::message_of;
use crate::pool::{Asked, CheckoutError, Claim, Creation, Instance, Lease, Pool, Status};

/// The longest a module's `create` may take.
const CREATE_LIMIT: Duration = Duration::from_secs(10);

/// A module's pool, its factory, and its record of failures. Cloning is cheap.
pub(crate) struct Supervisor<M: Module> {
    shared: Arc<Shared<M>>,
}

struct Shared<M: Module> {
    site: Site,
    pool: Pool<M>,
    restart: Mutex<RestartState>,
    /// Spares every sound request two locks.
    steady: SteadyPass,
    panics_total: AtomicU64,
}

/// What the tools see of a module, and what they may do to it.
pub(crate) trait Watched: Send + Sync {
    /// The module's name.
    fn name(&self) -> &'static str;
    /// Its pool's counts.
    fn status(&self) -> Status;
    /// How often it panicked.
    fn panics_total(&self) -> u64;
    /// `serving`, `out_of_service` or `probing`.
    fn state(&self) -> &'static str;
    /// Gives out nothing any more: the site stops.
    fn close(&self);
}

impl<M: Module> Watched for Supervisor<M> {
    fn name(&self) -> &'static str {
        self.module()
    }

    fn status(&self) -> Status {
        self.shared.pool.status()
    }

    fn panics_total(&self) -> u64 {
        self.shared.panics_total.load(Ordering::Relaxed)
    }

    fn state(&self) -> &'static str {
        match self.decide(|restart| restart.service()) {
            Service::Serving => "serving",
            Service::OutOfService { .. } => "out_of_service",
            Service::Probing { .. } => "probing",
        }
    }

    fn close(&self) {
        self.shared.pool.close();
    }
}

/// A lease whose end is reported to the supervisor.
#[must_use = "dropping a supervised lease leaves its end undecided"]
pub(crate) struct Supervised<M: Module> {
    lease: Option<Lease<M>>,
    report: Report<M>,
}

/// What a supervisor answers at once.
pub(crate) enum Answer<M: Module> {
    /// An instance that was idle.
    Ready(Supervised<M>),
    /// An instance has to be created or waited for.
    Pending(Pending<M>),
}

/// A checkout that takes its time.
pub(crate) struct Pending<M: Module> {
    pending: Asked<M>,
    report: Report<M>,
    deadline: Instant,
}

impl<M: Module> Pending<M> {
    /// Waits for the instance, or creates it.
    ///
    /// # Errors
    /// [`CheckoutError`]: time-out, or a `create` that failed.
    pub(crate) async fn checkout(mut self) -> Result<Supervised<M>, CheckoutError> {
        let claim = match self.pending {
            Asked::Claimed(claim) => claim,
            Asked::Waiting(waiting) => waiting.turn().await?,
        };
        let lease = match claim {
            Claim::Instance(lease) => lease,
            Claim::Create(creation) => match self.report.supervisor.create(creation, self.deadline).await {
                Ok(lease) => lease,
                Err(error) => {
                    self.report.failed(Failure::Creation);
                    return Err(error);
                }
            },
        };
        Ok(Supervised { lease: Some(lease), report: self.report })
    }
}

/// The duty to say how a use ended; dropped, it says that nobody knows.
struct Report<M: Module> {
    pass: Option<Pass>,
    supervisor: Supervisor<M>,
}

impl<M: Module> Clone for Supervisor<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<M: Module> Supervisor<M> {
    pub(crate) fn new(site: Site, pool: Pool<M>, policy: RestartPolicy) -> Self {
        let restart = RestartState::new(policy);
        Self {
            shared: Arc::new(Shared {
                site,
                pool,
                steady: SteadyPass::new(restart.steady()),
                restart: Mutex::new(restart),
                panics_total: AtomicU64::new(0),
            }),
        }
    }

    /// Asks for an instance: an idle one at once, otherwise what has to be waited for.
    ///
    /// # Errors
    /// [`CheckoutError`]: out of service, queue full, no time to wait.
    pub(crate) fn ask(&self, deadline: Instant) -> Result<Answer<M>, CheckoutError> {
        let now = Instant::now();
        let pass = match self.shared.steady.look() {
            Some(pass) => pass,
            None => match self.decide(|restart| restart.admit(now)) {
                Admission::Serve(pass) | Admission::Probe(pass) => pass,
                Admission::Refuse { retry_after } => {
                    return Err(CheckoutError::OutOfService { module: self.module(), retry_after });
                }
            },
        };
        let report = Report { pass: Some(pass), supervisor: self.clone() };
        match self.shared.pool.checkout(now, deadline)? {
            Asked::Claimed(Claim::Instance(lease)) => Ok(Answer::Ready(Supervised { lease: Some(lease), report })),
            pending => Ok(Answer::Pending(Pending { pending, report, deadline })),
        }
    }

    async fn create(&self, creation: Creation<M>, deadline: Instant) -> Result<Lease<M>, CheckoutError> {
        let module = self.module();
        let started = Instant::now();
        let limit = deadline.min(started + CREATE_LIMIT);
        // The time limit is inside the guard: what the author's future drops may panic as well.
        let made =
            AssertUnwindSafe(async { tokio::time::timeout_at(limit.into(), M::create(&self.shared.site)).await });
        match made.catch_unwind().await {
            Ok(Ok(Ok(value))) => Ok(creation.created(value)),
            Ok(Ok(Err(error))) => Err(CheckoutError::Create { module, source: error.into_inner() }),
            Ok(Err(_)) => Err(CheckoutError::CreateTimedOut { module, waited: started.elapsed() }),
            Err(panic) => {
                self.shared.panics_total.fetch_add(1, Ordering::Relaxed);
                Err(CheckoutError::CreatePanicked { module, message: message_of(panic.as_ref()) })
            }
        }
    }

    fn module(&self) -> &'static str {
        self.shared.pool.module()
    }

    /// Makes a step of the restart state.
    fn decide<R>(&self, step: impl FnOnce(&mut RestartState) -> R) -> R {
        let mut restart = self.shared.restart.lock().unwrap_or_else(PoisonError::into_inner);
        let result = step(&mut restart);
        self.shared.steady.set(restart.steady());
        result
    }

    fn changed(&self, change: Change) {
        let events = self.shared.site.events();
        match change {
            Change::Unchanged => {}
            Change::OutOfService { pause } => {
                tracing::error!(module = self.module(), ?pause, "module out of service");
                events.record("module_out_of_service", self.module(), Some(format!("for {pause:?}")));
                self.shared.pool.turn_away();
            }
            Change::BackInService => {
                tracing::info!(module = self.module(), "module back in service");
                events.record("module_back", self.module(), None);
            }
        }
    }
}

impl<M: Module> Report<M> {
    fn succeeded(&mut self) {
        if let Some(pass) = self.pass.take()
            && self.supervisor.shared.steady.look() != Some(pass)
        {
            let change = self.supervisor.decide(|restart| restart.succeeded(pass));
            self.supervisor.changed(change);
        }
    }

    fn failed(&mut self, failure: Failure) {
        if let Some(pass) = self.pass.take() {
            let change = self.supervisor.decide(|restart| restart.failed(pass, failure, Instant::now()));
            self.supervisor.changed(change);
        }
    }
}

impl<M: Module> Drop for Report<M> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.supervisor.decide(|restart| restart.undecided(pass));
        }
    }
}

impl<M: Module> Supervised<M> {
    /// Marks the instance as at work and answers where to send it.
    pub(crate) fn put_to_work(&mut self) -> Option<Addr<Instance<M>>> {
        self.lease.as_mut().and_then(Lease::put_to_work)
    }

    /// Takes the instance's value itself, to accompany another instance's work.
    pub(crate) fn take(&mut self) -> Option<Box<M>> {
        self.lease.as_mut().and_then(Lease::take)
    }

    /// Puts the value back, sound, and ends the lease.
    pub(crate) fn put_back(mut self, value: Box<M>) {
        if let Some(lease) = &mut self.lease {
            lease.put_back(value);
        }
        self.finished();
    }

    pub(crate) fn instance(&self) -> InstanceUse {
        self.lease.as_ref().map(Lease::instance).unwrap_or_default()
    }

    /// The use ended soundly: the instance goes back.
    pub(crate) fn finished(mut self) {
        self.report.succeeded();
        if let Some(lease) = self.lease.take() {
            lease.checkin();
        }
    }

    /// The instance's own code panicked: it is thrown away, and that counts against the module.
    pub(crate) fn panicked(mut self) {
        self.report.supervisor.shared.panics_total.fetch_add(1, Ordering::Relaxed);
        self.report.failed(Failure::Panic);
        self.discard();
    }

    /// The use was cut off, or another module panicked while it held this one: the instance is
    /// thrown away, and nothing is counted against the module.
    pub(crate) fn cut_off(self) {
        self.discard();
    }

    fn discard(mut self) {
        if let Some(lease) = self.lease.take() {
            lease.discard();
        }
    }
}
