//! Sites under test, and visitors to them.
//!
//! A [`Running`] site serves on a thread of its own, with a database and a port of its own. Its pages and its test meet
//! on a [`Stage`]: a page notes what happens there, and waits there until the test lets it go on. Nobody sleeps in the
//! hope that something has happened meanwhile.

mod listener;
mod log;
mod pages;
mod people;
mod redis;
mod running;
pub(crate) mod script;
mod stage;
mod under_way;
mod visitor;

pub(crate) use listener::EVENTS;
pub(crate) use listener::Listener;
pub(crate) use log::LOCK_RETRYING;
pub(crate) use log::RETRYING;
pub(crate) use pages::PlainApp;
pub(crate) use pages::page;
pub(crate) use people::SECRET;
pub(crate) use people::people;
pub(crate) use redis::in_redis;
pub(crate) use redis::in_redis_too;
pub(crate) use redis::run_in_redis;
pub(crate) use running::Running;
pub(crate) use running::settings_on;
pub(crate) use stage::Stage;
pub(crate) use stage::stage;
pub(crate) use under_way::UnderWay;
pub(crate) use under_way::attempts;
pub(crate) use under_way::in_background;
pub(crate) use visitor::Visitor;

/// What nearly every test uses.
pub(crate) mod prelude {
    pub(crate) use std::time::Duration;
    pub(crate) use std::time::Instant;

    pub(crate) use toolcrib::prelude::*;
    pub(crate) use toolcrib_tests::Answer;
    pub(crate) use toolcrib_tests::Engine;
    pub(crate) use toolcrib_tests::load::all_at_once;
    pub(crate) use toolcrib_tests::on_both_engines;
    pub(crate) use toolcrib_tests::run;
    pub(crate) use toolcrib_tests::wait::eventually;
    pub(crate) use toolcrib_tests::wait::holds_within;

    pub(crate) use super::PlainApp;
    pub(crate) use super::Running;
    pub(crate) use super::Stage;
    pub(crate) use super::Visitor;
    pub(crate) use super::page;
    pub(crate) use super::stage;
}
