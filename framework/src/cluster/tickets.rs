//! Locks over all nodes: places in a line that is a table.
//!
//! Whoever nobody stands before holds the lock, so a grant needs no message and cannot be lost; the line is in order of
//! arrival over all nodes. A node lines up once for each of its own requests whose turn it is within the node
//! (`locks/`), so nodes take turns.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot, watch};

use super::handle::Cluster;
use super::store;
use crate::db::DbError;

/// How often those who wait look whether it is their turn, where nothing hints at it.
const LOOK: Duration = Duration::from_millis(100);

/// After this long it is asked whether those who wait wait for one another, and again after as long.
const SUSPECT: Duration = Duration::from_millis(250);

/// The longest anybody waits for tickets to be given back.
const SETTLE: Duration = Duration::from_millis(500);

/// Who asks for what.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The lock, the same on all nodes.
    pub(crate) name: String,
    /// The unit of work, of its own over all nodes.
    pub(crate) owner: String,
    /// Together with others who share it.
    pub(crate) shared: bool,
    /// Whether commits of application variables ask for it.
    pub(crate) guards: bool,
    /// What people are told of who holds it.
    pub(crate) holder: String,
}

/// A lock over all nodes that was not to be had. The text says who is in the way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error("the lock could not be asked for")]
    Database(#[source] DbError),
    #[error("it is held by {0}")]
    Held(String),
    #[error("it did not become free in time, it is held by {0}")]
    TimedOut(String),
    #[error("it would be waited for in a circle, it is held by {0}")]
    Circle(String),
    /// This node was declared dead.
    #[error("this node was taken to be dead meanwhile")]
    Lost,
}

/// A place in a line. Dropped, it is given back.
#[derive(Debug)]
pub(crate) struct Ticket {
    number: i64,
    cluster: Cluster,
}

impl Ticket {
    /// What a commit names.
    pub(crate) fn number(&self) -> i64 {
        self.number
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cluster.tickets().end(self.number);
    }
}

/// All tickets of this node.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    table: Mutex<Table>,
    /// Something to give back, or somebody who waits.
    pub(super) work: Notify,
    /// How many were given back, of those that were to be.
    settled: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Table {
    held: HashMap<i64, Known>,
    given: Vec<i64>,
    given_total: u64,
}

/// What is known here of a ticket.
#[derive(Debug)]
struct Known {
    owner: String,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    tell: oneshot::Sender<Told>,
    suspected: Instant,
    holder: String,
}

#[derive(Debug)]
enum Told {
    Granted,
    Lost,
    Circle,
}

impl Tickets {
    fn table(&self) -> MutexGuard<'_, Table> {
        // There is no code under it that could panic half-way through a change.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, number: i64, owner: String) {
        self.table().held.insert(number, Known { owner, waiting: None });
    }

    fn wait(&self, number: i64, holder: String) -> oneshot::Receiver<Told> {
        let (tell, told) = oneshot::channel();
        if let Some(known) = self.table().held.get_mut(&number) {
            known.waiting = Some(Waiting { tell, suspected: Instant::now(), holder });
        }
        self.work.notify_one();
        told
    }

    fn holder(&self, number: i64) -> String {
        let table = self.table();
        let waiting = table.held.get(&number).and_then(|known| known.waiting.as_ref());
        waiting.map(|waiting| waiting.holder.clone()).unwrap_or_default()
    }

    fn end(&self, number: i64) {
        let mut table = self.table();
        table.held.remove(&number);
        table.given.push(number);
        table.given_total += 1;
        drop(table);
        self.work.notify_one();
    }

    fn take_given(&self) -> Vec<i64> {
        std::mem::take(&mut self.table().given)
    }

    fn waiting(&self) -> Vec<i64> {
        self.table().held.iter().filter(|(_, known)| known.waiting.is_some()).map(|(number, _)| *number).collect()
    }

    /// Every ticket somebody here holds, waits with or is about to give back.
    pub(super) fn known(&self) -> Vec<i64> {
        let table = self.table();
        table.held.keys().chain(&table.given).copied().collect()
    }

    /// What the line says by now. Answers who has waited long enough to be asked whether that ends: of those who hold a
    /// further ticket, since nobody waits for whoever holds nothing. All tickets of an owner are of one node.
    fn heard(&self, before: Vec<(i64, Option<String>)>) -> Vec<i64> {
        let mut table = self.table();
        let with_more = table.owners_of_several();
        let mut suspects = Vec::new();
        for (number, holder) in before {
            let Some(known) = table.held.get_mut(&number) else { continue };
            let told = match holder {
                None => Told::Lost,
                Some(holder) if holder.is_empty() => Told::Granted,
                Some(holder) => {
                    if let Some(waiting) = &mut known.waiting {
                        waiting.holder = holder;
                        if waiting.suspected.elapsed() >= SUSPECT && with_more.contains(&known.owner) {
                            waiting.suspected = Instant::now();
                            suspects.push(number);
                        }
                    }
                    continue;
                }
            };
            if let Some(waiting) = known.waiting.take() {
                // Whoever waited may have gone; the ticket is given back then.
                drop(waiting.tell.send(told));
            }
        }
        suspects
    }

    fn accuse(&self, number: i64) {
        if let Some(waiting) = self.table().held.get_mut(&number).and_then(|known| known.waiting.take()) {
            drop(waiting.tell.send(Told::Circle));
        }
    }
}

