//! Who may do what.

use toolcrib_tests::prelude::*;

on_all_engines! {
    a_viewer_changes_nothing,
    tools_are_for_administrators,
    strangers_see_nothing_of_the_crm,
}

/// A viewer reads and changes nothing, whatever form they send.
async fn a_viewer_changes_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let before = anna.export().await;
    let vera = server.signed_in("vera").await;
    vera.get("/clients").await.expect_status(200);
    vera.get(&format!("/clients/{id}")).await.expect_status(200);

    vera.get("/clients/new").await.expect_status(403);
    vera.get(&format!("/clients/{id}/edit")).await.expect_status(403);
    vera.try_create(&NewClient::valid()).await.expect_status(403);
    vera.try_save(id, "1", &client.clone().with("name", "Changed")).await.expect_status(403);
    vera.import("clients.csv", b"Account,Name\nVERA,Vera's company\n".to_vec()).await.expect_status(403);
    assert_eq!(anna.export().await, before);
}

/// Tools belong to administrators.
async fn tools_are_for_administrators(engine: Engine) {
    let server = Server::on(engine).start().await;
    for name in ["anna", "vera"] {
        let user = server.signed_in(name).await;
        user.get_json("/tools/status.json").await.expect_status(403);
    }
    server.visitor().get_json("/tools/status.json").await.expect_status(401);
    server.signed_in("admin").await.get_json("/tools/status.json").await.expect_status(200);
}

/// Everything but signing in, the probes, the assets and the examples.
async fn strangers_see_nothing_of_the_crm(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let before = anna.export().await;
    let stranger = server.visitor();
    for path in [
        "/",
        "/clients",
        "/clients.csv",
        "/clients/new",
        &format!("/clients/{id}"),
        &format!("/clients/{id}/edit"),
        &format!("/search?q={}", client.account()),
    ] {
        let answer = stranger.get(path).await;
        assert!(answer.asks_to_sign_in() || answer.status == 401, "{path}: {answer:?}");
        assert!(!answer.text().contains(client.get("name")), "{path}: {answer:?}");
    }
    stranger.try_create(&NewClient::valid()).await.expect_status(401);
    stranger.try_save(id, "1", &client.with("name", "Changed")).await.expect_status(401);
    stranger.import("clients.csv", b"Account,Name\nSTRANGER,Stranger's company\n".to_vec()).await.expect_status(401);
    assert_eq!(anna.export().await, before);
}
