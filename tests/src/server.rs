//! The server under test: one process, one port, one folder, one database.

use std::ffi::OsStr;
use std::fs::File;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::Client;
use crate::Database;
use crate::Engine;
use crate::Status;
use crate::command;
use crate::port;
use crate::wait::eventually;
use crate::wire::Wire;

/// The password of every demo user of a server under test.
pub const PASSWORD: &str = "Correct-horse & 7 batteries";

/// A secret as a production profile wants it.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

/// First start: creating, migrating, seeding with four expensive password hashes, beside other tests on a small machine.
const START: Duration = Duration::from_secs(60);

/// What a server is to be started with.
#[derive(Debug)]
#[must_use = "a plan does nothing until the server is started"]
pub struct ServerPlan {
    engine: Engine,
    environment: Vec<(String, String)>,
    panics_expected: bool,
    filled_from: Option<PathBuf>,
}

impl ServerPlan {
    /// Sets `TOOLCRIB_<name>`.
    pub fn setting(self, name: &str, value: impl Into<SettingText>) -> Self {
        self.environment(&format!("TOOLCRIB_{name}"), value)
    }

    /// Sets an environment variable; `{port}` in the value stands for the server's port.
    pub fn environment(mut self, name: &str, value: impl Into<SettingText>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into().0));
        self
    }

    /// What a site in production is started with, as if behind a proxy that speaks HTTPS: no knobs, no demo users.
    pub fn in_production(self) -> Self {
        let plan = self.without_knobs().without("DEMO_PASSWORD");
        plan.setting("PROFILE", "production")
            .setting("SECRET", SECRET)
            .setting("SERVER__PUBLIC_URL", "https://127.0.0.1:{port}")
    }

    /// Leaves an environment variable out.
    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// Leaves the test knobs off.
    pub fn without_knobs(self) -> Self {
        self.without("TOOLCRIB_TEST_KNOBS")
    }

    /// Says that the test makes pages panic, so that panics in the log are no failure.
    pub fn panics_expected(mut self) -> Self {
        self.panics_expected = true;
        self
    }

    /// Starts it on a copy of a SQLite file whose demo users have [`PASSWORD`].
    pub fn filled_from(mut self, file: &Path) -> Self {
        self.filled_from = Some(file.to_owned());
        self
    }

    /// Starts it with an administrator signed in already, for tests whose first look at the status must be quick.
    pub async fn start_watched(self) -> Server {
        let server = self.start().await;
        let _ = server.status().await;
        server
    }

    /// Starts it and waits until it says that it is ready.
    ///
    /// # Panics
    ///
    /// When it ends or is not ready in time; the message shows its log.
    pub async fn start(mut self) -> Server {
        for (name, value) in overrides() {
            self = self.setting(&name, value);
        }
        let folder = TempDir::with_prefix("toolcrib-test-").expect("a folder for the server");
        let database = Arc::new(Database::fresh(self.engine, folder.path()).await);
        if let (Some(from), Some(to)) = (&self.filled_from, database.file()) {
            std::fs::copy(from, to).expect("a copy of the database");
        }
        let port = port::free_port();
        let mut server = Server { plan: self, child: None, port, folder, database, administrator: OnceCell::new() };
        server.start_again().await;
        server
    }
}

