//! Imports that are looked at first: how a file is read, what comes of it, what undoing it leaves.

use std::fmt::Write as _;

use serde_json::Value;
use toolcrib_tests::companies;
use toolcrib_tests::prelude::*;

use crate::forms::snapshot::{Change, Snapshot};

on_all_engines! {
    the_companies_are_looked_at_imported_and_undone,
    five_thousand_rows_with_mistakes_are_told_mended_and_undone,
    a_western_file_with_semicolons_is_read_as_it_was_written,
    what_a_person_says_of_a_file_counts,
    a_file_that_lacks_a_column_is_not_started,
    thirty_two_starts_and_thirty_two_undoings_are_one_each,
    what_was_used_since_stays_and_is_listed,
    other_peoples_imports_are_not_there,
    a_large_file_is_looked_through_in_the_background,
    an_import_goes_on_after_the_server_was_killed,
    a_file_that_was_imported_at_once_is_among_the_runs,
}

const PATIENCE: Duration = Duration::from_secs(60);

/// Everything an import or undoing it writes beside clients and their words: what happened, and who was there.
const LOGS: [&str; 4] = ["import_", "audit_log", "toolcrib_", "tracking"];

/// Sends a file by the form that people use; the answer.
async fn try_upload(user: &Client, name: &str, bytes: Vec<u8>) -> Answer {
    let token = user.csrf_token().await;
    let file = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned()).mime_str("text/csv").expect("a type");
    let form = reqwest::multipart::Form::new().text("_csrf", token).text("preview", "1").part("file", file);
    user.post("/import").multipart(form).send().await
}

/// The same; the run's address.
async fn upload(user: &Client, name: &str, bytes: Vec<u8>) -> String {
    let answer = try_upload(user, name, bytes).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let address = answer.location().to_owned();
    assert!(address.starts_with("/imports/"), "{address}");
    address
}

async fn act(user: &Client, run: &str, fields: &[(&str, &str)]) -> Answer {
    user.post_form_json(run, fields).await
}

/// What the run's page says to programs.
async fn told(user: &Client, run: &str) -> Value {
    user.get_json(run).await.expect_status(200).json()
}

async fn in_state(user: &Client, run: &str, state: &str) -> Value {
    eventually(&format!("{run} {state}"), PATIENCE, async || {
        let told = told(user, run).await;
        assert_ne!(told["state"], "failed", "{told}");
        (told["state"] == state).then_some(told)
    })
    .await
}

async fn imported(user: &Client, run: &str) -> Value {
    act(user, run, &[("action", "start")]).await.expect_status(200);
    in_state(user, run, "done").await
}

async fn undone(user: &Client, run: &str) -> Value {
    act(user, run, &[("action", "undo")]).await.expect_status(200);
    in_state(user, run, "undone").await
}

/// What is different but for what logs say.
fn beside_logs(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let mut changes = before.changes(after);
    changes.retain(|change| !LOGS.iter().any(|log| change.table.starts_with(log)));
    changes
}

async fn the_companies_are_looked_at_imported_and_undone(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let (before, clients) = (Snapshot::of(server.database()).await, anna.export().await);
    let run = upload(&anna, "sp500.csv", companies()).await;
    assert_eq!(anna.export().await, clients, "looking at a file stores no client");
    let first = told(&anna, &run).await;
    let targets: Vec<_> =
        first["columns"].as_array().expect("columns").iter().map(|column| &column["target"]).collect();
    assert_eq!(
        targets,
        ["account", "name", "industry", "note_line", "city", "note_line", "note_line", "note_line"],
        "{first}"
    );
    assert_eq!((&first["counts"]["fresh"], &first["counts"]["refused"]), (&503.into(), &0.into()), "{first}");
    assert_eq!(first["rows"].as_array().map(Vec::len), Some(20));
    let page = html::visible_text(&anna.get(&run).await.expect_status(200).text());
    assert!(page.contains("503") && page.contains("Saint Paul, Minnesota"), "{page}");

    let done = imported(&anna, &run).await;
    assert_eq!((&done["taken"], &done["processed"]), (&503.into(), &503.into()), "{done}");
    assert_eq!(anna.export().await.rows.len(), clients.rows.len() + 503);
    let found = anna.get_json("/search?q=minnesota").await.expect_status(200).text();
    assert!(found.contains("MMM") || found.contains("3M"), "what was imported is found: {found}");

    let after = undone(&anna, &run).await;
    assert_eq!(after["kept"].as_array().map(Vec::len), Some(0), "{after}");
    assert_eq!(anna.export().await, clients);
    let changes = beside_logs(&before, &Snapshot::of(server.database()).await);
    assert!(changes.is_empty(), "{changes:#?}");
}