impl Table {
    fn owners_of_several(&self) -> HashSet<String> {
        let mut seen = HashSet::new();
        self.held.values().filter(|known| !seen.insert(known.owner.as_str())).map(|known| known.owner.clone()).collect()
    }
}

impl Cluster {
    /// Takes a lock over all nodes, waiting for at most `within`; at once or not at all where that is zero.
    pub(crate) async fn take(&self, place: Place, within: Duration) -> Result<Ticket, TakeError> {
        let begun = Instant::now();
        let (reply, answer) = oneshot::channel();
        let cluster = self.clone();
        // In a task of its own: a future that is dropped half-way would leave a ticket that nobody knows.
        self.spawn(async move {
            let lined_up = store::line_up(cluster.db(), cluster.number(), &place).await;
            drop(reply.send(lined_up.map(|lined_up| {
                let (number, before) = lined_up?;
                cluster.tickets().begin(number, place.owner.clone());
                Some((Ticket { number, cluster: cluster.clone() }, before))
            })));
        });
        let lined_up = match answer.await {
            Ok(lined_up) => lined_up.map_err(TakeError::Database)?,
            Err(_) => return Err(TakeError::Lost),
        };
        let Some((ticket, before)) = lined_up else {
            self.was_declared_dead();
            return Err(TakeError::Lost);
        };
        if before.is_empty() {
            return Ok(ticket);
        }
        let left = within.saturating_sub(begun.elapsed());
        if within.is_zero() {
            return Err(TakeError::Held(before));
        }
        let told = self.tickets().wait(ticket.number, before);
        match tokio::time::timeout(left, told).await {
            Ok(Ok(Told::Granted)) => Ok(ticket),
            Ok(Ok(Told::Circle)) => Err(TakeError::Circle(self.tickets().holder(ticket.number))),
            Ok(Ok(Told::Lost) | Err(_)) => Err(TakeError::Lost),
            Err(_) => Err(TakeError::TimedOut(self.tickets().holder(ticket.number))),
        }
    }
}

impl Cluster {
    /// Returns when every ticket that was dropped so far is given back, or after a while: it will be then, but whoever
    /// asks without waiting may still find it taken.
    pub(crate) async fn settled(&self) {
        let mut settled = self.tickets().settled.subscribe();
        let all = self.tickets().table().given_total;
        // A sender that is gone has nothing to give back any more.
        drop(tokio::time::timeout(SETTLE, settled.wait_for(|settled| *settled >= all)).await);
    }
}

/// Gives back what is to be given back and tells whose turn it is, for ever.
pub(super) async fn attend(cluster: Cluster) {
    loop {
        let tickets = cluster.tickets();
        if tickets.waiting().is_empty() {
            tickets.work.notified().await;
        } else {
            // Either way it is time to look.
            drop(tokio::time::timeout(LOOK, tickets.work.notified()).await);
        }
        if let Err(error) = turn(&cluster).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "locks over all nodes");
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn turn(cluster: &Cluster) -> Result<(), DbError> {
    let tickets = cluster.tickets();
    let given = tickets.take_given();
    if !given.is_empty()
        && let Err(error) = store::give_back(cluster.db(), &given).await
    {
        // They are nobody's any more and have to go all the same.
        tickets.table().given.extend(&given);
        tickets.work.notify_one();
        return Err(error);
    }
    tickets.settled.send_modify(|settled| *settled += given.len() as u64);
    let waiting = tickets.waiting();
    if waiting.is_empty() {
        return Ok(());
    }
    for suspect in tickets.heard(store::before(cluster.db(), &waiting).await?) {
        if store::is_circle(cluster.db(), suspect).await? {
            tickets.accuse(suspect);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if all had waited for long.
    fn long_since(tickets: &Tickets) {
        for known in tickets.table().held.values_mut() {
            if let Some(waiting) = &mut known.waiting {
                waiting.suspected = Instant::now().checked_sub(SUSPECT).unwrap();
            }
        }
    }

    #[test]
    fn only_who_holds_a_further_ticket_can_wait_in_a_circle() {
        let tickets = Tickets::default();
        tickets.begin(1, "7/1".to_owned());
        tickets.begin(2, "7/1".to_owned());
        tickets.begin(3, "7/2".to_owned());
        let _told = [tickets.wait(2, "somebody".to_owned()), tickets.wait(3, "somebody".to_owned())];
        let still = |number| (number, Some("somebody".to_owned()));
        assert!(tickets.heard(vec![still(2), still(3)]).is_empty(), "asked at once");
        long_since(&tickets);
        assert_eq!(tickets.heard(vec![still(2), still(3)]), [2]);
        assert!(tickets.heard(vec![still(2), still(3)]).is_empty(), "asked again at once");
        // What it held is given back: nobody waits for it any more.
        tickets.end(1);
        long_since(&tickets);
        assert!(tickets.heard(vec![still(2), still(3)]).is_empty());
    }
}
