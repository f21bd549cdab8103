//! `kill -9` in the middle of work: what was acknowledged is there afterwards, once and whole.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::task::JoinHandle;
use toolcrib_tests::prelude::*;
use toolcrib_tests::random::Random;
use toolcrib_tests::rounds;
use toolcrib_tests::wait::time_passes;

on_both_engines! {
    what_was_acknowledged_survives_kill_9,
    pools_start_empty_after_a_crash,
    an_import_that_was_killed_is_whole_or_absent,
}

/// What the clients sent, and what they were told.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    acknowledged: Vec<NewClient>,
    unknown: Vec<NewClient>,
}

impl Ledger {
    /// Fails unless every acknowledged client is there exactly once and whole, and every other one at most once.
    pub(crate) async fn holds_on(&self, server: &Server) {
        let anna = server.signed_in("anna").await;
        let export = anna.export().await;
        let (names, cities) = (export.clients(), export.column(&["city"]));
        for client in &self.acknowledged {
            let rows: Vec<_> =
                names.iter().zip(&cities).filter(|((account, _), _)| *account == client.account()).collect();
            assert_eq!(rows.len(), 1, "acknowledged: {client:?}");
            assert_eq!((rows[0].0.1, *rows[0].1), (client.get("name"), client.get("city")));
        }
        for client in &self.unknown {
            assert!(export.count(client.account()) <= 1, "{client:?}");
        }
        eprintln!("{} acknowledged, {} without an answer", self.acknowledged.len(), self.unknown.len());
    }
}

/// Clients that create clients until they are stopped or the server is gone.
#[derive(Debug)]
pub(crate) struct Writers {
    ledger: Arc<Mutex<Ledger>>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    /// Starts so many of them.
    pub(crate) async fn start(server: &Server, count: usize) -> Self {
        let (ledger, stop) = (Arc::<Mutex<Ledger>>::default(), Arc::<AtomicBool>::default());
        let mut tasks = Vec::new();
        for _ in 0..count {
            let anna = server.signed_in("anna").await;
            let token = anna.csrf_token().await;
            tasks.push(tokio::spawn(write(anna, token, Arc::clone(&ledger), Arc::clone(&stop))));
        }
        Self { ledger, stop, tasks }
    }

    /// Waits until so many clients have been acknowledged.
    pub(crate) async fn have_written(&self, count: usize) {
        holds_within("the load runs", Duration::from_secs(30), async || lock(&self.ledger).acknowledged.len() >= count)
            .await;
    }

    /// Ends them; what they were told.
    pub(crate) async fn stop(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("a writer ends");
        }
        std::mem::take(&mut *lock(&self.ledger))
    }
}

async fn write(anna: Client, token: String, ledger: Arc<Mutex<Ledger>>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let client = NewClient::valid();
        let request = anna.post("/clients").accept_json().form_with_token(&token, &client.fields());
        match request.try_send().await {
            Ok(answer) if (200..300).contains(&answer.status) => lock(&ledger).acknowledged.push(client),
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{answer:?}");
                lock(&ledger).unknown.push(client);
            }
            Err(_) => {
                lock(&ledger).unknown.push(client);
                return;
            }
        }
    }
}

fn lock(ledger: &Mutex<Ledger>) -> std::sync::MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn what_was_acknowledged_survives_kill_9(engine: Engine) {
    let mut server = Server::on(engine).start().await;
    let mut random = Random::seeded("kill -9");
    for _ in 0..rounds(4, 40) {
        let load = Writers::start(&server, 8).await;
        load.have_written(10).await;
        time_passes(Duration::from_millis(random.below(400))).await;
        server.kill();
        let ledger = load.stop().await;
        let started = Instant::now();
        server.start_again().await;
        eprintln!("ready again after {:?}", started.elapsed());
        ledger.holds_on(&server).await;
    }
    if let Some(file) = server.database().file() {
        let mut connection = toolcrib_tests::sqlite(file).await;
        let verdict: String =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.expect("a verdict");
        assert_eq!(verdict, "ok");
    }
}

async fn pools_start_empty_after_a_crash(engine: Engine) {
    let mut server = Server::on(engine).start().await;
    let visitor = server.visitor();
    assert_eq!(visitor.drill("").await.status, 200);
    server.kill();
    server.start_again().await;
    let status = server.status().await;
    let pool = status.pool("drill");
    assert_eq!((pool.created_total, pool.uses_total, pool.active), (0, 0, 0), "{pool:?}");
}

/// An import is one unit: killed in the middle, it is there as a whole or not at all.
async fn an_import_that_was_killed_is_whole_or_absent(engine: Engine) {
    let mut server = Server::on(engine).start().await;
    let seeded = server.signed_in("anna").await.export().await.rows.len();
    let mut random = Random::seeded("kill -9 in an import");
    for _ in 0..rounds(3, 20) {
        let anna = server.signed_in("anna").await;
        let import = tokio::spawn(async move {
            let token = anna.csrf_token().await;
            let file = reqwest::multipart::Part::bytes(toolcrib_tests::companies()).file_name("sp500.csv");
            let form = reqwest::multipart::Form::new().text("_csrf", token).part("file", file);
            let sent = anna.post("/import").accept_json().multipart(form).try_send().await;
            sent.is_ok_and(|answer| answer.status == 200)
        });
        time_passes(Duration::from_millis(20 + random.below(300))).await;
        server.kill();
        let acknowledged = import.await.unwrap_or(false);
        server.start_again().await;
        let rows = server.signed_in("anna").await.export().await.rows.len();
        let whole = rows >= 503;
        assert!(whole || rows == seeded, "{rows} clients after {seeded}");
        assert!(whole || !acknowledged, "the import was acknowledged and is gone");
    }
}
