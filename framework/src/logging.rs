//! The log: structured lines to standard output.

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::UtcTime;

use crate::settings::Profile;

/// What is logged where `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info,sqlx=warn,actix_session=error,actix_server=warn";

/// Starts logging to standard output: as text in development, as JSON lines in production.
///
/// `RUST_LOG` chooses what is logged. Lines are written by a thread of their own; keep the guard
/// until the end of the program, dropping it writes the rest. A program that has started logging
/// already keeps its own.
#[must_use = "dropping the guard stops the log"]
pub fn start_logging(profile: Profile) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stdout());
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stdout());
    let lines = tracing_subscriber::fmt()
        .with_ansi(colours)
        .with_writer(writer)
        .with_env_filter(filter)
        .with_timer(UtcTime::rfc_3339());
    let started = match profile {
        Profile::Development => lines.try_init(),
        Profile::Production => lines.json().try_init(),
    };
    if started.is_err() {
        tracing::debug!("a log was started before");
    }
    guard
}
