//! The one actor type: what holds a module's value between requests.
//!
//! No code of a site author runs in a life-cycle method of the actor: a panic there would end the
//! process. The value leaves the actor for the work and comes back only after a sound end, so a
//! panic can neither kill the actor's arbiter nor leave half-changed state behind.

use std::sync::{Arc, Mutex, PoisonError};

use actix::prelude::*;

use crate::page::Module;

/// Where an instance's value lies while nobody uses it. Empty, it is at work or gone.
///
/// The instance's actor and its seat in the pool share it: a module that only accompanies a page
/// is taken from here without a message. Whoever holds the lease is the only one to touch it.
pub(crate) struct Place<M>(Arc<Mutex<Option<Box<M>>>>);

impl<M> Clone for Place<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Place<M> {
    pub(crate) fn take(&self) -> Option<Box<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn put(&self, value: Box<M>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }
}

/// An instance of a module, on the arbiter that created it.
pub(crate) struct Instance<M: Module> {
    place: Place<M>,
}

impl<M: Module> Instance<M> {
    /// Starts an instance on the current arbiter.
    pub(crate) fn start_here(module: M) -> (Addr<Self>, Place<M>) {
        let place = Place(Arc::new(Mutex::new(Some(Box::new(module)))));
        (Self { place: place.clone() }.start(), place)
    }
}

impl<M: Module> Actor for Instance<M> {
    type Context = actix::Context<Self>;
}

/// Work for an instance. It is given the value and puts a sound one back by its lease, so that
/// the value lies in its place before anybody else can be given the instance.
pub(crate) trait Task: Send + 'static {
    type Module: Module;
    type Answer: Send + 'static;

    fn perform(self, module: Box<Self::Module>) -> impl Future<Output = Self::Answer> + 'static;
}

/// Sends an instance work. The work runs in the actor's task: when the client goes away its
/// connection's task ends, and this one does not. `None`: the value was gone.
pub(crate) struct Use<T>(pub(crate) T);

impl<T: Task> Message for Use<T> {
    type Result = Option<T::Answer>;
}

impl<T: Task> Handler<Use<T>> for Instance<T::Module> {
    // Atomic: nothing else is handled until the work is over. It may wait for the database, locks
    // and other instances, none of which ever wait for this actor's mailbox.
    type Result = AtomicResponse<Self, Option<T::Answer>>;

    fn handle(&mut self, Use(task): Use<T>, _: &mut Self::Context) -> Self::Result {
        let Some(module) = self.place.take() else {
            return AtomicResponse::new(Box::pin(actix::fut::ready(None)));
        };
        AtomicResponse::new(Box::pin(task.perform(module).into_actor(self).map(|answer, _, _| Some(answer))))
    }
}
