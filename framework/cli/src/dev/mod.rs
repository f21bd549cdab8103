//! `toolcrib dev`: rebuilds a site when a file changes, changes to the new one without refusing a connection, and
//! reloads the browser.
//!
//! ```text
//!            ┌──────────── toolcrib dev ────────────┐
//! browser ──►│ proxy ─► door ───────────────────────┼──► the site, on a free port of this machine
//!    ▲       │   └─ events ◄─ cycle ◄─ watch, build │
//!    └───────┴──────────────────────────────────────┘
//! ```
//!
//! For development only: the site is told so, and settings for production are refused.

mod build;
mod changes;
mod cycle;
mod door;
mod held;
mod hub;
mod inject;
mod notice;
mod output;
mod own;
mod package;
mod problem;
mod proxy;
mod settings;
mod site;
mod styles;
mod watch;

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use tokio::net::TcpListener;

use self::cycle::Cycle;
use self::door::Door;
use self::hub::Hub;
use self::package::Program;
use self::proxy::Proxy;
use self::settings::Public;
use self::styles::Styles;
use self::watch::Watch;

/// The settings file a site reads in its folder.
const SETTINGS: &str = "toolcrib.toml";

/// What is run and where.
#[derive(Debug, Clone, Default, clap::Args)]
#[non_exhaustive]
pub struct Options {
    /// The package with the site's program; the workspace's default if it is not named
    #[arg(short, long)]
    pub package: Option<String>,
    /// The program, where the package has several
    #[arg(long, value_name = "NAME")]
    pub bin: Option<String>,
    /// The port visitors use; `server.port` of the settings, or 8080, if it is not named
    #[arg(long)]
    pub port: Option<u16>,
    /// What the site's program is given
    #[arg(last = true)]
    pub arguments: Vec<String>,
}

/// The loop cannot run.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DevError(#[from] Box<dyn Error + Send + Sync>);

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; is another one running? --port chooses another port")]
struct Taken {
    address: String,
    source: std::io::Error,
}

/// Runs the loop in the present folder until Ctrl-C, SIGTERM or SIGHUP; then the site is stopped, too.
///
/// The site's program is run in this folder with the present environment, `TOOLCRIB_PROFILE=development`, an address of
/// its own to listen at, and the public address where none is set.
///
/// # Errors
/// [`DevError`]: it is not clear what to run, the profile is production, the port is taken, or files cannot be watched.
pub fn run(options: &Options) -> Result<(), DevError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| DevError(error.into()))?;
    let outcome = runtime.block_on(go(options)).map_err(DevError);
    runtime.shutdown_background();
    outcome
}

async fn go(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    // Before anything is built, so that a mistake is told at once.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let toml = match std::fs::read_to_string(SETTINGS) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("cannot read {SETTINGS}: {error}").into()),
    };
    let public = Public::read(&toml, &environment, options.port)?;
    let program = Program::find(options.package.as_deref(), options.bin.as_deref())?;
    let listener = listen(&public).await?;
    let public_port = listener.local_addr()?.port();
    // Before the first build: what changes during it counts.
    let watch = Watch::start(program.watched.clone())?;
    say(&format!("toolcrib: {} of {} at {}", program.bin, program.package, public.url(public_port)));
    let proxy = Arc::new(Proxy { door: Door::new(), hub: Hub::new(), styles: Styles::default(), public });
    let serving = tokio::spawn(proxy::serve(listener, Arc::clone(&proxy)));
    let arguments = options.arguments.clone();
    let mut cycle = Cycle { program, arguments, public_port, proxy, watch, running: None };
    let stopped = {
        let signal = signal()?;
        tokio::select! {
            never = cycle.run() => match never {},
            () = signal => Ok(()),
        }
    };
    say("toolcrib: stopping");
    cycle.stop().await;
    serving.abort();
    stopped
}

async fn listen(public: &Public) -> Result<TcpListener, Taken> {
    TcpListener::bind((public.host.as_str(), public.port))
        .await
        .map_err(|source| Taken { address: format!("{}:{}", public.host, public.port), source })
}

/// Done at the first signal that asks for a stop.
#[cfg(unix)]
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate, mut hang_up) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Where nobody reads any more, the loop goes on.
fn say(line: &str) {
    if !line.is_empty() {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
