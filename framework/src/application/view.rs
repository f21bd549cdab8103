//! The application as a unit of work sees it.

use std::sync::Arc;
use std::time::Duration;

use super::contents::{Variable, contents};
use super::objects::ObjectLock as State;
use super::part::Part;
use super::stored::{decoded, encoded};
use super::{
    AppVar, ApplicationError, BagView, CounterView, MapView, ObjectLock, QueueView, RcBag, RcCounter, RcMap, RcQueue,
    Stored,
};
use crate::cluster::VARIABLE;
use crate::db::Conn;
use crate::locks::{LockError, LockName, Mode, Owner, Reach};

/// The application in one unit of work.
///
/// What the unit reads is a snapshot of the moment it first looked, with its own changes on top.
/// What it changes is published by its commit, together with its rows and session fields, or not
/// at all.
///
/// A value that another unit changed meanwhile makes the commit fail and the whole request run
/// again (D13). Reads alone never conflict.
///
/// ```
/// use toolcrib::prelude::*;
///
/// const TALLY: AppVar<i64> = AppVar::new("Tally");
///
/// // Written as if it ran alone.
/// fn click(cx: &mut Context<'_>) -> Result<i64, PageError> {
///     let tally = cx.application().get(&TALLY)?.unwrap_or(0) + 1;
///     cx.application().set(&TALLY, &tally)?;
///     Ok(tally)
/// }
/// ```
#[must_use = "looking at the application changes nothing"]
pub struct ApplicationView<'a> {
    pub(super) part: &'a mut Part,
    /// The unit's connection: one for reading is given back before any wait.
    conn: &'a mut Option<Conn>,
}

impl std::fmt::Debug for ApplicationView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApplicationView").field("locked", &self.part.locked).finish_non_exhaustive()
    }
}

impl<'a> ApplicationView<'a> {
    pub(crate) fn new(part: &'a mut Part, conn: &'a mut Option<Conn>) -> Self {
        Self { part, conn }
    }

    /// The value of a variable, `None` where there is none.
    ///
    /// # Errors
    /// [`ApplicationError::Type`] where another type was stored.
    pub fn get<T: Stored>(&mut self, var: &AppVar<T>) -> Result<Option<T>, ApplicationError> {
        let (snapshot, changes) = self.part.view();
        match changes.value(snapshot, var.name())? {
            Some(value) => decoded(var.name(), value).map(Some),
            None => Ok(None),
        }
    }

    /// Sets a variable.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] for a value that is too large or not JSON.
    pub fn set<T: Stored>(&mut self, var: &AppVar<T>, value: &T) -> Result<(), ApplicationError> {
        let value = encoded(var.name(), value)?;
        let (snapshot, changes) = self.part.view();
        Ok(changes.put(snapshot, var.name(), var.is_durable(), value)?)
    }

    /// Removes a variable.
    ///
    /// # Errors
    /// [`ApplicationError::Change`] where the name is used for something else.
    pub fn remove<T: Stored>(&mut self, var: &AppVar<T>) -> Result<(), ApplicationError> {
        let (snapshot, changes) = self.part.view();
        Ok(changes.remove(snapshot, var.name()).map(drop)?)
    }

    /// Sets a variable that has no value yet; tells whether this call did (A8).
    ///
    /// # Errors
    /// As [`ApplicationView::set`].
    pub fn set_if_absent<T: Stored>(&mut self, var: &AppVar<T>, value: &T) -> Result<bool, ApplicationError> {
        let value = encoded(var.name(), value)?;
        let (snapshot, changes) = self.part.view();
        Ok(changes.put_if_absent(snapshot, var.name(), var.is_durable(), value)?)
    }

    /// Changes a variable by a function of its value; answers the new value.
    ///
    /// # Errors
    /// As [`ApplicationView::get`] and [`ApplicationView::set`].
    pub fn update<T: Stored>(
        &mut self,
        var: &AppVar<T>,
        update: impl FnOnce(Option<T>) -> T,
    ) -> Result<T, ApplicationError> {
        let new = update(self.get(var)?);
        self.set(var, &new)?;
        Ok(new)
    }

    /// A counter.
    pub fn counter<'v>(&'v mut self, counter: &'v RcCounter) -> CounterView<'v> {
        CounterView::new(self.part, counter)
    }

    /// A queue.
    pub fn queue<'v, T: Stored>(&'v mut self, queue: &'v RcQueue<T>) -> QueueView<'v, T> {
        QueueView::new(self.part, queue)
    }

