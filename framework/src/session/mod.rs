//! Sessions: per-visitor state that parallel requests of one visitor may share.
//!
//! ```text
//!  browser ── cookie: signed key ──► actix-session (cookie, life cycle)
//!                                        │ load(key)
//!                                        ▼
//!   Context.session ◄── fields ──── Sessions ── store: rows of the database (memory where one
//!        │  set, remove, sign in          ▲              process owns it), or Redis
//!        └── commit of the unit of work ──┘ touched fields only, with the unit's transaction
//! ```
//!
//! * A field is a row, or an entry of a hash. A unit of work writes the fields it touched and no others, so requests that
//!   write different fields never lose one another's; of one field the later commit wins.
//! * A session that has ended stays ended: a write to it fails the whole unit.
//! * The browser's key is random, 256 bits, stored as a hash only, and changes at sign-in.
//! * Start and end are told exactly once, inside a transaction of the hook's own
//!   ([`SessionStart`], [`SessionEnd`]); time-outs are found by a sweeper, not by luck.
//! * A visitor to whom nothing was stored has no session and costs no row.
//!
//! Lost on a crash: at most one second of "last seen"; in the database never a field. Redis commits
//! beside the database, not with it: what that means is said in `store/redis.rs`.

mod actix;
mod cache;
mod error;
mod events;
mod fields;
mod merge;
mod sessions;
mod store;
mod sweeper;
mod user;

pub(crate) use self::actix::{CookieChange, State, cookie_layer, cookie_name};
pub use error::{HookError, SessionError};
pub(crate) use events::guarded;
pub use events::{EndReason, SessionEnd, SessionHooks, SessionStart};
pub(crate) use fields::{Fate, Known};
pub use fields::{Session, SessionField};
pub use merge::Changes;
pub use sessions::{Counts, Sessions};
pub use store::OpenStoreError;
pub(crate) use store::Outcome;
pub(crate) use sweeper::Sweeper;
pub use user::EndUser;
