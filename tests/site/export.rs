//! CSV out.

use toolcrib_tests::companies;
use toolcrib_tests::count_in;
use toolcrib_tests::prelude::*;
use toolcrib_tests::table::Table;

on_all_engines! {
    the_export_is_a_download,
    no_cell_is_a_formula,
    an_export_can_be_imported_elsewhere,
}

async fn the_export_is_a_download(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let answer = anna.get("/clients.csv").await.expect_status(200);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/csv")), "{:?}", answer.headers);
    let disposition = answer.header("content-disposition").unwrap_or("");
    assert!(disposition.starts_with("attachment") && disposition.contains(".csv"), "{disposition}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

/// S32: no cell is a formula to a spreadsheet, and nothing is lost by making sure of it.
async fn no_cell_is_a_formula(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let formulas = ["=1+1", "+SUM(A1)", "-2+3", "@SUM(A1)", "=HYPERLINK(\"http://evil.example\";\"x\")"];
    let clients: Vec<_> =
        formulas.iter().map(|formula| NewClient::valid().with("name", formula).with("city", formula)).collect();
    for client in &clients {
        anna.create(client).await;
    }
    let answer = anna.get("/clients.csv").await.expect_status(200);
    let export = Table::read(&answer.body);
    for (row, cells) in export.rows.iter().enumerate() {
        for cell in cells {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "row {row}: {cell:?}");
        }
    }
    for (client, formula) in clients.iter().zip(formulas) {
        let name = format!("'{formula}");
        assert!(export.clients().contains(&(client.account(), name.as_str())), "{formula}");
    }
    // What went out comes in again unchanged.
    let report = anna.import("clients.csv", answer.body.clone()).await.expect_status(200).json();
    assert_eq!(count_in(&report, "refused"), Some(0), "{report}");
    assert_eq!(count_in(&report, "taken"), Some(0), "{report}");
    assert_eq!(anna.export().await, export);
}

/// Everything exported by one site arrives on another.
async fn an_export_can_be_imported_elsewhere(engine: Engine) {
    let here = Server::on(engine).start().await;
    let anna = here.signed_in("anna").await;
    anna.import("sp500.csv", companies()).await.expect_status(200);
    anna.create(&NewClient::valid().with("name", "=1+1").with("city", "Two, \"cities\"; one")).await;
    let exported = anna.get("/clients.csv").await.expect_status(200).body;

    let there = Server::on(engine).start().await;
    let boris = there.signed_in("boris").await;
    let report = boris.import("clients.csv", exported.clone()).await.expect_status(200).json();
    assert_eq!(count_in(&report, "refused"), Some(0), "{report}");
    let sorted = |table: Table| {
        let mut clients: Vec<_> =
            table.clients().into_iter().map(|(account, name)| (account.to_owned(), name.to_owned())).collect();
        clients.sort();
        clients
    };
    assert_eq!(sorted(boris.export().await), sorted(Table::read(&exported)));
}
