//! Application variables on one of several nodes: what others committed is read and published here.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Addr;
use tokio::sync::oneshot;

use super::actor::ApplicationActor;
use super::actor::messages::{CatchUp, Seen, StartAnew, Unknown};
use super::state::TxId;
use super::{Snapshot, store};
use crate::cluster::{self, Caught, Change, Cluster, Followers, Kind, Look, Position};
use crate::db::{Conn, Db, DbError};

/// Whoever brings the application of this node up to date.
#[derive(Clone)]
pub(super) struct Following {
    pub(super) db: Db,
    pub(super) cluster: Cluster,
    pub(super) actor: Addr<ApplicationActor>,
    /// Variables to be read again with the next look.
    pub(super) again: Arc<Mutex<BTreeSet<Arc<str>>>>,
}

/// All variables at one moment, and where the log of changes stood then.
pub(super) async fn load(db: &Db, node: i64) -> Result<(Snapshot, Position), DbError> {
    let mut moment = db.moment().await?;
    let (_, position) = cluster::position(&mut moment, [node; 2]).await?;
    let snapshot = store::load(&mut moment).await?;
    moment.rollback().await?;
    Ok((snapshot, position))
}

impl Following {
    /// Follows the log from `position` on; `told` is told what is not about variables, `anew` that this node joined again.
    pub(super) fn begin(
        self,
        position: Position,
        told: impl Fn(&Change) + Send + Sync + 'static,
        anew: impl Fn() + Send + Sync + 'static,
    ) {
        let (one, other, another) = (self.clone(), self.clone(), self.clone());
        let anew = Arc::new(anew);
        self.cluster.follow(
            position,
            Followers {
                variables: Box::new(move |changes, from| {
                    let following = one.clone();
                    Box::pin(async move { following.catch_up(&changes, &from).await })
                }),
                joined: Box::new(move |old| {
                    let (following, anew) = (other.clone(), Arc::clone(&anew));
                    Box::pin(async move {
                        let position = following.start_anew(old).await?;
                        anew();
                        Ok(position)
                    })
                }),
                told: Box::new(told),
                are_behind: Box::new(move || !another.again().is_empty()),
            },
        );
    }

    async fn catch_up(&self, changes: &[Change], from: &Position) -> Result<Caught, DbError> {
        let me = self.cluster.number();
        let again = std::mem::take(&mut *self.again());
        if again.is_empty() && changes.iter().all(|change| change.node == me) {
            self.tell_seen(changes);
            return Ok(Caught::Nothing);
        }
        let caught = self.read(again.clone(), from).await;
        if caught.is_err() {
            self.again().extend(again);
        }
        caught
    }

    /// What this node committed itself it has already: nobody waits for the actor, which may be at work.
    fn tell_seen(&self, changes: &[Change]) {
        let (reply, unknown) = oneshot::channel();
        self.actor.do_send(Seen { seen: changes.iter().map(tx_of).collect(), reply });
        let (following, changes) = (self.clone(), changes.to_vec());
        self.cluster.spawn(async move {
            let unknown = unknown.await.unwrap_or_default();
            let changes = changes.iter().filter(|change| unknown.contains(&tx_of(change)));
            // A COMMIT whose answer was lost had come about after all.
            following.again().extend(changes.flat_map(Change::variables).map(Arc::from));
        });
    }

    /// Reads what others changed, and `again`.
    async fn read(&self, again: BTreeSet<Arc<str>>, from: &Position) -> Result<Caught, DbError> {
        let me = self.cluster.number();
        let mut moment = self.db.moment().await?;
        let Look::At(changes, position) = cluster::look(&mut moment, me, from).await? else {
            // The next look sees to it.
            return Ok(Caught::Nothing);
        };
        let own = own_of(&changes, me);
        let unknown = self.unknown(own.clone()).await;
        let concerns = |change: &&Change| {
            change.kind() == Some(Kind::Variables) && (change.node != me || unknown.contains(&tx_of(change)))
        };
        let named = changes.iter().filter(concerns).flat_map(Change::variables).map(Arc::from);
        let names: BTreeSet<Arc<str>> = named.chain(again).collect();
        let cells = store::load_of(&mut moment, &names).await?;
        end(moment).await;
        self.take_over(cells, own, unknown).await?;
        Ok(Caught::More(changes, position))
    }

    /// Reads everything: this node was declared dead, as `old`, and has joined again.
    async fn start_anew(&self, old: i64) -> Result<Position, DbError> {
        let me = self.cluster.number();
        let mut moment = self.db.moment().await?;
        let (changes, position) = cluster::position(&mut moment, [old, me]).await?;
        let snapshot = store::load(&mut moment).await?;
        end(moment).await;
        let seen = changes.iter().map(tx_of).collect();
        let (reply, done) = oneshot::channel();
        let node = u64::try_from(me).unwrap_or_default();
        self.actor.do_send(StartAnew { snapshot, node, seen, reply });
        // An actor that is gone has nothing to show any more.
        drop(done.await);
        Ok(position)
    }

    fn again(&self) -> MutexGuard<'_, BTreeSet<Arc<str>>> {
        self.again.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn unknown(&self, named: Vec<TxId>) -> Vec<TxId> {
        let (reply, answer) = oneshot::channel();
        self.actor.do_send(Unknown { named, reply });
        answer.await.unwrap_or_default()
    }

    async fn take_over(
        &self,
        cells: Vec<(Arc<str>, Option<super::Cell>)>,
        seen: Vec<TxId>,
        unknown: Vec<TxId>,
    ) -> Result<(), DbError> {
        let (reply, done) = oneshot::channel();
        self.actor.do_send(CatchUp { cells, seen, unknown, reply });
        match done.await {
            // An actor that is gone has nothing to show any more.
            Ok(true) | Err(_) => Ok(()),
            // A transaction was given up here meanwhile that had committed: what it changed has to be read, too.
            Ok(false) => Err(DbError::Query(sqlx::Error::Protocol("what was read is out of date".to_owned()))),
        }
    }
}

fn own_of(changes: &[Change], me: i64) -> Vec<TxId> {
    let own = |change: &&Change| change.kind() == Some(Kind::Variables) && change.node == me;
    changes.iter().filter(own).map(tx_of).collect()
}

fn tx_of(change: &Change) -> TxId {
    TxId::named(u64::try_from(change.tx).unwrap_or_default())
}

/// It has written nothing: how it ends does not matter.
async fn end(moment: Conn) {
    drop(moment.rollback().await);
}
