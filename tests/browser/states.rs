//! What pages look like when something is wrong with what was asked: refusals, conflicts, errors.

use toolcrib_tests::Client;
use toolcrib_tests::Server;

use crate::support::prelude::*;

in_a_browser! {
    a_refused_sign_in_is_sound,
    a_form_with_errors_is_sound,
    a_form_with_a_conflict_is_sound,
    a_card_with_its_panels_is_sound,
    an_empty_search_is_sound,
    an_import_report_is_sound,
    error_pages_are_sound,
    tools_with_much_to_show_are_sound,
    what_an_example_answers_is_sound,
}

async fn a_refused_sign_in_is_sound(stage: &Stage) {
    let server = stage.site().start().await;
    let nobody = stage.browser(&server).await;
    nobody.open("/login").await;
    nobody.fill("username", "anna").await;
    nobody.fill("password", "not her password").await;
    nobody.send("password").await;
    assert_eq!(nobody.value("username").await, "anna");
    assert_eq!(nobody.value("password").await, "");
    is_sound(&nobody, "a refused sign-in").await;
}

async fn a_form_with_errors_is_sound(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.signed_in(&server, "anna").await;
    anna.open("/clients/new").await;
    for (field, value) in [("name", "Kept as typed"), ("website", "javascript:alert(1)"), ("email", "nobody")] {
        anna.fill(field, value).await;
    }
    anna.send("name").await;
    assert_eq!(anna.value("name").await, "Kept as typed");
    for field in ["account", "website", "email"] {
        let script = format!("return document.querySelector('main [name=\"{field}\"]').getAttribute('aria-invalid')");
        assert_eq!(anna.look(&script).await, "true", "{field}");
    }
    is_sound(&anna, "a form with errors").await;
}

async fn a_form_with_a_conflict_is_sound(stage: &Stage) {
    let server = stage.site().start().await;
    let id = server.signed_in("anna").await.create(&NewClient::valid()).await;
    let (anna, boris) = (stage.signed_in(&server, "anna").await, stage.signed_in(&server, "boris").await);
    for (browser, city) in [(&anna, "Antwerpen"), (&boris, "Bratislava")] {
        browser.open(&format!("/clients/{id}/edit")).await;
        browser.fill("city", city).await;
    }
    anna.send("city").await;
    assert_eq!(anna.path().await, format!("/clients/{id}"), "{}", anna.text().await);
    boris.send("city").await;
    assert_eq!(boris.value("city").await, "Bratislava");
    let text = boris.text().await;
    assert!(text.contains("Antwerpen"), "boris is not told what anna stored: {text}");
    is_sound(&boris, "a form with a conflict").await;
    is_sound(&anna, "a card with a message").await;
}

async fn a_card_with_its_panels_is_sound(stage: &Stage) {
    let server = stage.site().start().await;
    let most = "SELECT client_id FROM activities GROUP BY client_id ORDER BY COUNT(*) DESC, client_id LIMIT 1";
    let most = server.database().number(most).await;
    // One of whom nothing is known yet.
    let none = server.signed_in("anna").await.create(&NewClient::valid()).await;
    let anna = stage.signed_in(&server, "anna").await;
    anna.open("/clients?sort=updated").await;
    anna.follow(&format!("/clients/{none}")).await;
    for id in [none.to_string(), most.to_string()] {
        anna.open(&format!("/clients/{id}")).await;
        let loaded = "return document.querySelectorAll('[data-tracking-id]').length === 4";
        anna.until("three panels are loaded", loaded).await;
        is_sound(&anna, &format!("the card {id} with its panels")).await;
    }
}

async fn an_empty_search_is_sound(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.signed_in(&server, "anna").await;
    for path in ["/search", "/search?q=", "/search?q=nobodyhasthisname", "/search?q=a", "/clients?q=nobodyhasthisname"]
    {
        anna.open(path).await;
        is_sound(&anna, path).await;
    }
}

