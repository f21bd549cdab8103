//! What chromedriver understands beyond `WebDriver`: the browser's logs and its debugging protocol.

use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;
use url::ParseError;
use url::Url;

/// One command of chromedriver's own.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

async fn issue(client: &Client, path: &'static str, body: Value) -> Value {
    let what = body.to_string();
    let answer = client.issue_cmd(Vendor { path, body }).await;
    answer.unwrap_or_else(|error| panic!("{path} {what}: {error}"))
}

/// A command of the debugging protocol.
pub(super) async fn debug(client: &Client, command: &str, parameters: Value) -> Value {
    issue(client, "goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
}

/// The entries of a log (`browser`, `performance`) since the last look.
pub(super) async fn log(client: &Client, name: &str) -> Vec<Value> {
    let entries = issue(client, "se/log", json!({ "type": name })).await;
    entries.as_array().cloned().unwrap_or_else(|| panic!("no list of entries: {entries}"))
}
