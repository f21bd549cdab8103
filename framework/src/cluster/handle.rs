//! The handle on the cluster.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Arbiter, ArbiterHandle};
use tokio::sync::{Notify, oneshot};

use super::change::Message;
use super::feed::{self, Followers};
use super::store::{self, Admitted, Node, Position};
use super::tickets::{self, Place, Tickets};
use super::{Change, Kind, TakeError, Ticket};
use crate::db::{Conn, Db, DbError, Engine};
use crate::settings::ClusterSettings;

/// Most messages that wait to be told.
const MESSAGES_MAX: usize = 10_000;

/// The longest anything waits for the turn to start or end the application.
const START_LIMIT: Duration = Duration::from_secs(120);

/// The other nodes could not be asked.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error("what other nodes changed could not be looked at")]
    Database(#[source] Arc<DbError>),
    #[error("the site is stopping")]
    Stopped,
}

/// This node among the others. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db: Db,
    settings: ClusterSettings,
    name: String,
    number: AtomicI64,
    /// Whether the application is started here: known to the others, and told again where the node joins anew.
    started: AtomicBool,
    /// Set where this node was declared dead, until it has joined again.
    dead: AtomicBool,
    arbiter: ArbiterHandle,
    stopping: AtomicBool,
    tickets: Tickets,
    asked: Mutex<Vec<oneshot::Sender<Result<(), ClusterError>>>>,
    /// Wakes the feed.
    look: Notify,
    /// Wakes whoever waits for another node to do something.
    heard: Notify,
    messages: Mutex<Vec<Message>>,
    /// Wakes the teller.
    tell: Notify,
    /// Whether the others are to be hinted at changes.
    hint: AtomicBool,
}

impl Cluster {
    /// Joins the nodes on a database, or makes it plain that there can be no others: `None` for SQLite.
    pub(crate) async fn join(db: &Db, settings: &ClusterSettings, name: String) -> Result<Option<Self>, DbError> {
        if db.engine() != Engine::Postgres {
            return Ok(None);
        }
        let number = store::join(db, &name, false, settings.lease).await?;
        tracing::info!(node = number, name, "joined");
        let inner = Inner {
            db: db.clone(),
            settings: settings.clone(),
            name,
            number: AtomicI64::new(number),
            started: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            arbiter: Arbiter::new().handle(),
            stopping: AtomicBool::new(false),
            tickets: Tickets::default(),
            asked: Mutex::default(),
            look: Notify::new(),
            heard: Notify::new(),
            messages: Mutex::default(),
            tell: Notify::new(),
            hint: AtomicBool::new(false),
        };
        let cluster = Self { inner: Arc::new(inner) };
        cluster.spawn(feed::beat(cluster.clone()));
        cluster.spawn(tickets::attend(cluster.clone()));
        cluster.spawn(feed::tell(cluster.clone()));
        Ok(Some(cluster))
    }

    /// Follows the change log from `position` on.
    pub(crate) fn follow(&self, position: Position, followers: Followers) {
        self.spawn(feed::follow(self.clone(), position, followers));
    }

    /// This node's number. It changes where the node was declared dead and joins again.
    pub(crate) fn number(&self) -> i64 {
        self.inner.number.load(Ordering::Acquire)
    }

    /// What people call this node.
    pub(crate) fn name(&self) -> &str {
        &self.inner.name
    }

    /// All nodes that live.
    pub(crate) async fn nodes(&self) -> Result<Vec<Node>, DbError> {
        store::nodes(self.db()).await
    }

    /// Returns when everything is known here that any node had committed when this was asked.
    pub(crate) async fn current(&self) -> Result<(), ClusterError> {
        let (reply, answer) = oneshot::channel();
        if self.is_stopping() {
            return Err(ClusterError::Stopped);
        }
        self.asked().push(reply);
        self.inner.look.notify_one();
        answer.await.unwrap_or(Err(ClusterError::Stopped))
    }

    /// Asks for a look, waiting for nothing.
    pub(crate) fn look(&self) {
        self.inner.look.notify_one();
    }

    /// Something was committed that the others want to know: they are told that it is time to look.
    pub(crate) fn hint(&self) {
        if !self.inner.hint.swap(true, Ordering::AcqRel) {
            self.inner.tell.notify_one();
        }
    }

    /// Tells all nodes something, this one included, all in one order. It is told soon; where the database cannot be
    /// reached it is lost.
    pub(crate) fn tell(&self, kind: Kind, subject: impl Into<String>, detail: Option<String>) {
        let mut messages = self.messages();
        if messages.len() >= MESSAGES_MAX {
            tracing::error!(kind = kind.word(), "too much to tell the other nodes: it is left out");
            return;
        }
        messages.push(Message { kind, subject: subject.into(), detail });
        drop(messages);
        self.inner.tell.notify_one();
    }

