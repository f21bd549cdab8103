//! A unit of work as author code sees it, in a request or in the background.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::lock_request::LockRequest;
use super::{ObjectInUnit, PageError, SharedObject, Site};
use crate::application::{ApplicationError, ApplicationView, Part};
use crate::db::{Conn, DbError};
use crate::live::Draft;
use crate::locks::{LockName, Owner, Party, Scope};
use crate::unit_of_work::Work;

/// One attempt of a unit of work: rows, application variables, effects, locks.
///
/// A page reaches the unit of its request by [`Context::unit`](super::Context::unit); code that
/// serves both pages and background work ([`Site::unit_of_work`]) is written against this type.
/// The unit commits when the code that has it answers `Ok`, and leaves nothing behind when it
/// answers `Err`.
pub struct Unit {
    pub(crate) site: Site,
    pub(crate) work: Work,
    /// The request, or the name of the background work, for reports.
    pub(crate) request: Arc<str>,
    pub(crate) page: &'static str,
    pub(crate) number: u32,
    /// The session's number, for locks of its scope.
    pub(crate) session: Option<i64>,
    /// Whether what it sees of the application has whatever was committed on any node before it began.
    pub(crate) is_current: bool,
}

impl std::fmt::Debug for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unit").field("request", &self.request).field("attempt", &self.number).finish_non_exhaustive()
    }
}

impl Unit {
    /// The site.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt_number(&self) -> u32 {
        self.number
    }

    /// A connection for reading. It cannot write. Once [`Unit::tx`] was called, this is the
    /// transaction, so that a unit reads what it wrote.
    ///
    /// # Errors
    /// [`DbError::NoConnection`] and [`DbError::Unavailable`].
    pub async fn read(&mut self) -> Result<&mut Conn, DbError> {
        self.work.read(self.site.db()).await
    }

    /// The unit's transaction, opened at the first call.
    ///
    /// # Errors
    /// As [`Unit::read`], and [`DbError::Busy`].
    pub async fn tx(&mut self) -> Result<&mut Conn, DbError> {
        self.work.tx(self.site.db()).await
    }

    /// Something to do once the unit has committed: a mail, a message to another system. Dropped
    /// with a failed attempt. A panic in it is logged and changes nothing.
    pub fn after_commit(&mut self, effect: impl Future<Output = ()> + Send + 'static) {
        self.work.after_commit(Box::pin(effect));
    }

    /// Tells the browsers that listen to `topic`, once the unit has committed; of an attempt that is undone nothing is
    /// told. The name of the event is of letters, digits, `-` and `_`, and the data at most 4 KiB of JSON: it says what
    /// to look at. What cannot be told is left out, with a line in the log.
    ///
    /// ```no_run
    /// # use toolcrib::prelude::*;
    /// # fn moved(unit: &mut Unit, deal: i64) {
    /// unit.publish("deals/1", "moved", &serde_json::json!({ "deal": deal }));
    /// # }
    /// ```
    pub fn publish(&mut self, topic: impl AsRef<str>, event: &str, data: &(impl Serialize + ?Sized)) {
        if let Some(draft) = Draft::new(topic.as_ref(), event, data) {
            let live = self.site.live().clone();
            self.after_commit(async move { live.send(draft) });
        }
    }

    /// The application, as this unit sees and changes it.
    pub fn application(&mut self) -> ApplicationView<'_> {
        let (part, conn) = self.shared();
        ApplicationView::new(part, conn)
    }

    /// Asks for a lock on a name (ColdFusion: `cflock name=…`). The lock is kept until the unit
    /// has committed or was undone, so that what it guards is stored before the next one looks.
    ///
    /// Names are compared without regard to case. They belong to this process (C5), unless
    /// [`LockRequest::cluster`] is asked for.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use toolcrib::prelude::*;
    /// # async fn page(cx: &mut Context<'_>, account: &str) -> Result<(), PageError> {
    /// cx.lock(&format!("client/{account}")).exclusive().within(Duration::from_secs(10)).acquire().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn lock(&mut self, name: impl AsRef<str>) -> LockRequest<'_> {
        let name = LockName::named(name.as_ref());
        let (part, conn) = self.shared();
        LockRequest::new(part, conn, name)
    }

    /// Asks for the lock of a scope (ColdFusion: `cflock scope=…`), in the order session,
    /// application, server (C9). The session's is the visitor's own; a visitor without a session
    /// shares it with nobody.
    pub fn lock_scope(&mut self, scope: Scope) -> LockRequest<'_> {
        let name = match (scope, self.session) {
            (Scope::Session, Some(session)) => LockName::scope(scope, Some(&session.to_string())),
            (Scope::Session, None) => LockName::scope(scope, Some(&self.request)),
            (Scope::Application | Scope::Server, _) => LockName::scope(scope, None),
        };
        let (part, conn) = self.shared();
        LockRequest::new(part, conn, Ok(name))
    }

    /// Gives a lock on a name back before the unit ends, one count of it. What was changed under
    /// it is not committed yet: others may look before it is. Without the lock, nothing happens.
    pub fn unlock(&mut self, name: impl AsRef<str>) {
        if let Ok(name) = LockName::named(name.as_ref()) {
            let (part, _) = self.shared();
            part.release(&name);
        }
    }

    /// A shared object of the site. What it does happens at once and is not undone with the unit,
    /// so from the first message on the unit is not run again.
    ///
    /// # Errors
    /// [`PageError::Other`] where none of this type was registered.
    pub fn shared_object<O: SharedObject>(&mut self) -> Result<ObjectInUnit<'_, O>, PageError> {
        let Self { site, work, request, page, is_current, .. } = self;
        ObjectInUnit::new(site, work.shared(|| new_part(site, request, page, *is_current)))
    }

    /// Waits until this unit alone may change the variables it lost over.
    pub(crate) async fn claim(
        &mut self,
        names: &BTreeSet<Arc<str>>,
        deadline: Instant,
    ) -> Result<(), ApplicationError> {
        self.shared().0.claim(names, deadline).await
    }

    /// What the unit sees of the application from here on has whatever was committed on any node before.
    pub(crate) async fn catch_up(&mut self) -> Result<(), ApplicationError> {
        self.site.application().catch_up().await?;
        self.is_current = true;
        self.work.is_current();
        Ok(())
    }

    fn shared(&mut self) -> (&mut Part, &mut Option<Conn>) {
        let Self { site, work, request, page, is_current, .. } = self;
        work.shared(|| new_part(site, request, page, *is_current))
    }
}

fn new_part(site: &Site, request: &Arc<str>, page: &'static str, is_current: bool) -> Part {
    let party = Party::new(Owner::next(), Arc::clone(request), page);
    let mut part = Part::new(site.application().clone(), party);
    part.is_current = is_current;
    part
}
