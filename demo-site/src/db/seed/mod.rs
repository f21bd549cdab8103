//! What a new CRM starts with, so that there is something to look at.
//!
//! Four users and two dozen invented companies, always the same ones; only the times depend on the
//! moment, so that the latest activity is always recent. `companies` has the texts, `story`
//! makes up what happened, `store` writes it all, `starter` adds what else there is to look at.
//!
//! Whoever wants more gets companies without end: `names` has the words, `invent`, `happenings` and `prospects` make
//! records of them, `records` and
//! `fill` write them in large portions, `reset` takes everything away again.

mod companies;
mod facts;
mod fill;
mod ground;
mod happenings;
mod insert;
mod invent;
mod names;
mod names_of_asia;
mod prospects;
mod random;
mod records;
mod reset;
mod starter;
mod store;
mod story;

pub use fill::{Size, fill, is_filled};
pub use reset::reset;
pub use store::{SeedError, Seeded, USERS, companies, seed};

#[cfg(test)]
mod fill_tests;
#[cfg(test)]
mod tests;
