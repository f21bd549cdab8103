//! The files in demo-site/deploy fit the program: it knows their settings, and their times agree with one another.

use std::collections::BTreeMap;
use std::path::Path;

use toolcrib_tests::prelude::*;

/// What a file sets of the site's settings, by the name of the variable.
type Shipped = BTreeMap<String, String>;

pub(crate) fn shipped(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo-site/deploy");
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The settings that a file has: `TOOLCRIB_X=value` of units, images and lists of variables, `TOOLCRIB_X: value` of
/// compose. A value that whoever deploys has to fill in is empty.
fn settings_of(name: &str) -> Shipped {
    let mut found = Shipped::new();
    for line in shipped(name).lines() {
        let line = line.trim().trim_end_matches('\\').trim_end();
        let line = line.strip_prefix("Environment=").or_else(|| line.strip_prefix("ENV ")).unwrap_or(line);
        if !line.starts_with("TOOLCRIB_") {
            continue;
        }
        let (setting, value) = line.split_once(['=', ':']).unwrap_or_else(|| panic!("{name}: {line}"));
        found.insert(setting.to_owned(), filled_in(value.trim().trim_matches('"')));
    }
    found
}

/// A default of `${NAME:-default}`; nothing for `${NAME:?message}`.
fn filled_in(value: &str) -> String {
    match value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(variable) => variable.split_once(":-").map(|(_, default)| default.to_owned()).unwrap_or_default(),
        None => value.to_owned(),
    }
}

/// Starts a site in production with a file's settings; what it has to be given itself stays as the harness has it.
async fn starts_with(name: &str, at_least: usize) {
    let settings = settings_of(name);
    assert!(settings.len() >= at_least, "{name} sets only {settings:?}");
    let mut plan = Server::on(Engine::Postgres).in_production();
    for (setting, value) in settings {
        let own = ["TOOLCRIB_SERVER__PORT", "TOOLCRIB_SERVER__PUBLIC_URL", "TOOLCRIB_SECRET"];
        if own.contains(&setting.as_str()) {
            continue;
        }
        assert!(!value.is_empty(), "{name}: {setting} has no value");
        plan = plan.environment(&setting, value);
    }
    plan.environment("REDIS_URL", "redis://127.0.0.1:1").start().await.visitor().get("/login").await.expect_status(200);
}

#[test]
fn the_site_starts_with_the_settings_of_the_unit() {
    toolcrib_tests::run(starts_with("toolcrib.service", 4));
}

#[test]
fn the_site_starts_with_the_settings_of_the_unit_of_one_of_several_nodes() {
    toolcrib_tests::run(starts_with("toolcrib@.service", 5));
}

#[test]
fn the_site_starts_with_the_settings_of_compose() {
    toolcrib_tests::run(starts_with("compose.yaml", 8));
}

#[test]
fn the_site_starts_with_the_settings_of_the_image() {
    toolcrib_tests::run(starts_with("Containerfile", 3));
}

/// What compose wants filled in is in the example to fill in, and the example sets nothing that compose does not read.
#[test]
fn the_example_names_what_compose_asks_for() {
    let compose = shipped("compose.yaml");
    let asked = variables_of(&compose);
    let offered: Vec<String> = shipped(".env.example")
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_'))
        .collect();
    assert!(asked.len() >= 6 && offered.len() >= 6, "{asked:?} {offered:?}");
    for name in &asked {
        assert!(offered.contains(name), "compose.yaml reads {name}, which .env.example does not have");
    }
    for name in offered {
        let known = asked.contains(&name) || name == "COMPOSE_PROFILES";
        assert!(known, ".env.example has {name}, which compose.yaml does not read");
    }
}

fn variables_of(text: &str) -> Vec<String> {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split([':', '}']).next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// The number that follows a word.
fn number_after(text: &str, word: &str) -> u64 {
    let (_, rest) = text.split_once(word).unwrap_or_else(|| panic!("no {word:?}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number after {word:?}"))
}

/// A stop is the drain, and the grace time up to four times: requests, what clients left behind, jobs, the application.
#[test]
fn nobody_kills_a_node_that_still_stops() {
    for (name, word) in [
        ("toolcrib.service", "TimeoutStopSec="),
        ("toolcrib@.service", "TimeoutStopSec="),
        ("compose.yaml", "stop_grace_period: "),
    ] {
        let settings = settings_of(name);
        let millis = |setting: &str| settings[setting].parse::<u64>().expect("a number");
        let stop = millis("TOOLCRIB_SHUTDOWN__DRAIN_MS") + 4 * millis("TOOLCRIB_SHUTDOWN__GRACE_MS");
        assert!(number_after(&shipped(name), word) * 1000 > stop, "{name}: a stop may take {stop} ms");
    }
}

/// The proxy has seen that a node is not ready before that node stops taking requests.
#[test]
fn the_proxy_sees_in_time_that_a_node_stops() {
    let proxy = shipped("haproxy.cfg");
    let (every, fall) = (number_after(&proxy, "check inter "), number_after(&proxy, " fall "));
    let unseen = 1000 * (every * fall + number_after(&proxy, "timeout check "));
    for name in ["toolcrib.service", "toolcrib@.service", "compose.yaml", "Containerfile"] {
        let drain: u64 = settings_of(name)["TOOLCRIB_SHUTDOWN__DRAIN_MS"].parse().expect("a number");
        assert!(drain > unseen, "{name}: it drains for {drain} ms, and the proxy may need {unseen} ms");
    }
}
