//! A server with somebody to post and somebody to look behind the scenes.

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::PgConnection;
use tokio::sync::RwLock;
use tokio::sync::RwLockReadGuard;
use tokio::sync::RwLockWriteGuard;
use toolcrib_tests::ServerPlan;
use toolcrib_tests::prelude::*;

use crate::log::Log;

/// The three counters of the GLASS article, and what else one post adds one to.
pub(crate) const COUNTERS: [(&str, &[(&str, &str)]); 5] = [
    ("/examples/tally", &[]),
    ("/examples/rc-tally", &[]),
    ("/examples/serial", &[]),
    ("/examples/sales", &[("mode", "update")]),
    ("/examples/sales", &[("mode", "locked")]),
];

/// All pages that show shared state.
pub(crate) const SHARED: [&str; 8] = [
    "/examples/tally",
    "/examples/rc-tally",
    "/examples/serial",
    "/examples/sales",
    "/examples/skew",
    "/examples/card-game",
    "/examples/append",
    "/examples/workshop",
];

/// One machine for all tests of this suite: many at once, or one alone.
static ROOM: RwLock<()> = RwLock::const_new(());

/// A place on the machine, kept as long as the test runs.
#[derive(Debug)]
enum Room {
    Alone(#[expect(dead_code, reason = "held, never looked at")] RwLockWriteGuard<'static, ()>),
    BesideOthers(#[expect(dead_code, reason = "held, never looked at")] RwLockReadGuard<'static, ()>),
}

/// A running server, a visitor who posts, an administrator who looks. Fields are dropped in this order: the place on
/// the machine last.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) visitor: Poster,
    pub(crate) admin: Client,
    _room: Room,
}

impl Scene {
    /// For tests whose limits are times: no other test of this suite runs meanwhile.
    pub(crate) async fn alone(plan: ServerPlan) -> Self {
        let room = Room::Alone(ROOM.write().await);
        Self::set(plan, room).await
    }

    /// For all other tests.
    pub(crate) async fn beside_others(plan: ServerPlan) -> Self {
        let room = Room::BesideOthers(ROOM.read().await);
        Self::set(plan, room).await
    }

    async fn set(plan: ServerPlan, room: Room) -> Self {
        let server = plan.start_watched().await;
        let visitor = Poster::new(server.visitor()).await;
        let admin = server.signed_in("admin").await;
        Self { server, visitor, admin, _room: room }
    }

    /// So many other visitors, each with cookies, connections and a token of their own.
    pub(crate) async fn strangers(&self, count: usize) -> Vec<Poster> {
        let mut strangers = Vec::new();
        for _ in 0..count {
            strangers.push(Poster::new(self.server.visitor()).await);
        }
        strangers
    }

    /// What a page answers to a GET that wants JSON.
    pub(crate) async fn shown(&self, path: &str) -> serde_json::Value {
        self.visitor.client.get_json(path).await.expect_status(200).json()
    }

    /// The value that a page shows.
    pub(crate) async fn value(&self, path: &str) -> i64 {
        number(&self.shown(path).await, "value")
    }

    /// All that these pages show.
    pub(crate) async fn shared_state(&self) -> Vec<(&'static str, serde_json::Value)> {
        let mut state = Vec::new();
        for path in SHARED {
            state.push((path, self.shown(path).await));
        }
        state
    }

    /// The whole object log.
    pub(crate) async fn log(&self) -> Log {
        Log::read(&self.server, &self.admin).await
    }

    /// What was counted so far.
    pub(crate) async fn counts(&self) -> Counts {
        let requests = self.server.status().await.requests;
        let log = self.log().await;
        Counts {
            conflicts: log.conflicts().len(),
            lock_retries: log.lock_retries().len(),
            entries: log.entries.len(),
            retried: requests.retried,
            exhausted: requests.exhausted,
            failed: requests.failed,
        }
    }

    /// Waits until nothing is under way, and fails if anything is left over then.
    pub(crate) async fn is_quiet(&self) {
        let left = async || left_over(&self.server.status().await);
        let started = Instant::now();
        loop {
            let found = left().await;
            if found.is_empty() {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(10), "left over after the load: {found:?}");
            toolcrib_tests::wait::time_passes(Duration::from_millis(10)).await;
        }
    }

    /// Waits until somebody holds the application's lock and so many wait for it.
    pub(crate) async fn application_is_locked(&self, waiting: u64) {
        let what = format!("the application is locked and {waiting} wait");
        holds_within(&what, Duration::from_secs(2), async || {
            let application = self.server.status().await.application;
            application.lock_owner.is_some() && application.lock_waiting == waiting
        })
        .await;
    }