/// Rows that are taken, known and refused, and a file that is none.
async fn an_import_report_is_sound(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.signed_in(&server, "admin").await;
    let mut rows = String::from("Account,Name,Email\nIMP1,First,first@example.com\nIMP1,Again,\nIMP2,,\n");
    for number in 0..60 {
        rows.push_str(&format!("IMQ{number},Company {number},not an address\n"));
    }
    for (file, content, what) in [
        ("rows.csv", rows.as_bytes(), "an import to look at"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\xff\xfe".as_slice(), "a refused import"),
    ] {
        anna.open("/import").await;
        anna.choose_file("file", file, content).await;
        anna.send("file").await;
        is_sound(&anna, what).await;
        if file == "rows.csv" {
            let run = anna.path().await;
            anna.send("encoding").await;
            let done = "SELECT COUNT(*) FROM import_runs WHERE state = 'done'";
            holds_within("the import is done", Duration::from_secs(30), async || {
                server.database().number(done).await == 1
            })
            .await;
            anna.open(&run).await;
            is_sound(&anna, "an import report").await;
        }
    }
}

/// 403, 404, 405, 500, 503; the last as everybody gets it who comes while the only drill is in use.
async fn error_pages_are_sound(stage: &Stage) {
    let plan = stage.site().setting("PAGES__DRILL__MAX", 1).setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 0);
    let server = plan.start().await;
    let vera = stage.signed_in(&server, "vera").await;
    for (path, status) in [
        ("/clients/new", "403"),
        ("/tools/status", "403"),
        ("/clients/987654321", "404"),
        ("/there/is/no/such/page", "404"),
        ("/logout", "405"),
        ("/examples/drill?fail=error", "500"),
    ] {
        if status == "500" {
            vera.expects(500).await;
        }
        vera.open(path).await;
        assert_eq!(shown_status(&vera).await, status, "{path}");
        is_sound(&vera, &format!("{path} answered with {status}")).await;
    }
    vera.expects(503).await;
    let holder = held(&server);
    holds_within("the drill is in use", Duration::from_secs(10), async || {
        server.status().await.pool("drill").active == 1
    })
    .await;
    vera.open("/examples/drill").await;
    assert_eq!(shown_status(&vera).await, "503");
    is_sound(&vera, "a page that is busy").await;
    holder.abort();
}

/// Somebody else's request, which keeps the only drill until it is given up.
fn held(server: &Server) -> tokio::task::JoinHandle<()> {
    let visitor: Client = server.visitor();
    tokio::spawn(async move {
        let _ = visitor.get("/examples/drill?hold_ms=8000").await;
    })
}

/// Failures with long messages in the object log, variables, a lock, a browser that asks for the details.
async fn tools_with_much_to_show_are_sound(stage: &Stage) {
    let server = stage.site().panics_expected().start().await;
    let visitor = server.visitor();
    for path in ["/examples/drill?fail=panic", "/examples/drill?fail=error", "/examples/serial?fail=error"] {
        let _ = visitor.get(path).await;
    }
    for path in ["/examples/tally", "/examples/rc-tally", "/examples/serial", "/examples/card-game"] {
        let _ = visitor.post_form(path, &[("move", "m".repeat(40).as_str())]).await;
    }
    let admin = stage.signed_in(&server, "admin").await;
    for path in ["/tools/status", "/tools/object-log", "/tools/locks", "/tools/application", "/tools/jobs"] {
        admin.open(path).await;
        // Entries that open show more than those that do not.
        admin.look("document.querySelectorAll('details').forEach((part) => { part.open = true })").await;
        is_sound(&admin, path).await;
    }
    admin.open("/tools/object-log").await;
    let text = admin.text().await;
    assert!(text.contains("/examples/drill"), "the failures are not in the log: {text}");
}

async fn what_an_example_answers_is_sound(stage: &Stage) {
    let server = stage.site().start().await;
    let nobody = stage.browser(&server).await;
    nobody.open("/examples/race").await;
    nobody.fill("clients", "3").await;
    nobody.send("clients").await;
    is_sound(&nobody, "a race that was run").await;
    nobody.open("/examples/tally").await;
    nobody.send("_csrf").await;
    is_sound(&nobody, "a tally with a message").await;
}

/// What the page's own answer was.
async fn shown_status(browser: &Browser) -> String {
    browser.look("return performance.getEntriesByType('navigation')[0].responseStatus").await.to_string()
}

async fn is_sound(browser: &Browser, what: &str) {
    let mut findings = Findings::default();
    findings.inspect(browser, what).await;
    findings.are_none();
    browser.width(1280).await;
}
