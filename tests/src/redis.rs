//! A throw-away Redis: one process, one port, one folder.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::command;
use crate::port;
use crate::wait::eventually;

const BINARY: &str = "TOOLCRIB_TEST_REDIS";

/// An empty Redis needs a few milliseconds; beside other tests on a small machine more.
const START: Duration = Duration::from_secs(20);

/// A Redis server that keeps nothing on disk. Dropping it kills the process; the process also dies with the test.
#[derive(Debug)]
pub struct Redis {
    child: Option<Child>,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    ///
    /// When there is no `redis-server` (in the `PATH`, or where `TOOLCRIB_TEST_REDIS` says), or when it does not answer.
    pub async fn start() -> Self {
        let folder = TempDir::with_prefix("toolcrib-redis-").expect("a folder for Redis");
        let mut redis = Self { child: None, port: port::free_port(), folder };
        redis.start_again().await;
        redis
    }

    /// What goes into `REDIS_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it; connections to it are reset and all that it held is gone.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it on the same port, empty, and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it ends or does not answer in time; the message shows its log.
    pub async fn start_again(&mut self) {
        self.stop();
        let log = self.folder.path().join("redis.log");
        self.child = Some(spawn(self.port, self.folder.path(), &log));
        eventually("Redis answers", START, async || {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().expect("a child to ask"));
            assert!(ended.is_none(), "Redis ended: {}", std::fs::read_to_string(&log).unwrap_or_default());
            (self.ask(&["PING"]).await.as_deref() == Some("+PONG\r\n")).then_some(())
        })
        .await;
    }

    /// Lets it hang: connections stay, nobody gets an answer.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn pause(&self) {
        command::signal(self.child.as_ref().expect("a Redis that runs"), "STOP");
    }

    /// Lets it go on after [`Redis::pause`].
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn resume(&self) {
        command::signal(self.child.as_ref().expect("a Redis that runs"), "CONT");
    }

    /// Its answer to one command, as it stands on the wire; nothing if there is none. For answers that arrive in one piece.
    pub async fn ask(&self, words: &[&str]) -> Option<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        connection.write_all(command.as_bytes()).await.ok()?;
        let mut answer = vec![0; 64 * 1024];
        let length = connection.read(&mut answer).await.ok()?;
        answer.truncate(length);
        (length > 0).then(|| String::from_utf8_lossy(&answer).into_owned())
    }

    /// A command's answer that is a whole number.
    ///
    /// # Panics
    ///
    /// When there is no answer, or another.
    pub async fn number(&self, words: &[&str]) -> i64 {
        let answer = self.ask(words).await.unwrap_or_else(|| panic!("no answer to {words:?}"));
        let digits = answer.strip_prefix(':').and_then(|rest| rest.trim_end().parse().ok());
        digits.unwrap_or_else(|| panic!("{words:?}: {answer}"))
    }
}

fn spawn(port: u16, folder: &Path, log: &Path) -> Child {
    let binary = std::env::var_os(BINARY).unwrap_or_else(|| OsString::from("redis-server"));
    let output = File::options().create(true).append(true).open(log).expect("a file for the log");
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--"])
        .arg(&binary)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a second handle of the log"))
        .stderr(output)
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start ({error}); tests/run installs it", binary.display()))
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_hangs_goes_and_comes_back_empty() {
        crate::run(async {
            let mut redis = Redis::start().await;
            assert_eq!(redis.ask(&["SET", "a", "1"]).await.as_deref(), Some("+OK\r\n"));
            assert_eq!(redis.number(&["DBSIZE"]).await, 1);
            redis.pause();
            let asked = tokio::time::timeout(Duration::from_millis(200), redis.ask(&["PING"])).await;
            assert!(asked.is_err(), "it hangs");
            redis.resume();
            assert_eq!(redis.number(&["DBSIZE"]).await, 1);
            redis.stop();
            assert_eq!(redis.ask(&["PING"]).await, None);
            redis.start_again().await;
            assert_eq!(redis.number(&["DBSIZE"]).await, 0);
        });
    }
}
