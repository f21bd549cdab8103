//! The application actor: one place where changes of shared state meet.
//!
//! It runs on an arbiter of its own and never blocks: who must wait lies in a queue as data.
//! Commits of units without rows of their own are stored together, one transaction and one sync
//! for all that wait (group commit). A transaction is opened *before* the changes are validated,
//! so nothing is ever reserved by somebody who still waits for a connection.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use super::handle::Shared;
use super::objects::{Claim, ObjectLock as ObjectState};
use super::state::{ApplicationState, Prepared, TxId, Write};
use super::{ApplicationError, Cell, Changes, Snapshot, store};
use crate::db::{Conn, Db, DbError};
use crate::locks::Owner;

/// Most changes stored by one transaction.
const BATCH: usize = 512;

/// How often a change outside any unit is tried again when another process was first.
const TRIES: u32 = 10;

/// The exit code of a process whose application actor died (`EX_SOFTWARE`).
const EXIT_CODE: i32 = 70;

/// The wait before the database is asked again what became of a commit.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Whoever asked for a change: its part in the application's lock, and where the answer goes.
pub(super) struct Asked<T> {
    pub(super) hold: Shared,
    pub(super) reply: oneshot::Sender<Result<T, ApplicationError>>,
}

impl<T> Asked<T> {
    /// Nobody is hurt by an answer nobody waits for.
    fn answer(self, answer: Result<T, ApplicationError>) {
        drop(self.hold);
        drop(self.reply.send(answer));
    }
}

/// What a change outside any unit of work makes of the state it finds.
pub(super) type Change = Arc<Mutex<dyn FnMut(&Found<'_>) -> Result<Changes, ApplicationError> + Send>>;

/// The state as one transaction finds it.
pub(super) struct Found<'a> {
    state: &'a ApplicationState,
    tx: TxId,
}

impl Found<'_> {
    pub(super) fn cell(&self, name: &str) -> Option<Arc<Cell>> {
        self.state.effective(self.tx, name)
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        self.state.snapshot()
    }
}

/// Asks for changes to be made.
pub(super) enum Job {
    /// The changes of a unit without rows of its own.
    Commit { owner: Owner, changes: Changes, asked: Asked<()> },
    /// The changes of a unit that stores them in its own transaction.
    Prepare { owner: Owner, changes: Changes, asked: Asked<Reserved> },
    /// A change outside any unit of work.
    AtOnce { owner: Owner, durable: bool, change: Change, tries: u32, asked: Asked<()> },
}

/// Changes that are validated and kept free of others until they are settled.
pub(super) struct Reserved {
    pub(super) tx: TxId,
    pub(super) writes: Vec<Write>,
    /// Keeps the application's lock from being granted before they are settled.
    _hold: Shared,
}

/// How a unit's own transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Committed,
    Undone,
    /// Nobody knows: the database is asked before anybody else goes on.
    Doubtful,
}

/// Says how a unit's own transaction ended; answered when everybody sees it.
pub(super) struct Settle {
    pub(super) tx: TxId,
    pub(super) outcome: Outcome,
    pub(super) reply: Option<oneshot::Sender<()>>,
}

/// Asks for an object lock; never waits.
pub(super) struct LockObject {
    pub(super) owner: Owner,
    pub(super) name: Arc<str>,
    pub(super) seen: Option<u64>,
    pub(super) reply: oneshot::Sender<ObjectState>,
}

/// Asks for the object locks of several variables at once; waits its turn.
pub(super) struct ClaimObjects {
    pub(super) owner: Owner,
    pub(super) names: Vec<Arc<str>>,
    pub(super) reply: oneshot::Sender<()>,
}

/// Asks who holds the object lock of which variable.
pub(super) struct ObjectHolders {
    pub(super) reply: oneshot::Sender<Vec<(Arc<str>, Owner)>>,
}

/// Gives all object locks and claims of a unit back.
pub(super) struct ReleaseObjects(pub(super) Owner);

/// None of them is answered by the mailbox: an answer may come long after the message was handled.
macro_rules! messages {
    ($($message:ty),*) => {
        $(impl Message for $message {
            type Result = ();
        })*
    };
}

