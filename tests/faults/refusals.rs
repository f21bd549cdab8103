//! Starts that must not succeed: the message names what is wrong, the exit code is not 0, and nothing is served.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::net::TcpListener;

use tempfile::TempDir;
use toolcrib_tests::Database;
use toolcrib_tests::SECRET;
use toolcrib_tests::command;
use toolcrib_tests::command::Finished;
use toolcrib_tests::prelude::*;

on_both_engines! {
    migrating_and_seeding_twice_changes_nothing,
    a_production_profile_refuses_the_demo_s_users,
}

const SOON: Duration = Duration::from_secs(15);

/// Starts the server in an empty folder with nothing but these variables; how it ended.
fn start(folder: &TempDir, environment: &[(&str, &str)]) -> Finished {
    let mut all = vec![("TOOLCRIB_SERVER__HOST", "127.0.0.1")];
    if !environment.iter().any(|(name, _)| *name == "TOOLCRIB_PROFILE") {
        all.push(("DEMO_PASSWORD", PASSWORD));
    }
    let port = toolcrib_tests::free_port().to_string();
    if !environment.iter().any(|(name, _)| *name == "TOOLCRIB_SERVER__PORT") {
        all.push(("TOOLCRIB_SERVER__PORT", &port));
    }
    all.extend_from_slice(environment);
    command::run(&[OsStr::new("serve")], folder.path(), &all, SOON)
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// Fails unless it ended with an error that has all these words, whatever their case, and no panic.
#[track_caller]
fn assert_refused(finished: &Finished, words: &[&str]) {
    assert!(finished.code.is_some_and(|code| code != 0), "{finished:?}");
    assert!(!finished.output.contains("panicked"), "{}", finished.output);
    let output = finished.output.to_lowercase();
    for word in words {
        assert!(output.contains(&word.to_lowercase()), "no word of {word:?}:\n{}", finished.output);
    }
}

#[test]
fn an_unknown_setting_is_named() {
    assert_refused(&start(&folder(), &[("TOOLCRIB_SERVER__PROT", "8080")]), &["prot"]);
    assert_refused(&start(&folder(), &[("TOOLCRIB_SREVER__PORT", "8080")]), &["srever"]);
    assert_refused(&start(&folder(), &[("TOOLCRIB_PAGES__DRILL__MAXIMUM", "3")]), &["maximum"]);
    assert_refused(&start(&folder(), &[("TOOLCRIB_NONSENSE", "1")]), &["nonsense"]);
}

/// A pool for a page that the site has not: a misspelling as well.
#[test]
fn a_setting_for_an_unknown_page_is_named() {
    assert_refused(&start(&folder(), &[("TOOLCRIB_PAGES__DRIL__MAX", "3")]), &["dril"]);
}

#[test]
fn an_unknown_setting_in_the_file_is_named() {
    let folder = folder();
    std::fs::write(folder.path().join("toolcrib.toml"), "[server]\nprot = 8080\n").expect("a file");
    assert_refused(&start(&folder, &[]), &["prot"]);
    std::fs::write(folder.path().join("toolcrib.toml"), "[server\n").expect("a file");
    assert_refused(&start(&folder, &[]), &["toolcrib.toml"]);
}

#[test]
fn a_bad_value_is_named_with_its_setting() {
    for (name, value, word) in [
        ("TOOLCRIB_SERVER__PORT", "eighty", "port"),
        ("TOOLCRIB_SERVER__PORT", "70000", "port"),
        ("TOOLCRIB_SERVER__WORKERS", "many", "workers"),
        ("TOOLCRIB_POOL__MAX", "-1", "max"),
        ("TOOLCRIB_SERVER__TRUSTED_PROXIES", "10.0.0.0/33", "trusted_proxies"),
        ("TOOLCRIB_SERVER__TRUSTED_PROXIES", "proxy.example", "trusted_proxies"),
        ("TOOLCRIB_SHUTDOWN__DRAIN_MS", "5s", "drain_ms"),
        ("TOOLCRIB_PAGES__DRILL__MAX", "ten", "max"),
        ("TOOLCRIB_PAGES__DRILL__CACHE", "sometimes", "cache"),
        ("TOOLCRIB_PAGES__DRILL__CREATE", "never", "create"),
        ("TOOLCRIB_POOL__QUEUE_TIMEOUT_MS", "2s", "queue_timeout_ms"),
        ("TOOLCRIB_SESSION__IDLE_TIMEOUT_MS", "", "idle_timeout_ms"),
        ("TOOLCRIB_SESSION__STORE", "cookie", "store"),
        ("TOOLCRIB_PROFILE", "staging", "profile"),
        ("TOOLCRIB_RETRY__DELAYS_MS", "10,x", "delays_ms"),
        ("TOOLCRIB_TEST_KNOBS", "perhaps", "test_knobs"),
    ] {
        let finished = start(&folder(), &[(name, value)]);
        assert!(finished.code.is_some_and(|code| code != 0), "{name}={value}: {finished:?}");
        assert_refused(&finished, &[word]);
        assert!(value.is_empty() || finished.output.contains(value), "{name}={value}: {}", finished.output);
    }
}

#[test]
fn sessions_in_redis_want_its_address_and_tell_nobody_its_password() {
    let store = ("TOOLCRIB_SESSION__STORE", "redis");
    assert_refused(&start(&folder(), &[store]), &["REDIS_URL"]);
    for url in ["nonsense", "http://:hushhush@127.0.0.1/", "rediss://:hushhush@127.0.0.1/"] {
        let finished = start(&folder(), &[store, ("REDIS_URL", url)]);
        assert_refused(&finished, &["REDIS_URL"]);
        assert!(!finished.output.contains("hushhush"), "{}", finished.output);
    }
}

#[test]
fn a_database_that_cannot_be_read_is_named() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("garbage.db"), "this is no database, ".repeat(500)).expect("a file");
    std::fs::create_dir(path("folder.db")).expect("a folder");
    for (url, word) in [
        (format!("sqlite://{}", path("no/such/folder/crm.db")), "no/such/folder"),
        (format!("sqlite://{}", path("garbage.db")), "garbage.db"),
        (format!("sqlite://{}", path("folder.db")), "folder.db"),
        ("mysql://localhost/crm".to_owned(), "DATABASE_URL"),
        ("nonsense".to_owned(), "DATABASE_URL"),
        (String::new(), "DATABASE_URL"),
    ] {
        let finished = start(&folder, &[("DATABASE_URL", &url)]);
        assert!(finished.code.is_some_and(|code| code != 0), "{url}: {finished:?}");
        assert_refused(&finished, &[word]);
    }
}

