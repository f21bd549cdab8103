//! Shared objects: a site's own objects that take one message at a time (A16).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{CreateError, PageError, Site};
use crate::application::Part;
use crate::cluster::{self, Kind, TakeError, Ticket};
use crate::db::Conn;
use crate::panics::message_of;

/// Most messages that wait for one object.
const WAITING_LIMIT: usize = 1_000;

/// When to come back where an object has too much to do.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How long a node waits for another one to give an object up before it asks again.
const SEAT_WAIT: Duration = Duration::from_secs(1);

/// How often it asks.
const SEAT_TRIES: u32 = 20;

/// An object that all requests share and that does one thing at a time.
///
/// What ASP kept in `Application("myObject")` and left to race. Its value lives in an actor of the
/// framework's, on an arbiter for such objects; a message is handled to its end before the next
/// one begins. It is created when the first message comes. A panic throws the value away, and the
/// next message creates a new one: what must outlive that belongs into the database or an
/// application variable.
///
/// Over several nodes an object has one place at a time: the node that was sent a message takes it
/// over from the one that has it, which is the same as being created anew.
#[expect(async_fn_in_trait, reason = "an object stays on one arbiter; its futures need not be Send")]
pub trait SharedObject: Sized + 'static {
    /// Its name, of its own among the shared objects of a site.
    const NAME: &'static str;
    /// What it is sent.
    type Message: Send + 'static;
    /// What it answers.
    type Answer: Send + 'static;

    /// Creates the object, when the first message comes and after a panic.
    async fn create(site: &Site) -> Result<Self, CreateError>;

    /// Handles one message. An error is the sender's; the object stays as the method left it.
    async fn handle(&mut self, message: Self::Message, site: &Site) -> Result<Self::Answer, PageError>;
}

/// Where a shared object is reached.
pub(crate) struct ObjectHandle<O: SharedObject> {
    address: Addr<Host<O>>,
    waiting: Arc<AtomicUsize>,
}

/// Has an object given up to another node, as soon as it has done what it is at.
pub(crate) type GiveUp = Box<dyn Fn() + Send + Sync>;

impl<O: SharedObject> Clone for ObjectHandle<O> {
    fn clone(&self) -> Self {
        Self { address: self.address.clone(), waiting: Arc::clone(&self.waiting) }
    }
}

/// A shared object in a unit of work.
#[must_use = "nothing is sent until `send` is called"]
pub struct ObjectInUnit<'a, O: SharedObject> {
    object: ObjectHandle<O>,
    site: &'a Site,
    part: &'a mut Part,
    conn: &'a mut Option<Conn>,
}

impl<O: SharedObject> std::fmt::Debug for ObjectInUnit<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectInUnit").field("object", &O::NAME).finish_non_exhaustive()
    }
}

impl<'a, O: SharedObject> ObjectInUnit<'a, O> {
    pub(super) fn new(site: &'a Site, (part, conn): (&'a mut Part, &'a mut Option<Conn>)) -> Result<Self, PageError> {
        let object = site.state::<ObjectHandle<O>>().cloned();
        let object = object.ok_or_else(|| {
            PageError::other(format!("the site has no shared object {}; register it by `shared_object`", O::NAME))
        })?;
        Ok(Self { object, site, part, conn })
    }

    /// Sends the object a message and waits for its answer. A connection for reading is given
    /// back first. From here on the unit is not run again: a later conflict is answered 503.
    ///
    /// # Errors
    /// What the object answers; [`PageError::Unavailable`] where a thousand messages wait already
    /// or the site stops; [`PageError::Other`] where it cannot be created or panicked.
    pub async fn send(self, message: O::Message) -> Result<O::Answer, PageError> {
        if self.conn.as_ref().is_some_and(|conn| !conn.is_transaction()) {
            *self.conn = None;
        }
        self.part.seal();
        self.object.send(self.site, message).await
    }
}

impl<O: SharedObject> ObjectHandle<O> {
    /// Starts the object's host on an arbiter; the object itself is created later.
    pub(crate) fn start(arbiter: &ArbiterHandle) -> Self {
        let address = Host::<O>::start_in_arbiter(arbiter, |_| Host { object: None, seat: None });
        Self { address, waiting: Arc::new(AtomicUsize::new(0)) }
    }

    pub(crate) fn give_up(&self) -> GiveUp {
        let address = self.address.clone();
        Box::new(move || address.do_send(Leave))
    }