messages!(Job, Settle, LockObject, ClaimObjects, ObjectHolders, ReleaseObjects);

pub(super) struct ApplicationActor {
    state: ApplicationState,
    published: Arc<ArcSwap<Snapshot>>,
    db: Db,
    /// Changes for the next transaction of the actor's own.
    waiting: VecDeque<Job>,
    /// Jobs that wait for the end of somebody's transaction.
    deferred: HashMap<TxId, Vec<Job>>,
    /// Whether a transaction of the actor's own is under way.
    storing: bool,
    /// Durable variables each unsettled transaction of a unit writes.
    reserved: HashMap<TxId, Vec<Arc<str>>>,
    /// Transactions that ended nobody knows how. Nobody else touches their variables until the
    /// database has said what is there.
    doubts: HashMap<TxId, Doubt>,
    claims: HashMap<Owner, oneshot::Sender<()>>,
    _alive: Alive,
}

/// Ends the process when the actor dies of itself: what it was about to store or publish is not
/// known any more, and the database has the truth for the next start.
pub(super) struct Alive {
    pub(super) stopping: Arc<AtomicBool>,
}

impl Drop for Alive {
    fn drop(&mut self) {
        if !self.stopping.load(Ordering::SeqCst) {
            tracing::error!("the application actor died: the process ends, to be started anew");
            std::process::exit(EXIT_CODE);
        }
    }
}

/// A job that was accepted into a transaction and waits for its end.
enum Accepted {
    Unit(Asked<()>),
    AtOnce { owner: Owner, change: Change, tries: u32, asked: Asked<()> },
}

/// What became of a job.
enum Decision {
    Accepted(Accepted),
    Refused(Accepted, ApplicationError),
    /// It is answered, or put off.
    Settled,
}

/// A transaction that ended nobody knows how.
struct Doubt {
    names: Vec<Arc<str>>,
    /// Whether the database is being asked.
    asked: bool,
}

/// What became of the actor's own transaction.
enum Stored {
    Committed,
    /// Another process changed these first.
    Missed(Vec<Arc<str>>),
    Failed(DbError),
}

impl Actor for ApplicationActor {
    type Context = Context<Self>;
}

impl ApplicationActor {
    pub(super) fn new(snapshot: Snapshot, db: Db, alive: Alive) -> (Self, Arc<ArcSwap<Snapshot>>) {
        let state = ApplicationState::new(snapshot);
        let published = Arc::new(ArcSwap::new(Arc::clone(state.snapshot())));
        let actor = Self {
            state,
            published: Arc::clone(&published),
            db,
            waiting: VecDeque::new(),
            deferred: HashMap::new(),
            storing: false,
            reserved: HashMap::new(),
            doubts: HashMap::new(),
            claims: HashMap::new(),
            _alive: alive,
        };
        (actor, published)
    }

    fn take(&mut self, job: Job, ctx: &mut Context<Self>) {
        match job {
            Job::Prepare { owner, changes, asked } => self.prepare(owner, changes, asked),
            job if job.is_durable(self.state.snapshot()) => {
                self.waiting.push_back(job);
                self.store(ctx);
            }
            job => {
                let tx = self.state.begin();
                match self.accept(tx, job) {
                    Decision::Accepted(accepted) => {
                        self.settle(tx, Outcome::Committed, ctx);
                        accepted.answer(Ok(()));
                    }
                    Decision::Refused(accepted, error) => accepted.answer(Err(error)),
                    Decision::Settled => {}
                }
            }
        }
    }

