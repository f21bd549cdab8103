//! A pool: [`PoolCore`] behind a lock, and the waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::CheckoutError;
use super::core::{Approval, Checkout, Granted, Handover, Limits, Placement, PoolCore, Refusal, Status, Ticket};
use super::instance::{Instance, Place};
use super::lease::{Creation, Lease, Seat};
use crate::page::{CacheMode, Module};
use crate::worker;

/// Numbers instances over all pools of the process.
static INSTANCES: AtomicU64 = AtomicU64::new(1);

/// The pool of one module. Cloning is cheap.
pub(crate) struct Pool<M: Module> {
    shared: Arc<Shared<M>>,
}

struct Shared<M: Module> {
    module: &'static str,
    cache: CacheMode,
    queue_timeout: Duration,
    core: Mutex<Core<M>>,
}

type Core<M> = PoolCore<Seat<M>, oneshot::Sender<Granted<Seat<M>>>>;

/// What a request was given.
pub(crate) enum Claim<M: Module> {
    /// An instance that was idle.
    Instance(Lease<M>),
    /// Leave to create one.
    Create(Creation<M>),
}

/// What a checkout came to at once.
pub(crate) enum Asked<M: Module> {
    /// Something was free.
    Claimed(Claim<M>),
    /// Nothing was: a place in the queue.
    Waiting(Waiting<M>),
}

impl<M: Module> Clone for Pool<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<M: Module> Pool<M> {
    pub(crate) fn new(
        module: &'static str,
        limits: Limits,
        queue_timeout: Duration,
        cache: CacheMode,
        workers: usize,
    ) -> Self {
        let core = Mutex::new(PoolCore::new(limits, Placement::default(), workers));
        Self { shared: Arc::new(Shared { module, cache, queue_timeout, core }) }
    }