    /// A statement behind the server's back.
    pub(crate) async fn execute(&self, sql: &str) {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        let done = match self.server.database().file() {
            Some(file) => query.execute(&mut toolcrib_tests::sqlite(file).await).await.map(|_| ()),
            None => {
                let mut connection =
                    PgConnection::connect(self.server.database().url()).await.expect("a connection of the test's own");
                sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.map(|_| ())
            }
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// What is still under way, the request that asks for it apart.
fn left_over(status: &toolcrib_tests::Status) -> Vec<String> {
    let mut found = Vec::new();
    for pool in &status.pools {
        // The asking request uses these two itself, at each node.
        let own = if matches!(pool.page.as_str(), "app" | "status.json") { status.nodes } else { 0 };
        if pool.active > own || pool.waiting > 0 {
            found.push(format!("{}: {} active, {} waiting", pool.page, pool.active, pool.waiting));
        }
    }
    if status.application.lock_owner.is_some() || status.application.lock_waiting > 0 {
        found.push(format!("{:?}", status.application));
    }
    if status.locks.held > 0 || status.locks.waiting > 0 || status.locks.names > 0 {
        found.push(format!("{:?}", status.locks));
    }
    if !status.requests.add_up() {
        found.push(format!("{:?}", status.requests));
    }
    found
}

/// Numbers that only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Entries `Commit failure - retrying`.
    pub(crate) conflicts: usize,
    /// Entries `Lock not acquired - retrying`.
    pub(crate) lock_retries: usize,
    /// All entries of the object log.
    pub(crate) entries: usize,
    pub(crate) retried: u64,
    pub(crate) exhausted: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// What has been added since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            conflicts: self.conflicts - before.conflicts,
            lock_retries: self.lock_retries - before.lock_retries,
            entries: self.entries - before.entries,
            retried: self.retried - before.retried,
            exhausted: self.exhausted - before.exhausted,
            failed: self.failed - before.failed,
        }
    }
}

/// A visitor with a token for forms.
#[derive(Debug, Clone)]
pub(crate) struct Poster {
    pub(crate) client: Client,
    pub(crate) token: String,
}

impl Poster {
    pub(crate) async fn new(client: Client) -> Self {
        let token = client.csrf_token().await;
        Self { client, token }
    }

    /// Sends a form with its token and asks for JSON.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.client.post(path).accept_json().form_with_token(&self.token, fields).send().await
    }

    /// The same in the background; nothing if the server goes away meanwhile.
    pub(crate) fn posting(
        &self,
        path: &str,
        fields: &[(&'static str, &'static str)],
    ) -> tokio::task::JoinHandle<Option<Answer>> {
        let request = self.client.post(path).accept_json().form_with_token(&self.token, fields);
        tokio::spawn(async move { request.try_send().await.ok() })
    }

    /// The bytes of such a request, for those who want to hang up.
    pub(crate) fn raw_post(&self, host: &str, path: &str, body: &str) -> String {
        let body = format!("_csrf={}&{body}", html::percent_encoded(&self.token));
        let cookies = self.client.jar().header().unwrap_or_default();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\nAccept: application/json\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// A whole number of a document.
#[track_caller]
pub(crate) fn number(document: &serde_json::Value, name: &str) -> i64 {
    document[name].as_i64().unwrap_or_else(|| panic!("no number {name} in {document}"))
}

/// The value that an answer of 200 carries.
#[track_caller]
pub(crate) fn value_of(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{answer:?}");
    number(&answer.json(), "value")
}

/// How many attempts an answer took.
#[track_caller]
pub(crate) fn attempts(answer: &Answer) -> u64 {
    let header = answer.header("x-attempts").and_then(|attempts| attempts.parse().ok());
    header.unwrap_or_else(|| panic!("no X-Attempts in {answer:?}"))
}

/// Fails unless `values` are `before + 1 ..= before + count`, each once.
#[track_caller]
pub(crate) fn assert_gap_free(mut values: Vec<i64>, before: i64) {
    values.sort_unstable();
    let odd: Vec<_> = values.windows(2).filter(|pair| pair[1] != pair[0] + 1).take(10).collect();
    assert!(odd.is_empty(), "repeated or missing numbers around {odd:?}");
    assert_eq!(values.first(), Some(&(before + 1)), "of {} numbers the first", values.len());
}

/// How far a measured time may be from the one that was asked for.
const TOLERANCE: Duration = Duration::from_millis(300);

/// Fails unless `measured` is `expected`, give or take [`TOLERANCE`].
#[track_caller]
pub(crate) fn assert_about(measured: Duration, expected_ms: u64, what: &str) {
    let expected = Duration::from_millis(expected_ms);
    assert!(measured.abs_diff(expected) <= TOLERANCE, "{what} took {measured:?} instead of {expected:?}");
}
