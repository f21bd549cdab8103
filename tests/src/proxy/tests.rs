use std::time::Duration;
use std::time::Instant;

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;
use crate::port::free_port;
use crate::wait::holds_within;

const SOON: Duration = Duration::from_secs(5);

/// A node whose connections the test gets, but for the probes, which it answers itself.
struct Backend {
    port: u16,
    is_ready: Arc<AtomicBool>,
    taken: mpsc::UnboundedReceiver<(TcpStream, SocketAddr)>,
    task: tokio::task::JoinHandle<()>,
}

impl Backend {
    fn start() -> Self {
        Self::start_on(free_port())
    }

    fn start_on(port: u16) -> Self {
        let listener = listen(port);
        let is_ready = Arc::new(AtomicBool::new(true));
        let (give, taken) = mpsc::unbounded_channel();
        let ready = Arc::clone(&is_ready);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, address)) = listener.accept().await {
                let (give, ready) = (give.clone(), Arc::clone(&ready));
                tokio::spawn(async move {
                    let mut begun = [0; 4];
                    if stream.peek(&mut begun).await.is_ok_and(|count| begun[..count] == b"GET "[..count]) {
                        let says: &[u8] =
                            if ready.load(Ordering::SeqCst) { b"HTTP/1.1 200 OK" } else { b"HTTP/1.1 503 No" };
                        let _ = stream.write_all(&[says, b"\r\n\r\n"].concat()).await;
                        return;
                    }
                    let _ = give.send((stream, address));
                });
            }
        });
        Self { port, is_ready, taken, task }
    }

    async fn takes(&mut self) -> TcpStream {
        timeout(SOON, self.taken.recv()).await.expect("a connection").expect("the backend lives").0
    }
}

async fn proxy_before(nodes: &[&Backend]) -> Proxy {
    let ports: Vec<_> = nodes.iter().map(|node| node.port).collect();
    let proxy = Proxy::start(free_port(), &ports);
    for number in 0..nodes.len() {
        comes_in(&proxy, number).await;
    }
    proxy
}

async fn comes_in(proxy: &Proxy, number: usize) {
    holds_within("the node is in rotation", SOON, async || proxy.is_in_rotation(number)).await;
}

async fn goes_out(proxy: &Proxy, number: usize) {
    holds_within("the node is out of rotation", SOON, async || !proxy.is_in_rotation(number)).await;
}

/// A connection through the proxy, and its other end. The visitor speaks first: before, a backend cannot tell a probe from
/// a visitor.
async fn connected(proxy: &Proxy, node: &mut Backend) -> (TcpStream, TcpStream) {
    let mut visitor = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.expect("the proxy takes it");
    visitor.write_all(b"visitor").await.expect("sent");
    let mut other = node.takes().await;
    let mut bytes = [0; 7];
    timeout(SOON, other.read_exact(&mut bytes)).await.expect("in time").expect("read");
    assert_eq!(&bytes, b"visitor");
    (visitor, other)
}

async fn one_node() -> (Proxy, Backend, TcpStream, TcpStream) {
    let mut node = Backend::start();
    let proxy = proxy_before(&[&node]).await;
    let (visitor, other) = connected(&proxy, &mut node).await;
    (proxy, node, visitor, other)
}

async fn rest(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("the connection ends").map(|_| bytes)
}

fn is_reset<T: std::fmt::Debug>(read: &std::io::Result<T>) -> bool {
    read.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn connections_go_to_the_nodes_in_turn() {
    let (mut first, mut second) = (Backend::start(), Backend::start());
    let proxy = proxy_before(&[&first, &second]).await;
    let mut kept = Vec::new();
    for _ in 0..10 {
        let mut visitor = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.expect("the proxy takes it");
        visitor.write_all(b"x").await.expect("sent");
        kept.push(visitor);
    }
    let counted = async |node: &mut Backend| {
        let mut taken = 0;
        while taken < 5 {
            let _ = node.takes().await;
            taken += 1;
        }
        taken + node.taken.len()
    };
    assert_eq!((counted(&mut first).await, counted(&mut second).await), (5, 5));
}

#[tokio::test]
async fn a_node_sees_the_visitor_s_address() {
    let mut node = Backend::start();
    let proxy = proxy_before(&[&node]).await;
    for address in [[127, 0, 0, 1], [127, 1, 2, 3], [127, 45, 0, 9]] {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::from(address), 0).into()).expect("a loopback address");
        let mut visitor = socket.connect((Ipv4Addr::LOCALHOST, proxy.port()).into()).await.expect("taken");
        visitor.write_all(b"x").await.expect("sent");
        let (_, seen) = timeout(SOON, node.taken.recv()).await.expect("in time").expect("the backend lives");
        assert_eq!(seen.ip(), Ipv4Addr::from(address));
    }
}

