//! A proxy of layer 4 before the nodes of one site: it hands on bytes and knows nothing of HTTP.
//!
//! Connections are spread round robin over the nodes in rotation. A node is in rotation as long as its `/readyz` says
//! 200; one that cannot be connected to leaves at once, and the connection goes to the next. Where none is in rotation
//! all are tried: on a crowded machine probes may be late everywhere, and a node that is really gone refuses anyway.
//!
//! A node sees the address of the visitor, not the proxy's: all of them are loopback addresses, which a process of the
//! same machine may take as its own.

mod probe;
mod splice;

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// How many connections may wait to be taken.
const BACKLOG: u32 = 1024;

/// How long a node may take to take a connection; on one machine it does so at once, even where it is paused.
const CONNECT: Duration = Duration::from_secs(2);

/// A running proxy. Dropping it ends it and every connection that goes through it.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    nodes: Arc<Nodes>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Nodes {
    all: Vec<Node>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Node {
    port: u16,
    in_rotation: AtomicBool,
}

impl Proxy {
    /// Listens on a port of 127.0.0.1 for what the nodes on those ports are to answer. No node is in rotation until it
    /// has said that it is ready.
    ///
    /// # Panics
    ///
    /// When the port is taken.
    #[must_use]
    pub fn start(port: u16, nodes: &[u16]) -> Self {
        let all = nodes.iter().map(|port| Node { port: *port, in_rotation: AtomicBool::new(false) }).collect();
        let nodes = Arc::new(Nodes { all, next: AtomicUsize::new(0) });
        let (stop, stopped) = oneshot::channel();
        let (listens, listening) = std::sync::mpsc::channel();
        // A thread of its own: a test that blocks its runtime must not stop the site's visitors.
        let thread = std::thread::Builder::new().name("proxy".to_owned()).spawn({
            let nodes = Arc::clone(&nodes);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime for the proxy").block_on(async move {
                    let listener = listen(port);
                    listens.send(()).expect("somebody waits for the proxy");
                    for number in 0..nodes.all.len() {
                        tokio::spawn(probe::watch(Arc::clone(&nodes), number));
                    }
                    tokio::select! {
                        () = accept(&listener, &nodes) => {}
                        _ = stopped => {}
                    }
                });
            }
        });
        let thread = thread.expect("a thread for the proxy");
        listening.recv().expect("the proxy listens");
        Self { port, nodes, stop: Some(stop), thread: Some(thread) }
    }

    /// The port visitors connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether new connections go to that node.
    #[must_use]
    pub fn is_in_rotation(&self, number: usize) -> bool {
        self.nodes.all.get(number).is_some_and(|node| node.in_rotation.load(Ordering::SeqCst))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Nodes {
    /// All nodes in the order in which this connection tries them: those in rotation, from the next one on; then the
    /// others.
    fn in_turn(&self) -> Vec<usize> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let in_turn = |is_in: bool| {
            let numbers = (0..self.all.len())
                .filter(|number| self.all[*number].in_rotation.load(Ordering::SeqCst) == is_in)
                .collect::<Vec<_>>();
            let start = if numbers.is_empty() { 0 } else { first % numbers.len() };
            numbers.iter().skip(start).chain(numbers.iter().take(start)).copied().collect::<Vec<_>>()
        };
        [in_turn(true), in_turn(false)].concat()
    }

    /// A connection to one of them, as if the visitor had made it; none if none takes it.
    async fn connect(&self, visitor: SocketAddr) -> Option<TcpStream> {
        for number in self.in_turn() {
            let node = &self.all[number];
            match tokio::time::timeout(CONNECT, connect(visitor, node.port)).await {
                Ok(Ok(stream)) => return Some(stream),
                Ok(Err(_)) | Err(_) => node.in_rotation.store(false, Ordering::SeqCst),
            }
        }
        None
    }
}

fn listen(port: u16) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a socket whose port may be taken again");
    socket.bind((Ipv4Addr::LOCALHOST, port).into()).unwrap_or_else(|error| panic!("the proxy's port {port}: {error}"));
    socket.listen(BACKLOG).expect("the proxy listens")
}

async fn accept(listener: &TcpListener, nodes: &Arc<Nodes>) {
    loop {
        // What fails here is this connection (it was reset while it waited), not the listener.
        let Ok((visitor, address)) = listener.accept().await else { continue };
        let nodes = Arc::clone(nodes);
        tokio::spawn(async move {
            match nodes.connect(address).await {
                Some(node) => splice::both_ways(visitor, node).await,
                None => splice::reset(&visitor),
            }
        });
    }
}

async fn connect(visitor: SocketAddr, port: u16) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // The system gives 127.0.0.1 by itself, and then may share one port between connections to different nodes.
    if visitor.ip() != Ipv4Addr::LOCALHOST {
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::new(visitor.ip(), 0))?;
    }
    socket.connect((Ipv4Addr::LOCALHOST, port).into()).await
}

#[cfg(test)]
mod tests;
