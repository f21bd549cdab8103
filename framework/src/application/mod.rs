//! The application: global shared state behind one actor.
//!
//! A page changes it as part of its unit of work ([`ApplicationView`]), everybody else at once
//! ([`Application`]). Reads are answered from the last published snapshot and wait for nobody.
//! Every change goes through the application actor, which validates it, has it stored, and
//! publishes it; the database is the truth, and a start loads the snapshot from it.
//!
//! | declared as | conflicts between units |
//! |---|---|
//! | [`AppVar`] | two that wrote it, or wrote and removed it |
//! | [`RcCounter`] | none; a guarded decrement where others left too little |
//! | [`RcQueue`] | two that took the same item |
//! | [`RcMap`] | two that wrote the same key |
//! | [`RcBag`] | two that removed the last of the same thing |
//!
//! Lost on failure: a unit that did not commit leaves nothing; what was committed and durable
//! survives the process; what is `volatile()` does not.

mod actor;
mod admission;
mod cell;
mod change;
mod conflict;
mod contents;
mod error;
mod following;
mod handle;
mod object_lock;
mod objects;
mod part;
mod rc;
mod reservation;
mod snapshot;
mod start;
mod state;
mod store;
mod stored;
mod value;
mod variable;
mod view;

pub(crate) use admission::{Admission, NotStored};
use cell::{Cell, Content, Kind};
use change::Changes;
pub use change::{ChangeError, KindError};
pub use conflict::Conflict;
pub use contents::Variable;
pub use error::ApplicationError;
pub use handle::Application;
pub use object_lock::{ObjectLock, ObjectLockOutcome, RetryRequest};
pub(crate) use part::Part;
pub use rc::{BagView, CounterView, MapView, QueueView};
pub(crate) use reservation::Shared;
use snapshot::Snapshot;
pub(crate) use start::{Ask, Start};
pub(crate) use store::store_changes;
pub use stored::Stored;
use value::Value;
pub use variable::{AppVar, RcBag, RcCounter, RcMap, RcQueue};
pub use view::ApplicationView;

/// Longest name of a variable, in bytes.
const NAME_LIMIT: usize = 200;
