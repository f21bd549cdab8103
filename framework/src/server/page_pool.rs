//! The pool of a page of any type.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::LocalBoxFuture;

use super::attempt::{self, Ended, Held, Job};
use super::companion::{CompanionAnswer, CompanionPool};
use crate::page::{InstanceUse, PageModule, PageOf};
use crate::pool::{CheckoutError, Task, Use};
use crate::supervisor::{Answer, Supervised, Supervisor};

/// A page's pool, the page's type forgotten.
pub(super) trait PagePool: CompanionPool {
    /// Checks out an instance and the companions it wants and the job does not hold yet, and lets
    /// the instance run the job. `Err`: nothing was run.
    ///
    /// The page comes first: whoever waits for a crowded page holds nothing that others need.
    /// Only pages that are created always have an order among themselves, for they accompany one
    /// another.
    fn run<'a>(&'a self, job: Job, wanted: Wanted<'a>) -> LocalBoxFuture<'a, Result<(Ended, InstanceUse), NotRun>>;
}

/// The companions of a page, in the one order of all checkouts.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) modules: &'a [Arc<dyn CompanionPool>],
    /// What is checked out before the page itself.
    pub(super) before: &'a [usize],
    /// What is checked out after it.
    pub(super) after: &'a [usize],
}

impl Wanted<'_> {
    /// Checks out what the job does not hold yet. On an error the leases in the job go back with
    /// it.
    async fn check_out(self, numbers: &[usize], job: &mut Job) -> Result<(), CheckoutError> {
        let deadline = job.attempt.request.deadline;
        for number in numbers {
            if job.companions.iter().any(|held| held.module == *number) {
                continue;
            }
            let pool = self.modules.get(*number).ok_or(CheckoutError::Vanished { module: "?" })?;
            let lease = match pool.ask(deadline)? {
                CompanionAnswer::Ready(lease) => lease,
                CompanionAnswer::Pending(pending) => pending.await?,
            };
            job.companions.push(Held { module: *number, lease });
        }
        Ok(())
    }
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

    fn perform(self, page: Box<PageOf<P>>) -> impl Future<Output = Ended> + 'static {
        attempt::run(page, self.lease, self.job)
    }
}

impl<P: PageModule> PagePool for Supervisor<PageOf<P>> {
    fn run<'a>(&'a self, mut job: Job, wanted: Wanted<'a>) -> LocalBoxFuture<'a, Result<(Ended, InstanceUse), NotRun>> {
        Box::pin(async move {
            wanted.check_out(wanted.before, &mut job).await.map_err(NotRun::NoInstance)?;
            let mut lease = match self.ask(job.attempt.request.deadline).map_err(NotRun::NoInstance)? {
                Answer::Ready(lease) => lease,
                Answer::Pending(pending) => Box::pin(pending.checkout()).await.map_err(NotRun::NoInstance)?,
            };
            wanted.check_out(wanted.after, &mut job).await.map_err(NotRun::NoInstance)?;
            let instance = lease.instance();
            let request = Arc::clone(&job.attempt.request);
            request.started.store(false, Ordering::Release);
            let Some(address) = lease.put_to_work() else { return Err(NotRun::Lost { started: false }) };
            match address.send(Use(Leased { lease, job })).await {
                Ok(Some(ended)) => Ok((ended, instance)),
                Ok(None) | Err(_) => Err(NotRun::Lost { started: request.started.load(Ordering::Acquire) }),
            }
        })
    }
}
