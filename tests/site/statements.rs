//! How many SQL statements a page takes: few, and no more where there is more to show.

use toolcrib_tests::prelude::*;
use toolcrib_tests::{Places, routes};

on_all_engines! {
    no_page_takes_more_statements_where_there_is_more_to_show,
}

/// What a page may take. The session is not counted while one process has it in memory.
const MOST: u64 = 14;

/// A hundred and fifty times what there is of a kind, each belonging to the same client as what it was copied from.
const MORE: [&str; 7] = [
    "INSERT INTO clients (account, name, industry, city, search, sort_name, created_at, updated_at) \
     SELECT 'M' || one.id || '-' || two.id, one.name, one.industry, one.city, one.search, one.sort_name, one.id, two.id \
     FROM clients AS one JOIN clients AS two ON two.id <= 8",
    "INSERT INTO persons (client_id, name, search, sort_name, created_at, updated_at) \
     SELECT one.client_id, one.name, one.search, one.sort_name, 1, 1 FROM persons AS one JOIN clients AS two ON two.id <= 40",
    "INSERT INTO activities (client_id, kind, subject, happened_at, author, created_at, updated_at) \
     SELECT one.client_id, 'note', one.subject, one.happened_at + two.id, one.author, 1, 1 \
     FROM activities AS one JOIN clients AS two ON two.id <= 40",
    "INSERT INTO activities (client_id, kind, subject, happened_at, due_at, owner_id, author, created_at, updated_at) \
     SELECT one.id, 'task', 'More', 1, 1, 1, 'Ada', 1, 1 FROM clients AS one",
    "INSERT INTO deals (client_id, title, stage_id, position, amount_minor, currency, search, created_at, updated_at) \
     SELECT one.client_id, one.title, one.stage_id, one.position + two.id, 1, one.currency, one.search, 1, 1 \
     FROM deals AS one JOIN clients AS two ON two.id <= 40",
    "INSERT INTO leads (name, search, sort_name, created_at, updated_at) \
     SELECT one.name, one.search, one.sort_name, 1, 1 FROM clients AS one",
    "INSERT INTO audit_log (happened_at, actor, action, record_kind, record_id, record_name) \
     SELECT one.id, 'Ada', 'changed', 'client', one.id, one.name FROM clients AS one",
];

async fn no_page_takes_more_statements_where_there_is_more_to_show(engine: Engine) {
    let server = Server::on(engine).start().await;
    let admin = server.signed_in("admin").await;
    let client = server.database().number("SELECT client_id FROM persons ORDER BY id LIMIT 1").await;
    let places = Places::of(&server, client).await;
    let pages: Vec<_> = routes(&server)
        .into_iter()
        .filter(|route| route.is_opened() && !route.is_stream() && !route.pattern.starts_with("/tools/preview"))
        .map(|route| {
            places.address(&route.pattern).replace("/users/{id}", "/users/4").replace("/roles/{name}", "/roles/viewer")
        })
        .chain(["/search?q=a", "/clients?q=a&sort=city", "/tasks?show=all&who=all"].map(str::to_owned))
        .collect();
    let mut few = Vec::new();
    for page in &pages {
        // The first one may make what all share (a tracking row); the second tells what the page takes.
        admin.get(page).await;
        few.push(statements(&admin, page).await);
    }
    for more in MORE {
        server.database().execute(more).await;
    }
    let mut wrong = Vec::new();
    for (page, few) in pages.iter().zip(few) {
        let many = statements(&admin, page).await;
        if many > few || many > MOST {
            wrong.push(format!("{page}: {few} statements, with more to show {many}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the header says.
async fn statements(user: &Client, page: &str) -> u64 {
    let answer = user.get(page).await;
    assert!(matches!(answer.status, 200 | 303 | 400), "{page}: {answer:?}");
    let header = answer.header("x-statements").and_then(|number| number.parse().ok());
    header.unwrap_or_else(|| panic!("{page} does not say how many statements it took: {answer:?}"))
}