    /// Accepts a job into a transaction, or refuses it, or puts it off.
    fn accept(&mut self, tx: TxId, job: Job) -> Decision {
        let (owner, changes, accepted) = match job {
            Job::Prepare { .. } => return Decision::Settled,
            Job::Commit { owner, changes, asked } => (owner, changes, Accepted::Unit(asked)),
            Job::AtOnce { owner, change, tries, asked, .. } => match self.decide(tx, &change) {
                Ok(changes) => (owner, changes, Accepted::AtOnce { owner, change, tries, asked }),
                Err(error) => {
                    asked.answer(Err(error));
                    return Decision::Settled;
                }
            },
        };
        let prepared = match self.doubt_about(&changes) {
            Some(doubtful) => Prepared::Wait(doubtful),
            None => self.state.prepare(tx, owner, &changes),
        };
        match prepared {
            Prepared::Accepted => Decision::Accepted(accepted),
            Prepared::Wait(other) => {
                let durable = changes.is_durable(self.state.snapshot());
                self.deferred.entry(other).or_default().push(accepted.into_job(owner, changes, durable));
                Decision::Settled
            }
            Prepared::Conflict(conflict) => Decision::Refused(accepted, conflict.into()),
        }
    }

    fn decide(&self, tx: TxId, change: &Change) -> Result<Changes, ApplicationError> {
        let mut change = change.lock().unwrap_or_else(PoisonError::into_inner);
        change(&Found { state: &self.state, tx })
    }

    fn prepare(&mut self, owner: Owner, changes: Changes, asked: Asked<Reserved>) {
        let tx = self.state.begin();
        let prepared = match self.doubt_about(&changes) {
            Some(doubtful) => Prepared::Wait(doubtful),
            None => self.state.prepare(tx, owner, &changes),
        };
        match prepared {
            Prepared::Accepted => {
                let writes = self.state.writes(tx);
                let names = writes.iter().map(|write| Arc::clone(write.variable())).collect();
                self.reserved.insert(tx, names);
                let Asked { hold, reply } = asked;
                if reply.send(Ok(Reserved { tx, writes, _hold: hold })).is_err() {
                    // Whoever asked is gone and has stored nothing.
                    self.reserved.remove(&tx);
                    self.state.discard(tx);
                }
            }
            Prepared::Wait(other) => {
                self.state.discard(tx);
                self.deferred.entry(other).or_default().push(Job::Prepare { owner, changes, asked });
            }
            Prepared::Conflict(conflict) => {
                self.state.discard(tx);
                asked.answer(Err(conflict.into()));
            }
        }
    }

    /// Stores what waits, unless that is being done already.
    fn store(&mut self, ctx: &mut Context<Self>) {
        if self.storing || self.waiting.is_empty() {
            return;
        }
        self.storing = true;
        let db = self.db.clone();
        let opened = async move { db.begin().await };
        ctx.spawn(opened.into_actor(self).map(|opened, actor, ctx| actor.store_on(opened, ctx)));
    }

    fn store_on(&mut self, opened: Result<Conn, DbError>, ctx: &mut Context<Self>) {
        let count = self.waiting.len().min(BATCH);
        let jobs: Vec<Job> = self.waiting.drain(..count).collect();
        let conn = match opened {
            Ok(conn) => conn,
            Err(error) => {
                let error = Arc::new(error);
                for job in jobs {
                    job.refuse(&ApplicationError::Database(Arc::clone(&error)));
                }
                return self.stored(ctx);
            }
        };
        let tx = self.state.begin();
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for job in jobs {
            match self.accept(tx, job) {
                Decision::Accepted(job) => accepted.push(job),
                Decision::Refused(job, error) => refused.push((job, error)),
                Decision::Settled => {}
            }
        }
        if accepted.is_empty() {
            answer_all(refused);
            ctx.spawn(
                async move { drop(conn.rollback().await) }.into_actor(self).map(|(), actor, ctx| actor.stored(ctx)),
            );
            return;
        }
        let writes = self.state.writes(tx);
        let storing = async move { (store_all(conn, &writes).await, writes) };
        ctx.spawn(storing.into_actor(self).map(move |(stored, writes), actor, ctx| {
            actor.finish(tx, stored, &writes, accepted, ctx);
            // Not before: whoever lost to one of these would look again and lose to it again.
            answer_all(refused);
        }));
    }

