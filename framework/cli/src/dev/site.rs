//! The site's process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::notice::Notice;
use super::output::{Tail, copy};

/// How long a site may take to get ready: a migration may run.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How often a starting site is asked.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// How long a site may take to stop: its own grace time and some.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running site.
#[derive(Debug)]
pub(super) struct Site {
    child: Child,
    tail: Tail,
    copying: Vec<tokio::task::JoinHandle<()>>,
    pub(super) address: SocketAddr,
}

impl Site {
    /// Starts the program at a free port and waits until it is ready.
    pub(super) async fn start(
        program: &Path,
        arguments: &[String],
        environment: impl Fn(u16) -> Vec<(&'static str, String)>,
    ) -> Result<Self, Notice> {
        let cannot = |error: std::io::Error| Notice::of("The site cannot be started", error.to_string(), "");
        let address = free_address().await.map_err(cannot)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(environment(address.port()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Of a Ctrl-C the terminal tells everybody in the group; we tell the site, once.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(cannot)?;
        let tail = Tail::default();
        let mut copying = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            copying.push(tokio::spawn(copy(pipe, tail.clone(), tokio::io::stdout())));
        }
        if let Some(pipe) = child.stderr.take() {
            copying.push(tokio::spawn(copy(pipe, tail.clone(), tokio::io::stderr())));
        }
        let mut site = Self { child, tail, copying, address };
        match timeout(START_LIMIT, site.ready()).await {
            Ok(Ok(())) => Ok(site),
            Ok(Err(notice)) => Err(notice),
            Err(_) => {
                let text = site.tail.text();
                site.stop().await;
                let message = format!("/readyz did not say so within {} s", START_LIMIT.as_secs());
                Err(Notice::of("The site does not get ready", message, text))
            }
        }
    }

    async fn ready(&mut self) -> Result<(), Notice> {
        let address = self.address;
        loop {
            tokio::select! {
                notice = self.ended() => return Err(Notice { title: "The site does not start".into(), ..notice }),
                ready = is_ready(address) => if ready { return Ok(()) },
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// Waits until the process ends by itself, and says how.
    pub(super) async fn ended(&mut self) -> Notice {
        let status = self.child.wait().await;
        // Its last words may still be on the way.
        for copying in self.copying.drain(..) {
            let _ = timeout(Duration::from_secs(1), copying).await;
        }
        let message = status.map_or_else(|error| error.to_string(), |status: ExitStatus| status.to_string());
        Notice::of("The site has stopped", message, self.tail.text())
    }

    /// Asks it to stop, waits while it finishes what is under way, and ends it if it does not.
    pub(super) async fn stop(mut self) {
        terminate(&mut self.child);
        if timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            super::say("toolcrib: the site does not stop; it is ended");
            let _ = self.child.kill().await;
        }
    }
}

#[cfg(unix)]
fn terminate(child: &mut Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    let _ = child.start_kill();
}

/// A port nobody listens at. Somebody may be faster; then the site says so, and the next change tries again.
async fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}

/// Whether `/readyz` is answered, and not with 503.
async fn is_ready(address: SocketAddr) -> bool {
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await?;
        Ok::<_, std::io::Error>(status)
    };
    match timeout(Duration::from_secs(5), asking).await {
        Ok(Ok(status)) => status.starts_with(b"HTTP/1.1 ") && !status.ends_with(b"503"),
        _ => false,
    }
}
