//! Group commit: changes of units without rows of their own, and changes at once, are stored
//! together.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use super::messages::{Asked, Change, Job, Outcome};
use super::{ApplicationActor, Decision, variables_of};
use crate::application::admission::{Admission, NotStored};
use crate::application::state::{TxId, Write};
use crate::application::{ApplicationError, Changes, store};
use crate::clock::now_micros;
use crate::db::{Conn, DbError};
use crate::locks::Owner;

/// Most changes stored by one transaction.
const BATCH: usize = 512;

/// How often a change outside any unit is tried again when another process was first.
const TRIES: u32 = 40;

/// A job that was accepted into a transaction and waits for its end.
pub(super) enum Accepted {
    Unit(Asked<()>),
    AtOnce { owner: Owner, change: Change, tries: u32, asked: Asked<()> },
}

/// What became of the actor's own transaction.
enum Stored {
    Committed,
    /// Another process changed this variable first.
    Missed(Arc<str>),
    /// Another node is in the way, or this one is out of the game: nothing was written.
    Refused(ApplicationError),
    Failed(DbError),
}

impl ApplicationActor {
    /// Stores what waits, unless that is being done already.
    pub(super) fn store(&mut self, ctx: &mut Context<Self>) {
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
        let tickets = accepted.iter().flat_map(|job| &job.asked().hold.tickets).copied().collect();
        let admission = self.cluster.clone().map(|cluster| Admission { cluster, tx: tx.number(), tickets });
        let storing = async move { (store_all(conn, &writes, admission).await, writes) };
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
            Stored::Missed(name) => {
                self.reserved.insert(tx, vec![name]);
                self.settle(tx, Outcome::Doubtful, ctx);
                self.retry_or_refuse(tx, accepted, ctx);
                return self.stored(ctx);
            }
            Stored::Refused(error) => {
                self.settle(tx, Outcome::Undone, ctx);
                Err(error)
            }
            Stored::Failed(error) => {
                let outcome = if matches!(error, DbError::OutcomeUnknown(_)) {
                    self.reserved.insert(tx, variables_of(writes));
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
                    ctx.run_later(pause_after(tries), |actor, ctx| actor.take(job, ctx));
                }
                other => match self.doubts.get_mut(&tx) {
                    Some(doubt) => doubt.refused.push(other),
                    None => other.answer(Err(ApplicationError::Elsewhere)),
                },
            }
        }
    }

    fn stored(&mut self, ctx: &mut Context<Self>) {
        self.storing = false;
        self.store(ctx);
        if !self.storing {
            for told in self.finishing.drain(..) {
                // Whoever asked may have gone.
                let _ = told.send(());
            }
        }
    }
}

/// The wait before a change at once is tried again: longer each time, and not the same in two
/// processes that met.
fn pause_after(tries: u32) -> Duration {
    let noise = u64::try_from(now_micros() % 5).unwrap_or_default();
    Duration::from_millis(u64::from(tries) * (1 + noise))
}

fn answer_all(refused: Vec<(Accepted, ApplicationError)>) {
    for (job, error) in refused {
        job.answer(Err(error));
    }
}

/// Stores everything and commits.
async fn store_all(mut conn: Conn, writes: &[Write], admission: Option<Admission>) -> Stored {
    let stored = match admission {
        Some(admission) => admission.store(&mut conn, writes).await,
        None => store::store_changes(&mut conn, writes).await.map_err(NotStored::from),
    };
    match stored {
        Ok(None) => match conn.commit().await {
            Ok(()) => Stored::Committed,
            Err(error) => Stored::Failed(error),
        },
        Ok(Some(missed)) => {
            drop(conn.rollback().await);
            Stored::Missed(missed)
        }
        Err(NotStored::Refused(error)) => {
            drop(conn.rollback().await);
            Stored::Refused(error)
        }
        Err(NotStored::Failed(error)) => Stored::Failed(error),
    }
}

impl Accepted {
    fn asked(&self) -> &Asked<()> {
        match self {
            Self::Unit(asked) | Self::AtOnce { asked, .. } => asked,
        }
    }

    pub(super) fn answer(self, outcome: Result<(), ApplicationError>) {
        match self {
            Self::Unit(asked) | Self::AtOnce { asked, .. } => asked.answer(outcome),
        }
    }

    pub(super) fn into_job(self, owner: Owner, changes: Changes, durable: bool) -> Job {
        match self {
            Self::Unit(asked) => Job::Commit { owner, changes, asked },
            Self::AtOnce { owner, change, tries, asked } => Job::AtOnce { owner, durable, change, tries, asked },
        }
    }
}