/// Five thousand rows as people send them: a mark, quoted line breaks, names missing, accounts twice, rows cut short.
fn five_thousand() -> (String, i64) {
    let mut file = String::from("\u{feff}Customer number;Company;City;Comment\r\n");
    let mut wrong = 0;
    for number in 0..5_000 {
        let (account, name) = match number % 100 {
            7 => (format!("F{number}"), String::new()),
            13 => (format!("F{}", number - 1), "Again".to_owned()),
            _ => (format!("F{number}"), format!("Company {number}")),
        };
        wrong += i64::from(matches!(number % 100, 7 | 13 | 21));
        match number % 100 {
            21 => write!(file, "{account};{name}\r\n"),
            _ => write!(file, "{account};{name};\"Bonn; {number}\";\"two\r\nlines \"\"{number}\"\"\"\r\n"),
        }
        .expect("a line");
    }
    (file, wrong)
}

async fn five_thousand_rows_with_mistakes_are_told_mended_and_undone(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = Snapshot::of(server.database()).await;
    let (file, wrong) = five_thousand();
    let begun = Instant::now();
    let run = upload(&anna, "five-thousand.csv", file.into_bytes()).await;
    let first = told(&anna, &run).await;
    assert_eq!(first["separator"], "semicolon", "{first}");
    assert_eq!(first["counts"]["refused"], wrong, "{first}");
    let done = imported(&anna, &run).await;
    eprintln!("five thousand rows after {:?}", begun.elapsed());
    assert_eq!((&done["taken"], &done["refused"]), (&(5_000 - wrong).into(), &wrong.into()), "{done}");
    assert_eq!(done["refused_rows"].as_array().map(Vec::len), Some(100), "a page of them: {done}");
    let last = done["refused_rows"][99]["line"].as_i64().expect("a line");
    let rest = told(&anna, &format!("{run}?refused={last}")).await;
    assert_eq!(rest["refused_rows"].as_array().map(Vec::len), usize::try_from(wrong - 100).ok(), "{rest}");

    let refused = anna.get(&format!("{run}/refused.csv")).await.expect_status(200).text();
    assert_eq!(refused.matches("two\r\nlines").count() + refused.matches("Company").count() - 1, 150, "{refused}");
    let mended = refused.replace(",,", ",Mended,");
    let second = upload(&anna, "mended.csv", mended.into_bytes()).await;
    assert_eq!(imported(&anna, &second).await["taken"], 50, "those without a name have one now");

    undone(&anna, &second).await;
    let begun = Instant::now();
    undone(&anna, &run).await;
    eprintln!("undone after {:?}", begun.elapsed());
    let changes = beside_logs(&before, &Snapshot::of(server.database()).await);
    assert!(changes.is_empty(), "{changes:#?}");
    let page = html::visible_text(&anna.get(&run).await.expect_status(200).text());
    assert!(page.contains("Undone") && page.contains("4,850"), "the report stays: {page}");
}

const WESTERN: &[u8] = b"Kunden-Nr.;Firma;Ort;Telefon;Umsatz\r\nW1;M\xfcller & S\xf6hne;K\xf6ln;+49 221 1;1,5\r\n\
                         W2;B\xe4cker;Stra\xdfburg;;2,5\r\n";

async fn a_western_file_with_semicolons_is_read_as_it_was_written(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let run = upload(&anna, "kunden.csv", WESTERN.to_vec()).await;
    let first = told(&anna, &run).await;
    assert_eq!((&first["encoding"], &first["separator"]), (&"windows-1252".into(), &"semicolon".into()), "{first}");
    assert_eq!(imported(&anna, &run).await["taken"], 2);
    let export = anna.export().await;
    assert!(export.clients().contains(&("W1", "Müller & Söhne")), "{export:?}");
    assert!(export.rows.iter().any(|row| row.iter().any(|cell| cell == "Straßburg")), "{export:?}");
}