    fn finish(&mut self, tx: TxId, stored: Stored, writes: &[Write], accepted: Vec<Accepted>, ctx: &mut Context<Self>) {
        let answer = match stored {
            Stored::Committed => {
                self.settle(tx, Outcome::Committed, ctx);
                Ok(())
            }
            Stored::Missed(names) => {
                self.reserved.insert(tx, names);
                self.retry_or_refuse(tx, accepted, ctx);
                return self.settle(tx, Outcome::Doubtful, ctx);
            }
            Stored::Failed(error) => {
                let outcome = if matches!(error, DbError::OutcomeUnknown(_)) {
                    let names = writes.iter().map(|write| Arc::clone(write.variable())).collect();
                    self.reserved.insert(tx, names);
                    Outcome::Doubtful
                } else {
                    Outcome::Undone
                };
                self.settle(tx, outcome, ctx);
                Err(ApplicationError::Database(Arc::new(error)))
            }
        };
        for accepted in accepted {
            accepted.answer(answer.clone());
        }
        self.stored(ctx);
    }

    /// Another process was first. Changes outside any unit are made anew on what it left; units
    /// are replayed by whoever runs them.
    fn retry_or_refuse(&mut self, tx: TxId, accepted: Vec<Accepted>, ctx: &mut Context<Self>) {
        for accepted in accepted {
            match accepted {
                Accepted::AtOnce { owner, change, tries, asked } if tries < TRIES => {
                    let job = Job::AtOnce { owner, durable: true, change, tries: tries + 1, asked };
                    self.deferred.entry(tx).or_default().push(job);
                }
                other => other.answer(Err(ApplicationError::Elsewhere)),
            }
        }
        self.stored(ctx);
    }

    fn stored(&mut self, ctx: &mut Context<Self>) {
        self.storing = false;
        self.store(ctx);
    }

    fn settle(&mut self, tx: TxId, outcome: Outcome, ctx: &mut Context<Self>) {
        let names = self.reserved.remove(&tx).unwrap_or_default();
        match outcome {
            Outcome::Committed => {
                let snapshot = self.state.publish(tx);
                self.published.store(snapshot);
            }
            Outcome::Undone => self.state.discard(tx),
            Outcome::Doubtful => {
                self.doubts.insert(tx, Doubt { names, asked: false });
                return self.ask(ctx);
            }
        }
        self.resume(tx, ctx);
    }

    /// Takes up what waited for the end of a transaction.
    fn resume(&mut self, tx: TxId, ctx: &mut Context<Self>) {
        for job in self.deferred.remove(&tx).unwrap_or_default() {
            self.take(job, ctx);
        }
        self.ask(ctx);
    }

    /// The doubtful transaction whose variables these changes touch, if there is one.
    fn doubt_about(&self, changes: &Changes) -> Option<TxId> {
        let touches = |doubt: &Doubt| changes.iter().any(|(name, _)| doubt.names.contains(name));
        self.doubts.iter().find(|(_, doubt)| touches(doubt)).map(|(tx, _)| *tx)
    }

    /// Asks the database about doubtful transactions, once no other is under way on the same
    /// variables: what it says may or may not contain the changes of one that is.
    fn ask(&mut self, ctx: &mut Context<Self>) {
        let under_way = |name: &Arc<str>| self.state.in_flight(name).iter().any(|tx| !self.doubts.contains_key(tx));
        let ready = |doubt: &Doubt| !doubt.asked && !doubt.names.iter().any(under_way);
        let ready: Vec<TxId> = self.doubts.iter().filter(|(_, doubt)| ready(doubt)).map(|(tx, _)| *tx).collect();
        for tx in ready {
            let Some(doubt) = self.doubts.get_mut(&tx) else { continue };
            doubt.asked = true;
            let asking = look_until_answered(self.db.clone(), doubt.names.clone());
            ctx.spawn(asking.into_actor(self).map(move |cells, actor, ctx| {
                actor.doubts.remove(&tx);
                actor.state.discard(tx);
                let snapshot = actor.state.reload(cells);
                actor.published.store(snapshot);
                actor.resume(tx, ctx);
            }));
        }
    }
}

