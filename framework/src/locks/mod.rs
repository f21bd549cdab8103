//! Named locks: one request at a time, or many that only read, wherever a name says so.
//!
//! ```text
//!  request ── acquire(name, mode, within) ──► Locks ─ LockTable (pure) behind a short lock
//!     │                                         │        names ► holders, queue
//!     │◄── granted │ refused, and why ──────────┤        owners ► what they hold, what they wait for
//!     │                                         │
//!     └── release, release_all ────────────────►┘──► wakes those whose turn it is
//! ```
//!
//! One table serves the whole process, all workers and all sessions; other processes have their own. State is data: who
//! holds, who waits, in which order. Nothing blocks but the request that waits, and that costs it no thread.
//!
//! * First come, first served: a reader that comes after a waiting writer waits behind it. Readers side by side in the
//!   queue are granted together.
//! * A request may take again what it holds; it gives it back as often. Exclusive on top of read-only is refused at
//!   once, for it would wait for itself.
//! * A wait that would close a circle of waiting requests is refused at once and both sides are named; so whoever waits
//!   gets the lock, or its time is over. The application's own lock lies in the same table and takes part in this.
//! * A waiting request that goes away leaves the queue; a grant already on its way goes to the next in line.
//! * A name is in the table while somebody holds it or waits for it, and not longer.

mod error;
mod handle;
mod holder;
mod ledger;
mod name;
mod party;
mod table;

pub use self::error::{Deadlock, LockError};
pub(crate) use self::handle::Locks;
pub use self::holder::Holder;
pub(crate) use self::ledger::{ApplicationLock, Holding, LedgerRow, Queued, Status};
pub(crate) use self::name::Reach;
pub use self::name::{LockName, Mode, Scope};
pub(crate) use self::party::Owner;
pub use self::party::Party;
pub(crate) use self::table::Rules;
