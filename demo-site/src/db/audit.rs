//! The audit log, read.
