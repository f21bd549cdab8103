//! What goes into a pool's bookkeeping and what comes out.

use super::Approval;
#[cfg(doc)]
use super::PoolCore;
use super::Ticket;

/// How far a pool may grow, and how many requests may wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instances that may exist at a time, those being created included; 0 means unlimited.
    ///
    /// (`WebSnap`: `MaxConnections`, W2.)
    pub max: usize,
    /// Requests that may wait at a time; 0 means that nobody waits.
    pub queue_max: usize,
}

/// Which idle instance a checkout takes.
///
/// Either way fifty requests in a row create one instance, whatever workers their connections landed on (W1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Placement {
    /// The oldest idle one of the caller's worker; else, while others are at work and the limit allows, a new one
    /// there; else the oldest of all. A message within a worker costs less than one to another.
    #[default]
    LocalFirst,
    /// The oldest idle one wherever it lives: strictly round-robin.
    ///
    /// (`WebSnap`: a returned module goes to the end of the inactive list, W4.)
    OldestFirst,
}

/// Why a checkout is refused at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// As many requests wait as may wait.
    QueueFull,
    /// Nothing is free and the caller's deadline leaves no time to wait (`WebSnap`: `Maximum number of concurrent
    /// connections exceeded`). A try-only checkout passes `now` as its deadline.
    NoWait,
    /// The pool is closed.
    Closed,
}

/// What a checkout came to.
#[derive(Debug)]
#[must_use = "an instance or approval that is dropped leaks capacity"]
pub enum Checkout<T, R> {
    /// This idle instance is the caller's.
    Reuse(T),
    /// The caller may create an instance.
    Create(Approval),
    /// The caller waits: the ticket to cancel with, and the end at which the grant will arrive.
    Waiting(Ticket, R),
    /// The caller goes away with nothing.
    Refused(Refusal),
}

/// What a waiting request is given.
#[derive(Debug)]
#[must_use = "an instance or approval that is dropped leaks capacity"]
pub enum Granted<T> {
    /// An instance that was just checked in.
    Reuse(T),
    /// Leave to create one: capacity became free, no instance did.
    Create(Approval),
}

/// A waiting request and what it is given.
#[derive(Debug)]
#[must_use = "a grant that reaches nobody must be taken back"]
pub struct Grant<T, W> {
    /// The request, as it was queued.
    pub waiter: W,
    /// What it is given.
    pub granted: Granted<T>,
}

/// Where something that became free went.
///
/// The shell delivers a grant in the same critical section; if the caller is gone, [`PoolCore::take_back`] names the
/// next one:
///
/// ```text
/// loop { match handover {
///     Settled => break,
///     Unwanted(instance) => break stop(instance),
///     Granted(grant) => match grant.waiter.send(grant.granted) {
///         Ok(()) => break,
///         Err(granted) => handover = core.take_back(granted, home, now),
/// } } }
/// ```
#[derive(Debug)]
#[must_use = "a grant must be delivered and an unwanted instance stopped"]
pub enum Handover<T, W> {
    /// Nobody waits: the instance is idle, or the capacity free.
    Settled,
    /// It goes to the first request that waits.
    Granted(Grant<T, W>),
    /// The pool is closed: the instance is counted as destroyed and must be stopped.
    Unwanted(T),
}

/// Gauges and totals of one pool at one moment (W13).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// [`Limits::max`]; 0 means unlimited.
    pub max: usize,
    /// Instances in use.
    pub active: usize,
    /// Instances nobody uses.
    pub idle: usize,
    /// Instances being created.
    pub creating: usize,
    /// Requests in the queue.
    pub waiting: usize,
    /// Creations that succeeded.
    pub created_total: u64,
    /// Instances discarded, cleared, or stopped because the pool closed.
    pub destroyed_total: u64,
    /// Times an instance was handed to a request that took it.
    pub uses_total: u64,
    /// Requests refused at once, turned away or caught in the queue by [`PoolCore::close`].
    pub rejected_total: u64,
    /// Requests whose deadline passed in the queue.
    pub timed_out_total: u64,
    /// Requests whose caller left the queue, or had left when its grant came.
    pub cancelled_total: u64,
}
