//! Two nodes, somebody who posts at one of them, and somebody who looks.

use toolcrib_tests::ServerPlan;
use toolcrib_tests::prelude::*;

use super::ledger::COUNTERS;
use super::ledger::Ledger;

/// How long a node is taken to be alive that says nothing; shorter than usual, so that the tests are.
pub(crate) const LEASE: Duration = Duration::from_millis(2000);

/// By when another node must have noticed that a lease has run out.
pub(crate) const NOTICED: Duration = Duration::from_millis(1500);

/// Two nodes whose requests may wait as long as a lease takes, and longer.
pub(crate) fn plan() -> ServerPlan {
    Server::on(Engine::TwoNodes)
        .setting("CLUSTER__LEASE_MS", u64::try_from(LEASE.as_millis()).expect("a short time"))
        .setting("REQUEST__TIMEOUT_MS", 60_000)
        .setting("APPLICATION__LOCK_TIMEOUT_MS", 30_000)
}

/// A visitor with a token for forms, at one node or at the site.
#[derive(Debug, Clone)]
pub(crate) struct Poster {
    pub(crate) client: Client,
    token: String,
}

impl Poster {
    pub(crate) async fn at(server: &Server, node: usize) -> Self {
        Self::new(server.node(node).visitor()).await
    }

    pub(crate) async fn new(client: Client) -> Self {
        let token = client.csrf_token().await;
        Self { client, token }
    }

    /// Posts, and waits for the answer.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.client.post(path).accept_json().form_with_token(&self.token, fields).send().await
    }

    /// Posts in the background; nothing if there is no answer.
    pub(crate) fn posting(&self, path: &str, fields: &[(&str, &str)]) -> tokio::task::JoinHandle<Option<Answer>> {
        let request = self.client.post(path).accept_json().form_with_token(&self.token, fields);
        tokio::spawn(async move { request.try_send().await.ok() })
    }

    /// The value that a page shows here.
    pub(crate) async fn value(&self, path: &str) -> i64 {
        value_of(&self.client.get_json(path).await)
    }
}

/// The value that an answer of 200 carries.
#[track_caller]
pub(crate) fn value_of(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["value"].as_i64().unwrap_or_else(|| panic!("no value in {answer:?}"))
}

/// The values of all counters.
pub(crate) async fn values(server: &Server) -> Vec<i64> {
    let visitor = Poster::new(server.visitor()).await;
    let mut values = Vec::new();
    for (path, _) in COUNTERS {
        values.push(visitor.value(path).await);
    }
    values
}

/// Fails unless the counters are where the ledgers say, at both nodes, and nothing is held by anybody.
pub(crate) async fn assert_exact(server: &Server, before: &[i64], ledgers: &[Ledger]) {
    is_quiet(server).await;
    let after = values(server).await;
    for (number, (path, _)) in COUNTERS.into_iter().enumerate() {
        ledgers[number].assert_explains(path, before[number], after[number]);
    }
    for node in 0..server.nodes().len() {
        let poster = Poster::at(server, node).await;
        for (number, (path, fields)) in COUNTERS.into_iter().enumerate() {
            holds_within("the nodes agree", Duration::from_secs(3), async || {
                poster.value(path).await == after[number] + i64::try_from(node).expect("few nodes")
            })
            .await;
            let answer = poster.post(path, fields).await;
            let own = i64::try_from(node).expect("few nodes") + 1;
            assert_eq!(value_of(&answer), after[number] + own, "{path} at node {node}");
            assert!(answer.took() < Duration::from_secs(2), "{path} at node {node} took {:?}", answer.took());
        }
    }
    is_quiet(server).await;
}

/// Waits until nobody holds or waits for a lock, and every attempt of a request is accounted for.
async fn is_quiet(server: &Server) {
    let started = Instant::now();
    loop {
        let status = server.status().await;
        let is_free = status.application.lock_owner.is_none() && status.application.lock_waiting == 0;
        if is_free && status.locks.held == 0 && status.locks.waiting == 0 && status.requests.add_up() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(15), "left over: {status:?}");
        toolcrib_tests::wait::time_passes(Duration::from_millis(20)).await;
    }
}

/// Waits until somebody at that node is between reading and writing on a page.
pub(crate) async fn is_busy(server: &Server, node: usize, page: &str) {
    let admin = server.node(node).visitor();
    admin.sign_in("admin").await;
    holds_within("the page is at work", Duration::from_secs(10), async || {
        let answer = admin.get_json("/tools/status.json").await.expect_status(200);
        let status: toolcrib_tests::Status = serde_json::from_slice(&answer.body).expect("the status");
        status.pool(page).active > 0
    })
    .await;
}

/// Prints how long something took to be well again.
pub(crate) fn recovered(what: &str, took: Duration) {
    eprintln!("recovery: {what} {}", took.as_millis());
}
