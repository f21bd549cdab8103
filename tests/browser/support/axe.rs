//! axe-core: the rules of accessibility that a program can check.

use std::path::Path;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;

use super::Browser;

/// What axe-core says about one element.
#[derive(Debug)]
pub(super) struct Breach {
    /// The rule's name, as in axe-core's documentation.
    pub(super) rule: String,
    /// How much it matters: `minor`, `moderate`, `serious`, `critical`.
    pub(super) impact: String,
    /// The element: a path to it, and its tag.
    pub(super) element: String,
    /// What would mend it.
    pub(super) advice: String,
}

const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] })
        .then((found) => done(found.violations), (error) => done(String(error)))";

/// What is wrong with the page that is open, as far as it matters.
pub(super) async fn breaches(browser: &Browser) -> Vec<Breach> {
    if browser.look("return typeof axe").await == "undefined" {
        browser.look(source()).await;
    }
    let found = browser.ask_later(RUN).await;
    let rules = found.as_array().unwrap_or_else(|| panic!("axe-core failed: {found}"));
    rules.iter().flat_map(of_rule).filter(|breach| matches!(breach.impact.as_str(), "serious" | "critical")).collect()
}

fn of_rule(rule: &Value) -> Vec<Breach> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = rule["nodes"].as_array().cloned().unwrap_or_default();
    let of_node = |node: Value| Breach {
        rule: text(&rule["id"]),
        impact: text(&node["impact"]),
        element: format!("{} {}", node["target"][0], text(&node["html"])),
        advice: text(&node["failureSummary"]).split_whitespace().collect::<Vec<_>>().join(" "),
    };
    nodes.into_iter().map(of_node).collect()
}

static SOURCE: OnceLock<String> = OnceLock::new();

/// The script, which `tests/run` installs below `target`; `TOOLCRIB_TEST_AXE` names another place.
fn source() -> &'static str {
    SOURCE.get_or_init(|| {
        let installed =
            || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("axe/node_modules/axe-core/axe.min.js");
        let path = std::env::var_os("TOOLCRIB_TEST_AXE").map_or_else(installed, PathBuf::from);
        std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("no axe-core at {} ({error}): `tests/run browser` installs it with npm", path.display())
        })
    })
}
