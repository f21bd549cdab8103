//! The pool of a page of any type.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::attempt::{self, Ended, Job};
use super::companion::CompanionPool;
use crate::page::{InstanceUse, PageModule, PageOf};
use crate::pool::{CheckoutError, Task, Use};
use crate::supervisor::{Answer, Supervised, Supervisor};

/// A page's pool, the page's type forgotten.
pub(super) trait PagePool: CompanionPool {
    /// Checks an instance out and lets it run the job. `Err`: nothing was run.
    fn run(&self, job: Job, deadline: Instant) -> LocalBoxFuture<'_, Result<(Ended, InstanceUse), NotRun>>;
}

/// The job could not be given to an instance.
pub(super) enum NotRun {
    /// No instance could be had; nothing was done.
    NoInstance(CheckoutError),
    /// The instance was gone; the job is lost with it. `started`: it may have done something.
    Lost { started: bool },
}

/// A job with the lease of the instance that does it. The lease goes with the work: whatever
/// becomes of the request, it ends when the work is really over.
struct Leased<P: PageModule> {
    lease: Supervised<PageOf<P>>,
    job: Job,
}

impl<P: PageModule> Task for Leased<P> {
    type Module = PageOf<P>;
    type Answer = Ended;

    fn perform(self, page: Box<PageOf<P>>) -> impl Future<Output = (Option<Box<PageOf<P>>>, Ended)> + 'static {
        attempt::run(page, self.lease, self.job)
    }
}

impl<P: PageModule> PagePool for Supervisor<PageOf<P>> {
    fn run(&self, job: Job, deadline: Instant) -> LocalBoxFuture<'_, Result<(Ended, InstanceUse), NotRun>> {
        Box::pin(async move {
            let mut lease = match self.ask(deadline).map_err(NotRun::NoInstance)? {
                Answer::Ready(lease) => lease,
                Answer::Pending(pending) => Box::pin(pending.checkout()).await.map_err(NotRun::NoInstance)?,
            };
            let instance = lease.instance();
            let started = Arc::clone(&job.started);
            let Some(address) = lease.put_to_work() else { return Err(NotRun::Lost { started: false }) };
            match address.send(Use(Leased { lease, job })).await {
                Ok(Some(ended)) => Ok((ended, instance)),
                Ok(None) | Err(_) => Err(NotRun::Lost { started: started.load(Ordering::Acquire) }),
            }
        })
    }
}
