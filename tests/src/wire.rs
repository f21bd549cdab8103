//! Raw connections, for what no decent HTTP client does: hanging up, dawdling, malformed requests.

use std::net::Ipv4Addr;
use std::time::Duration;
use std::time::Instant;

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How a client goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// The orderly end of a TCP connection, as when a browser's tab is closed.
    Fin,
    /// The abrupt one, as when a process is killed with data unread.
    Rst,
}

/// A connection to the server.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    host: String,
}

/// An answer as it came over the wire.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    /// The status code.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// What followed, as text.
    pub body: String,
}

impl RawAnswer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Wire {
    /// Connects.
    ///
    /// # Panics
    ///
    /// When the server does not accept.
    pub async fn connect(port: u16) -> Self {
        Self::try_connect(port).await.unwrap_or_else(|error| panic!("port {port}: {error}"))
    }

    /// Connects, if the server accepts.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn try_connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: format!("127.0.0.1:{port}") })
    }

    /// What belongs into `Host`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Sends bytes as they are; a connection that the server has closed already is no error here.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends a complete GET.
    pub async fn send_get(&mut self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n", self.host);
        self.send(request).await;
    }

    /// Whether something has arrived.
    pub async fn has_answer(&self) -> bool {
        timeout(Duration::ZERO, self.stream.peek(&mut [0]))
            .await
            .is_ok_and(|peeked| peeked.is_ok_and(|bytes| bytes > 0))
    }

    /// Reads one answer; nothing if the connection ends or `within` passes before its head is complete.
    pub async fn answer(&mut self, within: Duration) -> Option<RawAnswer> {
        let deadline = Instant::now() + within;
        let mut bytes = Vec::new();
        let body_at = loop {
            if let Some(at) = find(&bytes, b"\r\n\r\n") {
                break at + 4;
            }
            if self.more(&mut bytes, deadline).await == 0 {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&bytes[..body_at]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut answer = RawAnswer { status, head, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
        loop {
            let body = &bytes[body_at..];
            let complete = match length {
                Some(length) => body.len() >= length,
                None => body.ends_with(b"0\r\n\r\n") || status == 204 || status == 304,
            };
            if complete || self.more(&mut bytes, deadline).await == 0 {
                break;
            }
        }
        answer.body = String::from_utf8_lossy(&bytes[body_at..]).into_owned();
        Some(answer)
    }

    /// Everything until the server closes, or until `within` has passed.
    pub async fn everything(&mut self, within: Duration) -> String {
        let deadline = Instant::now() + within;
        let mut bytes = Vec::new();
        while self.more(&mut bytes, deadline).await > 0 {}
        String::from_utf8_lossy(&bytes).into_owned()
    }

    async fn more(&mut self, bytes: &mut Vec<u8>, deadline: Instant) -> usize {
        let left = deadline.saturating_duration_since(Instant::now());
        timeout(left, self.stream.read_buf(bytes)).await.map_or(0, |read| read.unwrap_or(0))
    }

    /// Goes away.
    ///
    /// # Panics
    ///
    /// When the socket refuses to be set up for it.
    pub fn hang_up(self, how: HangUp) {
        if how == HangUp::Rst {
            self.stream.set_zero_linger().expect("a socket that can linger");
        }
        drop(self.stream);
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
