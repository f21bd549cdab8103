//! Error pages tell the visitor a number to quote, and nothing else.

use toolcrib_tests::prelude::*;

on_all_engines! {
    errors_are_opaque,
    a_panic_is_logged_with_its_message,
    an_error_page_is_a_page_and_for_a_fragment_a_fragment,
}

/// By when a line is in the log, which may be written in the background.
const LOGGED: Duration = Duration::from_secs(5);

/// What must never leave the server.
const INSIDES: [&str; 22] = [
    "panicked",
    ".rs:",
    ".rs\"",
    "src/",
    "/work/",
    "/home/",
    "/root/",
    "backtrace",
    "stack",
    "unwrap",
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "sqlx",
    "SQLite",
    "sqlite",
    "postgres",
    "PostgreSQL",
    "actix",
    "thread '",
    "toolcrib::",
    "database is locked",
];

async fn errors_are_opaque(engine: Engine) {
    let server = Server::on(engine).panics_expected().start().await;
    let visitor = server.visitor();
    for fault in ["panic", "error"] {
        for json in [false, true] {
            let path = format!("/examples/drill?fail={fault}");
            let answer = if json { visitor.get_json(&path).await } else { visitor.get(&path).await };
            let answer = answer.expect_status(500);
            assert_eq!((answer.is_json(), answer.is_html()), (json, !json), "{answer:?}");
            let body = answer.text();
            for inside in INSIDES {
                assert!(!body.contains(inside), "{inside:?} in {answer:?}");
            }
            let id = answer.header("x-request-id").expect("a request id");
            assert!(body.contains(id), "the page does not tell the request id: {answer:?}");
            holds_within("the log knows the request", LOGGED, async || server.log().contains(id)).await;
        }
    }
}

/// What the visitor is not told stands in the log, under the request's id.
async fn a_panic_is_logged_with_its_message(engine: Engine) {
    let server = Server::on(engine).panics_expected().start().await;
    let visitor = server.visitor();
    let answer = visitor.get("/examples/drill?fail=panic").await.expect_status(500);
    let id = answer.header("x-request-id").expect("a request id").to_owned();
    holds_within("a line of the log has the request's id and the panic", LOGGED, async || {
        server.log().lines().any(|line| line.contains(&id) && line.to_lowercase().contains("panic"))
    })
    .await;
}

async fn an_error_page_is_a_page_and_for_a_fragment_a_fragment(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let page = anna.get("/clients/987654321").await.expect_status(404);
    assert!(page.text().contains("<html"), "{page:?}");
    let fragment = anna.panel(987_654_321, "contacts").await.expect_status(404);
    assert!(!fragment.text().contains("<html"), "{fragment:?}");
}
