//! The tasks that keep a node in touch with the others.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handle::{Cluster, ClusterError, by_kind};
use super::store::{self, Look, Position};
use super::{Change, Kind};
use crate::db::DbError;

/// The longest a statement of the cluster's own may take; the server's limits do not count where it cannot be reached.
const PATIENCE: Duration = Duration::from_secs(3);

/// Half of the time for which the change log is kept at least.
const LOG_KEPT: Duration = Duration::from_secs(30);

/// How often a message is tried to be told.
const TELL_TRIES: u32 = 20;

/// The wait after something failed.
const AGAIN: Duration = Duration::from_millis(100);

/// The least time between two hints: who wants to see what is there now looks without one.
const HINT: Duration = Duration::from_millis(20);

/// The longest a wave of messages is held together.
const GATHER: Duration = Duration::from_millis(2);

/// A future of a follower's.
type Following<T> = Pin<Box<dyn Future<Output = Result<T, DbError>> + Send>>;

/// Those who want to know what other nodes did. They are called one after the other, and nothing is looked at
/// meanwhile.
pub(crate) struct Followers {
    /// Application variables were changed: brings what is known here up to what the log says at a moment that is not
    /// before `from`, and answers that moment. The changes are those taken so far.
    pub(crate) variables: Box<dyn Fn(Vec<Change>, Position) -> Following<Caught> + Send + Sync>,
    /// This node was declared dead and has joined again, having been that number before: everything has to be read anew.
    pub(crate) joined: Box<dyn Fn(i64) -> Following<Position> + Send + Sync>,
    /// Whether variables have to be read though nothing says so.
    pub(crate) are_behind: Box<dyn Fn() -> bool + Send + Sync>,
    /// Everything else, in the order it was told.
    pub(crate) told: Box<dyn Fn(&Change) + Send + Sync>,
}

/// Up to where variables are known.
#[derive(Debug)]
pub(crate) enum Caught {
    /// Up to what was looked at.
    Nothing,
    /// Further: this has become visible as well.
    More(Vec<Change>, Position),
}

/// Says that this node lives, several times within a lease.
pub(super) async fn beat(cluster: Cluster) {
    let lease = cluster.settings().lease;
    loop {
        tokio::time::sleep(lease / 5).await;
        let beat = tokio::time::timeout(PATIENCE.min(lease), async {
            let lives = store::beat(cluster.db(), cluster.number(), lease).await?;
            store::forget_unknown(cluster.db(), cluster.number(), &cluster.tickets().known()).await?;
            Ok::<bool, DbError>(lives)
        });
        match beat.await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) if cluster.is_stopping() => return,
            Ok(Ok(false)) => cluster.was_declared_dead(),
            Ok(Err(error)) => tracing::debug!(error = &error as &dyn std::error::Error, "a sign of life"),
            Err(_) => tracing::warn!("the database takes longer than {PATIENCE:?} to note that this node lives"),
        }
    }
}

/// Looks at the change log: when somebody asks, when something hints at it, and from time to time.
pub(super) async fn follow(cluster: Cluster, mut position: Position, followers: Followers) {
    let hinted = cluster.clone();
    let _listening = cluster.db().listen("toolcrib", move |_| {
        hinted.look();
        hinted.happened();
    });
    let mut last = Instant::now();
    loop {
        cluster.time_to_look().await;
        if last.elapsed() > LOG_KEPT {
            // What was not taken for so long may not be there any more.
            cluster.was_declared_dead();
        }
        // Asked before the look begins: it sees what they want to see.
        let asked = cluster.take_asked();
        let begun = Instant::now();
        let mut looked = look_in_time(&cluster, &mut position, &followers).await;
        if matches!(looked, Err(DbError::Unavailable(_))) {
            // A connection that lay idle while the server was away is found out by using it.
            looked = look_in_time(&cluster, &mut position, &followers).await;
        }
        let looked = looked.map_err(|error| ClusterError::Database(Arc::new(error)));
        let failed = looked.is_err();
        if !failed {
            last = Instant::now();
        }
        if let Err(error) = &looked {
            let error = error as &dyn std::error::Error;
            tracing::debug!(error, elapsed = ?begun.elapsed(), "what other nodes changed");
        }
        for reply in asked {
            // Whoever asked may have gone.
            drop(reply.send(looked.clone()));
        }
        if failed {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

async fn look_in_time(cluster: &Cluster, position: &mut Position, followers: &Followers) -> Result<(), DbError> {
    tokio::time::timeout(PATIENCE, look(cluster, position, followers)).await.unwrap_or(Err(DbError::NoConnection))
}

async fn look(cluster: &Cluster, position: &mut Position, followers: &Followers) -> Result<(), DbError> {
    if cluster.is_dead() {
        return join_again(cluster, position, followers).await;
    }
    let mut conn = cluster.db().upkeep().await?;
    let looked = store::look(&mut conn, cluster.number(), position).await?;
    drop(conn);
    let (mut changes, mut next) = match looked {
        Look::At(changes, next) => (changes, next),
        Look::Gone if cluster.is_stopping() => return Ok(()),
        Look::Gone => return join_again(cluster, position, followers).await,
    };
    if by_kind(&changes, Kind::Variables).next().is_some() || (followers.are_behind)() {
        let variables = by_kind(&changes, Kind::Variables).cloned().collect();
        if let Caught::More(more, further) = (followers.variables)(variables, position.clone()).await? {
            // The same and what came after it.
            changes = more;
            next = further;
        }
    }
    *position = next;
    for change in changes.iter().filter(|change| change.kind() != Some(Kind::Variables)) {
        (followers.told)(change);
    }
    if !changes.is_empty() {
        cluster.happened();
    }
    Ok(())
}

async fn join_again(cluster: &Cluster, position: &mut Position, followers: &Followers) -> Result<(), DbError> {
    let old = cluster.join_again().await?;
    match (followers.joined)(old).await {
        Ok(joined) => {
            *position = joined;
            cluster.happened();
            Ok(())
        }
        Err(error) => {
            // What is known here is out of date until that has worked.
            cluster.was_declared_dead();
            Err(error)
        }
    }
}

/// Tells the others what there is to tell, and hints at changes.
pub(super) async fn tell(cluster: Cluster) {
    loop {
        let (messages, hint) = cluster.time_to_tell().await;
        let mut tries = 0;
        loop {
            let told = async {
                if !messages.is_empty() {
                    return store::tell(cluster.db(), cluster.number(), &messages).await;
                }
                if hint { store::hint(cluster.db()).await } else { Ok(()) }
            };
            let error = match tokio::time::timeout(PATIENCE, told).await {
                Ok(Ok(())) => break,
                Ok(Err(error)) => error,
                Err(_) => DbError::NoConnection,
            };
            tries += 1;
            // A hint is no loss: everybody looks from time to time.
            if messages.is_empty() || tries == TELL_TRIES {
                let count = messages.len();
                tracing::warn!(count, error = &error as &dyn std::error::Error, "the other nodes were not told");
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        tokio::time::sleep(if messages.is_empty() { HINT } else { GATHER }).await;
    }
}
