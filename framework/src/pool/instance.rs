//! The one actor type: what holds a module's value between requests.
//!
//! No code of a site author runs in a life-cycle method of the actor: a panic there would end the
//! process. The value leaves the actor for the work and comes back only after a sound end, so a
//! panic can neither kill the actor's arbiter nor leave half-changed state behind.

use actix::prelude::*;
use futures_util::future::LocalBoxFuture;

use crate::page::Module;

/// An instance of a module, on the arbiter that created it.
pub(crate) struct Instance<M: Module> {
    module: Option<Box<M>>,
}

impl<M: Module> Instance<M> {
    /// Starts an instance on the current arbiter.
    pub(crate) fn start_here(module: M) -> Addr<Self> {
        Self { module: Some(Box::new(module)) }.start()
    }
}

impl<M: Module> Actor for Instance<M> {
    type Context = actix::Context<Self>;
}

/// Work for an instance. It is given the value and returns it where it is still sound.
///
/// The work runs in the actor's task: when the client goes away its connection's task ends, and
/// this one does not.
pub(crate) struct Use<M: Module, R> {
    pub(crate) work: Work<M, R>,
}

type Work<M, R> = Box<dyn FnOnce(Box<M>) -> LocalBoxFuture<'static, (Option<Box<M>>, R)> + Send>;

impl<M: Module, R: Send + 'static> Message for Use<M, R> {
    type Result = Option<R>;
}

impl<M: Module, R: Send + 'static> Handler<Use<M, R>> for Instance<M> {
    // Atomic: nothing else is handled until the work is over. It may wait for database, locks and
    // other instances, none of which ever wait for this actor's mailbox.
    type Result = AtomicResponse<Self, Option<R>>;

    fn handle(&mut self, message: Use<M, R>, _: &mut Self::Context) -> Self::Result {
        let Some(module) = self.module.take() else {
            return AtomicResponse::new(Box::pin(actix::fut::ready(None)));
        };
        AtomicResponse::new(Box::pin((message.work)(module).into_actor(self).map(|(module, answer), instance, _| {
            instance.module = module;
            Some(answer)
        })))
    }
}

/// Lends the value to a request whose work runs in another instance's actor.
pub(crate) struct Take<M: Module>(pub(crate) std::marker::PhantomData<fn() -> M>);

impl<M: Module> Message for Take<M> {
    type Result = Option<Box<M>>;
}

impl<M: Module> Handler<Take<M>> for Instance<M> {
    type Result = Option<Box<M>>;

    fn handle(&mut self, _: Take<M>, _: &mut Self::Context) -> Self::Result {
        self.module.take()
    }
}

/// The lent value comes back.
pub(crate) struct GiveBack<M: Module>(pub(crate) Box<M>);

impl<M: Module> Message for GiveBack<M> {
    type Result = ();
}

impl<M: Module> Handler<GiveBack<M>> for Instance<M> {
    type Result = ();

    fn handle(&mut self, message: GiveBack<M>, _: &mut Self::Context) {
        self.module = Some(message.0);
    }
}
