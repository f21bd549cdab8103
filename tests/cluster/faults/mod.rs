//! What goes wrong on two nodes: no acknowledged write is lost, none counts twice, and nobody starts anything again but
//! what was killed on purpose.
//!
//! Each test prints how long it took until all was well again: `recovery: <what> <milliseconds>`.

mod ledger;
mod listening;
mod locks;
mod nodes;
mod postgres;
mod rolling;
mod scene;
