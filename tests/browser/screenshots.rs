//! Pictures of the main pages, for the README: made by `tests/screenshots`, never by hand.

use std::path::Path;

use crate::support::prelude::*;

/// The picture's name and the page on it.
const PAGES: [(&str, &str); 6] = [
    ("desk", "/"),
    ("clients", "/clients"),
    ("card", "/clients/{id}"),
    ("board", "/deals"),
    ("tasks", "/tasks?show=all"),
    ("reports", "/reports"),
];

#[test]
#[ignore = "writes the pictures of the README; tests/screenshots runs it"]
fn the_main_pages_are_photographed() {
    crate::support::play("the_main_pages_are_photographed", async |stage: &Stage| {
        let server = stage.site().start().await;
        let most = "SELECT client_id FROM activities GROUP BY client_id ORDER BY COUNT(*) DESC, client_id LIMIT 1";
        let client = server.database().number(most).await;
        let card = format!("/clients/{client}");
        let anna = stage.signed_in(&server, "anna").await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo-site/screenshots");
        for (name, page) in PAGES {
            anna.open(&page.replace("/clients/{id}", &card)).await;
            anna.photograph(&folder.join(format!("{name}.png"))).await;
        }
    });
}
