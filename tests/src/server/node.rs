//! One process of the server under test.

use std::ffi::OsStr;
use std::fs::File;
use std::path::PathBuf;
use std::process::Child;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use crate::Client;
use crate::command;
use crate::wait::eventually;

/// First start: creating, migrating, seeding with four expensive password hashes, beside other tests on a small machine.
const START: Duration = Duration::from_secs(60);

/// One process: its port, its folder, its log, its life.
#[derive(Debug)]
pub struct Node {
    port: u16,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    life: Mutex<Life>,
}

#[derive(Debug, Default)]
struct Life {
    child: Option<Child>,
    is_paused: bool,
}

impl Node {
    pub(super) fn new(port: u16, folder: PathBuf, environment: Vec<(String, String)>) -> Self {
        Self { port, folder, environment, life: Mutex::default() }
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The port this process itself listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of the process, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.life().child.as_ref().map(Child::id)
    }

    /// The address of this process itself, `http://127.0.0.1:port`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that this process has printed so far, over all its starts.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("server.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A visitor who talks to this process and no other.
    #[must_use]
    pub fn visitor(&self) -> Client {
        Client::new(self.base(), None, true)
    }

    /// Whether it runs and is not paused, so that it can answer.
    #[must_use]
    pub fn is_awake(&self) -> bool {
        let life = self.life();
        life.child.is_some() && !life.is_paused
    }

    /// Starts it (again), and waits until it is ready.
    ///
    /// # Panics
    ///
    /// When it ends or is not ready in time; the message shows its log.
    pub async fn start_again(&self) {
        std::fs::create_dir_all(&self.folder).expect("a folder for the node");
        let path = self.folder.join("server.log");
        let log = File::options().create(true).append(true).open(path).expect("a file for the log");
        let mut command = command::demo(&[OsStr::new("serve")], &self.folder, &log);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let child = command.spawn().expect("the server starts (setpriv is part of util-linux)");
        *self.life() = Life { child: Some(child), is_paused: false };
        self.becomes_ready().await;
    }

    async fn becomes_ready(&self) {
        let visitor = Client::new(self.base(), None, false);
        eventually("the server is ready", START, async || {
            if let Some(status) = self.exit_status() {
                panic!("the server ended ({status}) instead of becoming ready:\n{}", self.log());
            }
            let answer = visitor.request(reqwest::Method::GET, "/readyz").try_send().await;
            answer.is_ok_and(|answer| answer.status == 200).then_some(())
        })
        .await;
    }

    /// How it has ended, if it did so by itself.
    pub(super) fn exit_status(&self) -> Option<ExitStatus> {
        self.life().child.as_mut()?.try_wait().expect("a child to ask")
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Stops it in the middle of whatever it does (SIGSTOP): it neither runs nor ends, and its connections stay open.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn pause(&self) {
        self.signal("STOP");
        self.life().is_paused = true;
    }

    /// Lets it go on where it was paused.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn resume(&self) {
        self.signal("CONT");
        self.life().is_paused = false;
    }

    fn signal(&self, name: &str) {
        command::signal(self.life().child.as_ref().expect("a running server"), name);
    }

    /// Waits for it to end by itself; nothing if it lives longer than that.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn ended_within(&self, within: Duration) -> Option<ExitStatus> {
        let mut life = self.life();
        let ended = command::ended_within(life.child.as_mut().expect("a running server"), within);
        if ended.is_some() {
            *life = Life::default();
        }
        ended
    }

    /// Kills it with SIGKILL.
    pub fn kill(&self) {
        let life = std::mem::take(&mut *self.life());
        if let Some(mut child) = life.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
