//! What a new CRM starts with, so that there is something to look at.
//!
//! Four users and two dozen invented companies, always the same ones; only the times depend on the
//! moment, so that the latest activity is always recent. `companies` has the texts, `story`
//! makes up what happened, `store` writes it all.

mod companies;
mod random;
mod store;
mod story;

pub use store::{SeedError, Seeded, USERS, seed};

#[cfg(test)]
mod tests;
