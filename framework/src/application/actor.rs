//! The application actor: one place where changes of shared state meet.
//!
//! It runs on an arbiter of its own and never blocks: who must wait lies in a queue as data.
//! Commits of units without rows of their own are stored together, one transaction and one sync
//! for all that wait (group commit). A transaction is opened *before* the changes are validated,
//! so nothing is ever reserved by somebody who still waits for a connection.

mod elsewhere;
pub(super) mod messages;
mod object_locks;
mod storing;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use self::messages::{Asked, Change, Finish, Found, Job, Outcome, Reserved, Settle};
use self::storing::Accepted;
use super::state::{ApplicationState, Prepared, TxId, Write};
use super::{ApplicationError, Cell, Changes, Snapshot, store};
use crate::cluster::{Cluster, ClusterError};
use crate::db::Db;
use crate::locks::Owner;

/// The exit code of a process whose application actor died (`EX_SOFTWARE`).
const EXIT_CODE: i32 = 70;

/// The wait before the database is asked again what became of a commit.
const ASK_AGAIN: Duration = Duration::from_millis(200);

pub(super) struct ApplicationActor {
    state: ApplicationState,
    published: Arc<ArcSwap<Snapshot>>,
    db: Db,
    cluster: Option<Cluster>,
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
    /// Who is to be told when everything is stored.
    finishing: Vec<oneshot::Sender<()>>,
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
    /// Who is to be told when it has answered: whoever looks again before would see what was there
    /// before, and lose to it once more.
    told: Vec<oneshot::Sender<()>>,
    refused: Vec<Accepted>,
}

impl Actor for ApplicationActor {
    type Context = Context<Self>;
}

impl ApplicationActor {
    pub(super) fn new(
        snapshot: Snapshot,
        db: Db,
        cluster: Option<Cluster>,
        alive: Alive,
    ) -> (Self, Arc<ArcSwap<Snapshot>>) {
        let state = match cluster.as_ref().and_then(|cluster| u64::try_from(cluster.number()).ok()) {
            None => ApplicationState::new(snapshot),
            Some(node) => ApplicationState::of_node(snapshot, node),
        };
        let published = Arc::new(ArcSwap::new(Arc::clone(state.snapshot())));
        let actor = Self {
            state,
            published: Arc::clone(&published),
            db,
            cluster,
            waiting: VecDeque::new(),
            deferred: HashMap::new(),
            storing: false,
            reserved: HashMap::new(),
            doubts: HashMap::new(),
            claims: HashMap::new(),
            finishing: Vec::new(),
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
        match self.judge(tx, owner, &changes) {
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
        match self.judge(tx, owner, &changes) {
            Prepared::Accepted => {
                let writes = self.state.writes(tx);
                self.reserved.insert(tx, variables_of(&writes));
                let Asked { hold, reply } = asked;
                if reply.send(Ok(Reserved { tx, writes, _hold: hold })).is_err() {
                    // Whoever asked is gone and has stored nothing.
                    self.reserved.remove(&tx);
                    self.state.discard(tx);
                }
            }
            Prepared::Wait(other) => {
                self.deferred.entry(other).or_default().push(Job::Prepare { owner, changes, asked });
            }
            Prepared::Conflict(conflict) => asked.answer(Err(conflict.into())),
        }
    }

    /// Asks the state, unless the database has yet to say what it is.
    fn judge(&mut self, tx: TxId, owner: Owner, changes: &Changes) -> Prepared {
        match self.doubt_about(changes) {
            Some(doubtful) => Prepared::Wait(doubtful),
            None => self.state.prepare(tx, owner, changes),
        }
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
                self.doubts.insert(tx, Doubt { names, asked: false, told: Vec::new(), refused: Vec::new() });
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
            let asking = look_until_answered(self.db.clone(), self.cluster.clone(), doubt.names.clone());
            ctx.spawn(asking.into_actor(self).map(move |cells, actor, ctx| {
                let doubt = actor.doubts.remove(&tx);
                actor.state.discard(tx);
                let snapshot = actor.state.reload(cells);
                actor.published.store(snapshot);
                if let Some(doubt) = doubt {
                    doubt.end();
                }
                actor.resume(tx, ctx);
            }));
        }
    }
}

impl Doubt {
    /// The database has answered, and everybody sees what it said.
    fn end(self) {
        for job in self.refused {
            job.answer(Err(ApplicationError::Elsewhere));
        }
        for told in self.told {
            // Whoever asked may have gone.
            let _ = told.send(());
        }
    }
}

/// The variables some writes are about.
fn variables_of(writes: &[Write]) -> Vec<Arc<str>> {
    writes.iter().map(|write| Arc::clone(write.variable())).collect()
}

/// Reads what the database has of some variables, for as long as it takes. One of several nodes has it brought up to date
/// as always: the log says what became of a transaction, and what else changed with it.
async fn look_until_answered(db: Db, cluster: Option<Cluster>, names: Vec<Arc<str>>) -> Vec<(Arc<str>, Option<Cell>)> {
    loop {
        let looked = match &cluster {
            None => store::load_some(&db, &names).await.map_err(Arc::new),
            Some(cluster) => match cluster.current().await {
                Ok(()) => Ok(Vec::new()),
                // What is not known any more is not asked for any more.
                Err(ClusterError::Stopped) => Ok(Vec::new()),
                Err(ClusterError::Database(error)) => Err(error),
            },
        };
        match looked {
            Ok(cells) => return cells,
            Err(error) => {
                tracing::warn!(error = &*error as &dyn std::error::Error, "the outcome of a commit is unknown");
                tokio::time::sleep(ASK_AGAIN).await;
            }
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
        let Some(reply) = settle.reply else { return };
        match self.doubts.get_mut(&settle.tx) {
            Some(doubt) => doubt.told.push(reply),
            // Whoever asked may have gone.
            None => drop(reply.send(()).ok()),
        }
    }
}

impl Handler<Finish> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, Finish(told): Finish, _: &mut Context<Self>) {
        if self.storing {
            self.finishing.push(told);
        } else {
            // Whoever asked may have gone.
            let _ = told.send(());
        }
    }
}