    /// The module's name.
    pub(crate) fn module(&self) -> &'static str {
        self.shared.module
    }

    /// Asks for an instance, or for leave to create one, or for a place in the queue, for at most
    /// the queue time-out and not beyond `deadline`.
    ///
    /// # Errors
    /// [`CheckoutError::QueueFull`], [`CheckoutError::TimedOut`], [`CheckoutError::Closed`].
    pub(crate) fn checkout(&self, now: Instant, deadline: Instant) -> Result<Asked<M>, CheckoutError> {
        let last = deadline.min(now + self.shared.queue_timeout);
        let module = self.module();
        let decision = self.core().checkout(worker::home(), now, last, oneshot::channel);
        match decision {
            Checkout::Reuse(seat) => Ok(Asked::Claimed(self.claim(Granted::Reuse(seat)))),
            Checkout::Create(approval) => Ok(Asked::Claimed(self.claim(Granted::Create(approval)))),
            Checkout::Waiting(ticket, granted) => {
                Ok(Asked::Waiting(Waiting { pool: self.clone(), ticket: Some(ticket), granted, since: now, last }))
            }
            Checkout::Refused(Refusal::QueueFull) => Err(CheckoutError::QueueFull { module }),
            Checkout::Refused(Refusal::NoWait) => Err(CheckoutError::TimedOut { module, waited: Duration::ZERO }),
            Checkout::Refused(Refusal::Closed) => Err(CheckoutError::Closed { module }),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.core().status()
    }

    /// Refuses everybody who waits: the module went out of service.
    pub(crate) fn turn_away(&self) {
        let waiters = self.core().turn_away();
        drop(waiters);
    }

    /// Gives nothing out any more.
    pub(crate) fn close(&self) {
        let closed = self.core().close();
        drop(closed);
    }

    fn claim(&self, granted: Granted<Seat<M>>) -> Claim<M> {
        match granted {
            Granted::Reuse(seat) => Claim::Instance(Lease::new(seat, self.clone())),
            Granted::Create(approval) => Claim::Create(Creation::new(approval, self.clone())),
        }
    }

    pub(super) fn seat(address: actix::Addr<Instance<M>>, place: Place<M>) -> Seat<M> {
        Seat { address, place, id: INSTANCES.fetch_add(1, Ordering::Relaxed), uses: 0, home: worker::home() }
    }

    pub(super) fn checkin(&self, seat: Seat<M>) {
        if self.shared.cache == CacheMode::Destroy {
            return self.discard(seat);
        }
        let home = seat.home;
        self.settle(|core, now| core.checkin(seat, home, now));
    }

    pub(super) fn discard(&self, seat: Seat<M>) {
        // The last address goes, and with it the actor.
        drop(seat);
        self.settle(PoolCore::discard);
    }

    pub(super) fn created(&self, approval: Approval) {
        self.core().created(approval);
    }

    pub(super) fn create_failed(&self, approval: Approval, now: Instant) {
        self.settle(|core, _| core.create_failed(approval, now));
    }

    /// Makes a step and hands on what became free, until somebody takes it.
    fn settle(&self, step: impl FnOnce(&mut Core<M>, Instant) -> Handover<Seat<M>, oneshot::Sender<Granted<Seat<M>>>>) {
        let now = Instant::now();
        let unwanted = {
            let mut core = self.core();
            let mut handover = step(&mut core, now);
            loop {
                match handover {
                    Handover::Settled => break None,
                    Handover::Unwanted(seat) => break Some(seat),
                    Handover::Granted(grant) => match grant.waiter.send(grant.granted) {
                        Ok(()) => break None,
                        Err(granted) => {
                            let home = match &granted {
                                Granted::Reuse(seat) => seat.home,
                                Granted::Create(_) => 0,
                            };
                            handover = core.take_back(granted, home, now);
                        }
                    },
                }
            }
        };
        // Outside the lock: the last address of an actor goes.
        drop(unwanted);
    }

    fn core(&self) -> MutexGuard<'_, Core<M>> {
        // The core has no code that could panic half-way through a change.
        self.shared.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in the queue. Dropped there, it leaves the queue, and passes on what it was just
/// being given.
#[must_use = "dropping it leaves the queue"]
pub(crate) struct Waiting<M: Module> {
    pool: Pool<M>,
    ticket: Option<Ticket>,
    granted: oneshot::Receiver<Granted<Seat<M>>>,
    since: Instant,
    last: Instant,
}

impl<M: Module> Waiting<M> {
    /// Waits for its turn, first come first served.
    ///
    /// # Errors
    /// [`CheckoutError::TimedOut`], [`CheckoutError::Closed`].
    pub(crate) async fn turn(mut self) -> Result<Claim<M>, CheckoutError> {
        let module = self.pool.module();
        match tokio::time::timeout_at(self.last.into(), &mut self.granted).await {
            Ok(Ok(granted)) => {
                self.ticket = None;
                Ok(self.pool.claim(granted))
            }
            // The other end was dropped: by the time-out of somebody later in line, or because
            // the pool closed or turned everybody away.
            Ok(Err(_)) if Instant::now() < self.last => Err(CheckoutError::Closed { module }),
            Ok(Err(_)) => Err(CheckoutError::TimedOut { module, waited: self.since.elapsed() }),
            Err(_) => {
                let late = self.pool.core().expire(Instant::now());
                drop(late);
                // A grant may have been on its way at that moment.
                match self.take_grant() {
                    Some(granted) => Ok(self.pool.claim(granted)),
                    None => Err(CheckoutError::TimedOut { module, waited: self.since.elapsed() }),
                }
            }
        }
    }

    fn take_grant(&mut self) -> Option<Granted<Seat<M>>> {
        self.ticket = None;
        self.granted.try_recv().ok()
    }
}

impl<M: Module> Drop for Waiting<M> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take()
            && !self.pool.core().cancel(ticket)
            && let Some(granted) = self.take_grant()
        {
            // As a claim that nobody used: it goes back by being dropped.
            drop(self.pool.claim(granted));
        }
    }
}