    /// A map.
    pub fn map<'v, T: Stored>(&'v mut self, map: &'v RcMap<T>) -> MapView<'v, T> {
        MapView::new(self.part, map)
    }

    /// A bag.
    pub fn bag<'v, T: Stored>(&'v mut self, bag: &'v RcBag<T>) -> BagView<'v, T> {
        BagView::new(self.part, bag)
    }

    /// The names of all variables this unit sees, its own changes included.
    #[must_use]
    pub fn names(&mut self) -> Vec<String> {
        let (snapshot, changes) = self.part.view();
        changes.names(snapshot).iter().map(ToString::to_string).collect()
    }

    /// All variables, by name, as of the unit's snapshot: one consistent copy, without the unit's
    /// own changes (A14).
    #[must_use]
    pub fn contents(&mut self) -> Vec<Variable> {
        contents(self.part.view().0)
    }

    /// Locks the application, as ASP's `Application.Lock` (A2): until the unit ends or
    /// [`ApplicationView::unlock`], nobody else's changes are published. Readers are not held up.
    /// First come, first served; at most `application.lock_timeout_ms`. May be called again: it
    /// takes as many unlocks (A3). What the unit reads from here on is what is there now.
    ///
    /// A unit that has opened its transaction does not wait, for the holder may need its
    /// connection: it is run again where the lock is not free.
    ///
    /// Changes made by [`Site::application`](crate::page::Site::application) are not part of the
    /// unit, so under its lock they wait in vain.
    ///
    /// # Errors
    /// [`LockError`].
    pub async fn lock(&mut self) -> Result<(), LockError> {
        let limit = self.part.application.lock_timeout();
        self.part.acquire(self.conn, LockName::APPLICATION, Mode::Exclusive, limit, Reach::Nodes).await?;
        self.part.locked += 1;
        // Nobody publishes any more: look again, so that nothing read is out of date.
        self.part.snapshot = Some(self.part.application.snapshot());
        Ok(())
    }

    /// Gives the lock back, as ASP's `Application.Unlock`. With the last count the changes made
    /// so far are committed at once, and the unit is not run again from here on: a conflict met
    /// later is answered 503 (D12). Without the lock, nothing happens.
    ///
    /// In a unit that has opened its transaction the changes belong to that transaction: the lock
    /// is given back with its commit.
    ///
    /// # Errors
    /// [`ApplicationError`] where the changes could not be committed; the unit should fail then.
    pub async fn unlock(&mut self) -> Result<(), ApplicationError> {
        match self.part.locked {
            0 => tracing::debug!("unlock without a lock"),
            1 if self.holds_transaction() => {}
            1 => {
                if self.part.has_changes() {
                    let hold = self.part.share(self.conn).await?;
                    self.part.commit(hold).await?;
                    self.part.seal();
                    self.part.snapshot = None;
                }
                self.part.unlock_once();
            }
            _ => self.part.unlock_once(),
        }
        Ok(())
    }

    /// Asks for the object lock of a variable, as GemStone does (G10): granted, denied because
    /// another unit has it, or granted but changed since this unit's view. It never waits. What is
    /// granted is kept until the unit ends; nobody else's change of the variable commits meanwhile.
    ///
    /// # Errors
    /// [`ApplicationError::Stopped`].
    pub async fn lock_object<T>(&mut self, var: &AppVar<T>) -> Result<ObjectLock, ApplicationError> {
        let seen = self.part.view().0.get(var.name()).map(|cell| cell.version);
        // Registered before the grant: a changed object is locked as well (G11).
        self.part.holds_objects = true;
        let owner = self.part.party.owner;
        let over_nodes = format!("{VARIABLE}{}", var.name());
        match self.part.take(over_nodes, &LockName::APPLICATION, Mode::Exclusive, Duration::ZERO).await {
            Ok(()) => self.part.application.catch_up().await?,
            Err(LockError::Held { .. }) => return Ok(ObjectLock::new(var.name(), &State::Denied { holder: Owner(0) })),
            Err(error) => return Err(error.into()),
        }
        let state = self.part.application.lock_object(owner, Arc::from(var.name()), seen).await?;
        Ok(ObjectLock::new(var.name(), &state))
    }

    fn holds_transaction(&self) -> bool {
        self.conn.as_ref().is_some_and(Conn::is_transaction)
    }
}
