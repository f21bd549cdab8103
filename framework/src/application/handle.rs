//! The handle on the application: reads of the snapshot, changes outside any unit of work.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix::{Actor, Addr, Arbiter};
use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use super::actor::messages::{
    Asked, Change, ClaimObjects, Finish, Found, Job, LockObject, ObjectHolders, ReleaseObjects, Settle,
};
use super::actor::{Alive, ApplicationActor};
use super::conflict::ConflictKind;
use super::contents::{Variable, contents};
use super::following::{self, Following};
use super::objects::ObjectLock as ObjectState;
use super::part::Part;
use super::reservation::{Reservation, Shared};
use super::stored::{Stored, decoded, encoded, value_of};
use super::{AppVar, ApplicationError, Changes, Content, Kind, RcCounter, Snapshot, store};
use crate::cluster::{Change as ChangeElsewhere, Cluster, Position, TakeError};
use crate::db::{Db, DbError};
use crate::events::Events;
use crate::locks::{Deadlock, LockError, LockName, Locks, Mode, Owner, Party};

/// Global shared state: what ASP calls `Application`. Cloning is cheap.
///
/// Reads are answered from the last published snapshot, without a message and without waiting
/// for anybody, a holder of the lock included (A7). Every change made here is one message to the
/// application actor: it takes effect at once, by itself, and waits while a request holds the
/// application's lock (A2). Two of them are not one: between a `get` and a `set` others may
/// write (A1). What belongs together is done by a page in its unit of work
/// ([`Context::application`](crate::page::Context::application)), under the lock, or by
/// [`Application::update`].
///
/// ```no_run
/// use toolcrib::prelude::*;
///
/// const VISITS: AppVar<i64> = AppVar::new("Visits");
///
/// async fn count(site: &Site) -> Result<i64, ApplicationError> {
///     site.application().update(&VISITS, |visits| visits.unwrap_or(0) + 1).await
/// }
/// ```
#[derive(Clone)]
pub struct Application {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    cluster: Option<Cluster>,
    /// Up to where the log of changes is in the snapshot the application began with, until that is followed.
    position: Mutex<Option<Position>>,
    published: Arc<ArcSwap<Snapshot>>,
    actor: Addr<ApplicationActor>,
    arbiter: Arbiter,
    /// Set before the actor is let go.
    stopping: Arc<AtomicBool>,
    locks: Locks,
    lock_timeout: Duration,
    events: Events,
}

impl Inner {
    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.arbiter.stop();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Application").field("variables", &self.len()).finish_non_exhaustive()
    }
}

impl Application {
    /// Loads the durable variables and starts the actor on an arbiter of its own.
    pub(crate) async fn start(
        db: &Db,
        cluster: Option<Cluster>,
        locks: Locks,
        lock_timeout: Duration,
        events: Events,
    ) -> Result<Self, DbError> {
        let (snapshot, position) = match &cluster {
            None => (store::load(&mut db.read().await?).await?, None),
            Some(cluster) => {
                let (snapshot, position) = following::load(db, cluster.number()).await?;
                (snapshot, Some(position))
            }
        };
        let stopping = Arc::new(AtomicBool::new(false));
        let alive = Alive { stopping: Arc::clone(&stopping) };
        let (actor, published) = ApplicationActor::new(snapshot, db.clone(), cluster.clone(), alive);
        let arbiter = Arbiter::new();
        let actor = ApplicationActor::start_in_arbiter(&arbiter.handle(), move |_| actor);
        let position = Mutex::new(position);
        let inner = Inner {
            db: db.clone(),
            cluster,
            position,
            published,
            actor,
            arbiter,
            stopping,
            locks,
            lock_timeout,
            events,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Begins to follow what other nodes do, where there can be any. `told` is told what is not about variables, `anew`
    /// that this node was taken to be dead and has joined again.
    pub(crate) fn follow(
        &self,
        told: impl Fn(&ChangeElsewhere) + Send + Sync + 'static,
        anew: impl Fn() + Send + Sync + 'static,
    ) {
        let position = self.inner.position.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(cluster), Some(position)) = (&self.inner.cluster, position) {
            let (db, cluster, actor) = (self.inner.db.clone(), cluster.clone(), self.inner.actor.clone());
            let again = Arc::default();
            Following { db, cluster, actor, again }.begin(position, told, anew);
        }
    }

    /// The nodes of the site, where there can be several.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.inner.cluster.as_ref()
    }

