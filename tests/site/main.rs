//! What a visitor of the demo CRM sees, wants, and must not be able to do.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod access;
mod accounts;
mod bodies;
mod card;
mod clients;
mod clients_edit;
mod clients_list;
mod companies;
mod cookies;
mod csrf;
mod dispatch;
mod errors;
mod export;
mod forms;
mod headers;
mod hosts;
mod import;
mod imports;
mod injection;
mod lists;
mod merges;
mod panels;
mod private;
mod production;
mod proxies;
mod relay;
mod rights;
mod sales;
mod search;
mod secrets;
mod sessions;
mod sign_in;
mod sign_in_limits;
mod statements;
mod templates;
mod work;
