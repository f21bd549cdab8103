//! The command that makes the first administrator of a site without demo users, and the one that asks whether it is alive.

use std::ffi::OsStr;

use tempfile::TempDir;
use toolcrib_tests::command::Finished;
use toolcrib_tests::command::run_with_input;
use toolcrib_tests::prelude::*;

on_both_engines! {
    a_site_in_production_gets_its_first_administrator_while_it_runs,
    what_cannot_be_a_user_is_refused_and_nothing_is_written,
    a_probe_tells_a_site_that_answers_from_one_that_does_not,
}

const SOON: Duration = Duration::from_secs(30);

/// Runs a command of the demo with the settings of that server.
fn command(server: &Server, input: &str, arguments: &[&str]) -> Finished {
    let folder = TempDir::new().expect("a folder");
    let port = server.port().to_string();
    let environment = [
        ("DATABASE_URL", server.database().url()),
        ("TOOLCRIB_PROFILE", "production"),
        ("TOOLCRIB_SECRET", toolcrib_tests::SECRET),
        ("TOOLCRIB_SERVER__PUBLIC_URL", "https://127.0.0.1"),
        ("TOOLCRIB_SERVER__PORT", &port),
    ];
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    run_with_input(input, &arguments, folder.path(), &environment, SOON)
}

async fn a_site_in_production_gets_its_first_administrator_while_it_runs(engine: Engine) {
    let server = Server::on(engine).in_production().start().await;
    let added = command(&server, &format!("{PASSWORD}\n"), &["user", "add", "Root", "--role", "admin"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(!added.output.contains(PASSWORD), "{added:?}");
    let root = server.visitor();
    root.sign_in("root").await;
    root.get("/tools/users").await.expect_status(200);

    let input = format!("{PASSWORD}\n");
    let added =
        command(&server, &input, &["user", "add", "clara", "--role", "sales", "--display-name", "Clara Peeters"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let clara = server.visitor();
    clara.sign_in("clara").await;
    assert!(clara.get("/clients").await.expect_status(200).text().contains("Clara Peeters"));
    clara.get("/tools/users").await.expect_status(403);

    let mut server = server;
    server.terminate();
    assert_eq!(server.ended_within(Duration::from_secs(20)).and_then(|ended| ended.code()), Some(0));
    server.start_again().await;
    assert!(clara.is_signed_in().await);
}

async fn what_cannot_be_a_user_is_refused_and_nothing_is_written(engine: Engine) {
    let server = Server::on(engine).in_production().start().await;
    let good = format!("{PASSWORD}\n");
    let admin = ["user", "add", "root", "--role", "admin"];
    for (input, arguments, word) in [
        ("", &admin[..], "standard input"),
        ("\n", &admin, "standard input"),
        ("short\n", &admin, "at least 8"),
        ("password123\n", &admin, "first anybody would try"),
        (&good, &["user", "add", "root"], "--role"),
        (&good, &["user", "add", "root", "--role", "emperor"], "emperor"),
        (&good, &["user", "add", " ", "--role", "admin"], "empty"),
        (&good, &["user", "add", "Anna", "--role", "admin"], "demo user"),
    ] {
        let refused = command(&server, input, arguments);
        assert!(refused.code.is_some_and(|code| code != 0), "{arguments:?}: {refused:?}");
        assert!(refused.output.contains(word) && !refused.output.contains("panicked"), "{arguments:?}: {refused:?}");
        assert!(!refused.output.contains(PASSWORD), "{refused:?}");
    }
    assert_eq!(server.database().number("SELECT COUNT(*) FROM toolcrib_users").await, 0);
    assert_eq!(command(&server, &good, &admin).code, Some(0));
    let again = command(&server, &good, &["user", "add", "ROOT", "--role", "viewer"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(server.database().number("SELECT COUNT(*) FROM toolcrib_users").await, 1);
}

async fn a_probe_tells_a_site_that_answers_from_one_that_does_not(engine: Engine) {
    let mut server = Server::on(engine).in_production().start().await;
    for path in ["/healthz", "/readyz"] {
        let probed = command(&server, "", &["probe", path]);
        assert_eq!((probed.code, probed.output.as_str()), (Some(0), ""));
    }
    assert_eq!(command(&server, "", &["probe"]).code, Some(0));
    let elsewhere = command(&server, "", &["probe", "/login"]);
    assert!(elsewhere.code == Some(1) && elsewhere.output.contains("421"), "{elsewhere:?}");
    server.kill();
    let gone = command(&server, "", &["probe"]);
    assert!(gone.code == Some(1) && gone.output.contains("does not answer"), "{gone:?}");
    server.start_again().await;
}
