//! What a request holds of a pool.

use std::time::Instant;

use actix::Addr;

use super::core::Approval;
use super::instance::{Instance, Place};
use super::shell::Pool;
use crate::page::{InstanceUse, Module};

/// An instance's place in its pool: its address and what is known of it.
pub(crate) struct Seat<M: Module> {
    pub(super) address: Addr<Instance<M>>,
    pub(super) place: Place<M>,
    pub(super) id: u64,
    pub(super) uses: u64,
    /// The worker it lives on.
    pub(super) home: usize,
}

/// A checked-out instance.
///
/// Whoever holds it may send the instance work. It travels with the work, and ends when the work
/// is really over: [`Lease::checkin`] for a sound instance, [`Lease::discard`] for one that must
/// not be used again. Dropped, it does the one or the other by whether the instance was at work.
#[must_use = "dropping a lease gives the instance back"]
pub(crate) struct Lease<M: Module> {
    seat: Option<Seat<M>>,
    pool: Pool<M>,
    at_work: bool,
}

/// Leave to create an instance. Dropped, the capacity goes to the next in line.
#[must_use = "dropping a creation gives its capacity back"]
pub(crate) struct Creation<M: Module> {
    approval: Option<Approval>,
    pool: Pool<M>,
}

impl<M: Module> Lease<M> {
    pub(super) fn new(mut seat: Seat<M>, pool: Pool<M>) -> Self {
        seat.uses += 1;
        Self { seat: Some(seat), pool, at_work: false }
    }

    /// Marks the instance as at work and answers where to send it.
    pub(crate) fn put_to_work(&mut self) -> Option<Addr<Instance<M>>> {
        self.at_work = true;
        self.seat.as_ref().map(|seat| seat.address.clone())
    }

    /// Takes the instance's value itself, to accompany another instance's work.
    pub(crate) fn take(&mut self) -> Option<Box<M>> {
        self.at_work = true;
        self.seat.as_ref().and_then(|seat| seat.place.take())
    }

    /// Puts the value back, sound.
    pub(crate) fn put_back(&mut self, value: Box<M>) {
        if let Some(seat) = &self.seat {
            seat.place.put(value);
        }
    }

    /// Which instance it is.
    pub(crate) fn instance(&self) -> InstanceUse {
        self.seat.as_ref().map(|seat| InstanceUse { id: seat.id, uses: seat.uses }).unwrap_or_default()
    }

    /// Gives the instance back: it is sound.
    pub(crate) fn checkin(mut self) {
        if let Some(seat) = self.seat.take() {
            self.pool.checkin(seat);
        }
    }

    /// Throws the instance away; the next request gets a fresh one.
    pub(crate) fn discard(mut self) {
        if let Some(seat) = self.seat.take() {
            self.pool.discard(seat);
        }
    }
}

impl<M: Module> Drop for Lease<M> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            if self.at_work {
                self.pool.discard(seat);
            } else {
                self.pool.checkin(seat);
            }
        }
    }
}

impl<M: Module> Creation<M> {
    pub(super) fn new(approval: Approval, pool: Pool<M>) -> Self {
        Self { approval: Some(approval), pool }
    }

    /// The instance is there: starts its actor on the current arbiter.
    pub(crate) fn created(mut self, module: M) -> Lease<M> {
        let pool = self.pool.clone();
        let (address, place) = Instance::start_here(module);
        let seat = Pool::seat(address, place);
        if let Some(approval) = self.approval.take() {
            pool.created(approval);
        }
        Lease::new(seat, pool)
    }
}

impl<M: Module> Drop for Creation<M> {
    fn drop(&mut self) {
        if let Some(approval) = self.approval.take() {
            self.pool.create_failed(approval, Instant::now());
        }
    }
}
