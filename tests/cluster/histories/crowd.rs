//! Sixty-four clients with cookies and tokens of their own, all let loose at once.

use std::fmt::Debug;
use std::future::Future;

use tokio::sync::Mutex;
use tokio::sync::MutexGuard;
use toolcrib_tests::Request;
use toolcrib_tests::ServerPlan;
use toolcrib_tests::history::Fault;
use toolcrib_tests::history::History;
use toolcrib_tests::history::Tally;
use toolcrib_tests::long;
use toolcrib_tests::prelude::*;
use toolcrib_tests::random::Random;

use super::recorder::Recorder;

/// How many they are.
pub(super) const CLIENTS: usize = 64;

/// After how long a client gives up, where nobody is hurt on purpose.
const PATIENCE: Duration = Duration::from_secs(60);

/// One load at a time: what the site is asked to bear is for this machine as a whole.
static ROOM: Mutex<()> = Mutex::const_new(());

/// A site with room for all of them.
pub(super) fn roomy(engine: Engine) -> ServerPlan {
    Server::on(engine)
        .setting("POOL__MAX", 96)
        .setting("POOL__QUEUE_MAX", 512)
        .setting("POOL__QUEUE_TIMEOUT_MS", 60_000)
        .setting("REQUEST__TIMEOUT_MS", 60_000)
        .setting("APPLICATION__LOCK_TIMEOUT_MS", 60_000)
}

/// How long a load lasts.
pub(super) fn lasting() -> Duration {
    Duration::from_secs(if long() { 60 } else { 4 })
}

/// The clients of a load.
pub(super) struct Crowd {
    pub(super) clients: Vec<Member>,
    pub(super) lasts: Duration,
    _room: MutexGuard<'static, ()>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) number: usize,
    pub(super) client: Client,
    token: String,
    pub(super) recorder: Recorder,
    until: Instant,
    pub(super) random: Random,
}

impl Crowd {
    /// So many strangers, each let in by `visitor`.
    pub(super) async fn of(visitor: impl Fn() -> Client) -> Self {
        Self::patient(visitor, PATIENCE, lasting()).await
    }

    /// The same, who give a request up after so long.
    pub(super) async fn patient(visitor: impl Fn() -> Client, patience: Duration, lasts: Duration) -> Self {
        let room = ROOM.lock().await;
        let recorder = Recorder::patient(patience);
        let mut random = Random::seeded("what the clients choose");
        let mut clients = Vec::with_capacity(CLIENTS);
        // One more for the last look.
        for number in 0..=CLIENTS {
            let client = visitor();
            let token = client.csrf_token().await;
            let random = Random::from_seed(random.number());
            clients.push(Member { number, client, token, recorder: recorder.clone(), until: Instant::now(), random });
        }
        Self { clients, lasts, _room: room }
    }

    /// Lets all of them do the same over and over until the time is up; all that they wrote down.
    pub(super) async fn does<O, F>(&self, what: impl Fn(Member) -> F) -> Vec<O>
    where
        O: Send + 'static,
        F: Future<Output = Vec<O>> + Send + 'static,
    {
        let until = Instant::now() + self.lasts;
        let done = all_at_once(CLIENTS, |number| what(Member { until, ..self.clients[number].clone() })).await;
        done.into_iter().flatten().collect()
    }

    /// The one who looks when all is over.
    pub(super) fn last(&self) -> Member {
        self.clients[CLIENTS].clone()
    }
}

impl Member {
    /// Whether there is time for another request.
    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// A look at a page, as JSON.
    pub(super) fn look(&self, path: &str) -> Request {
        self.client.request(reqwest::Method::GET, path).accept_json()
    }

    /// A form with its token, to be answered by JSON.
    pub(super) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        self.client.post(path).accept_json().form_with_token(&self.token, fields)
    }
}

/// Says what a load was: operations a second, how they ended, how many units were run again.
pub(super) async fn report<C, A>(what: &str, server: &Server, history: &History<C, A>, crowd: &Crowd) -> Tally {
    let tally = history.tally();
    // What is written down as two operations was one request.
    let done =
        history.operations.iter().filter(|operation| operation.process <= CLIENTS && operation.answer().is_some());
    let done = u32::try_from(done.count()).expect("a short load");
    let requests = server.status().await.requests;
    eprintln!(
        "{what} on {}: {:.0} requests a second, {tally:?}, {} retries, {} gave up, {:?}",
        server.engine(),
        f64::from(done) / crowd.lasts.as_secs_f64(),
        requests.retried,
        requests.exhausted,
        crowd.last().recorder.instead()
    );
    tally
}

/// Fails with the first faults if there are any.
#[track_caller]
pub(super) fn acquitted<T: Debug>(judged: Result<T, Vec<Fault>>) -> T {
    judged.unwrap_or_else(|faults| {
        let told: Vec<_> = faults.iter().take(5).map(ToString::to_string).collect();
        panic!("{} faults, the first of them:\n{}", faults.len(), told.join("\n"))
    })
}
