//! Every page with every role, against a table of who may open it and who may post to it.
//!
//! A page that is not in the table, or that the table has and the site has not, makes the test fail: whoever adds a
//! page says here whom it is for.

use std::collections::BTreeMap;

use toolcrib_tests::prelude::*;
use toolcrib_tests::{Places, Route, routes};

on_all_engines! {
    every_page_answers_every_role_as_the_table_says,
}

/// For whom something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum For {
    /// Whoever comes by.
    Everybody,
    /// Who has signed in.
    Users,
    /// Who may change records.
    Editors,
    /// Who may import.
    Importers,
    /// Who runs the site.
    Admins,
    /// There is no such method.
    Nobody,
}

use For::{Admins, Editors, Everybody, Importers, Nobody, Users};

/// The path, who may open it, who may post to it.
const TABLE: &[(&str, For, For)] = &[
    ("/", Users, Nobody),
    ("/account/password", Users, Users),
    ("/accounts", Users, Editors),
    ("/accounts/{id}", Editors, Editors),
    ("/activities/{id}", Editors, Editors),
    ("/audit", Admins, Nobody),
    ("/clients", Users, Editors),
    ("/clients.csv", Users, Nobody),
    ("/clients/bulk", Nobody, Editors),
    ("/clients/new", Editors, Nobody),
    ("/clients/views", Users, Users),
    ("/clients/views/{view}", Users, Users),
    ("/clients/{id}", Users, Editors),
    ("/clients/{id}/edit", Editors, Nobody),
    ("/clients/{id}/holds", Users, Nobody),
    ("/clients/{id}/live", Users, Nobody),
    ("/clients/{id}/merge/{other}", Editors, Editors),
    ("/clients/{id}/panels/accounts", Users, Nobody),
    ("/clients/{id}/panels/activities", Users, Editors),
    ("/clients/{id}/panels/contacts", Users, Nobody),
    ("/clients/{id}/panels/deals", Users, Nobody),
    ("/clients/{id}/race", Nobody, Editors),
    ("/deals", Users, Editors),
    ("/deals/live", Users, Nobody),
    ("/deals/new", Editors, Nobody),
    ("/deals/{id}", Users, Editors),
    ("/deals/{id}/edit", Editors, Nobody),
    ("/deals/{id}/move", Nobody, Editors),
    ("/duplicates", Editors, Nobody),
    ("/examples", Everybody, Nobody),
    ("/examples/append", Everybody, Everybody),
    ("/examples/card-game", Everybody, Everybody),
    ("/examples/drill", Everybody, Everybody),
    ("/examples/mirror", Everybody, Everybody),
    ("/examples/race", Everybody, Everybody),
    ("/examples/rc-tally", Everybody, Everybody),
    ("/examples/relay", Everybody, Everybody),
    ("/examples/relay/arrival", Everybody, Nobody),
    ("/examples/sales", Everybody, Everybody),
    ("/examples/serial", Everybody, Everybody),
    ("/examples/skew", Everybody, Everybody),
    ("/examples/tally", Everybody, Everybody),
    ("/examples/workshop", Everybody, Everybody),
    ("/import", Importers, Importers),
    ("/imports", Importers, Nobody),
    ("/imports/{id}", Importers, Importers),
    ("/imports/{id}/live", Importers, Nobody),
    ("/imports/{id}/refused.csv", Importers, Nobody),
    ("/leads", Users, Editors),
    ("/leads/new", Editors, Nobody),
    ("/leads/{id}", Users, Editors),
    ("/leads/{id}/convert", Editors, Editors),
    ("/leads/{id}/edit", Editors, Nobody),
    ("/login", Everybody, Everybody),
    ("/logout", Nobody, Everybody),
    ("/merges", Editors, Nobody),
    ("/merges/{merge}", Editors, Editors),
    ("/persons", Users, Editors),
    ("/persons/new", Editors, Nobody),
    ("/persons/{id}", Users, Editors),
    ("/persons/{id}/edit", Editors, Nobody),
    ("/pipelines", Admins, Admins),
    ("/pipelines/{id}", Admins, Admins),
    ("/reports", Users, Nobody),
    ("/reports.csv", Users, Nobody),
    ("/search", Users, Nobody),
    ("/setup", Admins, Nobody),
    ("/tags", Admins, Admins),
    ("/tags/{tag}", Admins, Admins),
    ("/tasks", Users, Editors),
    ("/tasks.ics", Users, Nobody),
    ("/tasks/live", Users, Nobody),
    ("/tasks/{id}", Users, Editors),
    ("/tools/application", Admins, Nobody),
    ("/tools/application.json", Admins, Nobody),
    ("/tools/events.json", Admins, Nobody),
    ("/tools/jobs", Admins, Admins),
    ("/tools/jobs.json", Admins, Nobody),
    ("/tools/jobs/{id}", Admins, Admins),
    ("/tools/locks", Admins, Nobody),
    ("/tools/locks.json", Admins, Nobody),
    ("/tools/nodes", Admins, Nobody),
    ("/tools/nodes.json", Admins, Nobody),
    ("/tools/object-log", Admins, Admins),
    ("/tools/object-log.json", Admins, Nobody),
    ("/tools/preview", Admins, Nobody),
    ("/tools/preview/sample", Admins, Nobody),
    ("/tools/requests", Admins, Admins),
    ("/tools/requests.json", Admins, Nobody),
    ("/tools/roles", Admins, Admins),
    ("/tools/roles/{name}", Admins, Admins),
    ("/tools/status", Admins, Nobody),
    ("/tools/status.json", Admins, Nobody),
    ("/tools/users", Admins, Nobody),
    ("/tools/users/new", Admins, Admins),
    ("/tools/users/{id}", Admins, Admins),
];

