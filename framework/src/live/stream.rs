//! The body of an answer that goes on.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::task::AtomicWaker;

use super::handle::Live;
use super::table::{Next, StreamId};
use super::wire;

/// What a browser is sent. The server drops it when the client has gone, and that ends it.
#[derive(Debug)]
pub(crate) struct LiveStream {
    live: Live,
    id: StreamId,
    waker: Arc<AtomicWaker>,
    opening: Option<String>,
}

impl LiveStream {
    pub(super) fn new(live: Live, id: StreamId, waker: Arc<AtomicWaker>, last: Duration) -> Self {
        Self { live, id, waker, opening: Some(wire::opening(last.as_millis())) }
    }
}

impl Stream for LiveStream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(opening) = self.opening.take() {
            return Poll::Ready(Some(Ok(opening.into())));
        }
        // Before the look: what comes between the two wakes it.
        self.waker.register(cx.waker());
        match self.live.next(self.id) {
            Next::Event(event) => Poll::Ready(Some(Ok(wire::frame(&event).into()))),
            Next::Beat => Poll::Ready(Some(Ok(Bytes::from_static(wire::BEAT.as_bytes())))),
            Next::Nothing => Poll::Pending,
            Next::Ended => Poll::Ready(None),
        }
    }
}

impl Drop for LiveStream {
    fn drop(&mut self) {
        self.live.close(self.id);
    }
}
