//! The object log: what went wrong, and with which object, for those who run a site (GLASS: G5, G16).
//!
//! ```text
//!  note(entry) ──► waiting, in memory, bounded ──► writer task: one transaction for all that wait
//!       │                                              │ fails: keeps them, waits, tries again
//!       └──► the text log                              └─► toolcrib_object_log, trimmed to its size
//! ```
//!
//! * [`ObjectLog::note`] never waits and never fails, so that a request can note what happened to
//!   it whatever state its unit of work or the database is in.
//! * Entries are stored in transactions of their own: they survive the abort of the unit (T11).
//! * Of too many that wait the oldest are dropped, and counted.
//! * Storing twice stores once: every entry has a number of its own in its process.
//!
//! Lost when the process is killed: what was noted in the last moments before. A stop loses nothing.

mod buffer;
mod entry;
mod error;
mod log;
mod store;
mod text;
mod writer;

pub use self::entry::{Entry, Priority};
pub use self::error::FlushError;
pub use self::log::ObjectLog;
pub use self::store::{
    Column, Counts, Filter, Range, Sort, Stored, counts, delete, delete_all, delete_down_to, entries, entry, matching,
    newest, set_tagged,
};
pub(crate) use self::text::{limited, masked};
pub(crate) use self::writer::LogWriter;