async fn what_a_person_says_of_a_file_counts(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let run = upload(&anna, "kunden.csv", WESTERN.to_vec()).await;
    let swap = [
        ("action", "configure"),
        ("encoding", "ISO-8859-2"),
        ("column_0", "account"),
        ("column_1", "city"),
        ("column_2", "name"),
        ("column_3", "ignore"),
        ("column_4", "notes"),
    ];
    act(&anna, &run, &swap).await.expect_status(200);
    let said = told(&anna, &run).await;
    assert_eq!((&said["encoding"], &said["rows"][0]["name"]), (&"ISO-8859-2".into(), &"Köln".into()), "{said}");
    let again = act(&anna, &run, &[&swap[..], &[("version", "1")]].concat()).await;
    assert_eq!(again.status, 200, "the same once more, from an older page, changes nothing: {again:?}");
    let stale = act(&anna, &run, &[("action", "configure"), ("separator", "pipe"), ("version", "1")]).await;
    assert_eq!(stale.status, 409, "{stale:?}");
    assert_eq!(told(&anna, &run).await, said);
    for wrong in [("action", "dance"), ("action", "")] {
        act(&anna, &run, &[wrong]).await.expect_status(400);
    }
    let done = imported(&anna, &run).await;
    assert_eq!(done["taken"], 2, "{done}");
    assert!(anna.export().await.clients().contains(&("W1", "Köln")));
}

async fn a_file_that_lacks_a_column_is_not_started(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await;
    let run = upload(&anna, "odd.csv", b"Colour,Label\nred,R\n".to_vec()).await;
    let page = anna.get(&run).await.expect_status(200).text();
    assert!(page.contains("no column for the account"), "{page}");
    let refused = act(&anna, &run, &[("action", "start")]).await.expect_status(422);
    assert!(refused.text().contains("no column for the account"), "{refused:?}");
    let shown = anna.post_form(&run, &[("action", "start")]).await.expect_status(422);
    assert!(shown.is_html() && shown.text().contains("role=\"alert\""), "{shown:?}");
    let twice = [("action", "start"), ("column_0", "account"), ("column_1", "account")];
    act(&anna, &run, &twice).await.expect_status(422);
    assert_eq!(anna.export().await, before);
    let mended = [("action", "start"), ("column_0", "account"), ("column_1", "name")];
    act(&anna, &run, &mended).await.expect_status(200);
    assert_eq!(in_state(&anna, &run, "done").await["taken"], 1);
    let none = try_upload(&anna, "empty.csv", Vec::new()).await;
    assert_eq!(none.status, 422, "{none:?}");
}

async fn thirty_two_starts_and_thirty_two_undoings_are_one_each(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await;
    let run = upload(&anna, "rows.csv", b"Account,Name\nT1,One\nT2,Two\n".to_vec()).await;
    let token = anna.csrf_token().await;
    for (action, state, noted) in [("start", "done", "imported"), ("undo", "undone", "undone")] {
        let answers = all_at_once(32, |_| {
            let (anna, token, run) = (anna.clone(), token.clone(), run.clone());
            async move { anna.post(&run).form_with_token(&token, &[("action", action)]).send().await }
        })
        .await;
        for answer in answers {
            assert_eq!((answer.status, answer.location()), (303, run.as_str()), "{answer:?}");
        }
        in_state(&anna, &run, state).await;
        let lines = format!("SELECT COUNT(*) FROM audit_log WHERE record_kind = 'import_run' AND action = '{noted}'");
        assert_eq!(server.database().number(&lines).await, 1);
        let jobs = format!(
            "SELECT COUNT(*) FROM toolcrib_jobs WHERE name = '{} an import'",
            if action == "start" { "run" } else { "undo" }
        );
        assert_eq!(server.database().number(&jobs).await, 1);
    }
    assert_eq!(anna.export().await, before);
    act(&anna, &run, &[("action", "start")]).await.expect_status(200);
    assert_eq!(told(&anna, &run).await["state"], "undone", "what was undone is not started again");
}

async fn what_was_used_since_stays_and_is_listed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let run = upload(&anna, "rows.csv", b"Account,Name\nU1,One\nU2,Two\nU3,Three\n".to_vec()).await;
    imported(&anna, &run).await;
    let id = |account: &str| format!("SELECT id FROM clients WHERE account = '{account}'");
    let first = u64::try_from(server.database().number(&id("U1")).await).expect("an id");
    let version = anna.version_of(first).await;
    let changed = NewClient::valid().with("account", "U1").with("name", "One, changed");
    anna.try_save(first, &version, &changed).await.expect_status(200);
    anna.get(&format!("/clients/{first}/panels/contacts")).await.expect_status(200);
    let third = server.database().number(&id("U3")).await;
    anna.get(&format!("/clients/{third}/panels/contacts")).await.expect_status(200);

    let after = undone(&anna, &run).await;
    let kept: Vec<_> =
        after["kept"].as_array().expect("a list").iter().map(|client| client["account"].clone()).collect();
    assert_eq!(kept, ["U1"], "{after}");
    let page = html::visible_text(&anna.get(&run).await.expect_status(200).text());
    assert!(page.contains("One, changed"), "{page}");
    let export = anna.export().await;
    assert_eq!([export.count("U1"), export.count("U2"), export.count("U3")], [1, 0, 0]);
    let tracked = "SELECT COUNT(*) FROM tracking WHERE account IN ('U1', 'U3')";
    assert_eq!(server.database().number(tracked).await, 2, "what was tracked stays");
}

