//! What went wrong in a browser while a test looked at something else.

use std::collections::HashMap;

use fantoccini::Client;
use serde_json::Value;

use super::commands;

/// Reads the browser's logs and keeps what must not be in them.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// The addresses of requests under way, to name those that fail.
    addresses: HashMap<String, String>,
    expected: Vec<u64>,
    complaints: Vec<String>,
}

impl Recorder {
    /// Says that answers with this status are what the test is about.
    pub(super) fn expect(&mut self, status: u16) {
        self.expected.push(status.into());
    }

    /// Reads what was logged since the last look.
    pub(super) async fn look(&mut self, client: &Client) {
        for entry in commands::log(client, "performance").await {
            let text = entry["message"].as_str().unwrap_or_default();
            if let Ok(event) = serde_json::from_str::<Value>(text) {
                self.hear(&event["message"]);
            }
        }
        for entry in commands::log(client, "browser").await {
            self.read(&entry);
        }
    }

    /// All complaints so far.
    pub(super) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// An event of the network.
    fn hear(&mut self, event: &Value) {
        let parameters = &event["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&parameters["requestId"]);
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.addresses.insert(id, text(&parameters["request"]["url"]));
            }
            Some("Network.responseReceived") => {
                let status = parameters["response"]["status"].as_u64().unwrap_or_default();
                if status >= 500 && !self.expected.contains(&status) {
                    self.complaints.push(format!("status {status} from {}", text(&parameters["response"]["url"])));
                }
            }
            Some("Network.loadingFailed") => {
                let error = text(&parameters["errorText"]);
                // Leaving a page, and a download, end what was still loading. What no page asked for has no address:
                // that was the browser, which wants to know what names lead to on this network.
                if let Some(address) = self.addresses.get(&id).filter(|_| error != "net::ERR_ABORTED") {
                    let reason = text(&parameters["blockedReason"]);
                    self.complaints.push(format!("no answer from {address}: {error} {reason}"));
                }
            }
            _ => {}
        }
    }

    /// A line of the console. What it says about the network was heard already, with more detail.
    fn read(&mut self, entry: &Value) {
        let message = entry["message"].as_str().unwrap_or_default();
        let severe = entry["level"] == "SEVERE" && entry["source"] != "network";
        if severe || message.contains("Content Security Policy") {
            self.complaints.push(format!("on the console: {message}"));
        }
    }
}
