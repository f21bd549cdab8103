//! The demo CRM: a small but whole site on Toolcrib.
//!
//! [`domain`] knows what a client is, [`db`] keeps it. [`pages`] and [`examples`] are what
//! visitors see; [`site`] puts it all together, and [`cli`] is how it is
//! started.

pub mod adapters;
pub mod cli;
pub mod config;
pub mod db;
pub mod demo_users;
pub mod domain;
pub mod examples;
mod jobs;
pub mod pages;
pub mod site;
