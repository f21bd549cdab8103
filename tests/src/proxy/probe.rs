//! Whether a node says that it is ready.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;

use super::Nodes;

/// How often a node is asked.
const EVERY: Duration = Duration::from_millis(100);

/// How long it may take to say so.
const PATIENCE: Duration = Duration::from_secs(1);

const REQUEST: &[u8] = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
const READY: &[u8] = b"HTTP/1.1 200 ";

/// Asks for ever, and takes the node into rotation or out of it.
pub(super) async fn watch(nodes: Arc<Nodes>, number: usize) {
    let node = &nodes.all[number];
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let ready = matches!(tokio::time::timeout(PATIENCE, is_ready(node.port)).await, Ok(Ok(true)));
        node.in_rotation.store(ready, Ordering::SeqCst);
    }
}

async fn is_ready(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(REQUEST).await?;
    let mut begun = [0; READY.len()];
    stream.read_exact(&mut begun).await?;
    Ok(begun == *READY)
}