/// Reads what the database has of some variables, for as long as it takes.
async fn look_until_answered(db: Db, names: Vec<Arc<str>>) -> Vec<(Arc<str>, Option<Cell>)> {
    loop {
        match store::load_some(&db, &names).await {
            Ok(cells) => return cells,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the outcome of a commit is unknown");
                tokio::time::sleep(ASK_AGAIN).await;
            }
        }
    }
}

fn answer_all(refused: Vec<(Accepted, ApplicationError)>) {
    for (job, error) in refused {
        job.answer(Err(error));
    }
}

/// Stores everything and commits.
async fn store_all(mut conn: Conn, writes: &[Write]) -> Stored {
    match store::write(&mut conn, writes).await {
        Ok(missed) if missed.is_empty() => match conn.commit().await {
            Ok(()) => Stored::Committed,
            Err(error) => Stored::Failed(error),
        },
        Ok(missed) => {
            drop(conn.rollback().await);
            Stored::Missed(missed)
        }
        Err(error) => Stored::Failed(error),
    }
}

impl Job {
    fn is_durable(&self, snapshot: &Snapshot) -> bool {
        match self {
            Self::Commit { changes, .. } | Self::Prepare { changes, .. } => changes.is_durable(snapshot),
            Self::AtOnce { durable, .. } => *durable,
        }
    }

    fn refuse(self, error: &ApplicationError) {
        match self {
            Self::Commit { asked, .. } | Self::AtOnce { asked, .. } => asked.answer(Err(error.clone())),
            Self::Prepare { asked, .. } => asked.answer(Err(error.clone())),
        }
    }
}

impl Accepted {
    fn answer(self, outcome: Result<(), ApplicationError>) {
        match self {
            Self::Unit(asked) | Self::AtOnce { asked, .. } => asked.answer(outcome),
        }
    }

    fn into_job(self, owner: Owner, changes: Changes, durable: bool) -> Job {
        match self {
            Self::Unit(asked) => Job::Commit { owner, changes, asked },
            Self::AtOnce { owner, change, tries, asked } => Job::AtOnce { owner, durable, change, tries, asked },
        }
    }
}

impl Handler<Job> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, job: Job, ctx: &mut Context<Self>) {
        self.take(job, ctx);
    }
}

impl Handler<Settle> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, settle: Settle, ctx: &mut Context<Self>) {
        self.settle(settle.tx, settle.outcome, ctx);
        if let Some(reply) = settle.reply {
            // Whoever asked may have gone.
            let _ = reply.send(());
        }
    }
}

impl Handler<LockObject> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, LockObject { owner, name, seen, reply }: LockObject, _: &mut Context<Self>) {
        let locked = self.state.lock_object(owner, &name, seen);
        if reply.send(locked).is_err() {
            self.release(owner);
        }
    }
}

impl Handler<ClaimObjects> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, ClaimObjects { owner, names, reply }: ClaimObjects, _: &mut Context<Self>) {
        match self.state.claim(owner, &names) {
            Claim::Granted => self.granted(owner, reply),
            Claim::Queued => {
                self.claims.insert(owner, reply);
            }
            // A unit claims once, before it holds anything; dropping the reply says that it failed.
            Claim::Refused => tracing::error!("a unit claimed variables twice"),
        }
    }
}

impl Handler<ObjectHolders> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, ObjectHolders { reply }: ObjectHolders, _: &mut Context<Self>) {
        // Whoever asked may have gone.
        let _ = reply.send(self.state.holders());
    }
}

impl Handler<ReleaseObjects> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, ReleaseObjects(owner): ReleaseObjects, _: &mut Context<Self>) {
        self.release(owner);
    }
}

impl ApplicationActor {
    fn granted(&mut self, owner: Owner, reply: oneshot::Sender<()>) {
        if reply.send(()).is_err() {
            self.release(owner);
        }
    }

    fn release(&mut self, owner: Owner) {
        self.claims.remove(&owner);
        for next in self.state.release_objects(owner) {
            if let Some(reply) = self.claims.remove(&next) {
                self.granted(next, reply);
            }
        }
    }
}
