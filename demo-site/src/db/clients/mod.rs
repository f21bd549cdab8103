//! Clients: the list, the record, saving.

mod list;
mod record;
mod save;
mod sort;
#[cfg(test)]
mod tests;

pub(super) use list::contains_all;
pub use list::{PAGE_SIZE, list};
pub use record::{Client, all_for_export, find};
pub(super) use save::{Derived, bind_facts};
pub use save::{SaveError, Updated, insert, update};
pub use sort::{ClientSort, UnknownSort};

pub use crate::domain::Page;
