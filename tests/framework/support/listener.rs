//! A browser that listens to what happens.

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::Value;
use tokio::time::timeout;
use toolcrib_tests::wire::Wire;

use super::Visitor;

/// How long it waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an `EventSource` asks for.
pub(crate) const EVENTS: &str = "text/event-stream";

/// An open stream. Dropping it hangs up.
#[derive(Debug)]
pub(crate) struct Listener {
    response: reqwest::Response,
    text: String,
    frames: VecDeque<Frame>,
}

/// One block of the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) id: Option<u64>,
    pub(crate) event: Option<String>,
    pub(crate) data: Option<String>,
    pub(crate) retry: Option<u64>,
    pub(crate) comment: Option<String>,
}

impl Visitor {
    /// Opens a stream, and reads how it begins.
    pub(crate) async fn listens(&self, path: &str) -> Listener {
        self.begins(path).await.0
    }

    /// Opens a stream, and answers what it says of the time before.
    pub(crate) async fn begins_to_listen(&self, path: &str) -> Value {
        self.begins(path).await.1
    }

    /// Opens a stream on a connection of its own, for hanging up in one way or the other.
    pub(crate) async fn listens_on_a_wire(&self, path: &str) -> Wire {
        let mut wire = Wire::connect(self.port()).await;
        let cookies = self.cookies().unwrap_or_default();
        let head = format!("Host: {}\r\nAccept: {EVENTS}\r\nCookie: {cookies}", wire.host());
        assert!(wire.send(format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n")).await);
        wire
    }

    async fn begins(&self, path: &str) -> (Listener, Value) {
        let response = self.request(Method::GET, path).header(ACCEPT, EVENTS).header("Accept-Encoding", "gzip");
        let response = response.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        assert_eq!(response.status().as_u16(), 200, "{response:?}");
        let mut listener = Listener { response, text: String::new(), frames: VecDeque::new() };
        assert_eq!(listener.next().await.and_then(|frame| frame.retry), Some(2_000));
        let begin = listener.hears("live").await;
        (listener, begin)
    }

    /// Asks for a stream that is refused.
    pub(crate) async fn is_refused_to_listen(&self, path: &str) -> toolcrib_tests::Answer {
        let answer = self.send(self.request(Method::GET, path), EVENTS).await;
        assert_ne!(answer.status, 200, "{answer:?}");
        answer
    }
}

impl Listener {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The next block; nothing where the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("something within the time");
            // An end is an end, and no fault: neither a time limit of ours nor a connection that broke.
            let chunk = chunk.expect("a stream without a fault")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                self.frames.push_back(read(block));
                self.text = rest.to_owned();
            }
        }
    }

    /// The data of the next event, which has to be one of this name. Comments, and the copy of each event that has no
    /// name, are passed over; the copy has to say the same.
    pub(crate) async fn hears(&mut self, name: &str) -> Value {
        let frame = loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if frame.comment.is_none() {
                break frame;
            }
        };
        assert_eq!(frame.event.as_deref(), Some(name), "{frame:?}");
        let data = value(&frame);
        let copy = self.next().await.expect("the copy without a name");
        assert_eq!(copy.event, None, "{copy:?}");
        let copy = value(&copy);
        assert_eq!((&copy["event"], &copy["data"]), (&Value::from(name), &data));
        data
    }

    /// Watches for a moment that there is nothing to hear.
    pub(crate) async fn hears_nothing(&mut self, moment: Duration) {
        let heard = timeout(moment, async {
            loop {
                let frame = self.next().await;
                if frame.as_ref().is_none_or(|frame| frame.comment.is_none()) {
                    break frame;
                }
            }
        });
        if let Ok(heard) = heard.await {
            panic!("there was something to hear: {heard:?}");
        }
    }

    /// Reads until the stream ends; answers the names of the events that came before.
    pub(crate) async fn hears_the_end(&mut self) -> Vec<String> {
        let reading = async {
            let mut names = Vec::new();
            while let Some(frame) = self.next().await {
                names.extend(frame.event);
            }
            names
        };
        timeout(PATIENCE, reading).await.expect("the end of the stream")
    }
}

fn value(frame: &Frame) -> Value {
    let data = frame.data.as_deref().unwrap_or_else(|| panic!("no data in {frame:?}"));
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {frame:?}"))
}

fn read(block: &str) -> Frame {
    let mut frame = Frame::default();
    for line in block.lines() {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no line of a stream: {line:?}"));
        match name {
            "" => frame.comment = Some(value.to_owned()),
            "id" => frame.id = value.parse().ok(),
            "event" => frame.event = Some(value.to_owned()),
            "data" => frame.data = Some(value.to_owned()),
            "retry" => frame.retry = value.parse().ok(),
            _ => panic!("no line of a stream: {line:?}"),
        }
    }
    frame
}