#[tokio::test]
async fn whoever_has_said_all_still_gets_the_answer() {
    let (_proxy, _node, mut visitor, mut other) = one_node().await;
    visitor.write_all(b"the end").await.expect("sent");
    visitor.shutdown().await.expect("half closed");
    assert_eq!(rest(&mut other).await.expect("an orderly end"), b"the end");
    other.write_all(b"the answer").await.expect("sent");
    drop(other);
    assert_eq!(rest(&mut visitor).await.expect("an orderly end"), b"the answer");
}

#[tokio::test]
async fn a_reset_visitor_is_a_reset_for_the_node() {
    let (_proxy, _node, visitor, mut other) = one_node().await;
    visitor.set_zero_linger().expect("linger");
    drop(visitor);
    let read = rest(&mut other).await;
    assert!(is_reset(&read), "{read:?}");
}

#[tokio::test]
async fn a_reset_node_is_a_reset_for_the_visitor_after_what_it_had_said() {
    let (_proxy, _node, mut visitor, mut other) = one_node().await;
    other.write_all(b"413 too much").await.expect("sent");
    let mut said = [0; 12];
    timeout(SOON, visitor.read_exact(&mut said)).await.expect("in time").expect("what the node had said");
    other.set_zero_linger().expect("linger");
    drop(other);
    let read = rest(&mut visitor).await;
    assert!(is_reset(&read), "{read:?}");
}

/// A node that refuses a body while it is still being sent closes with bytes unread, which is a reset. Its answer must
/// arrive.
#[tokio::test]
async fn the_answer_to_a_body_that_nobody_reads_arrives() {
    for _ in 0..20 {
        let (_proxy, _node, mut visitor, mut other) = one_node().await;
        let body = vec![b'x'; 200_000];
        visitor.write_all(&body).await.expect("the buffers take it");
        other.write_all(b"413 too much").await.expect("sent");
        drop(other);
        let mut said = [0; 12];
        timeout(SOON, visitor.read_exact(&mut said)).await.expect("in time").expect("what the node had said");
        assert_eq!(&said, b"413 too much");
    }
}

#[tokio::test]
async fn whoever_does_not_read_is_waited_for() {
    let (_proxy, _node, mut visitor, mut other) = one_node().await;
    let sent = async {
        let bytes = vec![b'x'; 1 << 20];
        let mut sent = 0;
        while let Ok(written) = timeout(Duration::from_millis(500), other.write(&bytes)).await {
            sent += written.expect("the connection stands");
        }
        sent
    };
    let sent = sent.await;
    assert!(sent < 64 << 20, "{sent} bytes went somewhere");
    drop(other);
    let received = rest(&mut visitor).await.expect("an orderly end").len();
    assert_eq!(received, sent);
}

#[tokio::test]
async fn a_node_that_is_not_ready_gets_nothing_new_and_keeps_what_it_has() {
    let (mut first, mut second) = (Backend::start(), Backend::start());
    let proxy = proxy_before(&[&first, &second]).await;
    let mut visitor = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.expect("taken");
    visitor.write_all(b"x").await.expect("sent");
    let mut old =
        tokio::select! { taken = first.taken.recv() => taken, taken = second.taken.recv() => taken }.expect("taken").0;
    // What is not read by whoever closes makes of the end a reset.
    let _ = old.read_u8().await.expect("what the visitor sent");
    first.is_ready.store(false, Ordering::SeqCst);
    goes_out(&proxy, 0).await;
    for _ in 0..6 {
        let (_visitor, _other) = connected(&proxy, &mut second).await;
    }
    assert!(first.taken.is_empty(), "the first node got a connection");
    old.write_all(b"still here").await.expect("sent");
    drop(old);
    assert_eq!(rest(&mut visitor).await.expect("an orderly end"), b"still here");
    first.is_ready.store(true, Ordering::SeqCst);
    comes_in(&proxy, 0).await;
}

#[tokio::test]
async fn a_node_that_is_gone_is_passed_over_at_once() {
    let (first, mut second) = (Backend::start(), Backend::start());
    let proxy = proxy_before(&[&first, &second]).await;
    let port = first.port;
    first.task.abort();
    let _ = first.task.await;
    let started = Instant::now();
    for _ in 0..6 {
        let (_visitor, _other) = connected(&proxy, &mut second).await;
    }
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    let mut first = Backend::start_on(port);
    comes_in(&proxy, 0).await;
    let mut visitor = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.expect("taken");
    visitor.write_all(b"x").await.expect("sent");
    let mut other = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.expect("taken");
    other.write_all(b"x").await.expect("sent");
    let _ = first.takes().await;
}

#[tokio::test]
async fn without_any_node_a_connection_is_reset() {
    let proxy = Proxy::start(free_port(), &[free_port(), free_port()]);
    let mut visitor = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.expect("taken");
    let read = rest(&mut visitor).await;
    assert!(is_reset(&read), "{read:?}");
}
