//! Somebody else's private record answers as if it did not exist, whoever asks and however.

use toolcrib_tests::prelude::*;
use toolcrib_tests::{Places, routes};

on_all_engines! {
    a_private_client_of_somebody_else_is_not_there,
    a_private_lead_of_somebody_else_is_not_there,
}

/// A word that stands in all that is about the private record.
const SECRET: &str = "Zyxomma";

/// What hangs on a client is as private as the client.
const OF_THE_CLIENT: [&str; 6] =
    ["/clients/{id}", "/persons/{id}", "/activities/{id}", "/tasks/{id}", "/deals/{id}", "/accounts/{id}"];

/// Hides a client: it is Anna's now, and hers alone. Boris has the same rights, an administrator more.
async fn hidden(server: &Server) -> Places {
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid().with("name", &format!("{SECRET} Works")).with("city", SECRET)).await;
    let places = Places::of(server, i64::try_from(id).expect("a number")).await;
    let owner = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'anna'").await;
    for statement in [
        format!("UPDATE clients SET private = TRUE, owner_id = {owner} WHERE id = {id}"),
        format!("UPDATE persons SET name = '{SECRET} Pia' WHERE client_id = {id}"),
        format!("UPDATE deals SET title = '{SECRET} deal', expected_at = 1, currency = 'XTS' WHERE client_id = {id}"),
        format!("UPDATE activities SET subject = '{SECRET} task', owner_id = {owner} WHERE client_id = {id}"),
        format!("UPDATE external_accounts SET reference = '{SECRET}-1', state = 'broken' WHERE client_id = {id}"),
    ] {
        server.database().execute(&statement).await;
    }
    places
}

/// The same address with the number of a record that never was.
fn elsewhere(address: &str) -> String {
    let parts = address.split('/').map(|part| if part.parse::<u64>().is_ok() { "987654" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

async fn a_private_client_of_somebody_else_is_not_there(engine: Engine) {
    let server = Server::on(engine).start().await;
    let places = hidden(&server).await;
    let anna = server.signed_in("anna").await;
    let card = places.address("/clients/{id}");
    assert!(anna.get(&card).await.expect_status(200).text().contains(SECRET), "it is hers");
    for name in ["boris", "vera", "admin"] {
        let other = server.signed_in(name).await;
        let token = other.csrf_token().await;
        for route in routes(&server) {
            let address = places
                .address(&route.pattern)
                .replace("/users/{id}", "/users/4")
                .replace("/roles/{name}", "/roles/viewer");
            let about_it = OF_THE_CLIENT.iter().any(|part| route.pattern.starts_with(part));
            let is_audit = matches!(route.pattern.as_str(), "/audit" | "/tools/object-log" | "/tools/object-log.json");
            if route.is_opened() && !route.is_stream() && !is_audit {
                let answer = other.get(&address).await;
                assert!(!about_it || matches!(answer.status, 403 | 404), "{address} as {name}: {answer:?}");
                assert!(!answer.text().contains(SECRET), "{address} shows it to {name}: {answer:?}");
            }
            if route.takes("POST") && about_it {
                let post = async |address: &str| {
                    let fields = [("version", "1"), ("stage", "1"), ("after", "")];
                    other.post(address).accept_json().form_with_token(&token, &fields).send().await
                };
                let answer = post(&address).await;
                let nothing = post(&elsewhere(&address)).await;
                assert!(matches!(answer.status, 400 | 403 | 404), "POST {address} as {name}: {answer:?}");
                assert_eq!(answer.status, nothing.status, "POST {address} as {name}: {answer:?}");
            }
        }
        for query in [
            "/search?q=zyxom",
            "/clients?q=zyxom",
            "/clients.csv?q=zyxom",
            "/persons?q=zyxom",
            "/tasks?show=all&who=all",
            "/deals?q=zyxom",
            "/accounts?state=broken",
            "/reports?currency=XTS",
        ] {
            let answer = other.get(query).await;
            let text = answer.text().replace("zyxom", "");
            assert!(answer.status < 500 && !text.contains(SECRET), "{query} as {name}: {answer:?}");
        }
    }
    assert!(anna.get(&card).await.expect_status(200).text().contains(SECRET), "nothing was changed");
}

async fn a_private_lead_of_somebody_else_is_not_there(engine: Engine) {
    let server = Server::on(engine).start().await;
    let client = server.database().number("SELECT MIN(id) FROM clients").await;
    let places = Places::of(&server, client).await;
    let lead = places.number("leads");
    let owner = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'anna'").await;
    let hide = format!(
        "UPDATE leads SET private = TRUE, owner_id = {owner}, name = '{SECRET}', search = 'zyxomma' WHERE id = {lead}"
    );
    server.database().execute(&hide).await;
    let anna = server.signed_in("anna").await;
    assert!(anna.get(&format!("/leads/{lead}")).await.expect_status(200).text().contains(SECRET), "it is hers");
    for name in ["boris", "admin"] {
        let other = server.signed_in(name).await;
        let token = other.csrf_token().await;
        for route in routes(&server).iter().filter(|route| route.pattern.starts_with("/leads/{id}")) {
            let address = places.address(&route.pattern);
            if route.is_opened() {
                other.get(&address).await.expect_status(404);
            }
            if route.takes("POST") {
                let fields = [("version", "1"), ("name", "Taken"), ("company", "Taken")];
                other.post(&address).accept_json().form_with_token(&token, &fields).send().await.expect_status(404);
            }
        }
        for list in ["/leads", "/leads?q=zyx", "/", "/search?q=zyx"] {
            let text = other.get(list).await.expect_status(200).text();
            assert!(!text.contains(SECRET), "{list} shows it to {name}");
        }
    }
    let untouched = format!("SELECT COUNT(*) FROM leads WHERE id = {lead} AND name = '{SECRET}' AND version = 1");
    assert_eq!(server.database().number(&untouched).await, 1);
}
