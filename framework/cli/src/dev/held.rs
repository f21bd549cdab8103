//! The body of an answer that holds on to what must outlive it.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::task::JoinHandle;

use super::door::Pass;
use super::proxy::Failure;

/// The task that drives a connection to the site. Dropped, it hangs up: a client that has gone is not waited for.
#[derive(Debug)]
pub(super) struct Connection(JoinHandle<()>);

impl Connection {
    pub(super) fn new(task: JoinHandle<()>) -> Self {
        Self(task)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer's body; with a pass the request counts as inside until it is sent.
#[derive(Debug)]
pub(super) struct Held {
    body: Incoming,
    // Hung up before the pass is given back.
    _connection: Connection,
    _pass: Option<Pass>,
}

impl Held {
    pub(super) fn new(body: Incoming, pass: Option<Pass>, connection: Connection) -> Self {
        Self { body, _connection: connection, _pass: pass }
    }
}

impl Body for Held {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
