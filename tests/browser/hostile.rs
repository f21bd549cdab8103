//! Values that are meant to do harm, and values nobody thought of: shown as they are, everywhere, and nothing runs.

use toolcrib_tests::Server;

use crate::support::prelude::*;

in_a_browser! {
    hostile_values_of_a_client_are_only_shown,
    hostile_values_around_a_client_are_only_shown,
    hostile_files_are_only_reported,
    hostile_words_to_everybodys_pages_are_only_shown,
}

const SCRIPT: &str = "<script>document.title='ran';window.ran=1</script>";
const IMAGE: &str = "\"><img src=x onerror=\"document.title='ran';window.ran=1\">";
const CLOSING: &str = "'--></title></textarea></style><svg onload=window.ran=1> {{7*7}} ${7*7} %3Cb%3E";
const HEBREW: &str = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{5e2}\u{5d5}\u{5dc}\u{5dd} (Ltd.) 42";
const REVERSED: &str = "invoice\u{202e}gpj.exe\u{2066}\u{200f}";

/// What a form takes.
fn typed() -> [String; 5] {
    [SCRIPT.to_owned(), IMAGE.to_owned(), CLOSING.to_owned(), HEBREW.to_owned(), "W".repeat(200)]
}

/// What may be stored all the same, by an older version or by another program.
fn stored() -> Vec<String> {
    typed().into_iter().chain([REVERSED.to_owned()]).collect()
}

async fn hostile_values_of_a_client_are_only_shown(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.signed_in(&server, "anna").await;
    let mut findings = Findings::default();
    for value in typed() {
        anna.open("/clients/new").await;
        anna.fill("name", &value).await;
        for (field, limit) in [("account", 40), ("industry", 100), ("city", 100), ("phone", 40)] {
            anna.fill(field, &start(&value, limit)).await;
        }
        anna.send("name").await;
        let card = anna.path().await;
        assert!(card.starts_with("/clients/"), "{value:?} was refused: {}", anna.text().await);
        is_harmless(&anna, &mut findings, "a new client's card, with its message").await;
        assert!(anna.text().await.contains(value.trim()), "{value:?} is not on its card: {}", anna.text().await);
        for path in ["/", "/clients?sort=updated", &format!("{card}/edit"), &format!("/clients?q={}", encoded(&value))]
        {
            anna.open(path).await;
            is_harmless(&anna, &mut findings, path).await;
        }
        anna.open(&format!("{card}/edit")).await;
        assert_eq!(anna.value("name").await, value);
        anna.fill("email", &start(&value, 100)).await;
        anna.send("email").await;
        is_harmless(&anna, &mut findings, "a client's form with a wrong e-mail").await;
        assert_eq!(anna.value("email").await, start(&value, 100), "what was typed is kept");
    }
    anna.open("/clients/new").await;
    anna.fill("name", REVERSED).await;
    anna.send("name").await;
    assert_eq!(anna.path().await, "/clients", "a name that reverses its line was taken");
    is_harmless(&anna, &mut findings, "a refused name").await;
    findings.are_none();
}

/// What the site has no form for, or refuses, is put into the database directly.
async fn hostile_values_around_a_client_are_only_shown(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.signed_in(&server, "anna").await;
    let mut findings = Findings::default();
    for (number, value) in stored().into_iter().enumerate() {
        let id = put(&server, number, &value).await;
        for panel in ["", "/panels/contacts", "/panels/deals", "/panels/activities"] {
            anna.open(&format!("/clients/{id}{panel}")).await;
            let loaded = "return document.querySelectorAll('[data-tracking-id]').length > 0";
            anna.until("the panels are loaded", loaded).await;
            is_harmless(&anna, &mut findings, &format!("/clients/{{id}}{panel}")).await;
            if panel.is_empty() {
                // The contact, the deal, the activity and its text, the notes, the heading.
                let shown = anna.text().await.matches(value.trim()).count();
                assert!(shown >= 6, "{value:?} is shown {shown} times: {}", anna.text().await);
            }
        }
        for path in ["/", &format!("/search?q={}", encoded(&value)), &format!("/clients/{id}/edit")] {
            anna.open(path).await;
            is_harmless(&anna, &mut findings, path).await;
        }
    }
    findings.are_none();
}

/// A client with a contact, a deal and an activity of that name.
async fn put(server: &Server, number: usize, value: &str) -> i64 {
    let (value, search) = (quoted(value), quoted(&value.to_lowercase()));
    let now = "(SELECT MAX(updated_at) + 1 FROM clients)";
    let id = server
        .database()
        .number(&format!(
            "INSERT INTO clients (account, name, industry, city, phone, email, notes, search, sort_name, created_at, \
             updated_at) VALUES ('HOSTILE{number}', {value}, {value}, {value}, {value}, {value}, {value}, {search}, {search}, \
             {now}, {now}) RETURNING id"
        ))
        .await;
    for statement in [
        format!(
            "persons (client_id, name, title, email, phone, search, sort_name, created_at, updated_at) \
                 VALUES ({id}, {value}, {value}, {value}, {value}, {search}, {search}, {now}, {now})"
        ),
        format!(
            "deals (client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
                 VALUES ({id}, {value}, 1, 9007199254740993, 'EUR', {search}, {now}, {now})"
        ),
        format!(
            "activities (client_id, kind, subject, body, author, happened_at, created_at, updated_at) \
                 VALUES ({id}, 'note', {value}, {value}, {value}, {now}, {now}, {now})"
        ),
    ] {
        server.database().number(&format!("INSERT INTO {statement} RETURNING id")).await;
    }
    id
}

