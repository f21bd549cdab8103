//! What several nodes on one PostgreSQL cost: the program behind `tests/scale`.
//!
//! All processes, the database and the clients share one machine, so a second node cannot add throughput where the
//! machine is full: the ratio is the price of being two, and processor time a request is what to calculate with.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a broken expectation ends the run")]

mod alone;
mod cases;
mod counts;
mod load;
mod report;
mod sites;

use std::io::Write;
use std::time::{Duration, Instant};

use toolcrib_tests::Postgres;

use self::cases::{CASES, Case};
use self::counts::Counted;
use self::load::{Answers, Load};
use self::sites::{CLIENTS, Site};

/// What PostgreSQL is started with: `fsync` and `synchronous_commit` are on by themselves.
const SETTINGS: [&str; 2] = ["max_connections=300", "shared_preload_libraries=pg_stat_statements"];

/// How long clients are at work before anything counts.
const WARM_UP: Duration = Duration::from_millis(700);

/// One case on one site in one round.
#[derive(Debug, Clone)]
struct Measured {
    case: usize,
    site: usize,
    clients: usize,
    answers: Answers,
    counted: Counted,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let alone = arguments.iter().any(|argument| argument == "--alone");
    let mut numbers = arguments.iter().filter_map(|argument| argument.parse::<u32>().ok());
    let seconds = Duration::from_secs(numbers.next().unwrap_or(2).into());
    let rounds = numbers.next().unwrap_or(3);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let postgres = Postgres::start_with(&SETTINGS).await;
        if !alone {
            whole(&postgres, seconds, rounds).await;
        }
        alone::measure(&postgres).await;
        let deadlocks = postgres.log().matches("deadlock detected").count();
        say(&format!("deadlocks that PostgreSQL ended: {deadlocks}"));
    });
}

async fn whole(postgres: &Postgres, seconds: Duration, rounds: u32) {
    sites::statements_counted(postgres).await;
    let mut sites = vec![
        Site::on_postgres(postgres, "one", "1 node", 1, 2).await,
        Site::on_postgres(postgres, "two", "2 nodes", 2, 2).await,
        Site::on_postgres(postgres, "wide", "1 node, 4 workers", 1, 4).await,
        Site::on_sqlite("SQLite", 2).await,
    ];
    say(&format!(
        "{CLIENTS} clients, {} s a case, {rounds} rounds, 2 workers a node; {}",
        seconds.as_secs(),
        sites::version(postgres).await
    ));
    let mut all = Vec::new();
    for round in 1..=rounds {
        for (place, case) in CASES.iter().enumerate() {
            for (number, site) in sites.iter_mut().enumerate() {
                for clients in [CLIENTS, 1] {
                    let seconds = if clients == 1 { Duration::from_secs(1) } else { seconds };
                    let (answers, counted) = measure(site, *case, clients, seconds).await;
                    all.push(Measured { case: place, site: number, clients, answers, counted });
                }
            }
        }
        let failed: usize = all.iter().map(|measured| measured.answers.failed).sum();
        let _ = writeln!(std::io::stderr(), "round {round} of {rounds}, {failed} answers of 400 or more so far");
    }
    let names: Vec<_> = sites.iter().map(|site| site.name).collect();
    report::tables(&names, &all);
    for site in &mut sites {
        idle(site).await;
    }
}

async fn measure(site: &mut Site, case: Case, clients: usize, seconds: Duration) -> (Answers, Counted) {
    let load = Load::start(&case.scripts(site, clients));
    tokio::time::sleep(WARM_UP).await;
    let before = now(site).await;
    let from = Instant::now();
    tokio::time::sleep(seconds).await;
    let after = now(site).await;
    let to = Instant::now();
    (load.stop(from, to).await, after.since(&before))
}

async fn now(site: &mut Site) -> Counted {
    match &mut site.counter {
        Some(counter) => counter.now().await,
        None => Counted::default(),
    }
}

/// What a site does that nobody visits.
async fn idle(site: &mut Site) {
    let Some(counter) = &mut site.counter else { return };
    let seconds = 10;
    let before = counter.now().await;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let counted = counter.now().await.since(&before);
    report::idle(site.name, site.nodes.len(), f64::from(u32::try_from(seconds).unwrap_or(1)), &counted);
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
