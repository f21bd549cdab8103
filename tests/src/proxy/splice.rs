//! Two connections made one: what each side does, the other side sees.

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;
use tokio::net::tcp::WriteHalf;

/// How one direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The side that sends has said that it sends no more, and the other was told so.
    Finished,
    /// The side that sends was reset: nothing can be told to it any more.
    SourceGone,
    /// The side that receives was reset. What it had sent before is still to be read.
    TargetGone,
}

/// Hands on bytes, ends and resets in both directions until both have ended. Nothing is read from one side that the other
/// has no room for, so that whoever is slow is waited for.
pub(super) async fn both_ways(mut visitor: TcpStream, mut node: TcpStream) {
    // Both sides have their own reasons for when to send; a proxy that waits for more adds time of its own.
    let _ = (visitor.set_nodelay(true), node.set_nodelay(true));
    let whole = {
        let (from_visitor, to_visitor) = visitor.split();
        let (from_node, to_node) = node.split();
        let mut up = std::pin::pin!(hand_on(from_visitor, to_node));
        let mut down = std::pin::pin!(hand_on(from_node, to_visitor));
        let (first, up_was_first) = tokio::select! {
            end = &mut up => (end, true),
            end = &mut down => (end, false),
        };
        match first {
            End::SourceGone => false,
            End::Finished | End::TargetGone => {
                let second = if up_was_first { down.await } else { up.await };
                first == End::Finished && second == End::Finished
            }
        }
    };
    if !whole {
        reset(&visitor);
        reset(&node);
    }
}

/// Makes the end of this connection a reset.
pub(super) fn reset(stream: &TcpStream) {
    // A socket that cannot be told so is closed already.
    let _ = stream.set_zero_linger();
}

async fn hand_on(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> End {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        match from.read(&mut bytes).await {
            Ok(0) => return if to.shutdown().await.is_ok() { End::Finished } else { End::TargetGone },
            Ok(count) => {
                if to.write_all(&bytes[..count]).await.is_err() {
                    return End::TargetGone;
                }
            }
            Err(_) => return End::SourceGone,
        }
    }
}
