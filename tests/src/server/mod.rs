//! The server under test: one process or two, one port for its visitors, one folder, one database.

mod node;
mod plan;

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tempfile::TempDir;
use tokio::sync::OnceCell;

pub use node::Node;
pub use plan::ServerPlan;
pub use plan::SettingText;

use crate::Answer;
use crate::Client;
use crate::Database;
use crate::Engine;
use crate::Status;
use crate::port;
use crate::proxy::Proxy;
use crate::wait::holds_within;
use crate::wire::Wire;

/// The password of every demo user of a server under test.
pub const PASSWORD: &str = "Correct-horse & 7 batteries";

/// A secret as a production profile wants it.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

/// What the nodes are called.
const NAMES: [&str; 2] = ["a", "b"];

/// How long the proxy may take to see that a node is ready.
const SEEN: Duration = Duration::from_secs(20);

/// A running server. Dropping it kills its processes, and fails the test if one had died or panicked unasked.
#[derive(Debug)]
pub struct Server {
    plan: ServerPlan,
    nodes: Vec<Node>,
    proxy: Option<Proxy>,
    port: u16,
    folder: TempDir,
    database: Arc<Database>,
    administrator: OnceCell<Client>,
}

impl Server {
    /// A plan with what every test wants: four workers, test knobs, a known password.
    pub fn on(engine: Engine) -> ServerPlan {
        ServerPlan::new(engine)
    }

    async fn start(plan: ServerPlan) -> Self {
        let folder = TempDir::with_prefix("toolcrib-test-").expect("a folder for the server");
        let database = Arc::new(match &plan.database_url {
            Some(url) => Database::given(url),
            None => Database::fresh(plan.engine, folder.path()).await,
        });
        if let (Some(from), Some(to)) = (&plan.filled_from, database.file()) {
            std::fs::copy(from, to).expect("a copy of the database");
        }
        let port = port::free_port();
        let nodes = nodes(&plan, port, folder.path(), database.url());
        let proxy = (nodes.len() > 1).then(|| {
            let ports: Vec<_> = nodes.iter().map(Node::port).collect();
            Proxy::start(port, &ports)
        });
        let mut server = Self { plan, nodes, proxy, port, folder, database, administrator: OnceCell::new() };
        server.start_again().await;
        server
    }

