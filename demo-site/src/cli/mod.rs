//! The command line.
//!
//! What a command has to say goes to standard output; what stopped it is one line on standard
//! error, and the exit code is 1 then.

mod import;
mod probe;
mod routes;
mod seed;
mod serve;
mod user;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use toolcrib::Settings;

use crate::db::reindex;
use crate::site;

/// The demo CRM of the web framework Toolcrib.
///
/// Settings come from `toolcrib.toml` in the working directory and from the environment
/// (`TOOLCRIB_SERVER__PORT=8081`, `DATABASE_URL=sqlite://crm.db`). `DEMO_PASSWORD` sets the demo users' password
/// when they are made.
#[derive(Debug, Parser)]
#[command(name = "demo-site", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the site (what happens without a command, too)
    Serve,
    /// Create the database or bring it up to date, and stop
    Migrate,
    /// Fill an empty database with the demo users and companies, and stop
    Seed(seed::SeedArguments),
    /// Write anew what is derived for searching and sorting, and stop
    Reindex,
    /// Import clients from a CSV file, and report what came of each row
    Import {
        /// The file: text, the first line names the columns; encoding and separator are found out
        file: PathBuf,
    },
    /// Add users, such as the first administrator of a new site
    #[command(subcommand)]
    User(user::UserCommand),
    /// Ask the site that runs with these settings whether it is alive; exit code 0 where it is
    Probe {
        /// What to ask: /healthz is alive, /readyz is able to serve
        #[arg(default_value = "/healthz")]
        path: String,
    },
    /// List the pages with their methods, paths and rights
    Routes,
}

/// Any error that ends a command; its chain is the message.
type Failure = Box<dyn Error>;

/// Runs a command and answers the program's exit code.
pub async fn run(cli: Cli) -> ExitCode {
    match run_command(cli.command.unwrap_or(Command::Serve)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "demo-site: {}", chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run_command(command: Command) -> Result<(), Failure> {
    let settings = Settings::load()?;
    match command {
        Command::Serve => serve::serve(settings).await,
        Command::Migrate => {
            let server = site::build(settings).await?;
            server.site().db().close().await;
            say("The database is up to date.");
            Ok(())
        }
        Command::Seed(arguments) => seed::seed(settings, arguments).await,
        Command::Reindex => {
            let server = site::build(settings).await?;
            let db = server.site().db();
            reindex::everything(db, |table, rows| say(&format!("{table}: {rows}"))).await?;
            db.close().await;
            say("The search finds everything again.");
            Ok(())
        }
        Command::Import { file } => import::import(settings, &file).await,
        Command::User(command) => user::user(settings, command).await,
        Command::Probe { path } => probe::probe(&settings, &path),
        Command::Routes => {
            routes::list(settings);
            Ok(())
        }
    }
}

/// A line for whoever started the program. Where nobody listens any more (a closed pipe), it is
/// not worth stopping for.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// An error with all that caused it, in one line, nothing said twice.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_chain_is_one_line_and_says_nothing_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot listen")]
        struct Outer(#[source] Inner);
        #[derive(Debug, thiserror::Error)]
        #[error("the port\nis taken")]
        struct Inner;
        #[derive(Debug, thiserror::Error)]
        #[error("start: {0}")]
        struct Quoting(#[source] Inner);
        assert_eq!(chain(&Outer(Inner)), "cannot listen: the port is taken");
        assert_eq!(chain(&Quoting(Inner)), "start: the port is taken");
    }
}
