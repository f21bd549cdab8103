//! The two processes behind one browser: chromedriver, and the Chromium it starts.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use fantoccini::Client;
use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;
use toolcrib_tests::wait::eventually;

/// How long the two may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// How long killed processes may take to be gone.
const END: Duration = Duration::from_secs(10);

/// What every browser is started with. It shall speak with the demo alone.
const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--lang=en",
];

/// A chromedriver with a folder of its own. Dropping it kills the driver, and with it the browser.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    folder: TempDir,
}

impl Driver {
    /// Starts a chromedriver on a free port, and a browser with an empty profile.
    pub(crate) async fn start() -> (Self, Client) {
        let folder = TempDir::with_prefix("toolcrib-browser-").expect("a folder for the browser");
        let (log_path, home) = (folder.path().join("driver.log"), folder.path().join("home"));
        std::fs::create_dir(&home).expect("a home for the browser");
        let log = File::create(&log_path).expect("a file for the driver's log");
        // It dies with the thread that starts it, as the servers do: also when the test is killed.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "chromedriver", "--port=0"])
            .env("HOME", &home)
            .env("TMPDIR", &home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn()
            .expect("setpriv starts (part of util-linux)");
        let mut driver = Self { process, folder };
        let port = driver.port(&log_path).await;
        let client = driver.session(port).await;
        (driver, client)
    }

    /// The driver chooses a free port and says which.
    async fn port(&mut self, log: &Path) -> u16 {
        eventually("chromedriver says its port (tests/run installs chromium-driver)", START, async || {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let ended = self.process.try_wait().expect("a child to ask");
            assert!(ended.is_none(), "chromedriver ended ({ended:?}; tests/run installs chromium-driver): {said}");
            let (_, after) = said.split_once("successfully on port ")?;
            after.split_once('.')?.0.parse().ok()
        })
        .await
    }

    async fn session(&self, port: u16) -> Client {
        let profile = format!("--user-data-dir={}", self.profile().display());
        let arguments: Vec<_> = ARGUMENTS.iter().copied().chain([profile.as_str()]).collect();
        let wanted = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "goog:chromeOptions": { "binary": self.launcher(), "args": arguments },
        });
        let serde_json::Value::Object(wanted) = wanted else { unreachable!("an object, as written above") };
        let address = format!("http://127.0.0.1:{port}");
        let started = ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&address).await;
        started.unwrap_or_else(|error| panic!("no browser (tests/run installs chromium): {error}"))
    }

    /// The browser dies with the driver, however that ends: chromedriver alone would leave it running.
    fn launcher(&self) -> PathBuf {
        let path = self.folder.path().join("chromium");
        let script = "#!/bin/sh\nexec setpriv --pdeathsig KILL -- chromium \"$@\"\n";
        std::fs::write(&path, script).expect("a launcher");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a launcher that runs");
        path
    }

    /// The browser's profile; its processes carry this path on their command lines.
    pub(crate) fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    /// The folder of the test's files, which the browser may read.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // The folder cannot be removed while a browser still writes to it.
        let (profile, since) = (self.profile(), Instant::now());
        while is_used(&profile) && since.elapsed() < END {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Whether a process names that profile on its command line.
pub(crate) fn is_used(profile: &Path) -> bool {
    let wanted = profile.display().to_string();
    let processes = std::fs::read_dir("/proc").expect("the list of processes");
    let command_lines = processes.flatten().filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    command_lines.into_iter().any(|line| String::from_utf8_lossy(&line).contains(&wanted))
}
