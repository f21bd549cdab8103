//! The global search, and the command that fills a CRM.

use std::ffi::OsStr;

use reqwest::Method;
use toolcrib_tests::command::{self, Finished};
use toolcrib_tests::prelude::*;

on_all_engines! {
    a_client_is_found_by_its_words_as_they_are_now,
    what_is_noted_is_found_and_what_is_private_is_not,
    a_script_gets_the_lists_alone;
    // The command line is a process of its own, whatever serves the site.
    on_one_node: a_crm_is_filled_once_and_emptied_when_told,
}

async fn found(user: &Client, typed: &str, kind: &str) -> Vec<u64> {
    let path = format!("/search?q={}", html::percent_encoded(typed));
    let json = user.get_json(&path).await.expect_status(200).json();
    let rows = json[kind].as_array().unwrap_or_else(|| panic!("no {kind} in {json}"));
    rows.iter().map(|row| row["id"].as_u64().unwrap_or_else(|| panic!("no id in {row}"))).collect()
}

async fn a_client_is_found_by_its_words_as_they_are_now(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid().with("name", "Ærø & Sønner Qvistgård").with("city", "東京都渋谷区");
    let id = anna.create(&client).await;
    for typed in ["aero", "ÆRØ sonner", "qvistg aer", "渋谷", client.account()] {
        assert_eq!(found(&anna, typed, "clients").await, [id], "{typed}");
    }
    assert!(found(&anna, "aero zzyzx", "clients").await.is_empty());
    assert!(found(&anna, "vistgard", "clients").await.is_empty(), "words are found by how they begin");

    let version = anna.version_of(id).await;
    let renamed = client.with("name", "Zwölfaxing Werke");
    let answer = anna.try_save(id, &version, &renamed).await;
    assert!(answer.status < 400, "{answer:?}");
    assert!(found(&anna, "qvistgard", "clients").await.is_empty());
    assert_eq!(found(&anna, "zwolfax", "clients").await, [id]);
}

async fn what_is_noted_is_found_and_what_is_private_is_not(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let number = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'anna'").await;
    let client = NewClient::valid()
        .with("name", "Xylofonbau Quelle")
        .with("private", "on")
        .with("owner_id", &number.to_string());
    let id = anna.create(&client).await;
    let note = [("kind", "note"), ("subject", "Krähwinkel telephoned"), ("body", "Wants two\nxylophones")];
    anna.post_form_json(&format!("/clients/{id}/panels/activities"), &note).await.expect_status(200);
    let person = [("name", "Xaverl Qualtinger"), ("account", client.account())];
    anna.post_form_json("/persons", &person).await.expect_status(200);
    for (typed, kind) in [("xylof", "clients"), ("krahw xyloph", "notes"), ("qualt xav", "contacts")] {
        assert_eq!(found(&anna, typed, kind).await.len(), 1, "{typed}");
        assert!(found(&boris, typed, kind).await.is_empty(), "{typed} is Anna's alone");
    }
}

async fn a_script_gets_the_lists_alone(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid().with("name", "Ypsilanti Dampfwerke")).await;
    let part = anna.request(Method::GET, "/search?q=ypsilanti").header("X-Requested-With", "fetch").send().await;
    let part = part.expect_status(200).text();
    assert!(part.contains(&format!("href=\"/clients/{id}\"")), "{part}");
    assert!(!part.contains("<html") && !part.contains("<form"), "{part}");
    let nobody = server.visitor().request(Method::GET, "/search?q=y").header("X-Requested-With", "fetch").send().await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
    let page = anna.get("/search?q=ypsilanti").await.expect_status(200).text();
    assert!(page.contains("search.js") && page.contains("id=\"quick-search\""), "{page}");
}

fn seed(server: &Server, more: &[&str], environment: &[(&str, &str)]) -> Finished {
    let arguments: Vec<_> = ["seed"].iter().chain(more).map(OsStr::new).collect();
    let url = server.database().url();
    let usual = [("DATABASE_URL", url), ("DEMO_PASSWORD", PASSWORD)];
    let all: Vec<_> = usual.into_iter().chain(environment.iter().copied()).collect();
    command::run(&arguments, server.folder(), &all, Duration::from_secs(120))
}

async fn a_crm_is_filled_once_and_emptied_when_told(engine: Engine) {
    let server = Server::on(engine).start().await;
    let clients = async || server.database().number("SELECT COUNT(*) FROM clients").await;
    assert_eq!(clients().await, 24);

    let small = seed(&server, &["--size", "small"], &[]);
    assert_eq!(small.code, Some(0), "{}", small.output);
    assert_eq!(clients().await, 200);
    let again = seed(&server, &["--size", "small"], &[]);
    assert_eq!(again.code, Some(1), "{}", again.output);
    assert!(again.output.contains("--reset") && clients().await == 200, "{}", again.output);

    let reset = seed(&server, &["--reset"], &[]);
    assert_eq!(reset.code, Some(0), "{}", reset.output);
    assert!(reset.output.contains("Removing all clients"), "{}", reset.output);
    assert_eq!(clients().await, 24);
    server.signed_in("anna").await.get("/clients").await.expect_status(200);

    server
        .database()
        .execute(
            "INSERT INTO toolcrib_users (name, display_name, search, password_hash, created_at, changed_at) \
             VALUES ('somebody', 'Somebody', 'somebody', '', 1, 1)",
        )
        .await;
    let asked = seed(&server, &["--reset"], &[]);
    assert_eq!(asked.code, Some(1), "{}", asked.output);
    assert!(asked.output.contains("somebody") && asked.output.contains("--yes"), "{}", asked.output);
    let told = seed(&server, &["--reset", "--yes"], &[]);
    assert_eq!(told.code, Some(0), "{}", told.output);
}