async fn other_peoples_imports_are_not_there(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let run = upload(&anna, "annas-secret.csv", b"Account,Name\nO1,One\nO2,\n".to_vec()).await;
    imported(&anna, &run).await;
    let addresses = [run.clone(), format!("{run}/refused.csv"), format!("{run}/live")];
    let boris = server.signed_in("boris").await;
    for address in &addresses {
        boris.get(address).await.expect_status(404);
        server.signed_in("vera").await.get(address).await.expect_status(403);
        assert!(server.visitor().get(address).await.asks_to_sign_in());
    }
    act(&boris, &run, &[("action", "undo")]).await.expect_status(404);
    act(&server.signed_in("vera").await, &run, &[("action", "undo")]).await.expect_status(403);
    assert!(!boris.get("/imports").await.expect_status(200).text().contains("annas-secret"));
    assert!(anna.get("/imports").await.expect_status(200).text().contains("annas-secret"));
    let admin = server.signed_in("admin").await;
    assert!(admin.get("/imports").await.expect_status(200).text().contains("annas-secret"));
    assert_eq!(told(&admin, &run).await["state"], "done");
    boris.get("/imports/987654321").await.expect_status(404);
}

async fn a_large_file_is_looked_through_in_the_background(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let mut file = String::from("Account,Name\n");
    for number in 0..6_000 {
        writeln!(file, "L{number},{}", if number % 1_000 == 0 { "" } else { "Large" }).expect("a line");
    }
    let run = upload(&anna, "large.csv", file.into_bytes()).await;
    let counts = eventually("counts", PATIENCE, async || {
        let counts = told(&anna, &run).await["counts"].clone();
        (!counts.is_null()).then_some(counts)
    })
    .await;
    assert_eq!((&counts["fresh"], &counts["refused"]), (&5_994.into(), &6.into()), "{counts}");
}

async fn an_import_goes_on_after_the_server_was_killed(engine: Engine) {
    let mut server = Server::on(engine).setting("JOBS__LEASE_MS", 1_000).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await.rows.len();
    let mut file = String::from("Account,Name,Notes\n");
    for number in 0..30_000 {
        writeln!(file, "K{number},Killed {number},a note").expect("a line");
    }
    let run = upload(&anna, "killed.csv", file.into_bytes()).await;
    act(&anna, &run, &[("action", "start")]).await.expect_status(200);
    let processed = async |anna: &Client| told(anna, &run).await["processed"].as_i64().unwrap_or(0);
    let reached =
        eventually("some rows", PATIENCE, async || Some(processed(&anna).await).filter(|rows| *rows > 0)).await;
    server.kill();
    assert!(reached < 30_000, "it was too quick to be killed");
    server.start_again().await;
    let anna = server.signed_in("anna").await;
    let done = in_state(&anna, &run, "done").await;
    assert_eq!((&done["taken"], &done["skipped"], &done["refused"]), (&30_000.into(), &0.into(), &0.into()), "{done}");
    assert_eq!(anna.export().await.rows.len(), before + 30_000);
    let id = run.trim_start_matches("/imports/");
    let lines = format!("SELECT COUNT(*) FROM import_rows WHERE run_id = {id}");
    assert_eq!(server.database().number(&lines).await, 30_000);
}

async fn a_file_that_was_imported_at_once_is_among_the_runs(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let report = anna.import("at-once.csv", b"Account,Name\nQ1,One\nQ2,\n".to_vec()).await.expect_status(200).json();
    assert_eq!(report["taken"], 1, "{report}");
    let listed = anna.get_json("/imports").await.expect_status(200).json();
    let run = &listed["imports"][0];
    assert_eq!((&run["file_name"], &run["state"]), (&"at-once.csv".into(), &"done".into()), "{listed}");
    let run = format!("/imports/{}", run["id"]);
    let refused = anna.get(&format!("{run}/refused.csv")).await.expect_status(200).text();
    assert_eq!(refused, "Account,Name\r\nQ2,\r\n");
    undone(&anna, &run).await;
    assert_eq!(anna.export().await.count("Q1"), 0);
}
