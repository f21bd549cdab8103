//! The program `toolcrib`.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use toolcrib_cli::dev;
use toolcrib_cli::lint::folder;

/// What a template author needs for a site on Toolcrib.
#[derive(Debug, Parser)]
#[command(name = "toolcrib", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a site, rebuild it when a file changes, and reload the browser
    ///
    /// Settings come from toolcrib.toml and the environment as always. Open pages load anew once the new site is ready;
    /// what does not compile or start is shown in them.
    Dev(dev::Options),
    /// Find what makes templates unsafe or hard to use
    Lint {
        /// Folders with templates or Rust files; those of all packages here if none is named
        folders: Vec<PathBuf>,
        /// One more list of exceptions, each with a reason, beside the lint.toml of each folder
        #[arg(long, value_name = "FILE")]
        allow: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Dev(options) => dev::run(&options).map(|()| ExitCode::SUCCESS).map_err(Into::into),
        Command::Lint { folders, allow } => lint(folders, allow.as_deref()),
    };
    outcome.unwrap_or_else(|failure| {
        complain(&format!("toolcrib: {}", chain(failure.as_ref())));
        ExitCode::from(2)
    })
}

fn lint(folders: Vec<PathBuf>, allow: Option<&Path>) -> Result<ExitCode, Box<dyn Error>> {
    let folders = if folders.is_empty() { folder::of_workspace()? } else { folders };
    let report = folder::lint(&folders, allow)?;
    for finding in &report.findings {
        complain(&finding.to_string());
    }
    if report.findings.is_empty() {
        let _ = writeln!(std::io::stdout(), "{} files, nothing found", report.files);
        return Ok(ExitCode::SUCCESS);
    }
    complain(&format!("{} files, {} found", report.files, report.findings.len()));
    Ok(ExitCode::FAILURE)
}

/// Where nobody listens any more, a message is not worth stopping for.
fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An error with all that caused it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