/// The database's address is told, its password is not.
#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let port = toolcrib_tests::free_port();
    let url = format!("postgres://crm:Secret-Of-The-Database@127.0.0.1:{port}/crm");
    let finished = start(&folder(), &[("DATABASE_URL", &url)]);
    assert_refused(&finished, &["127.0.0.1", &port.to_string()]);
    assert!(!finished.output.contains("Secret-Of-The-Database"), "{}", finished.output);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let finished = start(&folder(), &[("TOOLCRIB_SERVER__PORT", &port)]);
    assert_refused(&finished, &[&port, "in use"]);
}

#[test]
fn a_production_profile_without_its_secret_is_refused() {
    assert_refused(&start(&folder(), &[("TOOLCRIB_PROFILE", "production")]), &["secret"]);
}

#[test]
fn a_production_profile_without_its_address_is_refused() {
    let production = [("TOOLCRIB_PROFILE", "production"), ("TOOLCRIB_SECRET", SECRET)];
    assert_refused(&start(&folder(), &production), &["public_url"]);
}

#[test]
fn a_production_profile_refuses_test_knobs() {
    let production = [("TOOLCRIB_PROFILE", "production"), ("TOOLCRIB_SECRET", SECRET), ("TOOLCRIB_TEST_KNOBS", "1")];
    let finished = start(&folder(), &production);
    assert_refused(&finished, &["test_knobs"]);
}

#[test]
fn an_unknown_command_or_option_is_named() {
    for arguments in [vec!["srve"], vec!["serve", "--prot", "80"], vec!["import"]] {
        let arguments: Vec<_> = arguments.iter().map(OsStr::new).collect();
        let finished = command::run(&arguments, folder().path(), &[], SOON);
        assert!(finished.code.is_some_and(|code| code != 0), "{finished:?}");
        assert!(finished.output.contains("Usage") || finished.output.contains("usage"), "{}", finished.output);
    }
}

#[test]
fn help_lists_the_commands() {
    let finished = command::run(&[OsStr::new("--help")], folder().path(), &[], SOON);
    assert_eq!(finished.code, Some(0));
    for word in ["serve", "migrate", "seed", "import", "routes"] {
        assert!(finished.output.contains(word), "{word} is missing:\n{}", finished.output);
    }
}

/// The routes are known without a server and, on an empty folder, without leaving anything behind but a database.
#[test]
fn routes_lists_the_pages() {
    let finished = command::run(&[OsStr::new("routes")], folder().path(), &[("DEMO_PASSWORD", PASSWORD)], SOON);
    assert_eq!(finished.code, Some(0), "{}", finished.output);
    for path in ["/login", "/clients", "/clients/{id}", "/examples/drill", "/tools/status.json"] {
        assert!(finished.output.contains(path), "{path} is missing:\n{}", finished.output);
    }
}

/// A second migration has nothing to do, and seeding a seeded site changes nothing.
async fn migrating_and_seeding_twice_changes_nothing(engine: Engine) {
    let folder = folder();
    let database = Database::fresh(engine, folder.path()).await;
    let environment = [("DATABASE_URL", database.url()), ("DEMO_PASSWORD", PASSWORD)];
    let mut counts = Vec::new();
    for _ in 0..2 {
        for name in ["migrate", "seed"] {
            let finished = command::run(&[OsStr::new(name)], folder.path(), &environment, Duration::from_secs(60));
            assert_eq!(finished.code, Some(0), "{name}: {}", finished.output);
        }
        counts.push((
            database.number("SELECT COUNT(*) FROM toolcrib_users").await,
            database.number("SELECT COUNT(*) FROM clients").await,
            database.number("SELECT COUNT(*) FROM deals").await,
        ));
    }
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[0].0, 4);
}

/// A production site has no users whose password everybody knows, neither new ones nor those of a trial.
async fn a_production_profile_refuses_the_demo_s_users(engine: Engine) {
    let folder = folder();
    let database = Database::fresh(engine, folder.path()).await;
    let production = [
        ("DATABASE_URL", database.url()),
        ("TOOLCRIB_PROFILE", "production"),
        ("TOOLCRIB_SECRET", SECRET),
        ("TOOLCRIB_SERVER__PUBLIC_URL", "https://crm.example.org"),
    ];
    let seed = [OsStr::new("seed")];
    assert_refused(&command::run(&seed, folder.path(), &production, SOON), &["production"]);

    let development = [("DATABASE_URL", database.url()), ("DEMO_PASSWORD", PASSWORD)];
    let seeded = command::run(&seed, folder.path(), &development, Duration::from_secs(60));
    assert_eq!(seeded.code, Some(0), "{}", seeded.output);
    assert_refused(&start(&folder, &production), &["production", "anna"]);
}
