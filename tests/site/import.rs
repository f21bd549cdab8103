//! Files that are not what they should be: a clear message, and nothing half-written.

use toolcrib_tests::command;
use toolcrib_tests::prelude::*;

on_all_engines! {
    a_row_with_too_few_columns_is_refused_by_its_line,
    a_row_with_too_many_columns_is_refused_by_its_line,
    a_row_that_is_not_utf_8_is_refused_by_its_line,
    a_row_without_a_name_is_refused_by_its_line,
    a_row_with_a_dangerous_website_is_refused_by_its_line,
    an_empty_file_is_refused,
    a_file_without_the_needed_columns_is_refused,
    a_file_that_starts_with_data_is_refused,
    a_file_that_is_no_text_is_refused,
    the_usual_varieties_of_csv_are_understood,
    an_account_twice_in_a_file_is_one_client,
    a_form_without_a_file_is_the_client_s_mistake;
    // The command line is a process of its own, whatever serves the site.
    on_one_node: a_file_that_is_not_there_is_named,
}

const HEADER: &str = "Account,Name,Industry,City,Website,Phone,Email";

fn rows(rows: &[&str]) -> Vec<u8> {
    format!("{HEADER}\n{}\n", rows.join("\n")).into_bytes()
}

/// Sends a file of good rows and one bad row in line 3; what the report says about the bad one.
async fn one_bad_row(engine: Engine, bad: &[u8]) -> String {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await.rows.len();
    let mut file = rows(&["GOOD1,First,,,,,"]);
    file.extend_from_slice(bad);
    file.extend_from_slice(b"\nGOOD2,Second,,,,,\nGOOD3,Third,,,,,\n");
    let report = anna.import("clients.csv", file).await.expect_status(200).json();
    assert_eq!(toolcrib_tests::count_in(&report, "taken"), Some(3), "{report}");
    let refused = report["refused"].as_array().unwrap_or_else(|| panic!("no list of refused rows in {report}"));
    assert_eq!(refused.len(), 1, "{report}");
    assert_eq!(refused[0]["line"], 3, "{report}");
    let export = anna.export().await;
    assert_eq!(export.rows.len(), before + 3);
    for account in ["GOOD1", "GOOD2", "GOOD3"] {
        assert_eq!(export.count(account), 1, "{account}");
    }
    refused[0]["reason"].as_str().unwrap_or_else(|| panic!("no reason in {report}")).to_lowercase()
}

/// Sends a file that is refused as a whole; the message.
async fn refused_file(engine: Engine, file: &[u8]) -> String {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await;
    let answer = anna.import("clients.csv", file.to_vec()).await;
    assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    assert_eq!(anna.export().await, before);

    let path = server.folder().join("refused.csv");
    std::fs::write(&path, file).expect("a file to import");
    let environment = [("DATABASE_URL", server.database().url()), ("DEMO_PASSWORD", PASSWORD)];
    let done =
        command::run(&["import".as_ref(), path.as_ref()], server.folder(), &environment, Duration::from_secs(30));
    assert!(done.code.is_some_and(|code| code != 0), "{done:?}");
    assert!(done.output.contains("refused.csv"), "the message does not name the file: {}", done.output);
    assert!(!done.output.contains("panicked"), "{}", done.output);
    assert_eq!(anna.export().await, before);
    format!("{}\n{}", answer.text(), done.output).to_lowercase()
}

async fn a_row_with_too_few_columns_is_refused_by_its_line(engine: Engine) {
    let reason = one_bad_row(engine, b"BAD,Short").await;
    assert!(reason.contains("column") || reason.contains("field"), "{reason}");
}

async fn a_row_with_too_many_columns_is_refused_by_its_line(engine: Engine) {
    let reason = one_bad_row(engine, b"BAD,Long,,,,,,,,,,").await;
    assert!(reason.contains("column") || reason.contains("field"), "{reason}");
}

async fn a_row_that_is_not_utf_8_is_refused_by_its_line(engine: Engine) {
    let reason = one_bad_row(engine, b"BAD,Caf\xe9,,,,,").await;
    assert!(reason.contains("utf-8"), "{reason}");
}

async fn a_row_without_a_name_is_refused_by_its_line(engine: Engine) {
    let reason = one_bad_row(engine, b"BAD,,,,,,").await;
    assert!(reason.contains("name"), "{reason}");
}

async fn a_row_with_a_dangerous_website_is_refused_by_its_line(engine: Engine) {
    let reason = one_bad_row(engine, b"BAD,Bad,,,javascript:alert(1),,").await;
    assert!(reason.contains("website"), "{reason}");
}

async fn an_empty_file_is_refused(engine: Engine) {
    let message = refused_file(engine, b"").await;
    assert!(message.contains("empty") || message.contains("header"), "{message}");
}

async fn a_file_without_the_needed_columns_is_refused(engine: Engine) {
    let message = refused_file(engine, b"Colour,Weight\nred,3\n").await;
    assert!(message.contains("account") || message.contains("symbol"), "{message}");
}

async fn a_file_that_starts_with_data_is_refused(engine: Engine) {
    let message = refused_file(engine, b"MMM,3M,Industrials\nAOS,A. O. Smith,Industrials\n").await;
    assert!(message.contains("header") || message.contains("column"), "{message}");
}

async fn a_file_that_is_no_text_is_refused(engine: Engine) {
    let noise: Vec<u8> = (0..4096_u32).map(|number| (number * 97 % 251) as u8).collect();
    let _ = refused_file(engine, &noise).await;
}

/// Byte order mark, Windows line ends, quoted line breaks, other columns' names and order.
async fn the_usual_varieties_of_csv_are_understood(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let file = "\u{feff}security,SYMBOL,Headquarters Location,Remark\r\n\
                \"Quoted, \"\"Ltd\"\"\",VAR1,\"Two\r\nlines\",x\r\nPlain,VAR2,Ulm,\r\n\r\n";
    let report = anna.import("clients.csv", file.as_bytes().to_vec()).await.expect_status(200).json();
    let export = anna.export().await;
    let clients = export.clients();
    assert!(clients.contains(&("VAR2", "Plain")), "{report} {clients:?}");
    assert!(clients.contains(&("VAR1", "Quoted, \"Ltd\"")) || report["refused"][0]["line"] == 2, "{report}");
}

/// The same account twice in one file: taken once, and said.
async fn an_account_twice_in_a_file_is_one_client(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let report =
        anna.import("clients.csv", rows(&["TWICE,One,,,,,", "TWICE,Two,,,,,"])).await.expect_status(200).json();
    assert_eq!(anna.export().await.count("TWICE"), 1, "{report}");
}

async fn a_form_without_a_file_is_the_client_s_mistake(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let form = reqwest::multipart::Form::new().text("_csrf", token);
    let answer = anna.post("/import").multipart(form).send().await;
    assert!(matches!(answer.status, 400 | 422), "{answer:?}");
}

async fn a_file_that_is_not_there_is_named(engine: Engine) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let database = toolcrib_tests::Database::fresh(engine, folder.path()).await;
    let environment = [("DATABASE_URL", database.url()), ("DEMO_PASSWORD", PASSWORD)];
    let done = command::run(
        &["import".as_ref(), "no-such-file.csv".as_ref()],
        folder.path(),
        &environment,
        Duration::from_secs(30),
    );
    assert!(done.code.is_some_and(|code| code != 0), "{done:?}");
    assert!(done.output.contains("no-such-file.csv") && !done.output.contains("panicked"), "{}", done.output);
}