    /// The engine it was started on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.plan.engine
    }

    /// The port its visitors connect to: the proxy's where there are two nodes.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its working directory; each of two nodes has a folder of its own in it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// All that it has printed so far, one node after the other.
    #[must_use]
    pub fn log(&self) -> String {
        self.nodes.iter().map(Node::log).collect()
    }

    /// Its processes.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One of its processes, counted from 0.
    ///
    /// # Panics
    ///
    /// When there is none of that number.
    #[must_use]
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    // ===== who talks to it =====

    /// A visitor who was never here. Where there are two nodes, each of their requests is a connection of its own, so that
    /// both nodes get their share.
    #[must_use]
    pub fn visitor(&self) -> Client {
        Client::new(self.base(), None, self.proxy.is_none())
    }

    /// A visitor whose requests come from that address of the loopback network.
    #[must_use]
    pub fn visitor_from(&self, address: [u8; 4]) -> Client {
        Client::new(self.base(), Some(IpAddr::V4(Ipv4Addr::from(address))), self.proxy.is_none())
    }

    /// A visitor who keeps their connection, and with it the node that they have come to.
    #[must_use]
    pub fn visitor_with_keep_alive(&self) -> Client {
        Client::new(self.base(), None, true)
    }

    /// A visitor who opens a new connection for every request, so that all workers get their share.
    #[must_use]
    pub fn visitor_without_keep_alive(&self) -> Client {
        Client::new(self.base(), None, false)
    }

    /// A visitor who has signed in.
    pub async fn signed_in(&self, name: &str) -> Client {
        let visitor = self.visitor();
        visitor.sign_in(name).await;
        visitor
    }

    /// A raw connection.
    pub async fn wire(&self) -> Wire {
        Wire::connect(self.port).await
    }

    /// What each node that is awake says itself about something that processes count or note for themselves. By the last
    /// answer all have been asked: where a page first stores what its process still holds back, this one has it all.
    pub async fn each_node_says(&self, visitor: &Client, path: &str) -> Vec<Answer> {
        let mut answers = Vec::new();
        for node in self.nodes.iter().filter(|node| node.is_awake()) {
            answers.push(visitor.at(&node.base()).get_json(path).await);
        }
        answers
    }

    /// What it says about itself, asked by one administrator who stays signed in: counts of two nodes are added up.
    ///
    /// # Panics
    ///
    /// When it does not say it.
    pub async fn status(&self) -> Status {
        let administrator = self.administrator.get_or_init(async || self.signed_in("admin").await).await;
        // Asking for the status is no use of a session that would keep it alive; this is.
        let _ = administrator.head("/login").await;
        let mut answers = self.each_node_says(administrator, "/tools/status.json").await;
        if answers.iter().any(|answer| matches!(answer.status, 401 | 403) || answer.asks_to_sign_in()) {
            administrator.sign_in("admin").await;
            answers = self.each_node_says(administrator, "/tools/status.json").await;
        }
        let said = answers.into_iter().map(|answer| {
            let answer = answer.expect_status(200);
            serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("not the status ({error}): {answer:?}"))
        });
        said.reduce(Status::and).expect("a node that is awake")
    }

    /// Waits until so many sessions have ended by signing out, and no more.
    ///
    /// # Panics
    ///
    /// When that does not come about within a few seconds.
    pub async fn signed_out(&self, count: u64) {
        let what = format!("{count} sessions ended by signing out");
        holds_within(&what, Duration::from_secs(5), async || {
            let logout = self.status().await.sessions.ended_total.logout;
            assert!(logout <= count, "{logout} sessions ended by signing out instead of {count}");
            logout == count
        })
        .await;
    }

    /// Waits until nobody uses or waits for a page's pool.
    ///
    /// # Panics
    ///
    /// When that does not come about within a few seconds.
    pub async fn is_quiet(&self, page: &str) {
        let what = format!("active = waiting = 0 in the pool of {page}");
        holds_within(&what, Duration::from_secs(10), async || {
            let status = self.status().await;
            let pool = status.pool(page);
            pool.active == 0 && pool.waiting == 0
        })
        .await;
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    // ===== its life =====

    /// Starts it (again) with the same settings, folder, database and ports, and waits until it is ready. Nodes are started
    /// one after the other: the first one makes the tables and fills them.
    ///
    /// # Panics
    ///
    /// When it ends or is not ready in time; the message shows its log.
    pub async fn start_again(&mut self) {
        for node in &self.nodes {
            node.start_again().await;
        }
        self.administrator = OnceCell::new();
        for number in 0..self.nodes.len() {
            self.is_in_rotation(number).await;
        }
    }

    /// Waits until visitors get to that node.
    ///
    /// # Panics
    ///
    /// When the proxy does not let them within its probes' time.
    pub async fn is_in_rotation(&self, number: usize) {
        let Some(proxy) = &self.proxy else { return };
        holds_within("visitors get to the node", SEEN, async || proxy.is_in_rotation(number)).await;
    }

    /// Waits until no new visitor gets to that node.
    ///
    /// # Panics
    ///
    /// When there is no proxy, and when it still lets them after its probes' time.
    pub async fn is_out_of_rotation(&self, number: usize) {
        let proxy = self.proxy.as_ref().expect("a server of two nodes");
        holds_within("no visitor gets to the node", SEEN, async || !proxy.is_in_rotation(number)).await;
    }

    /// Sends SIGTERM to all processes.
    ///
    /// # Panics
    ///
    /// When one does not run.
    pub fn terminate(&self) {
        self.nodes.iter().for_each(Node::terminate);
    }

    /// Waits for all processes to end by themselves; nothing if one lives longer than that. Of two, the status of one that
    /// failed.
    ///
    /// # Panics
    ///
    /// When one does not run.
    pub fn ended_within(&mut self, within: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + within;
        let ended = self.nodes.iter().map(|node| node.ended_within(deadline.saturating_duration_since(Instant::now())));
        let ended = ended.collect::<Option<Vec<_>>>()?;
        ended.iter().find(|status| !status.success()).or(ended.first()).copied()
    }

    /// Kills all processes with SIGKILL.
    pub fn kill(&mut self) {
        self.nodes.iter().for_each(Node::kill);
    }

    fn judge(&mut self) -> Result<(), String> {
        let died = self.nodes.iter().find_map(Node::exit_status);
        let died = died.map(|status| format!("the server had ended by itself ({status})"));
        self.kill();
        let log = self.log();
        let panicked = log.lines().find(|line| line.contains("panicked at"));
        let panicked =
            panicked.filter(|_| !self.plan.panics_expected).map(|line| format!("the server panicked: {line}"));
        match died.or(panicked) {
            Some(complaint) => Err(complaint),
            None => Ok(()),
        }
    }
}

/// The processes of a server whose visitors use that port, none of them started. A process that is alone has that port
/// itself, and no folder of its own.
fn nodes(plan: &ServerPlan, public: u16, folder: &Path, database: &str) -> Vec<Node> {
    let given: Vec<_> = plan
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), value.replace("{port}", &public.to_string())))
        .collect();
    let node = |port: u16, folder: PathBuf, name: Option<&str>| {
        let mut environment = vec![
            ("DATABASE_URL".to_owned(), database.to_owned()),
            ("TOOLCRIB_SERVER__PORT".to_owned(), port.to_string()),
        ];
        environment.extend(name.map(|name| ("TOOLCRIB_CLUSTER__NODE".to_owned(), name.to_owned())));
        environment.extend(given.clone());
        Node::new(port, folder, environment)
    };
    match plan.engine {
        Engine::Sqlite | Engine::Postgres => vec![node(public, folder.to_owned(), None)],
        Engine::TwoNodes => NAMES.iter().map(|name| node(port::free_port(), folder.join(name), Some(name))).collect(),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let judged = self.judge();
        if std::thread::panicking() || judged.is_err() {
            for node in &self.nodes {
                let log = node.log();
                let tail: Vec<_> = log.lines().rev().take(60).collect();
                let tail: Vec<_> = tail.into_iter().rev().collect();
                eprintln!("----- end of the server's log\n{}\n-----", tail.join("\n"));
            }
        }
        if let (Err(complaint), false) = (judged, std::thread::panicking()) {
            panic!("{complaint}");
        }
    }
}
