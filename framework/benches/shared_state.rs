//! What shared state costs: `cargo bench -p toolcrib --bench shared_state [SECONDS] [ROUNDS]`.
//!
//! Everything that is compared runs in one process, in turns; the medians of the rounds are told.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement tells what it found, or what went wrong")]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, Arbiter, Handler, Message};
use futures_util::future::join_all;
use sqlx::{Connection, Executor, SqliteConnection};
use toolcrib::prelude::*;

/// Clients that work at the same time where that is what is measured.
const CLIENTS: usize = 64;

const VALUE: AppVar<i64> = AppVar::new("Value").volatile();
const TALLY: AppVar<i64> = AppVar::new("Tally");
const RC_TALLY: RcCounter = RcCounter::new("RcTally");

struct Bench;

impl AppModule for Bench {
    const TITLE: &'static str = "Bench";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

/// An actor that does nothing, on an arbiter of its own as the application's is.
struct Empty;

impl Actor for Empty {
    type Context = actix::Context<Self>;
}

struct Nothing;

impl Message for Nothing {
    type Result = i64;
}

impl Handler<Nothing> for Empty {
    type Result = i64;

    fn handle(&mut self, _: Nothing, _: &mut Self::Context) -> i64 {
        1
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let round = Duration::from_secs(arguments.next().unwrap_or(1));
    let rounds = arguments.next().unwrap_or(5);
    toolcrib::run(async move {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        let settings = Settings::development(&url).expect("settings");
        let server = Site::builder(settings).app_module::<Bench>().build().await.expect("a site");
        let site = server.site().clone();
        reads(&site, rounds).await;
        updates(&site, round, rounds).await;
        locks(&site, round, rounds).await;
        commits(&site, folder.path(), round, rounds).await;
        sizes(&site).await;
        ExitCode::SUCCESS
    })
}

/// Nanoseconds a call takes, the median of some rounds.
fn nanos(rounds: u64, calls: u32, mut call: impl FnMut()) -> f64 {
    median((0..rounds).map(|_| {
        let begun = Instant::now();
        for _ in 0..calls {
            call();
        }
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    }))
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// Runs something again and again with some clients at once, and answers how often a second.
async fn rate(length: Duration, clients: usize, work: impl AsyncFn(usize)) -> f64 {
    let begun = Instant::now();
    let done = AtomicU64::new(0);
    join_all((0..clients).map(|client| {
        let (work, done) = (&work, &done);
        async move {
            while begun.elapsed() < length {
                work(client).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }))
    .await;
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let done = done.load(Ordering::Relaxed) as f64;
    done / begun.elapsed().as_secs_f64()
}

async fn reads(site: &Site, rounds: u64) {
    let app = site.application();
    app.set(&VALUE, &1).await.expect("set");
    let read = || {
        black_box(app.get(black_box(&VALUE)).expect("read"));
    };
    let free = nanos(rounds, 2_000_000, read);
    let locked = site
        .unit_of_work("hold", async |unit: &mut Unit| {
            unit.application().lock().await?;
            Ok(nanos(rounds, 2_000_000, read))
        })
        .await
        .expect("the lock")
        .value;
    println!("application read            {free:8.1} ns");
    println!("  while the lock is held    {locked:8.1} ns");
}

async fn updates(site: &Site, length: Duration, rounds: u64) {
    let empty = Empty::start_in_arbiter(&Arbiter::new().handle(), |_| Empty);
    for clients in [1, CLIENTS] {
        let (mut plain, mut update) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            plain.push(
                rate(length, clients, async |_| {
                    let _ = black_box(empty.send(Nothing).await);
                })
                .await,
            );
            let one = async |_| {
                let _ = site.application().update(&VALUE, |value| value.unwrap_or(0) + 1).await;
            };
            update.push(rate(length, clients, one).await);
        }
        let ratio = median(plain.iter().zip(&update).map(|(plain, update)| update / plain));
        let (plain, update) = (median(plain.into_iter()), median(update.into_iter()));
        println!(
            "{clients:2} clients: message to an empty actor {plain:9.0}/s   update {update:9.0}/s   ratio {ratio:.2}"
        );
    }
}

async fn locks(site: &Site, length: Duration, rounds: u64) {
    let mutex = tokio::sync::Mutex::new(());
    let (mut plain, mut named, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        plain.push(rate(length, 1, async |_| drop(black_box(mutex.lock().await))).await);
        for (locks_application, rates) in [(false, &mut named), (true, &mut whole)] {
            let cycles = site.unit_of_work("lock", async |unit: &mut Unit| {
                let begun = Instant::now();
                let mut cycles = 0_u32;
                while begun.elapsed() < length {
                    cycles += 1;
                    if locks_application {
                        unit.application().lock().await?;
                        unit.application().unlock().await?;
                    } else {
                        unit.lock("bench").exclusive().within(length).acquire().await?;
                        unit.unlock("bench");
                    }
                }
                Ok(f64::from(cycles) / begun.elapsed().as_secs_f64())
            });
            rates.push(cycles.await.expect("cycles").value);
        }
    }
    let [plain, named, whole] = [plain, named, whole].map(|rates| median(rates.into_iter()));
    println!(
        "lock and unlock: tokio::sync::Mutex {plain:10.0}/s   named lock {named:10.0}/s   application {whole:10.0}/s"
    );
}

async fn commits(site: &Site, folder: &std::path::Path, length: Duration, rounds: u64) {
    let own: Vec<AppVar<i64>> = (0..CLIENTS).map(|client| AppVar::new(leak(format!("Tally{client}")))).collect();
    let mut rates: [Vec<f64>; 4] = Default::default();
    for _ in 0..rounds {
        rates[0].push(bare_commits(&folder.join("bare.db"), length).await);
        let tally = async |client: usize| {
            let click = async |unit: &mut Unit| {
                Ok(unit.application().update(own.get(client).unwrap_or(&TALLY), |tally| tally.unwrap_or(0) + 1)?)
            };
            let _ = site.unit_of_work("tally", click).await;
        };
        rates[1].push(rate(length, CLIENTS, tally).await);
        let rc_tally = async |_| {
            drop(
                site.unit_of_work("rc", async |unit: &mut Unit| Ok(unit.application().counter(&RC_TALLY).add(1)?))
                    .await,
            );
        };
        rates[2].push(rate(length, CLIENTS, rc_tally).await);
        let update = async |_| {
            let _ = site.application().update(&TALLY, |tally| tally.unwrap_or(0) + 1).await;
        };
        rates[3].push(rate(length, CLIENTS, update).await);
    }
    let [bare, tallies, rc, update] = rates.map(|rates| median(rates.into_iter()));
    println!(
        "durable commits, {CLIENTS} clients: bare SQLite {bare:7.0}/s   a tally each {tallies:7.0}/s ({:.2})",
        tallies / bare
    );
    println!(
        "  one RcCounter {rc:7.0}/s ({:.2})   update of one variable {update:7.0}/s ({:.2})",
        rc / bare,
        update / bare
    );
}

/// One connection that does nothing but commit one changed row after the other.
async fn bare_commits(file: &std::path::Path, length: Duration) -> f64 {
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let mut conn = SqliteConnection::connect(&url).await.expect("a connection");
    for statement in [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE IF NOT EXISTS tally (id INTEGER PRIMARY KEY, value BIGINT NOT NULL)",
        "INSERT INTO tally VALUES (1, 0) ON CONFLICT DO NOTHING",
    ] {
        conn.execute(statement).await.expect("a table");
    }
    let begun = Instant::now();
    let mut commits = 0_u32;
    while begun.elapsed() < length {
        for statement in ["BEGIN IMMEDIATE", "UPDATE tally SET value = value + 1 WHERE id = 1", "COMMIT"] {
            conn.execute(statement).await.expect("a commit");
        }
        commits += 1;
    }
    f64::from(commits) / begun.elapsed().as_secs_f64()
}

/// The same operations beside 1, 1,000 and 100,000 names and variables: on the same one each time,
/// and for reads on another one each time, which is what the processor's caches make of it.
async fn sizes(site: &Site) {
    for count in [1_usize, 1_000, 100_000] {
        let vars: Vec<AppVar<i64>> =
            (0..count).map(|number| AppVar::new(leak(format!("v{count}-{number}"))).volatile()).collect();
        for chunk in vars.chunks(1_000) {
            join_all(chunk.iter().map(|var| site.application().set(var, &1))).await;
        }
        let Some(first) = vars.first() else { continue };
        let read = |var: &AppVar<i64>| {
            black_box(site.application().get(black_box(var)).expect("read"));
        };
        let same = nanos(3, 500_000, || read(first));
        let mut turn = 0_usize;
        let another = nanos(3, 200_000, || {
            turn = (turn + 7_919) % count;
            if let Some(var) = vars.get(turn) {
                read(var);
            }
        });
        let one = async |_| {
            let _ = site.application().update(first, |value| value.unwrap_or(0) + 1).await;
        };
        let update = rate(Duration::from_millis(500), CLIENTS, one).await;
        let lock = lock_beside(site, count).await;
        println!(
            "{count:6} of them: read {same:5.1} ns (another each time {another:6.1} ns)   update {update:7.0}/s   \
             lock and unlock {lock:5.0} ns"
        );
    }
}

/// Nanoseconds to take and give back one lock while another unit holds many.
async fn lock_beside(site: &Site, count: usize) -> f64 {
    let limit = Duration::from_secs(1);
    let held = site.unit_of_work("holds many", async |unit: &mut Unit| {
        for number in 1..count {
            unit.lock(format!("n{number}")).within(limit).acquire().await?;
        }
        let cycles = site.unit_of_work("takes one", async |unit: &mut Unit| {
            let begun = Instant::now();
            for _ in 0..50_000 {
                unit.lock("n0").within(limit).acquire().await?;
                unit.unlock("n0");
            }
            Ok(begun.elapsed().as_secs_f64() * 1e9 / 50_000.0)
        });
        Ok(cycles.await.map_err(PageError::other)?.value)
    });
    held.await.expect("names").value
}

fn leak(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}
