//! What a template author runs: [`lint`] and [`dev`].
//!
//! The program is `toolcrib`; `toolcrib --help` lists its commands. Nothing here is part of a site.

pub mod dev;
pub mod lint;
