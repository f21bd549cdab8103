//! Clients that ask again as soon as they are answered, each on connections that stay open, a node after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What one client sends, over and over: the bytes for each node.
pub(crate) type Script = Vec<(u16, Vec<u8>)>;

/// One answer.
#[derive(Debug, Clone, Copy)]
struct Answered {
    at: Instant,
    took: Duration,
    status: u16,
}

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Vec<Answered>>,
}

/// What was answered between two moments.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(crate) count: usize,
    pub(crate) failed: usize,
    pub(crate) seconds: f64,
    /// The shortest first.
    took: Vec<Duration>,
}

impl Answers {
    pub(crate) fn per_second(&self) -> f64 {
        number(self.count) / self.seconds
    }

    /// In milliseconds.
    pub(crate) fn at(&self, percent: usize) -> f64 {
        let last = self.took.len().saturating_sub(1);
        self.took.get(last * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    }
}

impl Load {
    pub(crate) fn start(scripts: &[Script]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for (number, script) in scripts.iter().enumerate() {
            clients.spawn(client(script.clone(), number, Arc::clone(&stop)));
        }
        Self { stop, clients }
    }

    /// Lets every client end with the answer it waits for.
    pub(crate) async fn stop(mut self, from: Instant, to: Instant) -> Answers {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(answered) = self.clients.join_next().await {
            all.extend(answered.expect("a client that ended"));
        }
        let within: Vec<_> = all.into_iter().filter(|answered| (from..to).contains(&answered.at)).collect();
        let mut took: Vec<_> = within.iter().map(|answered| answered.took).collect();
        took.sort_unstable();
        let failed = within.iter().filter(|answered| answered.status >= 400).count();
        Answers { count: within.len(), failed, seconds: (to - from).as_secs_f64(), took }
    }
}

async fn client(script: Script, first: usize, stop: Arc<AtomicBool>) -> Vec<Answered> {
    let mut connections = Vec::with_capacity(script.len());
    for (port, _) in &script {
        let connection = TcpStream::connect(("127.0.0.1", *port)).await.expect("the node takes connections");
        connection.set_nodelay(true).expect("a connection without delay");
        connections.push(connection);
    }
    let mut answered = Vec::new();
    let mut buffer = Vec::with_capacity(1 << 16);
    let mut turn = first;
    while !stop.load(Ordering::Relaxed) {
        let place = turn % script.len();
        turn += 1;
        let begun = Instant::now();
        let connection = &mut connections[place];
        connection.write_all(&script[place].1).await.expect("the node reads");
        let status = read(connection, &mut buffer).await;
        let at = Instant::now();
        answered.push(Answered { at, took: at - begun, status });
    }
    answered
}

/// One answer to its end; its status.
async fn read(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    let mut end = None;
    loop {
        if end.is_none()
            && let Some(head) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")
        {
            end = Some(head + 4 + length(&buffer[..head]));
        }
        if end.is_some_and(|end| buffer.len() >= end) {
            break;
        }
        let count = connection.read_buf(buffer).await.expect("the node answers");
        assert!(count > 0, "the node closed the connection: {}", String::from_utf8_lossy(buffer));
    }
    let status = buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    status.and_then(|digits| digits.parse().ok()).expect("a status")
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if head.starts_with("http/1.1 204") || head.starts_with("http/1.1 304") {
        return 0;
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse().ok()).unwrap_or_else(|| panic!("an answer without a length: {head}"))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}
