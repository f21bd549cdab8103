//! What the application actor is sent.

use std::sync::{Arc, Mutex};

use actix::Message;
use tokio::sync::oneshot;

use crate::application::objects::ObjectLock;
use crate::application::reservation::Shared;
use crate::application::state::{ApplicationState, TxId, Write};
use crate::application::{ApplicationError, Cell, Changes, Snapshot};
use crate::locks::Owner;

/// Whoever asked for a change: its part in the application's lock, and where the answer goes.
pub(in crate::application) struct Asked<T> {
    pub(in crate::application) hold: Shared,
    pub(in crate::application) reply: oneshot::Sender<Result<T, ApplicationError>>,
}

impl<T> Asked<T> {
    /// Nobody is hurt by an answer nobody waits for.
    pub(super) fn answer(self, answer: Result<T, ApplicationError>) {
        drop(self.hold);
        drop(self.reply.send(answer));
    }
}

/// What a change outside any unit of work makes of the state it finds.
pub(in crate::application) type Change = Arc<Mutex<dyn FnMut(&Found<'_>) -> Result<Changes, ApplicationError> + Send>>;

/// The state as one transaction finds it.
pub(in crate::application) struct Found<'a> {
    pub(super) state: &'a ApplicationState,
    pub(super) tx: TxId,
}

impl Found<'_> {
    pub(in crate::application) fn cell(&self, name: &str) -> Option<Arc<Cell>> {
        self.state.effective(self.tx, name)
    }

    pub(in crate::application) fn snapshot(&self) -> &Snapshot {
        self.state.snapshot()
    }
}

/// Asks for changes to be made.
pub(in crate::application) enum Job {
    /// The changes of a unit without rows of its own.
    Commit { owner: Owner, changes: Changes, asked: Asked<()> },
    /// The changes of a unit that stores them in its own transaction.
    Prepare { owner: Owner, changes: Changes, asked: Asked<Reserved> },
    /// A change outside any unit of work.
    AtOnce { owner: Owner, durable: bool, change: Change, tries: u32, asked: Asked<()> },
}

/// Changes that are validated and kept free of others until they are settled.
pub(in crate::application) struct Reserved {
    pub(in crate::application) tx: TxId,
    pub(in crate::application) writes: Vec<Write>,
    /// Keeps the application's lock from being granted before they are settled.
    pub(super) _hold: Shared,
}

/// How a unit's own transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::application) enum Outcome {
    Committed,
    Undone,
    /// Nobody knows: the database is asked before anybody else goes on.
    Doubtful,
}

/// Says how a unit's own transaction ended; answered when everybody sees it.
pub(in crate::application) struct Settle {
    pub(in crate::application) tx: TxId,
    pub(in crate::application) outcome: Outcome,
    pub(in crate::application) reply: Option<oneshot::Sender<()>>,
}

/// Asks for an object lock; never waits.
pub(in crate::application) struct LockObject {
    pub(in crate::application) owner: Owner,
    pub(in crate::application) name: Arc<str>,
    pub(in crate::application) seen: Option<u64>,
    pub(in crate::application) reply: oneshot::Sender<ObjectLock>,
}

/// Asks for the object locks of several variables at once; waits its turn.
pub(in crate::application) struct ClaimObjects {
    pub(in crate::application) owner: Owner,
    pub(in crate::application) names: Vec<Arc<str>>,
    pub(in crate::application) reply: oneshot::Sender<()>,
}

/// Asks who holds the object lock of which variable.
pub(in crate::application) struct ObjectHolders {
    pub(in crate::application) reply: oneshot::Sender<Vec<(Arc<str>, Owner)>>,
}

/// Gives all object locks and claims of a unit back.
pub(in crate::application) struct ReleaseObjects(pub(in crate::application) Owner);

/// Says that the log of changes names these transactions of this node's own, and nothing else; answers those that nobody
/// here knows: what they changed has to be read.
pub(in crate::application) struct Seen {
    pub(in crate::application) seen: Vec<TxId>,
    pub(in crate::application) reply: oneshot::Sender<Vec<TxId>>,
}

/// Asks which of these transactions of this node's own, which the log of changes names, nobody here knows.
pub(in crate::application) struct Unknown {
    pub(in crate::application) named: Vec<TxId>,
    pub(in crate::application) reply: oneshot::Sender<Vec<TxId>>,
}

/// What the database said of some variables at a moment when these transactions of this node's own had committed, beside
/// those named before, `unknown` of them unknown here; answered when everybody sees it, with false where it has to be read
/// anew.
pub(in crate::application) struct CatchUp {
    pub(in crate::application) cells: Vec<(Arc<str>, Option<Cell>)>,
    pub(in crate::application) seen: Vec<TxId>,
    pub(in crate::application) unknown: Vec<TxId>,
    pub(in crate::application) reply: oneshot::Sender<bool>,
}

/// What the database said of all variables, to this node under its new number.
pub(in crate::application) struct StartAnew {
    pub(in crate::application) snapshot: Snapshot,
    pub(in crate::application) node: u64,
    pub(in crate::application) seen: Vec<TxId>,
    pub(in crate::application) reply: oneshot::Sender<()>,
}

/// Asks to be told when everything that was asked for is stored.
pub(in crate::application) struct Finish(pub(in crate::application) oneshot::Sender<()>);

/// None of them is answered by the mailbox: an answer may come long after the message was handled.
macro_rules! messages {
    ($($message:ty),*) => {
        $(impl Message for $message {
            type Result = ();
        })*
    };
}

messages!(
    Job,
    Settle,
    LockObject,
    ClaimObjects,
    ObjectHolders,
    ReleaseObjects,
    Seen,
    Unknown,
    CatchUp,
    StartAnew,
    Finish
);

impl Job {
    pub(super) fn is_durable(&self, snapshot: &Snapshot) -> bool {
        match self {
            Self::Commit { changes, .. } | Self::Prepare { changes, .. } => changes.is_durable(snapshot),
            Self::AtOnce { durable, .. } => *durable,
        }
    }

    pub(super) fn refuse(self, error: &ApplicationError) {
        match self {
            Self::Commit { asked, .. } | Self::AtOnce { asked, .. } => asked.answer(Err(error.clone())),
            Self::Prepare { asked, .. } => asked.answer(Err(error.clone())),
        }
    }
}
