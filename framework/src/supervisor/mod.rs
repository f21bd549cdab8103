//! The supervisor: starts instances from the module's factory, replaces the dead, stops a module
//! that fails too often.
//!
//! actix's own supervisor does not survive a panic and restarts the same, dirty value; a
//! `SyncArbiter` loses a thread per panic. So neither is used. A supervised lease reports how
//! its use ended: soundly (the instance goes back), by a panic or past the deadline (the instance
//! is thrown away, and the next request creates a fresh one). Failures are counted by a
//! [`RestartPolicy`]; too many take the module out of service for a pause, after which one request
//! is let through as a probe.

mod policy;
mod supervised;

pub use self::policy::{Admission, Change, Failure, Pass, RestartIntensity, RestartPolicy, RestartState, Service};
pub(crate) use self::supervised::{Answer, Supervised, Supervisor, Watched};
