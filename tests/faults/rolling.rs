//! Two nodes behind the proxy as it is shipped: each is stopped and started anew while visitors work, and nobody notices.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tempfile::TempDir;
use tokio::task::JoinHandle;
use toolcrib_tests::Database;
use toolcrib_tests::SECRET;
use toolcrib_tests::command;
use toolcrib_tests::free_port;
use toolcrib_tests::prelude::*;

use crate::deploy::shipped;

/// As the shipped units have it.
const DRAIN_MS: &str = "5000";

/// A site of two processes in production, and what stands before them.
struct Site {
    folder: TempDir,
    database: Database,
    nodes: Vec<Node>,
    proxy: Option<Child>,
    port: u16,
}

struct Node {
    port: u16,
    process: Option<Child>,
}

impl Drop for Site {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            kill(node.process.as_mut());
        }
        kill(self.proxy.as_mut());
        if std::thread::panicking() {
            for name in ["proxy.log", "node-0.log", "node-1.log"] {
                let log = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let lines: Vec<_> = log.lines().filter(|line| !line.contains("\"status\":200")).collect();
                eprintln!("----- end of {name}\n{}", lines[lines.len().saturating_sub(25)..].join("\n"));
            }
        }
    }
}

fn kill(process: Option<&mut Child>) {
    if let Some(process) = process {
        let _ = process.kill();
        let _ = process.wait();
    }
}

impl Site {
    async fn start() -> Self {
        let folder = TempDir::with_prefix("toolcrib-test-").expect("a folder");
        let database = Database::fresh(Engine::Postgres, folder.path()).await;
        let port = free_port();
        let nodes: Vec<Node> = (0..2).map(|_| Node { port: free_port(), process: None }).collect();
        let mut site = Self { folder, database, nodes, proxy: None, port };
        for number in 0..2 {
            site.start_node(number);
        }
        for number in 0..2 {
            site.is_ready(number).await;
        }
        // Not earlier: it takes nodes to be there until it has looked.
        site.proxy = Some(proxy(site.folder.path(), port, &site.nodes));
        site.answers("/proxyz", port).await;
        let input = format!("{PASSWORD}\n");
        let arguments = ["user", "add", "clara", "--role", "admin"].map(OsStr::new);
        let environment = site.environment(0);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let added =
            command::run_with_input(&input, &arguments, site.folder.path(), &environment, Duration::from_secs(30));
        assert_eq!(added.code, Some(0), "{added:?}");
        site
    }

    fn environment(&self, number: usize) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_URL", self.database.url().to_owned()),
            ("TOOLCRIB_PROFILE", "production".to_owned()),
            ("TOOLCRIB_SECRET", SECRET.to_owned()),
            ("TOOLCRIB_SERVER__PUBLIC_URL", format!("https://127.0.0.1:{}", self.port)),
            ("TOOLCRIB_SERVER__PORT", self.nodes[number].port.to_string()),
            ("TOOLCRIB_SERVER__WORKERS", "2".to_owned()),
            ("TOOLCRIB_SERVER__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("TOOLCRIB_SHUTDOWN__DRAIN_MS", DRAIN_MS.to_owned()),
        ]
    }

    fn start_node(&mut self, number: usize) {
        let log = self.folder.path().join(format!("node-{number}.log"));
        let log = File::options().create(true).append(true).open(log).expect("a file for the log");
        let mut command = command::demo(&[OsStr::new("serve")], self.folder.path(), &log);
        command.envs(self.environment(number));
        self.nodes[number].process = Some(command.spawn().expect("a node starts"));
    }

    async fn is_ready(&self, number: usize) {
        self.answers("/readyz", self.nodes[number].port).await;
    }

    async fn answers(&self, path: &str, port: u16) {
        let address = format!("http://127.0.0.1:{port}{path}");
        holds_within("the answer is 200", Duration::from_secs(60), async || {
            reqwest::get(&address).await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    }

    /// Whether the proxy sends requests to a node, by what it said of it last.
    fn is_in_rotation(&self, number: usize) -> bool {
        let log = std::fs::read_to_string(self.folder.path().join("proxy.log")).unwrap_or_default();
        let name = format!("Server nodes/node{} is ", number + 1);
        let last = log.lines().filter_map(|line| line.split_once(&name)).next_back();
        last.is_none_or(|(_, state)| state.starts_with("UP"))
    }

    async fn stop_node(&mut self, number: usize) {
        let mut process = self.nodes[number].process.take().expect("a running node");
        command::signal(&process, "TERM");
        let what = "the proxy sees that the node stops";
        holds_within(what, Duration::from_secs(10), async || !self.is_in_rotation(number)).await;
        let ended = command::ended_within(&mut process, Duration::from_secs(30)).expect("it ends");
        assert_eq!(ended.code(), Some(0), "{ended}");
    }
}

/// The proxy with the file that is shipped, but for TLS: that the tests do not speak.
fn proxy(folder: &Path, port: u16, nodes: &[Node]) -> Child {
    let mut file = shipped("haproxy.cfg");
    for (tls, plain, count) in
        [(" ssl crt \"${CERTIFICATE}\" alpn h2,http/1.1", "", 1), (" unless { ssl_fc }", " if FALSE", 2)]
    {
        assert_eq!(file.matches(tls).count(), count, "haproxy.cfg: {tls:?}");
        file = file.replace(tls, plain);
    }
    let path = folder.join("haproxy.cfg");
    std::fs::write(&path, file).expect("a file for the proxy");
    let log = File::create(folder.join("proxy.log")).expect("a file for the log");
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--", "haproxy", "-db", "-f"])
        .arg(&path)
        .env("HTTP_BIND", format!("127.0.0.1:{}", free_port()))
        .env("HTTPS_BIND", format!("127.0.0.1:{port}"))
        .env("NODE_1", format!("127.0.0.1:{}", nodes[0].port))
        .env("NODE_2", format!("127.0.0.1:{}", nodes[1].port))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle of the log"))
        .stderr(log)
        .spawn()
        .expect("haproxy starts")
}

/// Visitors who look and write until they are stopped.
struct Load {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Vec<NewClient>>>,
}

impl Load {
    async fn start(site: &Site, count: usize) -> Self {
        let (stop, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut tasks = Vec::new();
        for _ in 0..count {
            let clara = Client::of(&format!("http://127.0.0.1:{}", site.port));
            clara.sign_in("clara").await;
            tasks.push(tokio::spawn(works(clara, Arc::clone(&stop), Arc::clone(&answers))));
        }
        Self { stop, answers, tasks }
    }

    /// Waits for that many further answers.
    async fn goes_on(&self, count: usize) {
        let before = self.answers.load(Ordering::Relaxed);
        holds_within("the load goes on", Duration::from_secs(30), async || {
            self.answers.load(Ordering::Relaxed) >= before + count
        })
        .await;
    }

    async fn stop(self) -> Vec<NewClient> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.extend(task.await.expect("every request is answered"));
        }
        all
    }
}