/// Who asks, and what they may.
const ROLES: [(&str, &[For]); 4] = [
    ("nobody", &[Everybody]),
    ("vera", &[Everybody, Users]),
    ("anna", &[Everybody, Users, Editors, Importers]),
    ("admin", &[Everybody, Users, Editors, Importers, Admins]),
];

async fn every_page_answers_every_role_as_the_table_says(engine: Engine) {
    let server = Server::on(engine).start().await;
    let client = server.signed_in("anna").await.create(&NewClient::valid()).await;
    let places = Places::of(&server, i64::try_from(client).expect("a number")).await;
    let table: BTreeMap<_, _> = TABLE.iter().map(|(path, open, post)| (*path, (*open, *post))).collect();
    let routes = routes(&server);
    let there: Vec<_> = routes.iter().map(|route| route.pattern.as_str()).collect();
    let unknown: Vec<_> = there.iter().filter(|path| !table.contains_key(**path)).collect();
    let gone: Vec<_> = table.keys().filter(|path| !there.contains(path)).collect();
    assert!(unknown.is_empty() && gone.is_empty(), "not in the table: {unknown:#?}; not on the site: {gone:#?}");

    let mut wrong = Vec::new();
    for (name, may) in ROLES {
        let user = if name == "nobody" { server.visitor() } else { server.signed_in(name).await };
        let token = user.csrf_token().await;
        for route in &routes {
            let (open, post) = table[route.pattern.as_str()];
            let address = address(route, &places);
            for (is_post, whom) in [(false, open), (true, post)] {
                let status = ask(&server, &user, name, &address, is_post, &token).await;
                // Somebody else's view, somebody else's import.
                let of_one_user = ["/clients/views/{view}", "/imports/{id}"];
                let is_foreign = name != "admin" && of_one_user.iter().any(|path| route.pattern.starts_with(path));
                if !(is_right(status, name, is_post, whom, may) || is_foreign && status == 404) {
                    let verb = if is_post { "POST" } else { "GET" };
                    wrong.push(format!("{verb} {address} as {name}: {status}, it is for {whom:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn address(route: &Route, places: &Places) -> String {
    let address = places.address(&route.pattern);
    let address = address.replace("/users/{id}", "/users/4").replace("/roles/{name}", "/roles/viewer");
    assert!(!address.contains('{'), "no address for {}: give it one in `Places`", route.pattern);
    // A stream is of one pipeline.
    if address == "/deals/live" { format!("{address}?pipeline=1") } else { address }
}

async fn ask(server: &Server, user: &Client, name: &str, address: &str, is_post: bool, token: &str) -> u16 {
    if !is_post {
        return user.request(reqwest::Method::GET, address).accept_json().send_for_status().await;
    }
    if address == "/logout" && name != "nobody" {
        // In a session of its own: it is over afterwards.
        return server.signed_in(name).await.post_form_json(address, &[]).await.status;
    }
    user.post(address).accept_json().form_with_token(token, &[]).send().await.status
}

/// Whoever may not is told so, by 401 and 403; whoever may gets there, if only to hear that a field is missing.
fn is_right(status: u16, name: &str, is_post: bool, whom: For, may: &[For]) -> bool {
    match whom {
        Nobody => status == 405,
        _ if may.contains(&whom) && is_post => matches!(status, 200..=400 | 404 | 409 | 413 | 422),
        _ if may.contains(&whom) => matches!(status, 200..=400),
        _ if name == "nobody" => status == 401,
        _ => status == 403,
    }
}
