//! Modules checked out beside the page, their types forgotten.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use crate::page::{Companion, Module};
use crate::pool::CheckoutError;
use crate::supervisor::{Answer, Supervised, Supervisor, Watched};

/// The pool of a module of any type.
pub(crate) trait CompanionPool: Watched {
    /// Asks for an instance.
    fn ask(&self, deadline: Instant) -> Result<CompanionAnswer<'_>, CheckoutError>;
}

/// What a companion's pool answers at once. An idle instance costs no future.
pub(crate) enum CompanionAnswer<'a> {
    Ready(Box<dyn CompanionLease>),
    Pending(LocalBoxFuture<'a, Result<Box<dyn CompanionLease>, CheckoutError>>),
}

/// A checked-out module of any type. Its value is taken out of its instance for the attempt and
/// given back at the end. Dropped with the value outside, it throws the instance away.
pub(crate) trait CompanionLease: Send {
    /// Takes the value. `None`: it is gone.
    fn take(&mut self) -> Option<Box<dyn Companion>>;
    /// The value is sound and goes back.
    fn put_back(self: Box<Self>, value: Box<dyn Companion>);
}

impl<M: Module> CompanionPool for Supervisor<M> {
    fn ask(&self, deadline: Instant) -> Result<CompanionAnswer<'_>, CheckoutError> {
        Ok(match Self::ask(self, deadline)? {
            Answer::Ready(lease) => CompanionAnswer::Ready(Box::new(lease)),
            Answer::Pending(pending) => CompanionAnswer::Pending(Box::pin(async move {
                let lease = pending.checkout().await?;
                Ok(Box::new(lease) as Box<dyn CompanionLease>)
            })),
        })
    }
}

impl<M: Module> CompanionLease for Supervised<M> {
    fn take(&mut self) -> Option<Box<dyn Companion>> {
        Self::take(self).map(|value| value as Box<dyn Companion>)
    }

    fn put_back(self: Box<Self>, value: Box<dyn Companion>) {
        if let Ok(value) = value.into_any().downcast::<M>() {
            Self::put_back(*self, value);
        }
    }
}
