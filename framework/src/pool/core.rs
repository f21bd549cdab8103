//! The bookkeeping of one pool: who gets which instance, who waits, who is refused.
//!
//! [`PoolCore`] is a pure state machine. It neither waits nor wakes nor reads a clock: its shell holds it under a short
//! lock, tells it what happened and *when*, and does what the answer says. `T` stands for an instance that can be
//! reused (the shell stores its address), `W` for a request that waits (the shell stores a channel to it).
//!
//! ```text
//!              ┌─ Reuse(T) ───────────────► active ──┬─ checkin ──► first waiter, else idle
//!   checkout ──┼─ Create(Approval) ► creating        └─ discard ──► capacity to the first waiter, else free
//!              │                       ├─ created ──► active
//!              │                       └─ create_failed ──► capacity to the first waiter, else free
//!              ├─ Waiting(Ticket) ► queue ── granted by one of the above │ cancel │ expire │ turn_away
//!              └─ Refused(..)
//! ```
//!
//! What it keeps to, at every moment:
//!
//! * `active + idle + creating` never exceeds [`Limits::max`].
//! * First come, first served: nobody overtakes a request that waits. Nobody waits while anything is idle or may be
//!   created, for whatever becomes free goes to the first waiter in the same step.
//! * A request past its deadline gets nothing; it is skipped and counted as timed out.
//! * Every checkout ends exactly one way: granted, rejected, timed out or cancelled.
//!
//! What it cannot see is a leaked [`Approval`] or instance. The shell wraps both in a guard before its next `.await`.

mod outcome;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Instant;

pub use self::outcome::{Checkout, Grant, Granted, Handover, Limits, Placement, Refusal, Status};
use self::queue::Queue;
pub use self::queue::Ticket;

/// Proof that capacity was taken for one creation.
///
/// Only a pool makes one. It ends in [`PoolCore::created`] or [`PoolCore::create_failed`]; one that is merely dropped
/// takes its capacity with it.
#[derive(Debug)]
#[must_use = "an approval that is dropped leaks capacity"]
pub struct Approval {
    _private: (),
}

#[derive(Debug)]
struct Idle<T> {
    /// Position in the one order of all checkins, so that the oldest is known across shelves.
    since: u64,
    instance: T,
}

/// Decides who gets which instance of one module. See the module's documentation.
#[derive(Debug)]
pub struct PoolCore<T, W> {
    limits: Limits,
    placement: Placement,
    closed: bool,
    /// One queue of idle instances per worker, oldest in front.
    shelves: Vec<VecDeque<Idle<T>>>,
    queue: Queue<W>,
    next_since: u64,
    /// The counts; `waiting` is read from the queue instead.
    status: Status,
}

impl<T, W> PoolCore<T, W> {
    /// Makes an empty pool for workers numbered from 0 (a number past the last counts from 0 again).
    #[must_use]
    pub fn new(limits: Limits, placement: Placement, workers: usize) -> Self {
        Self {
            limits,
            placement,
            closed: false,
            shelves: (0..workers.max(1)).map(|_| VecDeque::new()).collect(),
            queue: Queue::new(),
            next_since: 0,
            status: Status { max: limits.max, ..Status::default() },
        }
    }

    /// Asks for an instance on behalf of a request on worker `home`: an idle one, else leave to create, else a place.
    ///
    /// `wait` makes the two ends of the waiting request and is called only if it waits, so that an uncontended
    /// checkout makes no channel. The shell passes its `oneshot::channel`. It runs under the shell's lock.
    pub fn checkout<R>(
        &mut self,
        home: usize,
        now: Instant,
        deadline: Instant,
        wait: impl FnOnce() -> (W, R),
    ) -> Checkout<T, R> {
        if self.closed {
            return self.refuse(Refusal::Closed);
        }
        // With anyone in the queue nothing is idle and no capacity is free. Asking all the same makes first come,
        // first served hold here by itself and not by the correctness of every other function.
        if self.queue.is_empty() {
            let create_first = self.creates_before_reusing_elsewhere(home);
            if let Some(instance) = if create_first { None } else { self.take_idle(home) } {
                self.status.active += 1;
                self.status.uses_total += 1;
                return Checkout::Reuse(instance);
            }
            if self.has_room() {
                return Checkout::Create(self.approve());
            }
        }
        if deadline <= now {
            return self.refuse(Refusal::NoWait);
        }
        // The dead must not hold places against the living.
        self.retire(now);
        if self.queue.len() >= self.limits.queue_max {
            return self.refuse(Refusal::QueueFull);
        }
        let (waiter, receiver) = wait();
        Checkout::Waiting(self.queue.push(waiter, deadline), receiver)
    }

