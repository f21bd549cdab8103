//! Modules checked out beside the page, their types forgotten.

use std::marker::PhantomData;
use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use crate::page::{Companion, Module};
use crate::pool::{CheckoutError, GiveBack, Take};
use crate::supervisor::{Supervised, Supervisor, Watched};

/// The pool of a module of any type.
pub(crate) trait CompanionPool: Watched {
    fn checkout(&self, deadline: Instant) -> LocalBoxFuture<'_, Result<Box<dyn CompanionLease>, CheckoutError>>;
}

/// A checked-out module of any type. Its value is taken out of its instance for the attempt and
/// given back at the end. Dropped with the value outside, it throws the instance away.
pub(crate) trait CompanionLease: Send {
    /// Takes the value. `None`: the instance is gone.
    fn take(&mut self) -> LocalBoxFuture<'_, Option<Box<dyn Companion>>>;
    /// The value is sound and goes back.
    fn finished(self: Box<Self>, value: Box<dyn Companion>);
}

impl<M: Module> CompanionPool for Supervisor<M> {
    fn checkout(&self, deadline: Instant) -> LocalBoxFuture<'_, Result<Box<dyn CompanionLease>, CheckoutError>> {
        Box::pin(async move {
            let lease = Self::checkout(self, deadline).await?;
            Ok(Box::new(lease) as Box<dyn CompanionLease>)
        })
    }
}

impl<M: Module> CompanionLease for Supervised<M> {
    fn take(&mut self) -> LocalBoxFuture<'_, Option<Box<dyn Companion>>> {
        let address = self.put_to_work();
        Box::pin(async move {
            let value = address?.send(Take::<M>(PhantomData)).await.ok()??;
            Some(value as Box<dyn Companion>)
        })
    }

    fn finished(mut self: Box<Self>, value: Box<dyn Companion>) {
        let (Some(address), Ok(value)) = (self.put_to_work(), value.into_any().downcast::<M>()) else { return };
        // On its way before the lease ends: the next user's message comes after it.
        address.do_send(GiveBack(value));
        Self::finished(*self);
    }
}
