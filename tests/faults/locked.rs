//! Somebody else holds SQLite's one write lock, or a row of PostgreSQL's. Users wait, or are told to come back; readers
//! do not notice.

use sqlx::Connection as _;
use sqlx::PgConnection;
use sqlx::SqliteConnection;
use toolcrib_tests::prelude::*;
use toolcrib_tests::wait::time_passes;

async fn take_the_lock(server: &Server) -> SqliteConnection {
    let mut connection = toolcrib_tests::sqlite(server.database().file().expect("an SQLite file")).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.expect("the lock");
    connection
}

async fn give_it_back(mut connection: SqliteConnection) {
    sqlx::query("ROLLBACK").execute(&mut connection).await.expect("the lock to give back");
    connection.close().await.expect("the connection closes");
}

fn create_in_background(anna: &Client, client: &NewClient) -> tokio::task::JoinHandle<Answer> {
    let (anna, client) = (anna.clone(), client.clone());
    tokio::spawn(async move { anna.try_create(&client).await })
}

#[test]
fn a_writer_waits_for_a_short_lock() {
    toolcrib_tests::run(async {
        let server = Server::on(Engine::Sqlite).start().await;
        let anna = server.signed_in("anna").await;
        let client = NewClient::valid();
        let connection = take_the_lock(&server).await;
        let writing = create_in_background(&anna, &client);
        time_passes(Duration::from_secs(1)).await;
        assert!(!writing.is_finished(), "it wrote although the database was locked");
        give_it_back(connection).await;
        let answer = writing.await.expect("an answer");
        assert!((200..300).contains(&answer.status), "{answer:?}");
        assert_eq!(anna.export().await.count(client.account()), 1);
    });
}

#[test]
fn a_writer_is_told_to_come_back_when_the_lock_is_long() {
    toolcrib_tests::run(async {
        let server = Server::on(Engine::Sqlite).start().await;
        let anna = server.signed_in("anna").await;
        let client = NewClient::valid();
        let connection = take_the_lock(&server).await;
        let answer = anna.try_create(&client).await;
        give_it_back(connection).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        answer.retry_after();
        assert!(!answer.text().contains("locked"), "{answer:?}");
        assert_eq!(anna.export().await.count(client.account()), 0);
        // And that was all: the next one writes.
        anna.create(&client).await;
    });
}

#[test]
fn readers_do_not_notice_a_locked_database() {
    toolcrib_tests::run(async {
        let server = Server::on(Engine::Sqlite).start().await;
        let anna = server.signed_in("anna").await;
        let id = anna.create(&NewClient::valid()).await;
        let connection = take_the_lock(&server).await;
        for path in ["/clients", "/", &format!("/clients/{id}"), "/clients.csv", "/readyz"] {
            let answer = anna.get(path).await.expect_status(200);
            assert!(answer.took() < Duration::from_secs(1), "{path} took {:?}", answer.took());
        }
        give_it_back(connection).await;
    });
}

/// Takes the row of a client for itself.
async fn take_the_row(server: &Server, id: u64) -> PgConnection {
    let mut connection = PgConnection::connect(server.database().url()).await.expect("a connection");
    sqlx::query("BEGIN").execute(&mut connection).await.expect("a transaction");
    let id = i64::try_from(id).expect("a number of a client");
    let locked = sqlx::query("SELECT id FROM clients WHERE id = $1 FOR UPDATE").bind(id).execute(&mut connection).await;
    assert_eq!(locked.expect("the row").rows_affected(), 1);
    connection
}

#[test]
fn a_writer_waits_for_a_row_that_is_locked_for_a_moment() {
    toolcrib_tests::run(async {
        let server = Server::on(Engine::Postgres).start().await;
        let anna = server.signed_in("anna").await;
        let client = NewClient::valid();
        let id = anna.create(&client).await;
        let version = anna.version_of(id).await;
        let connection = take_the_row(&server, id).await;
        let writing = tokio::spawn({
            let (anna, client) = (anna.clone(), client.clone().with("phone", "+45 1111"));
            async move { anna.try_save(id, &version, &client).await }
        });
        time_passes(Duration::from_secs(1)).await;
        assert!(!writing.is_finished(), "it wrote although the row was locked");
        connection.close().await.expect("the connection closes");
        writing.await.expect("an answer").expect_status(200);
    });
}

#[test]
fn a_writer_is_told_to_come_back_when_a_row_stays_locked() {
    toolcrib_tests::run(async {
        let server = Server::on(Engine::Postgres).start().await;
        let anna = server.signed_in("anna").await;
        let client = NewClient::valid();
        let id = anna.create(&client).await;
        let version = anna.version_of(id).await;
        let connection = take_the_row(&server, id).await;
        let answer = anna.try_save(id, &version, &client.clone().with("phone", "+45 1111")).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        answer.retry_after();
        // Others are not concerned, nor is this client's reader.
        anna.get(&format!("/clients/{id}")).await.expect_status(200);
        anna.create(&NewClient::valid()).await;
        connection.close().await.expect("the connection closes");
        anna.try_save(id, &version, &client.with("phone", "+45 2222")).await.expect_status(200);
    });
}