    /// Returns when the locks over all nodes that were dropped here are free for others. At once where there are no other
    /// nodes.
    pub(crate) async fn given_back(&self) {
        if let Some(cluster) = &self.inner.cluster {
            cluster.settled().await;
        }
    }

    /// Returns when the snapshot has whatever was committed on any node before this was asked. At once where there are
    /// no other nodes.
    pub(crate) async fn catch_up(&self) -> Result<(), ApplicationError> {
        match &self.inner.cluster {
            None => Ok(()),
            Some(cluster) => Ok(cluster.current().await?),
        }
    }

    /// Waits until everything that was asked for is stored, for a while.
    pub(crate) async fn finish(&self, grace: Duration) {
        let (told, done) = oneshot::channel();
        self.inner.actor.do_send(Finish(told));
        if tokio::time::timeout(grace, done).await.is_err() {
            tracing::warn!("application variables could not be stored within the grace time");
        }
    }

    /// Ends the actor. Whoever asks it afterwards is told that it has stopped.
    pub(crate) fn stop(&self) {
        self.inner.stop();
    }

    /// How many variables there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.published.load().len()
    }

    /// Whether there is no variable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a variable, `None` where there is none.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn get<T: Stored>(&self, var: &AppVar<T>) -> Result<Option<T>, ApplicationError> {
        match self.inner.published.load().get(var.name()) {
            Some(cell) => decoded(var.name(), value_of(var.name(), cell)?).map(Some),
            None => Ok(None),
        }
    }

    /// The value of a counter, 0 where there is none.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn count(&self, counter: &RcCounter) -> Result<i64, ApplicationError> {
        Ok(Changes::new().counter(&self.inner.published.load(), counter.name())?)
    }

    /// A value as JSON, a counter's number, or how many things are in a queue, map or bag; nothing
    /// where there is no variable of this name. For templates: code reads with the variable's type.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.snapshot().get(name).map(|cell| match &cell.content {
            Content::Value(value) => value.json().to_string(),
            other => other.excerpt(),
        })
    }

    /// All variables, by name: one consistent copy (A14).
    #[must_use]
    pub fn contents(&self) -> Vec<Variable> {
        contents(&self.snapshot())
    }

    /// Sets a variable at once.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub async fn set<T: Stored>(&self, var: &AppVar<T>, value: &T) -> Result<(), ApplicationError> {
        let (name, durable) = (var.name(), var.is_durable());
        let value = encoded(name, value)?;
        let put = move |found: &Found<'_>| {
            let mut changes = Changes::last_writer_wins();
            changes.put(found.snapshot(), name, durable, value.clone())?;
            Ok(changes)
        };
        self.at_once(durable, put).await
    }

    /// Removes a variable at once.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub async fn remove<T>(&self, var: &AppVar<T>) -> Result<(), ApplicationError> {
        let (name, durable) = (var.name(), var.is_durable());
        let remove = move |found: &Found<'_>| {
            let mut changes = Changes::last_writer_wins();
            changes.remove(found.snapshot(), name)?;
            Ok(changes)
        };
        self.at_once(durable, remove).await
    }

    /// Removes all variables that hold a value, in one step (ASP: `Contents.RemoveAll`, A14).
    /// Counters, queues, maps, bags and shared objects stay.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub async fn remove_all(&self) -> Result<(), ApplicationError> {
        let remove = |found: &Found<'_>| {
            let mut changes = Changes::last_writer_wins();
            for (name, cell) in found.snapshot().iter() {
                if cell.kind() == Kind::Value {
                    changes.remove(found.snapshot(), name)?;
                }
            }
            Ok(changes)
        };
        self.at_once(true, remove).await
    }

    /// Sets a variable that has no value yet; tells whether this call did (the write-once idiom
    /// of ASP's `Session_OnStart`, A8).
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub async fn set_if_absent<T: Stored>(&self, var: &AppVar<T>, value: &T) -> Result<bool, ApplicationError> {
        let (name, durable) = (var.name(), var.is_durable());
        let value = encoded(name, value)?;
        let (slot, seen) = slot();
        let put = move |found: &Found<'_>| {
            let mut changes = Changes::last_writer_wins();
            let absent = found.cell(name).is_none();
            if absent {
                changes.put(found.snapshot(), name, durable, value.clone())?;
            }
            slot.put(absent);
            Ok(changes)
        };
        self.at_once(durable, put).await?;
        Ok(seen.take().unwrap_or(false))
    }

    /// Changes a variable by a function of its value, in one step: nobody writes in between.
    /// Answers the new value.
    ///
    /// The function runs in the application actor: it should be quick, and it may be called again
    /// where another process was first. A panic in it changes nothing.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub async fn update<T: Stored>(
        &self,
        var: &AppVar<T>,
        mut update: impl FnMut(Option<T>) -> T + Send + 'static,
    ) -> Result<T, ApplicationError> {
        let (name, durable) = (var.name(), var.is_durable());
        let (slot, seen) = slot();
        let put = move |found: &Found<'_>| {
            let old = found.cell(name).map(|cell| decoded::<T>(name, value_of(name, &cell)?)).transpose()?;
            let new = catch_unwind(AssertUnwindSafe(|| update(old)))
                .map_err(|_| ApplicationError::UpdatePanicked { name: name.to_owned() })?;
            let mut changes = Changes::last_writer_wins();
            changes.put(found.snapshot(), name, durable, encoded(name, &new)?)?;
            slot.put(new);
            Ok(changes)
        };
        self.at_once(durable, put).await?;
        seen.take().ok_or(ApplicationError::Stopped)
    }

    /// Adds to a counter at once.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub async fn add(&self, counter: &RcCounter, amount: i64) -> Result<(), ApplicationError> {
        let (name, durable) = (counter.name(), counter.is_durable());
        let add = move |found: &Found<'_>| {
            let mut changes = Changes::last_writer_wins();
            changes.count(found.snapshot(), name, durable, amount)?;
            Ok(changes)
        };
        self.at_once(durable, add).await
    }

    /// Makes a change by itself. Where a unit holds the object lock of the variable, the change
    /// waits for its turn, holding nothing, as long as for the application's lock.
    async fn at_once(
        &self,
        durable: bool,
        change: impl FnMut(&Found<'_>) -> Result<Changes, ApplicationError> + Send + 'static,
    ) -> Result<(), ApplicationError> {
        let change: Change = Arc::new(Mutex::new(change));
        let mut locked = BTreeSet::new();
        let mut lines_up = false;
        let until = Instant::now() + self.inner.lock_timeout;
        loop {
            // A claim has an owner of its own: given up with this future, it must not take the part
            // in the lock along, which belongs to the job.
            let mut turn = None;
            if !locked.is_empty() {
                let part = turn.insert(Part::new(self.clone(), Party::outside()));
                part.claim(&locked, Instant::now() + self.inner.lock_timeout).await?;
            }
            let party = Party::outside();
            let owner = turn.as_ref().map_or(party.owner, |part| part.party.owner);
            let mut hold = self.share(&party).await?;
            // First within the node, then between nodes, as everybody: the other way round two would wait for one another.
            let mut line = None;
            if lines_up {
                let part = line.insert(Part::new(self.clone(), Party::outside()));
                part.line_up_for_commit(until.saturating_duration_since(Instant::now())).await?;
            }
            hold.tickets = [&turn, &line].into_iter().flatten().flat_map(Part::ticket_numbers).collect();
            let change = Arc::clone(&change);
            let done = self.ask(hold, |asked| Job::AtOnce { owner, durable, change, tries: 1, asked }).await;
            match done {
                // Every round knows one name more, and there are only so many.
                Err(ApplicationError::Conflict(conflict))
                    if conflict.kind == ConflictKind::WriteLock && locked.insert(Arc::from(conflict.name.as_str())) => {
                }
                // Locked on another node: it waits in line with the others there.
                Err(ApplicationError::Lock(LockError::Held { .. })) if !lines_up && self.inner.cluster.is_some() => {
                    lines_up = true;
                }
                done => return done,
            }
        }
    }

    /// The part in the lock goes with the job: whatever becomes of the caller, it ends with it.
    async fn ask<T>(&self, hold: Shared, job: impl FnOnce(Asked<T>) -> Job) -> Result<T, ApplicationError> {
        let (reply, answer) = oneshot::channel();
        self.inner.actor.do_send(job(Asked { hold, reply }));
        answer.await.unwrap_or(Err(ApplicationError::Stopped))
    }
}

