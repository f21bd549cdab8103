//! Application variables on one of several nodes: what others committed is read and published here.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::Addr;
use tokio::sync::oneshot;

use super::actor::ApplicationActor;
use super::actor::messages::{CatchUp, StartAnew, Unknown};
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
        let (one, other) = (self.clone(), self.clone());
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
            },
        );
    }

    async fn catch_up(&self, changes: &[Change], from: &Position) -> Result<Caught, DbError> {
        let me = self.cluster.number();
        let own = own_of(changes, me);
        if changes.iter().all(|change| change.node == me) && self.unknown(own.clone()).await.is_empty() {
            self.tell_seen(Vec::new(), own).await;
            return Ok(Caught::Nothing);
        }
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
        let names: BTreeSet<Arc<str>> =
            changes.iter().filter(concerns).flat_map(Change::variables).map(Arc::from).collect();
        let cells = store::load_of(&mut moment, &names).await?;
        end(moment).await;
        self.tell_seen(cells, own).await;
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

    async fn unknown(&self, named: Vec<TxId>) -> Vec<TxId> {
        let (reply, answer) = oneshot::channel();
        self.actor.do_send(Unknown { named, reply });
        answer.await.unwrap_or_default()
    }

    async fn tell_seen(&self, cells: Vec<(Arc<str>, Option<super::Cell>)>, seen: Vec<TxId>) {
        let (reply, done) = oneshot::channel();
        self.actor.do_send(CatchUp { cells, seen, reply });
        // An actor that is gone has nothing to show any more.
        drop(done.await);
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
