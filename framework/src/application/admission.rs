//! What a transaction asks before it writes application variables on one of several nodes.

use std::sync::Arc;

use super::state::Write;
use super::{ApplicationError, Conflict, store};
use crate::cluster::{Admitted, Cluster, Locked};
use crate::db::{Conn, DbError};
use crate::locks::{LockError, LockName, Party};

/// A transaction that is about to write.
pub(crate) struct Admission {
    pub(crate) cluster: Cluster,
    /// Its number here.
    pub(crate) tx: u64,
    /// The locks over all nodes that its units hold.
    pub(crate) tickets: Vec<i64>,
}

/// Why a transaction cannot go on.
pub(crate) enum NotStored {
    Refused(ApplicationError),
    Failed(DbError),
}

impl From<DbError> for NotStored {
    fn from(error: DbError) -> Self {
        Self::Failed(error)
    }
}

impl Admission {
    /// As [`store::store_changes`], where no other node is in the way.
    pub(crate) async fn store(&self, conn: &mut Conn, writes: &[Write]) -> Result<Option<Arc<str>>, NotStored> {
        if !writes.is_empty() || !self.tickets.is_empty() {
            self.ask(conn, writes).await?;
        }
        Ok(store::store_changes(conn, writes).await?)
    }

    /// Asks alone: for a unit that holds locks and changes no variable.
    pub(crate) async fn ask(&self, conn: &mut Conn, writes: &[Write]) -> Result<(), NotStored> {
        let mut names: Vec<Arc<str>> = writes.iter().map(|write| Arc::clone(write.variable())).collect();
        names.dedup();
        match self.cluster.admit(conn, self.tx, &names, &self.tickets).await? {
            Admitted::Yes => Ok(()),
            Admitted::Fenced => {
                self.cluster.look();
                Err(NotStored::Refused(ApplicationError::Fenced))
            }
            Admitted::Locked(Locked { variable: None, holder }) => {
                let by = Party::elsewhere(&holder);
                Err(NotStored::Refused(LockError::Held { name: LockName::APPLICATION, by }.into()))
            }
            Admitted::Locked(Locked { variable: Some(name), .. }) => {
                Err(NotStored::Refused(Conflict::of_lock(name).into()))
            }
        }
    }
}
