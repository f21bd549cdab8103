//! Signing in: what a password is checked against, and how often it may be tried.

pub mod limiter;
pub mod password;