/// For units of work.
impl Application {
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.published.load_full()
    }

    /// Takes part in the application's lock as one who changes something: many may at the same
    /// time, none while somebody holds the lock. Waits as long as for the lock itself.
    pub(super) async fn share(&self, party: &Party) -> Result<Shared, LockError> {
        self.acquire(party, LockName::APPLICATION, Mode::ReadOnly, self.inner.lock_timeout).await?;
        Ok(self.shared(party.owner, Vec::new()))
    }

    /// The part in the application's lock that its owner has just taken, and the locks over all nodes it holds.
    pub(super) fn shared(&self, owner: Owner, tickets: Vec<i64>) -> Shared {
        Shared { locks: self.inner.locks.clone(), owner, tickets }
    }

    pub(super) fn lock_timeout(&self) -> Duration {
        self.inner.lock_timeout
    }

    /// Waits for a lock; what ends badly is an event in the life of the site.
    pub(super) async fn acquire(
        &self,
        party: &Party,
        name: LockName,
        mode: Mode,
        within: Duration,
    ) -> Result<(), LockError> {
        let acquired = self.inner.locks.acquire(party, name, mode, within).await;
        if let Err(error) = &acquired {
            self.note_lock(party, error);
        }
        acquired
    }

    /// What a lock over all nodes that was not to be had means to whoever asked; noted as [`Application::acquire`] does.
    pub(super) fn note_not_taken(
        &self,
        party: &Party,
        name: &LockName,
        within: Duration,
        error: TakeError,
    ) -> LockError {
        let name = name.clone();
        let error = match error {
            TakeError::Held(holder) => LockError::Held { name, by: Party::elsewhere(&holder) },
            TakeError::TimedOut(holder) => {
                LockError::TimedOut { name, within, holders: vec![Party::elsewhere(&holder)] }
            }
            TakeError::Circle(holder) => {
                let holder = Party::elsewhere(&holder);
                let (wanted, held) = (name.clone(), name);
                LockError::Deadlock(Box::new(Deadlock { waiter: party.clone(), holder, wanted, held }))
            }
            TakeError::Lost => LockError::Lost { name },
            TakeError::Database(error) => LockError::Unreachable { name, why: error.to_string() },
        };
        self.note_lock(party, &error);
        error
    }

    fn note_lock(&self, party: &Party, error: &LockError) {
        match error {
            LockError::TimedOut { name, .. } => {
                self.inner.events.record("lock_timed_out", name.to_string(), Some(format!("{party}: {error}")));
            }
            LockError::Deadlock(deadlock) => {
                self.inner.events.record("deadlock", deadlock.wanted.to_string(), Some(error.to_string()));
            }
            _ => {}
        }
    }

    pub(super) fn tell(&self, settle: Settle) {
        self.inner.actor.do_send(settle);
    }

    pub(crate) fn locks(&self) -> &Locks {
        &self.inner.locks
    }

    pub(super) async fn commit(&self, hold: Shared, changes: Changes) -> Result<(), ApplicationError> {
        let owner = hold.owner;
        self.ask(hold, |asked| Job::Commit { owner, changes, asked }).await
    }

    pub(super) async fn prepare(&self, hold: Shared, changes: Changes) -> Result<Reservation, ApplicationError> {
        let owner = hold.owner;
        let reserved = self.ask(hold, |asked| Job::Prepare { owner, changes, asked }).await?;
        Ok(Reservation { application: self.clone(), reserved: Some(reserved) })
    }

    pub(super) async fn lock_object(
        &self,
        owner: Owner,
        name: Arc<str>,
        seen: Option<u64>,
    ) -> Result<ObjectState, ApplicationError> {
        let (reply, answer) = oneshot::channel();
        self.inner.actor.do_send(LockObject { owner, name, seen, reply });
        answer.await.map_err(|_| ApplicationError::Stopped)
    }

    pub(super) async fn claim_objects(&self, owner: Owner, names: Vec<Arc<str>>) -> Result<(), ApplicationError> {
        let (reply, answer) = oneshot::channel();
        self.inner.actor.do_send(ClaimObjects { owner, names, reply });
        answer.await.map_err(|_| ApplicationError::Stopped)
    }

    /// Who holds the object lock of which variable, by name.
    pub(crate) async fn object_holders(&self) -> Result<Vec<(Arc<str>, Owner)>, ApplicationError> {
        let (reply, answer) = oneshot::channel();
        self.inner.actor.do_send(ObjectHolders { reply });
        answer.await.map_err(|_| ApplicationError::Stopped)
    }

    pub(super) fn release_objects(&self, owner: Owner) {
        self.inner.actor.do_send(ReleaseObjects(owner));
    }
}

/// Carries what a change answered out of the actor.
struct Slot<T>(Arc<Mutex<Option<T>>>);

fn slot<T>() -> (Slot<T>, Slot<T>) {
    let shared = Arc::new(Mutex::new(None));
    (Slot(Arc::clone(&shared)), Slot(shared))
}

impl<T> Slot<T> {
    fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
