//! A PostgreSQL server of the test's own, to be killed and started again.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::PgConnection;
use tempfile::TempDir;

use crate::command::ended_within;
use crate::port;
use crate::wait::eventually;

/// Making a cluster, and replaying its log, on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Where distributions put the server's programs.
const PLACES: [&str; 2] = ["/usr/lib/postgresql", "/usr/local/pgsql"];

/// The account that runs it where the tests run as root, which PostgreSQL refuses to.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// A throw-away cluster with a server of its own on a port of its own. Dropping it kills the server and removes the
/// cluster.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    account: Option<String>,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    postmaster: Option<Child>,
}

impl Postgres {
    /// Makes the cluster and starts it.
    ///
    /// # Panics
    ///
    /// When PostgreSQL's server programs are not installed, or it does not start.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further settings, `name=value` each; a later one counts.
    ///
    /// # Panics
    ///
    /// As [`Postgres::start`].
    pub async fn start_with(settings: &[&str]) -> Self {
        let folder = TempDir::with_prefix("toolcrib-postgres-").expect("a folder for the cluster");
        let mut postgres = Self {
            programs: programs(),
            account: account(),
            folder,
            port: port::free_port(),
            settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
            postmaster: None,
        };
        postgres.hand_over(postgres.folder.path());
        let made = postgres
            .program("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .arg("--pgdata")
            .arg(postgres.data())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "no cluster could be made:\n{}", postgres.log());
        postgres.start_again().await;
        postgres
    }

    /// The address of the database that every cluster has.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it (again) on the same data and port, and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it does not answer in time; the message shows its log.
    pub async fn start_again(&mut self) {
        eventually("PostgreSQL answers", START, async || {
            // As long as processes of a killed one are there, the next ends at once.
            let is_gone =
                self.postmaster.as_mut().is_none_or(|postmaster| postmaster.try_wait().is_ok_and(|end| end.is_some()));
            if is_gone {
                self.postmaster = Some(self.postmaster());
            }
            let answer = PgConnection::connect(&self.url()).await;
            if answer.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answer.ok().map(drop)
        })
        .await;
    }

    /// Kills the postmaster with SIGKILL; its processes see that, and end too.
    pub fn kill(&mut self) {
        if let Some(mut postmaster) = self.postmaster.take() {
            let _ = postmaster.kill();
            let _ = ended_within(&mut postmaster, START);
        }
    }

    /// The number of its first process, the parent of all others, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.postmaster.as_ref().map(Child::id)
    }

    /// What it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn postmaster(&self) -> Child {
        let port = format!("port={}", self.port);
        let sockets = format!("unix_socket_directories={}", self.folder.path().display());
        let settings = ["listen_addresses=127.0.0.1", &port, &sockets, "max_connections=200"];
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data());
        for setting in settings.into_iter().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.spawn().expect("PostgreSQL starts (setpriv is part of util-linux)")
    }

    /// One of its programs, run by the account that may, which dies with the thread that starts it.
    fn program(&self, name: &str) -> Command {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = Command::new("setpriv");
        if let Some(account) = &self.account {
            command.args(["--reuid", account, "--clear-groups"]);
        }
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(self.programs.join(name))
            .current_dir(self.folder.path())
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log);
        command
    }

    fn hand_over(&self, folder: &Path) {
        let Some(account) = &self.account else { return };
        let done = Command::new("chown").arg(account).arg(folder).status();
        assert!(done.is_ok_and(|status| status.success()), "{} cannot be given to {account}", folder.display());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The folder of `initdb` and `postgres`: the newest version's, or that of what is on the path.
fn programs() -> PathBuf {
    let versions = PLACES.iter().filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten();
    let mut found: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = found
        .into_iter()
        .rev()
        .chain(PLACES.map(|place| Path::new(place).join("bin")))
        .chain(std::env::split_paths(&path));
    let is_it = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    all.into_iter().find(is_it).expect("PostgreSQL's server programs (initdb, postgres); tests/run installs them")
}

/// Who runs it: nobody else, unless this is root.
fn account() -> Option<String> {
    let who = |arguments: &[&OsStr]| {
        let output = Command::new("id").args(arguments).output().expect("the command id");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    if who(&["-u".as_ref()]) != "0" {
        return None;
    }
    ACCOUNTS.iter().find(|name| !who(&["-u".as_ref(), name.as_ref()]).is_empty()).map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_committed_survives_the_kill() {
        let mut postgres = Postgres::start().await;
        let database = crate::Database::given(&postgres.url());
        database.execute("CREATE TABLE kept (number BIGINT NOT NULL)").await;
        for round in 1..=3 {
            database.execute("INSERT INTO kept VALUES (1)").await;
            postgres.kill();
            assert!(PgConnection::connect(&postgres.url()).await.is_err(), "it answers after its kill");
            postgres.start_again().await;
            assert_eq!(database.number("SELECT COUNT(*) FROM kept").await, round);
        }
    }
}