    /// Notes that the creation succeeded: the new instance is in use by whoever held the approval.
    pub fn created(&mut self, approval: Approval) {
        self.close_approval(approval);
        self.status.active += 1;
        self.status.created_total += 1;
        self.status.uses_total += 1;
    }

    /// Notes that the creation failed or was given up: its capacity goes to the first waiter.
    pub fn create_failed(&mut self, approval: Approval, now: Instant) -> Handover<T, W> {
        self.close_approval(approval);
        self.hand_on_capacity(now)
    }

    /// Takes back a sound instance that lives on worker `home`: to the first waiter, else to the end of the idle ones.
    ///
    /// An instance that is not to be cached is [discarded](Self::discard) instead.
    pub fn checkin(&mut self, instance: T, home: usize, now: Instant) -> Handover<T, W> {
        self.leave_active();
        if let Some(waiter) = self.next_waiter(now) {
            self.status.active += 1;
            self.status.uses_total += 1;
            return Handover::Granted(Grant { waiter, granted: Granted::Reuse(instance) });
        }
        if self.closed {
            self.status.destroyed_total += 1;
            return Handover::Unwanted(instance);
        }
        let shelf = self.shelf_of(home);
        if let Some(shelf) = self.shelves.get_mut(shelf) {
            shelf.push_back(Idle { since: self.next_since, instance });
            self.next_since += 1;
            self.status.idle += 1;
        }
        Handover::Settled
    }

    /// Notes that an instance in use is gone: its capacity goes to the first waiter as leave to create.
    ///
    /// For an instance that panicked, was cut off by a deadline, is not to be cached, or was found dead on reuse (W12:
    /// the capacity is not lost).
    pub fn discard(&mut self, now: Instant) -> Handover<T, W> {
        self.leave_active();
        self.status.destroyed_total += 1;
        self.hand_on_capacity(now)
    }

    /// Takes back a grant whose caller had left, and hands it on.
    ///
    /// The caller is counted as cancelled and the use as never made. To be called in the critical section of the
    /// grant, so that nobody sees `uses_total` step back. `home` is where the instance lives.
    pub fn take_back(&mut self, granted: Granted<T>, home: usize, now: Instant) -> Handover<T, W> {
        self.status.cancelled_total += 1;
        match granted {
            Granted::Reuse(instance) => {
                self.status.uses_total = self.status.uses_total.saturating_sub(1);
                self.checkin(instance, home, now)
            }
            Granted::Create(approval) => self.create_failed(approval, now),
        }
    }

