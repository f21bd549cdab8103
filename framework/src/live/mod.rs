//! Live parts of pages: what happens on the server is told to the browsers that look at it, as it happens.
//!
//! ```text
//!  unit ── publish ──► after its commit ──┐
//!  site.live().publish ───────────────────┤
//!                                         ▼
//!                          Live ─ LiveTable (pure) behind a short lock
//!                                   topics ► streams ► their queues;  topics ► who is present
//!                                         │ wakes
//!  page ── cx.live(&[…]) ──► committed ──► LiveStream: the body of the answer, on the worker of its connection
//!                                         ▲
//!                          keeper ── heart-beats; ends streams whose session ended, and old ones
//! ```
//!
//! * An event is a hint to look again, not a store of what happened: who was not there does not hear of it later.
//! * What a unit publishes is told after its commit; of an attempt that was undone nothing is told.
//! * All streams get the events of their topics in one order.
//! * An open stream costs a place in the table and its connection. It holds no page instance, no connection to the
//!   database and no task of its own, and it does not prolong its session.
//! * Nobody waits for a slow browser: its queue is bounded, and a stream whose queue is full is given up.
//! * Who is present is not stored anywhere: it is what the open streams say, and ends with them.
//! * Over several nodes events are told in one order to all browsers, whichever node they are connected to, and who is
//!   present is what the streams of all nodes say. What a node was to tell when it was killed is lost, as a hint may be.

mod draft;
mod handle;
mod keeper;
mod present;
mod stream;
mod table;
mod wire;
mod wish;

pub(crate) use self::draft::Draft;
pub use self::handle::Live;
pub(crate) use self::keeper::Keeper;
pub use self::present::Present;
pub(crate) use self::table::Refusal;
pub(crate) use self::wish::{Viewer, Wish};