    /// To be asked by a transaction before it writes application variables, and before the COMMIT of a unit that holds
    /// tickets. What it answers holds until the transaction ends.
    pub(crate) async fn admit(
        &self,
        conn: &mut Conn,
        tx: u64,
        variables: &[Arc<str>],
        tickets: &[i64],
    ) -> Result<Admitted, DbError> {
        let names = serde_json::to_string(&variables.iter().map(|name| &**name).collect::<Vec<&str>>());
        let names = names.map_err(|error| DbError::Query(sqlx::Error::Encode(error.into())))?;
        let tx = i64::try_from(tx).unwrap_or(i64::MAX);
        store::admit(conn, self.number(), tx, &names, tickets).await
    }

    /// Returns when another node has done something, or after a moment.
    pub(crate) async fn something_happened(&self) {
        drop(tokio::time::timeout(self.inner.settings.poll, self.inner.heard.notified()).await);
    }

    /// Waits for the turn to start or end the application, and tells whether another node has it started.
    pub(crate) async fn start_turn(&self) -> Result<(Ticket, bool), TakeError> {
        let place = Place {
            name: "start".to_owned(),
            owner: format!("{}/start", self.number()),
            shared: false,
            guards: false,
            holder: format!("node {}, which starts or ends the application", self.name()),
        };
        let ticket = self.take(place, START_LIMIT).await?;
        let elsewhere = store::is_started_elsewhere(self.db(), self.number()).await.map_err(TakeError::Database)?;
        Ok((ticket, elsewhere))
    }

    /// Says that the application is started here, or is not any more.
    pub(crate) async fn set_started(&self, started: bool) -> Result<(), DbError> {
        self.inner.started.store(started, Ordering::Release);
        store::started(self.db(), self.number(), started).await
    }

    /// Leaves the others: they need not wait for the lease to end.
    pub(crate) async fn leave(&self) {
        self.inner.stopping.store(true, Ordering::Release);
        if let Err(error) = store::leave(self.db(), self.number()).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "leaving the other nodes");
        }
        self.inner.arbiter.stop();
        // Nobody looks any more.
        drop(self.take_asked());
    }

    /// Runs a task beside everything that pages do.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.inner.arbiter.spawn(task);
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    pub(super) fn settings(&self) -> &ClusterSettings {
        &self.inner.settings
    }

    pub(super) fn tickets(&self) -> &Tickets {
        &self.inner.tickets
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.inner.stopping.load(Ordering::Acquire)
    }

    /// Something told this node that it is dead: the feed sees to it.
    pub(super) fn was_declared_dead(&self) {
        self.inner.dead.store(true, Ordering::Release);
        self.inner.look.notify_one();
    }

    pub(super) fn is_dead(&self) -> bool {
        self.inner.dead.load(Ordering::Acquire)
    }

    /// Joins again, as a new node.
    pub(super) async fn join_again(&self) -> Result<i64, DbError> {
        let started = self.inner.started.load(Ordering::Acquire);
        let number = store::join(self.db(), self.name(), started, self.inner.settings.lease).await?;
        let old = self.inner.number.swap(number, Ordering::AcqRel);
        self.inner.dead.store(false, Ordering::Release);
        tracing::warn!(was = old, node = number, "this node was taken to be dead and has joined anew");
        Ok(old)
    }

    /// Returns when it is time to look.
    pub(super) async fn time_to_look(&self) {
        drop(tokio::time::timeout(self.inner.settings.poll, self.inner.look.notified()).await);
    }

    pub(super) fn take_asked(&self) -> Vec<oneshot::Sender<Result<(), ClusterError>>> {
        std::mem::take(&mut *self.asked())
    }

    /// Others have done something: whoever waits for that looks.
    pub(super) fn happened(&self) {
        self.inner.heard.notify_waiters();
        self.inner.tickets.work.notify_one();
    }

    pub(super) async fn time_to_tell(&self) -> (Vec<Message>, bool) {
        self.inner.tell.notified().await;
        (std::mem::take(&mut *self.messages()), self.inner.hint.swap(false, Ordering::AcqRel))
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, Vec<oneshot::Sender<Result<(), ClusterError>>>> {
        self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn messages(&self) -> std::sync::MutexGuard<'_, Vec<Message>> {
        self.inner.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of the change log: for the folders above.
pub(super) fn by_kind(changes: &[Change], kind: Kind) -> impl Iterator<Item = &Change> {
    changes.iter().filter(move |change| change.kind() == Some(kind))
}
