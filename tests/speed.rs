//! How long each page takes in a large CRM: the program behind `tests/speed`.

#![expect(clippy::expect_used, clippy::panic, reason = "in a test crate a broken expectation is a failed test")]

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use toolcrib_tests::{Client, Engine, PASSWORD, Places, Server, command, routes};

/// How often each page is opened, after once to warm up.
const ROUNDS: usize = 30;

/// What half of a page's answers may take.
const LIMIT: Duration = Duration::from_millis(100);

/// A page takes longer with more to find: what people type and how they turn lists around.
const ASKED: [&str; 14] = [
    "/search?q=a",
    "/search?q=maria",
    "/search?q=ma%20mu",
    "/search?q=example%20com",
    "/search?q=zimmermann%20lager",
    "/search?q=%E6%A1%9C",
    "/clients?q=berg",
    "/clients?q=nobodyhasthis",
    "/clients?sort=city&page=900",
    "/clients?sort=-updated&size=200",
    "/persons?q=sato",
    "/leads?q=an",
    "/tasks?show=all&who=all",
    "/reports?months=24",
];

/// What is measured.
#[derive(Debug)]
struct Wanted {
    size: String,
    fresh: bool,
}

/// How long the answers of one page took, the shortest first.
#[derive(Debug)]
struct Measured {
    path: String,
    status: u16,
    took: Vec<Duration>,
    limited: bool,
}

impl Wanted {
    fn of(arguments: impl Iterator<Item = String>) -> Self {
        let mut wanted = Self { size: "large".to_owned(), fresh: false };
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            match (argument.as_str(), arguments.peek()) {
                ("--fresh", _) => wanted.fresh = true,
                ("--size", Some(size)) if ["small", "large"].contains(&size.as_str()) => {
                    wanted.size.clone_from(size);
                    arguments.next();
                }
                _ => panic!("tests/speed [--size small|large] [--fresh], not {argument}"),
            }
        }
        wanted
    }
}

impl Measured {
    fn at(&self, percent: usize) -> Duration {
        let last = self.took.len().saturating_sub(1);
        self.took.get(last * percent / 100).copied().unwrap_or_default()
    }

    fn is_too_slow(&self) -> bool {
        self.limited && self.at(50) > LIMIT
    }

    fn line(&self) -> String {
        let millis = |took: Duration| took.as_secs_f64() * 1_000.0;
        let verdict = match (self.is_too_slow(), self.limited) {
            (true, _) => "too slow",
            (false, false) => "not limited",
            (false, true) => "",
        };
        let (median, most) = (millis(self.at(50)), millis(self.at(95)));
        format!("{median:9.1} {most:9.1}  {}  {}  {verdict}", self.status, self.path)
    }
}

fn main() -> ExitCode {
    let wanted = Wanted::of(std::env::args().skip(1));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&wanted))
}

async fn measure(wanted: &Wanted) -> ExitCode {
    let file = filled(wanted);
    let server = Server::on(Engine::Sqlite).without_knobs().filled_from(&file).start().await;
    let admin = server.signed_in("admin").await;
    let client = server.database().number("SELECT id FROM clients WHERE account = 'TC-1001'").await;
    let places = Places::of(&server, client).await;
    let pages: Vec<_> = routes(&server)
        .into_iter()
        .filter(|route| route.is_opened() && !route.is_stream())
        .map(|route| (places.address(&route.pattern), !route.is_data()))
        // Parameters of the framework's own tools.
        .filter(|(path, _)| !path.contains('{'))
        .chain(ASKED.map(|path| (path.to_owned(), true)))
        .collect();
    let mut measured = Vec::with_capacity(pages.len());
    for (path, limited) in pages {
        measured.push(opened(&admin, path, limited).await);
    }
    measured.sort_by_key(|measured| std::cmp::Reverse(measured.at(50)));
    say("median ms    p95 ms");
    for measured in &measured {
        say(&measured.line());
    }
    let failed = measured.iter().filter(|measured| measured.status >= 400).count();
    let slow = measured.iter().filter(|measured| measured.is_too_slow()).count();
    say(&format!("{} pages, {slow} too slow, {failed} failed", measured.len()));
    if slow + failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn opened(admin: &Client, path: String, limited: bool) -> Measured {
    let mut status = admin.get(&path).await.status;
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let answer = admin.get(&path).await;
        took.push(start.elapsed());
        status = status.max(answer.status);
    }
    took.sort_unstable();
    Measured { path, status, took, limited }
}

/// The filled file, made if it is not there yet.
fn filled(wanted: &Wanted) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/speed");
    std::fs::create_dir_all(&folder).expect("a folder for the filled database");
    let file = folder.join(format!("{}.db", wanted.size));
    if wanted.fresh && file.exists() {
        std::fs::remove_file(&file).expect("the old file can be removed");
    }
    if !file.exists() {
        // Under another name until it is complete.
        let half = folder.join("half.db");
        for name in ["half.db", "half.db-wal", "half.db-shm"] {
            let _ = std::fs::remove_file(folder.join(name));
        }
        let url = format!("sqlite://{}", half.display());
        let environment = [("DATABASE_URL", url.as_str()), ("DEMO_PASSWORD", PASSWORD)];
        let arguments = ["seed", "--size", &wanted.size].map(OsStr::new);
        let seeded = command::run(&arguments, &folder, &environment, Duration::from_secs(1_800));
        assert_eq!(seeded.code, Some(0), "{}", seeded.output);
        std::fs::rename(&half, &file).expect("the file gets its name");
        let bytes = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        say(&format!("filled in {:.0} s, {} MB", seeded.took.as_secs_f64(), bytes >> 20));
    }
    file
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