/// A visitor, every answer to whom is the one expected.
async fn works(clara: Client, stop: Arc<AtomicBool>, answers: Arc<AtomicUsize>) -> Vec<NewClient> {
    let token = clara.csrf_token().await;
    let mut made = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let client = NewClient::valid();
        let request = clara.post("/clients").accept_json().form_with_token(&token, &client.fields());
        let answer = request.try_send().await.expect("an answer to a form");
        assert!((200..300).contains(&answer.status), "{answer:?}");
        made.push(client);
        for path in ["/clients", "/login"] {
            let answer = clara.request(reqwest::Method::GET, path).try_send().await.expect("an answer to a look");
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        answers.fetch_add(3, Ordering::Relaxed);
    }
    made
}

#[test]
fn behind_the_shipped_proxy_a_rolling_restart_fails_no_request() {
    toolcrib_tests::run(async {
        let mut site = Site::start().await;
        let load = Load::start(&site, 4).await;
        load.goes_on(30).await;
        for number in 0..2 {
            site.stop_node(number).await;
            load.goes_on(30).await;
            site.start_node(number);
            site.is_ready(number).await;
            let what = "the node is in the rotation again";
            holds_within(what, Duration::from_secs(10), async || site.is_in_rotation(number)).await;
            load.goes_on(30).await;
        }
        let made = load.stop().await;
        for client in &made {
            let sql = format!("SELECT COUNT(*) FROM clients WHERE account = '{}'", client.account());
            assert_eq!(site.database.number(&sql).await, 1, "{client:?}");
        }
        eprintln!("{} clients made during the restart of both nodes", made.len());
    });
}

/// A node that is killed is no rolling restart: what it was at is lost. But nothing that comes afterwards is.
#[test]
fn a_killed_node_is_soon_no_concern_of_anybody_s() {
    toolcrib_tests::run(async {
        let mut site = Site::start().await;
        kill(site.nodes[0].process.take().as_mut());
        // A connection that is refused goes to the other node at once: the first request already is answered.
        let clara = Client::of(&format!("http://127.0.0.1:{}", site.port));
        clara.sign_in("clara").await;
        let load = Load::start(&site, 2).await;
        load.goes_on(60).await;
        holds_within("the proxy gives it up", Duration::from_secs(10), async || !site.is_in_rotation(0)).await;
        site.start_node(0);
        site.is_ready(0).await;
        holds_within("it is back", Duration::from_secs(10), async || site.is_in_rotation(0)).await;
        load.goes_on(30).await;
        assert!(!load.stop().await.is_empty());
    });
}