async fn hostile_files_are_only_reported(stage: &Stage) {
    let server = stage.site().start().await;
    let admin = stage.signed_in(&server, "admin").await;
    let mut findings = Findings::default();
    let cell = |value: &str| format!("\"{}\"", value.replace('"', "\"\""));
    let rows: Vec<_> = stored().iter().map(|value| format!("{0},{0},{0}", cell(value))).collect();
    let taken: Vec<_> =
        (typed().iter().enumerate()).map(|(number, value)| format!("FILE{number},{},", cell(value))).collect();
    let header = stored().iter().map(|value| cell(value)).collect::<Vec<_>>().join(",");
    for (name, content) in [
        (
            "\"><img src=x onerror=window.ran=1>.csv",
            format!("Account,Name,Email\n{}\n{}\n", rows.join("\n"), taken.join("\n")),
        ),
        ("<script>window.ran=1<\u{2215}script>.csv", format!("{header}\n1,2,3,4,5,6\n")),
        ("invoice\u{202e}vsc.exe", SCRIPT.to_owned()),
    ] {
        admin.open("/import").await;
        admin.choose_file("file", name, content.as_bytes()).await;
        admin.send("file").await;
        assert!(admin.path().await.starts_with("/import"), "{name:?}");
        is_harmless(&admin, &mut findings, &format!("the preview of {name:?}")).await;
        if content.starts_with("Account") {
            let run = admin.path().await;
            admin.send("encoding").await;
            let done = "SELECT COUNT(*) FROM import_runs WHERE state = 'done'";
            holds_within("the import is done", Duration::from_secs(30), async || {
                server.database().number(done).await == 1
            })
            .await;
            admin.open(&run).await;
            is_harmless(&admin, &mut findings, &format!("the report of {name:?}")).await;
        }
    }
    let imported = server.database().number("SELECT COUNT(*) FROM clients WHERE account LIKE 'FILE%'").await;
    assert_eq!(imported, 5, "the sound rows of the first file are in");
    admin.open("/clients?q=FILE&sort=updated").await;
    is_harmless(&admin, &mut findings, "the imported clients").await;
    findings.are_none();
}

/// The sign-in form, addresses that lead nowhere, the examples, and the tools that show what was said to them.
async fn hostile_words_to_everybodys_pages_are_only_shown(stage: &Stage) {
    let server = stage.site().start().await;
    let nobody = stage.browser(&server).await;
    let admin = stage.signed_in(&server, "admin").await;
    let mut findings = Findings::default();
    for value in typed() {
        nobody.open("/login").await;
        nobody.fill("username", &value).await;
        nobody.fill("password", &value).await;
        nobody.send("username").await;
        is_harmless(&nobody, &mut findings, "a refused sign-in").await;
        assert_eq!(nobody.value("username").await, value);
        let visitor = server.visitor();
        let _ = visitor.post_form("/examples/card-game", &[("move", &value)]).await;
        let _ = visitor.post_form("/examples/drill", &[("set", &value)]).await;
        let _ = visitor.post_form("/examples/mirror", &[("name", &value)]).await;
        for path in
            ["/no/such/", "/examples/drill?set=", "/examples/race?example=", "/login?next=", "/examples/mirror?name="]
        {
            nobody.open(&format!("{path}{}", encoded(&value))).await;
            is_harmless(&nobody, &mut findings, path).await;
        }
        for path in
            ["/search?q=", "/clients?sort=", "/tools/object-log?label=", "/tools/application?", "/examples/card-game?"]
        {
            admin.open(&format!("{path}{}", encoded(&value))).await;
            is_harmless(&admin, &mut findings, path).await;
        }
    }
    findings.are_none();
}

/// Nothing ran, nothing of the value became part of the page, and the page is no wider than its window.
async fn is_harmless(browser: &Browser, findings: &mut Findings, page: &str) {
    let ran = browser.look("return window.ran === undefined && document.title !== 'ran'").await;
    let grew = browser.look("return document.querySelectorAll('body script, img, [onerror], [onload]').length").await;
    if ran != true || grew != 0 {
        findings.add("a value became part of the page".to_owned(), page.to_owned());
    }
    findings.inspect_layout(browser, page).await;
    browser.width(1280).await;
}

/// As part of an address.
fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// As a text in a statement.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn start(value: &str, limit: usize) -> String {
    value.chars().take(limit).collect::<String>().trim().to_owned()
}
