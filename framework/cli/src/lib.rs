//! What a template author runs: [`lint`].
//!
//! The program is `toolcrib`; `toolcrib --help` lists its commands. Nothing here is part of a site.

pub mod lint;
