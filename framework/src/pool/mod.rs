//! Pools: who owns a module's instances, and who gets one next.
//!
//! ```text
//!  dispatcher ── checkout(deadline) ──► Pool ─ PoolCore (pure) behind a short lock
//!      │                                  │
//!      │◄── Lease (an idle instance) ─────┤        Creation (leave to create one) ─► supervisor
//!      │                                  │
//!      └── Lease travels with the work ─► Instance (the one actor type) ── checkin / discard ──┘
//! ```
//!
//! The lock is held for tens of nanoseconds and never across an `.await`; a pool-manager actor in
//! its place costs every request two more messages. Instances live on the worker that created
//! them; a request takes an idle one of its own worker first, then the oldest of any other, then
//! creates one, then waits.
//!
//! * Dropping a lease gives a sound instance back and throws one away that was at work.
//! * A caller that goes away while it waits leaves the queue; a grant already on its way goes to
//!   the next in line.
//! * At most one message is on its way to an instance, so mailboxes never fill.

mod core;
mod error;
mod instance;
mod lease;
mod shell;

pub use self::core::{
    Approval, Checkout, Grant, Granted, Handover, Limits, Placement, PoolCore, Refusal, Status, Ticket,
};
pub use self::error::CheckoutError;
pub(crate) use self::instance::{Instance, Task, Use};
pub(crate) use self::lease::{Creation, Lease};
pub(crate) use self::shell::{Asked, Claim, Pool};
