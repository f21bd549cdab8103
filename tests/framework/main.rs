//! What the framework promises to whoever builds a site on it: small sites, made here through the public API and served
//! by several workers, under real HTTP.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test crate a broken expectation is a failed test"
)]

mod accounts;
mod adapters;
mod application;
mod application_lock;
mod application_start;
mod background_units;
mod builder;
mod conflicts;
mod corner;
mod db;
mod deadlines;
mod departures;
mod dispatch;
mod durability;
mod jobs;
mod live;
mod live_streams;
mod modules;
mod named_locks;
mod object_locks;
mod object_log;
mod object_log_pages;
mod object_log_store;
mod order;
mod outages;
mod panics;
mod rc_types;
mod redis_sessions;
mod replay;
mod requests;
mod reset;
mod session_ends;
mod session_limits;
mod sessions;
mod shared_file;
mod shared_objects;
mod statements;
mod stops;
mod support;
mod table_adapter;
mod tools_pages;
mod typed_errors;
mod units;
mod user_list;
mod user_sessions;