/// `TOOLCRIB_TEST_OVERRIDE`, taken apart.
fn overrides() -> Vec<(String, String)> {
    let given = std::env::var("TOOLCRIB_TEST_OVERRIDE").unwrap_or_default();
    let pairs = given.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// A setting's value as it stands in the environment; made of texts and numbers.
#[derive(Debug, Clone)]
pub struct SettingText(String);

macro_rules! setting_text {
    ($($kind:ty),+) => { $(
        impl From<$kind> for SettingText {
            fn from(value: $kind) -> Self {
                Self(value.to_string())
            }
        }
    )+ };
}

setting_text!(&str, String, i32, u64, usize);

/// A running server. Dropping it kills the process, and fails the test if it had died or panicked unasked.
#[derive(Debug)]
pub struct Server {
    plan: ServerPlan,
    child: Option<Child>,
    port: u16,
    folder: TempDir,
    database: Arc<Database>,
    administrator: OnceCell<Client>,
}

impl Server {
    /// A plan with what every test wants: four workers, test knobs, a known password.
    pub fn on(engine: Engine) -> ServerPlan {
        ServerPlan { engine, environment: Vec::new(), panics_expected: false, filled_from: None }
            .setting("SERVER__HOST", "127.0.0.1")
            .setting("SERVER__WORKERS", 4)
            .setting("TEST_KNOBS", 1)
            .environment("DEMO_PASSWORD", PASSWORD)
            .environment("RUST_LOG", "info")
            .environment("RUST_BACKTRACE", "0")
    }

    /// The engine it was started on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.plan.engine
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its working directory.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// All that it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder().join("server.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    // ===== who talks to it =====

    /// A visitor who was never here.
    #[must_use]
    pub fn visitor(&self) -> Client {
        Client::new(self.base(), None, true)
    }

    /// A visitor whose requests come from that address of the loopback network.
    #[must_use]
    pub fn visitor_from(&self, address: [u8; 4]) -> Client {
        Client::new(self.base(), Some(IpAddr::V4(Ipv4Addr::from(address))), true)
    }

    /// A visitor who opens a new connection for every request, so that all workers get their share.
    #[must_use]
    pub fn visitor_without_keep_alive(&self) -> Client {
        Client::new(self.base(), None, false)
    }

    /// A visitor who has signed in.
    pub async fn signed_in(&self, name: &str) -> Client {
        let visitor = self.visitor();
        visitor.sign_in(name).await;
        visitor
    }

    /// A raw connection.
    pub async fn wire(&self) -> Wire {
        Wire::connect(self.port).await
    }

    /// What it says about itself, asked by one administrator who stays signed in.
    ///
    /// # Panics
    ///
    /// When it does not say it.
    pub async fn status(&self) -> Status {
        let administrator = self.administrator.get_or_init(async || self.signed_in("admin").await).await;
        // Asking for the status is no use of a session that would keep it alive; this is.
        let _ = administrator.head("/login").await;
        let mut answer = administrator.get_json("/tools/status.json").await;
        if matches!(answer.status, 401 | 403) || answer.asks_to_sign_in() {
            administrator.sign_in("admin").await;
            answer = administrator.get_json("/tools/status.json").await;
        }
        let answer = answer.expect_status(200);
        serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("not the status ({error}): {answer:?}"))
    }

    /// Waits until so many sessions have ended by signing out, and no more.
    ///
    /// # Panics
    ///
    /// When that does not come about within a few seconds.
    pub async fn signed_out(&self, count: u64) {
        let what = format!("{count} sessions ended by signing out");
        crate::wait::holds_within(&what, Duration::from_secs(5), async || {
            let logout = self.status().await.sessions.ended_total.logout;
            assert!(logout <= count, "{logout} sessions ended by signing out instead of {count}");
            logout == count
        })
        .await;
    }

    /// Waits until nobody uses or waits for a page's pool.
    ///
    /// # Panics
    ///
    /// When that does not come about within a few seconds.
    pub async fn is_quiet(&self, page: &str) {
        let what = format!("active = waiting = 0 in the pool of {page}");
        crate::wait::holds_within(&what, Duration::from_secs(10), async || {
            let status = self.status().await;
            let pool = status.pool(page);
            pool.active == 0 && pool.waiting == 0
        })
        .await;
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    // ===== its life =====

    /// Starts it (again) with the same settings, folder, database and port, and waits until it is ready.
    ///
    /// # Panics
    ///
    /// When it ends or is not ready in time; the message shows its log.
    pub async fn start_again(&mut self) {
        let path = self.folder().join("server.log");
        let log = File::options().create(true).append(true).open(path).expect("a file for the log");
        let port = self.port.to_string();
        let mut command = command::demo(&[OsStr::new("serve")], self.folder(), &log);
        command
            .env("DATABASE_URL", self.database.url())
            .env("TOOLCRIB_SERVER__PORT", &port)
            .envs(self.plan.environment.iter().map(|(name, value)| (name, value.replace("{port}", &port))));
        self.child = Some(command.spawn().expect("the server starts (setpriv is part of util-linux)"));
        self.administrator = OnceCell::new();
        self.becomes_ready().await;
    }

    async fn becomes_ready(&mut self) {
        let visitor = self.visitor_without_keep_alive();
        eventually("the server is ready", START, async || {
            if let Some(status) = self.exit_status() {
                panic!("the server ended ({status}) instead of becoming ready:\n{}", self.log());
            }
            let answer = visitor.request(reqwest::Method::GET, "/readyz").try_send().await;
            answer.is_ok_and(|answer| answer.status == 200).then_some(())
        })
        .await;
    }

    fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().expect("a child to ask")
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn terminate(&self) {
        command::signal(self.child.as_ref().expect("a running server"), "TERM");
    }

    /// Waits for it to end by itself; nothing if it lives longer than that.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn ended_within(&mut self, within: Duration) -> Option<ExitStatus> {
        let ended = command::ended_within(self.child.as_mut().expect("a running server"), within);
        if ended.is_some() {
            self.child = None;
        }
        ended
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn judge(&mut self) -> Result<(), String> {
        let died = self.exit_status().map(|status| format!("the server had ended by itself ({status})"));
        self.kill();
        let log = self.log();
        let panicked = log.lines().find(|line| line.contains("panicked at"));
        let panicked =
            panicked.filter(|_| !self.plan.panics_expected).map(|line| format!("the server panicked: {line}"));
        match died.or(panicked) {
            Some(complaint) => Err(complaint),
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let judged = self.judge();
        if std::thread::panicking() || judged.is_err() {
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(60).collect();
            let tail: Vec<_> = tail.into_iter().rev().collect();
            eprintln!("----- end of the server's log\n{}\n-----", tail.join("\n"));
        }
        if let (Err(complaint), false) = (judged, std::thread::panicking()) {
            panic!("{complaint}");
        }
    }
}