    /// Removes a request whose caller left the queue; false if it was no longer waiting.
    ///
    /// On false the request was granted, timed out or turned away before, and counted there. If it was granted, the
    /// caller's end of the channel may still hold what it was given, which then has to come back: an instance by
    /// [`checkin`](Self::checkin), leave to create by [`create_failed`](Self::create_failed).
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let removed = self.queue.remove(ticket).is_some();
        self.status.cancelled_total += u64::from(removed);
        removed
    }

    /// Removes every request whose deadline has come, in order of arrival, those skipped by earlier grants included.
    pub fn expire(&mut self, now: Instant) -> Vec<W> {
        self.retire(now);
        self.queue.take_late()
    }

    /// Tells when [`expire`](Self::expire) next has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.queue.next_deadline()
    }

    /// Removes all idle instances, oldest first, for the shell to stop; those in use are not touched (W8).
    pub fn clear_idle(&mut self) -> Vec<T> {
        let mut idle: Vec<_> = self.shelves.iter_mut().flat_map(|shelf| shelf.drain(..)).collect();
        idle.sort_unstable_by_key(|entry| entry.since);
        self.status.idle = 0;
        self.status.destroyed_total += idle.len() as u64;
        idle.into_iter().map(|entry| entry.instance).collect()
    }

    /// Removes everyone who waits, in order of arrival: the module went out of service.
    pub fn turn_away(&mut self) -> Vec<W> {
        self.status.rejected_total += self.queue.len() as u64;
        self.queue.take_all()
    }

    /// Closes the pool for good: nobody gets in, the idle and the waiting are handed out to be stopped and told.
    ///
    /// Instances in use stay until their checkin, which answers [`Handover::Unwanted`].
    pub fn close(&mut self) -> (Vec<T>, Vec<W>) {
        self.closed = true;
        (self.clear_idle(), self.turn_away())
    }

    /// Tells the counts of this moment.
    #[must_use]
    pub fn status(&self) -> Status {
        Status { waiting: self.queue.len(), ..self.status }
    }

    fn has_room(&self) -> bool {
        let Status { active, idle, creating, .. } = self.status;
        self.limits.max == 0 || active + idle + creating < self.limits.max
    }

    fn approve(&mut self) -> Approval {
        self.status.creating += 1;
        Approval { _private: () }
    }

    fn close_approval(&mut self, Approval { _private: () }: Approval) {
        debug_assert!(self.status.creating > 0, "approval of another pool");
        self.status.creating = self.status.creating.saturating_sub(1);
    }

    fn leave_active(&mut self) {
        debug_assert!(self.status.active > 0, "checkin or discard without a checkout");
        self.status.active = self.status.active.saturating_sub(1);
    }

    fn refuse<R>(&mut self, refusal: Refusal) -> Checkout<T, R> {
        self.status.rejected_total += 1;
        Checkout::Refused(refusal)
    }

    fn hand_on_capacity(&mut self, now: Instant) -> Handover<T, W> {
        match self.next_waiter(now) {
            Some(waiter) => Handover::Granted(Grant { waiter, granted: Granted::Create(self.approve()) }),
            None => Handover::Settled,
        }
    }

    /// Takes the first request that still has time.
    fn next_waiter(&mut self, now: Instant) -> Option<W> {
        self.retire(now);
        self.queue.pop_first()
    }

    /// Takes those whose deadline has come out of the queue; the one place where a time-out is counted.
    fn retire(&mut self, now: Instant) {
        self.status.timed_out_total += self.queue.retire(now);
    }

    /// Whether this checkout creates an instance on its own worker although one lies idle elsewhere: only while
    /// others are at work. A lone request takes what is idle wherever it lives, so requests in a row create one
    /// instance (W1); under load every worker gets instances of its own, up to the limit, and messages between
    /// workers, which cost a switch of threads each, become rare.
    fn creates_before_reusing_elsewhere(&self, home: usize) -> bool {
        let busy = self.status.active + self.status.creating > 0;
        let none_here = self.shelves.get(self.shelf_of(home)).is_none_or(VecDeque::is_empty);
        self.placement == Placement::LocalFirst && busy && none_here && self.has_room()
    }

    fn take_idle(&mut self, home: usize) -> Option<T> {
        if self.status.idle == 0 {
            return None;
        }
        let local = self.shelf_of(home);
        let shelf = match self.placement {
            Placement::LocalFirst if !self.shelves.get(local)?.is_empty() => local,
            Placement::LocalFirst | Placement::OldestFirst => self.oldest_shelf()?,
        };
        let entry = self.shelves.get_mut(shelf)?.pop_front()?;
        self.status.idle -= 1;
        Some(entry.instance)
    }

    fn oldest_shelf(&self) -> Option<usize> {
        let fronts = self.shelves.iter().enumerate();
        let fronts = fronts.filter_map(|(shelf, idle)| Some((idle.front()?.since, shelf)));
        fronts.min().map(|(_, shelf)| shelf)
    }

    fn shelf_of(&self, home: usize) -> usize {
        // `workers.max(1)` in `new` keeps this from dividing by zero.
        home.checked_rem(self.shelves.len()).unwrap_or(0)
    }
}