    async fn send(&self, site: &Site, message: O::Message) -> Result<O::Answer, PageError> {
        let place = Place::take(&self.waiting).ok_or_else(|| {
            PageError::unavailable("Too many people do this at this moment. Please try again.", RETRY_AFTER)
        })?;
        let (reply, answer) = oneshot::channel();
        self.address.do_send(Deliver { message, site: site.clone(), reply, _place: place });
        answer.await.unwrap_or_else(|_| {
            Err(PageError::unavailable("The site is stopping. Please try again in a moment.", RETRY_AFTER))
        })
    }
}

/// A place among those who wait for an object.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let free = waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| (taken < WAITING_LIMIT).then_some(taken + 1));
        free.is_ok().then(|| Self(Arc::clone(waiting)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The actor that holds an object. No code of a site author runs in its life-cycle methods, and
/// the object is out of it while it works: see `pool/instance.rs`.
struct Host<O: SharedObject> {
    object: Option<Box<O>>,
    seat: Option<Seat>,
}

/// The right to have an object, over all nodes.
struct Seat {
    _ticket: Ticket,
    /// The number of this node when it was given: it does not outlive that.
    node: i64,
}

/// Another node wants the object.
struct Leave;

impl Message for Leave {
    type Result = ();
}

impl<O: SharedObject> Handler<Leave> for Host<O> {
    type Result = ();

    fn handle(&mut self, _: Leave, _: &mut Self::Context) {
        self.object = None;
        self.seat = None;
    }
}

impl<O: SharedObject> Actor for Host<O> {
    type Context = actix::Context<Self>;
}

struct Deliver<O: SharedObject> {
    message: O::Message,
    site: Site,
    reply: oneshot::Sender<Result<O::Answer, PageError>>,
    _place: Place,
}

impl<O: SharedObject> Message for Deliver<O> {
    type Result = ();
}

impl<O: SharedObject> Handler<Deliver<O>> for Host<O> {
    // Atomic: the next message is taken when this one is done.
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, deliver: Deliver<O>, _: &mut Self::Context) -> Self::Result {
        let (object, seat) = (self.object.take(), self.seat.take());
        let work = async move {
            let Deliver { message, site, reply, _place } = deliver;
            let (object, seat) = match seated::<O>(object, seat, &site).await {
                Ok(seated) => seated,
                Err(error) => {
                    // Whoever asked may have gone.
                    drop(reply.send(Err(error)));
                    return (None, None);
                }
            };
            let handled = AssertUnwindSafe(handle(object, message, &site)).catch_unwind().await;
            let (object, answer) = handled.unwrap_or_else(|panic| {
                let said = message_of(panic.as_ref());
                (None, Err(PageError::other(format!("shared object {} panicked and is created anew: {said}", O::NAME))))
            });
            // Whoever asked may have gone; the message is handled all the same.
            drop(reply.send(answer));
            (object, seat)
        };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(|(object, seat), host, _| {
            host.object = object;
            host.seat = seat;
        })))
    }
}

/// Sees to it that this node alone has the object; what another one may have had meanwhile is created anew.
async fn seated<O: SharedObject>(
    object: Option<Box<O>>,
    seat: Option<Seat>,
    site: &Site,
) -> Result<(Option<Box<O>>, Option<Seat>), PageError> {
    let Some(cluster) = site.application().cluster() else { return Ok((object, None)) };
    if let Some(seat) = seat.filter(|seat| seat.node == cluster.number()) {
        return Ok((object, Some(seat)));
    }
    drop(object);
    let name = format!("object/{}", O::NAME);
    for _ in 0..SEAT_TRIES {
        let node = cluster.number();
        cluster.tell(Kind::Wanted, O::NAME, None);
        let place = cluster::Place {
            owner: format!("{node}/{name}"),
            shared: false,
            guards: false,
            holder: format!("node {}", cluster.name()),
            name: name.clone(),
        };
        match cluster.take(place, SEAT_WAIT).await {
            Ok(ticket) => {
                site.application().catch_up().await?;
                return Ok((None, Some(Seat { _ticket: ticket, node })));
            }
            // Whoever has it may have got it after it was told.
            Err(TakeError::TimedOut(_)) => {}
            Err(error) => {
                tracing::warn!(object = O::NAME, error = &error as &dyn std::error::Error, "a shared object");
                break;
            }
        }
    }
    Err(PageError::unavailable("This is at work elsewhere. Please try again in a moment.", RETRY_AFTER))
}

async fn handle<O: SharedObject>(
    object: Option<Box<O>>,
    message: O::Message,
    site: &Site,
) -> (Option<Box<O>>, Result<O::Answer, PageError>) {
    let mut object = match object {
        Some(object) => object,
        None => match O::create(site).await {
            Ok(object) => Box::new(object),
            Err(error) => return (None, Err(PageError::Other(error.into_inner()))),
        },
    };
    let answer = object.handle(message, site).await;
    (Some(object), answer)
}
