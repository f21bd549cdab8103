//! The pool of a page of any type.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::attempt::{self, Ended, Job};
use super::companion::CompanionPool;
use crate::page::{InstanceUse, PageModule, PageOf};
use crate::pool::{CheckoutError, Use};
use crate::supervisor::Supervisor;

/// A page's pool, the page's type forgotten.
pub(super) trait PagePool: CompanionPool {
    /// Checks an instance out and lets it run the job. `Err`: nothing was run.
    fn run(&self, job: Job, deadline: Instant) -> LocalBoxFuture<'_, Result<(Ended, InstanceUse), NotRun>>;
}

/// The job could not be given to an instance.
pub(super) enum NotRun {
    /// No instance could be had; the job is untouched.
    NoInstance(CheckoutError),
    /// The instance was gone; the job is lost with it. `started`: it may have done something.
    Lost { started: bool },
}

impl<P: PageModule> PagePool for Supervisor<PageOf<P>> {
    fn run(&self, job: Job, deadline: Instant) -> LocalBoxFuture<'_, Result<(Ended, InstanceUse), NotRun>> {
        Box::pin(async move {
            let mut lease = self.checkout(deadline).await.map_err(NotRun::NoInstance)?;
            let instance = lease.instance();
            let started: Arc<AtomicBool> = Arc::clone(&job.started);
            let Some(address) = lease.put_to_work() else { return Err(NotRun::Lost { started: false }) };
            // The lease goes with the work: whatever becomes of this future, it ends when the
            // work is really over.
            let work = Use { work: Box::new(move |page| Box::pin(attempt::run::<P>(page, lease, job))) };
            match address.send(work).await {
                Ok(Some(ended)) => Ok((ended, instance)),
                Ok(None) | Err(_) => Err(NotRun::Lost { started: started.load(Ordering::Acquire) }),
            }
        })
    }
}
