//! The demo's command line, and the process that every server is.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Seek as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use crate::binary;

/// How a command ended and what it printed.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Both output streams, in the order written.
    pub output: String,
    /// How long it ran.
    pub took: Duration,
}

/// The demo with these arguments in that folder, in an environment that holds nothing but what is given here. It dies
/// with the thread that starts it.
///
/// # Panics
///
/// When `output` cannot be shared.
#[must_use]
pub fn demo(arguments: &[&OsStr], folder: &Path, output: &File) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--"])
        .arg(binary::demo())
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a second handle of the log"))
        .stderr(output.try_clone().expect("a third handle of the log"));
    command
}

/// Runs a command of the demo to its end, with nothing on its standard input.
///
/// # Panics
///
/// When it has not ended `within` that time; the message shows what it printed.
#[must_use]
pub fn run(arguments: &[&OsStr], folder: &Path, environment: &[(&str, &str)], within: Duration) -> Finished {
    run_with_input("", arguments, folder, environment, within)
}

/// The same with something on its standard input.
///
/// # Panics
///
/// As [`run`].
#[must_use]
pub fn run_with_input(
    input: &str,
    arguments: &[&OsStr],
    folder: &Path,
    environment: &[(&str, &str)],
    within: Duration,
) -> Finished {
    let mut typed = tempfile::tempfile().expect("a file for what is typed");
    typed.write_all(input.as_bytes()).expect("what is typed");
    typed.rewind().expect("a file to read from its beginning");
    let path = folder.join(format!("command-{}.log", crate::random::word("")));
    let output = File::create(&path).expect("a file for what the command prints");
    let started = Instant::now();
    let mut child = demo(arguments, folder, &output)
        .envs(environment.iter().copied())
        .stdin(typed)
        .spawn()
        .expect("the demo starts");
    let code = ended_within(&mut child, within);
    let took = started.elapsed();
    let output = std::fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let Some(status) = code else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{arguments:?} with {environment:?} still ran after {within:?} and had printed:\n{output}");
    };
    Finished { code: status.code(), output, took }
}

/// Waits for the end of a process; nothing if it lives longer.
///
/// # Panics
///
/// When it is no child of this process.
#[must_use]
pub fn ended_within(child: &mut Child, within: Duration) -> Option<std::process::ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            return Some(status);
        }
        if started.elapsed() > within {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal (`TERM`, `STOP`, …).
///
/// # Panics
///
/// When there is no shell to do it.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
}
