//! A tiny site, the loop around it, and clients.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Nothing here takes that long, on the slowest machine.
const LIMIT: Duration = Duration::from_secs(60);

/// The source of the site.
const SOURCE: &str = include_str!("tiny.rs");

/// The files of a site, in a folder of its own.
pub(crate) struct Tiny {
    folder: tempfile::TempDir,
}

impl Tiny {
    pub(crate) fn new() -> Self {
        let tiny = Self { folder: tempfile::tempdir().expect("a folder") };
        tiny.write(
            "Cargo.toml",
            "[package]\nname = \"tiny\"\nedition = \"2024\"\n[profile.dev]\ndebug = 0\n[workspace]\n",
        );
        tiny.write("src/main.rs", SOURCE);
        tiny.write("templates/page.html", &Self::page(0));
        tiny.write("assets/app.css", "body { color: red }\n");
        tiny
    }

    pub(crate) fn page(version: u32) -> String {
        format!("<!doctype html><html><head><title>Tiny</title></head>\n<body>version {version}</body></html>\n")
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, text).expect("the file");
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).expect("the file")
    }

    pub(crate) fn remove(&self, file: &str) {
        std::fs::remove_file(self.path(file)).expect("the file");
    }

    /// Waits until the site has written this file.
    pub(crate) fn wait_for(&self, file: &str) {
        let until = Instant::now() + LIMIT;
        while !self.path(file).exists() {
            assert!(Instant::now() < until, "{file} does not come");
            std::thread::yield_now();
        }
    }
}

/// A running `toolcrib dev`. Dropped, it is stopped, and the site with it.
pub(crate) struct Loop {
    child: Child,
    lines: Receiver<String>,
    said: Arc<Mutex<String>>,
    pub(crate) port: u16,
}

impl Loop {
    /// Starts and waits until the site is ready.
    pub(crate) fn start(site: &Tiny, arguments: &[&str]) -> Self {
        Self::start_waiting_for(site, arguments, "ready at")
    }

    pub(crate) fn start_waiting_for(site: &Tiny, arguments: &[&str], line: &str) -> Self {
        let mut command = command(site);
        command.args(["--port", "0", "--"]).args(arguments);
        let mut child = command.spawn().expect("the program");
        let (sender, lines) = channel();
        let said = Arc::new(Mutex::new(String::new()));
        let errors = BufReader::new(child.stderr.take().expect("its errors"));
        let log = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                log.lock().expect("the log").push_str(&format!("{line}\n"));
                let _ = sender.send(line);
            }
        });
        let mut dev = Self { child, lines, said, port: 0 };
        let first = dev.wait_for_line("http://127.0.0.1:");
        let (_, port) = first.rsplit_once(':').expect("a port");
        dev.port = port.parse().expect("a port");
        dev.wait_for_line(line);
        dev
    }

    /// What it says when it refuses to run.
    pub(crate) fn refused(site: &Tiny, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let out = command(site).args(arguments).envs(environment.iter().copied()).output().expect("the program");
        assert_eq!(out.status.code(), Some(2), "{out:?}");
        String::from_utf8(out.stderr).expect("text")
    }

    /// Waits until it says a line with these words.
    pub(crate) fn wait_for_line(&self, words: &str) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(words) => return line,
                Ok(_) => {}
                Err(_) => panic!("it does not say {words:?}:\n{}", self.said.lock().expect("the log")),
            }
        }
    }

    pub(crate) fn send(&self, request: &str) -> Exchange {
        Exchange::begin(self.port, request).expect("a connection")
    }

    pub(crate) fn ask(&self, request: &str) -> Answer {
        self.send(request).answer()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
    }

    /// As a browser that opens a page.
    pub(crate) fn get_page(&self, path: &str) -> Answer {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html,*/*\r\nconnection: close\r\n\r\n"
        ))
    }

    /// Listens as the page that is served now.
    pub(crate) fn events(&self) -> Events {
        let page = self.get_page("/").body;
        let mark = page.split("reload.js?page=").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("0.0");
        let request = format!("GET /__toolcrib/events?page={mark} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let mut reader = BufReader::new(self.send(&request).stream);
        // Listening once the head is there.
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).expect("the head");
        }
        Events { reader }
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn terminate(&self) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("an id");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("the signal");
    }

    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status;
            }
            assert!(Instant::now() < until, "it does not stop:\n{}", self.said.lock().expect("the log"));
            std::thread::yield_now();
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.terminate();
            let _ = self.child.wait();
        }
    }
}

fn command(site: &Tiny) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_toolcrib"));
    command
        .arg("dev")
        .current_dir(site.folder.path())
        .env("CARGO_TARGET_DIR", site.path("target"))
        .env_remove("TOOLCRIB_PROFILE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The server-sent events one page hears.
pub(crate) struct Events {
    reader: BufReader<TcpStream>,
}

impl Events {
    /// The next one: its name and what it says.
    pub(crate) fn next(&mut self) -> (String, String) {
        let (mut name, until) = (String::new(), Instant::now() + LIMIT);
        loop {
            assert!(Instant::now() < until, "no event comes");
            let mut line = String::new();
            assert_ne!(self.reader.read_line(&mut line).expect("an event"), 0, "no more events");
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.trim_end().to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (name, text.trim_end().to_owned());
            }
        }
    }
}

/// A request on a connection of its own.
pub(crate) struct Exchange {
    stream: TcpStream,
}

impl Exchange {
    fn begin(port: u16, request: &str) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(request.as_bytes())?;
        Ok(Self { stream })
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("the connection lives");
    }

    pub(crate) fn answer(self) -> Answer {
        self.try_answer().expect("an answer")
    }

    fn try_answer(mut self) -> std::io::Result<Answer> {
        let mut text = String::new();
        self.stream.read_to_string(&mut text)?;
        let (head, body) =
            text.split_once("\r\n\r\n").ok_or_else(|| std::io::Error::other(format!("cut off: {text}")))?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("no status: {head}")))?;
        Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Somebody who asks for the page all the time.
pub(crate) struct Client {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Vec<String>)>,
}

impl Client {
    pub(crate) fn ask_all_the_time(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut answered, mut trouble) = (0, Vec::new());
            while !told.load(Ordering::Relaxed) {
                let request = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
                match Exchange::begin(port, request).and_then(Exchange::try_answer) {
                    Ok(answer) if answer.status == 200 && answer.body.contains("version") => answered += 1,
                    Ok(answer) => trouble.push(format!("{} {}", answer.status, answer.body)),
                    Err(error) => trouble.push(error.to_string()),
                }
            }
            (answered, trouble)
        });
        Self { stop, thread }
    }

    /// How many answers were right, and what the others were.
    pub(crate) fn stop(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic")
    }
}
