//! The demo CRM's program: `demo-site --help` lists what it does.

use std::process::ExitCode;

use clap::Parser;
use demo_site::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    toolcrib::run(cli::run(cli))
}
