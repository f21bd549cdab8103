//! The main job on real input: 503 companies.

use toolcrib_tests::command;
use toolcrib_tests::companies;
use toolcrib_tests::companies_file;
use toolcrib_tests::count_in;
use toolcrib_tests::prelude::*;
use toolcrib_tests::table::Table;

on_all_engines! {
    all_503_arrive_by_upload_and_importing_twice_changes_nothing,
    the_details_of_a_company_arrive_as_well,
    two_imports_at_once_take_each_company_once,
    the_upload_form_answers_with_a_report;
    // The command line is a process of its own, whatever serves the site.
    on_one_node: all_503_arrive_by_command_and_importing_twice_changes_nothing,
    the_command_needs_no_server_to_have_run,
}

/// Fails unless every company of the file is there once, under its own name.
fn assert_all_arrived(export: &Table) {
    let file = Table::read(&companies());
    let arrived = export.clients();
    for company in file.clients() {
        let found: Vec<_> = arrived.iter().filter(|(account, _)| *account == company.0).collect();
        assert_eq!(found, [&company]);
    }
}

fn import_by_command(server: &Server, file: &std::path::Path) -> command::Finished {
    let database = [("DATABASE_URL", server.database().url()), ("DEMO_PASSWORD", PASSWORD)];
    command::run(&["import".as_ref(), file.as_ref()], server.folder(), &database, Duration::from_secs(60))
}

async fn all_503_arrive_by_upload_and_importing_twice_changes_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let seeded = anna.export().await.rows.len();

    let report = anna.import("sp500-constituents.csv", companies()).await.expect_status(200).json();
    assert_eq!(count_in(&report, "refused"), Some(0), "{report}");
    let first = anna.export().await;
    assert_all_arrived(&first);
    let taken = count_in(&report, "taken").expect("how many were taken");
    assert_eq!(first.rows.len(), seeded + taken, "{report}");

    let again = anna.import("sp500-constituents.csv", companies()).await.expect_status(200).json();
    assert_eq!((count_in(&again, "taken"), count_in(&again, "skipped")), (Some(0), Some(503)), "{again}");
    assert_eq!(anna.export().await, first);
}

async fn all_503_arrive_by_command_and_importing_twice_changes_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let done = import_by_command(&server, &companies_file());
    assert_eq!(done.code, Some(0), "{}", done.output);
    let first = anna.export().await;
    assert_all_arrived(&first);
    let again = import_by_command(&server, &companies_file());
    assert_eq!(again.code, Some(0), "{}", again.output);
    assert!(again.output.contains("503"), "no word of the 503 skipped: {}", again.output);
    assert_eq!(anna.export().await, first);
}

/// On a database where the server has never run.
async fn the_command_needs_no_server_to_have_run(engine: Engine) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let database = toolcrib_tests::Database::fresh(engine, folder.path()).await;
    let environment = [("DATABASE_URL", database.url()), ("DEMO_PASSWORD", PASSWORD)];
    for arguments in [vec!["migrate".as_ref()], vec!["import".as_ref(), companies_file().as_os_str()]] {
        let done = command::run(&arguments, folder.path(), &environment, Duration::from_secs(60));
        assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.output);
    }
    assert!(database.number("SELECT COUNT(*) FROM clients").await >= 503);
}

/// What came in from the two ways is the same.
async fn the_details_of_a_company_arrive_as_well(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    anna.import("sp500-constituents.csv", companies()).await.expect_status(200);
    let page = anna.get("/clients?q=BF.B").await.expect_status(200).text();
    let id = *html::linked_clients(&page).first().expect("one client");
    let card = html::visible_text(&anna.get(&format!("/clients/{id}")).await.text());
    for detail in ["Brown–Forman", "BF.B", "Consumer Staples", "Louisville, Kentucky"] {
        assert!(card.contains(detail), "{detail} is missing in {card}");
    }
    // Columns that the CRM has no field for are kept as notes.
    assert!(card.contains("Distillers & Vintners") && card.contains("1870"), "{card}");
}

/// Two users import the same file at the same time.
async fn two_imports_at_once_take_each_company_once(engine: Engine) {
    let server = Server::on(engine).setting("REQUEST__TIMEOUT_MS", 60_000).start().await;
    let users = [server.signed_in("anna").await, server.signed_in("boris").await];
    let answers = all_at_once(2, |number| {
        let user = users[number].clone();
        async move { user.import("sp500-constituents.csv", companies()).await }
    })
    .await;
    for answer in answers {
        assert!(matches!(answer.status, 200 | 409 | 503), "{answer:?}");
    }
    assert_all_arrived(&users[0].export().await);
}

/// The form a person uses answers with a page, in one step.
async fn the_upload_form_answers_with_a_report(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await.rows.len();
    let token = anna.csrf_token().await;
    let file = reqwest::multipart::Part::bytes(companies()).file_name("sp500-constituents.csv");
    let form = reqwest::multipart::Form::new().text("_csrf", token).part("file", file);
    let mut page = anna.post("/import").multipart(form).send().await;
    if page.status == 303 {
        page = anna.get(page.location()).await;
    }
    let page = page.expect_status(200);
    assert!(page.is_html(), "{page:?}");
    let after = anna.export().await;
    let taken = (after.rows.len() - before).to_string();
    let text = html::visible_text(&page.text());
    assert!(text.split(' ').any(|word| word == taken), "no {taken} in {text}");
    assert_all_arrived(&after);
}
