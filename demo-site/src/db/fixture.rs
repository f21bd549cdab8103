//! Databases for tests: each test has one of its own, on either engine.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{Connection, Executor, PgConnection};
use toolcrib::Settings;
use toolcrib::db::{Conn, Db, Engine, query};

use super::{POSTGRES, SQLITE};
use crate::adapters::Client;

/// Names the PostgreSQL server for tests; its user must be allowed to create databases.
const POSTGRES_URL: &str = "TOOLCRIB_TEST_POSTGRES_URL";

static MADE: AtomicU64 = AtomicU64::new(0);

/// Runs a test on a migrated, empty SQLite database.
pub(super) fn on_sqlite(test: impl AsyncFnOnce(Db)) {
    on_bare_sqlite(async |db| {
        db.migrate(&SQLITE, &POSTGRES).await.unwrap();
        test(db).await;
    });
}

/// Runs a test on a migrated, empty PostgreSQL database, or says loudly that it did not.
pub(super) fn on_postgres(test: impl AsyncFnOnce(Db)) {
    on_bare_postgres(async |db| {
        db.migrate(&SQLITE, &POSTGRES).await.unwrap();
        test(db).await;
    });
}

/// As [`on_sqlite`], without any tables.
pub(super) fn on_bare_sqlite(test: impl AsyncFnOnce(Db)) {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = open(&url).await;
        test(db.clone()).await;
        db.close().await;
    });
}

/// As [`on_postgres`], without any tables.
pub(super) fn on_bare_postgres(test: impl AsyncFnOnce(Db)) {
    let Ok(server) = std::env::var(POSTGRES_URL) else {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        let notice = format!("NOT RUN: {test}: {POSTGRES_URL} is not set (tests/run sets it)\n");
        // Straight to the terminal: the harness keeps what a test prints to itself.
        let _ = std::io::stderr().write_all(notice.as_bytes());
        return;
    };
    block_on(async {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("toolcrib_crm_{}_{number}", std::process::id());
        let mut control = PgConnection::connect(&server).await.unwrap();
        control.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();

        let db = open(&with_database(&server, &name)).await;
        test(db.clone()).await;
        db.close().await;

        // Not reached by a test that fails: what it left behind can be looked at.
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        control.execute(sqlx::AssertSqlSafe(drop)).await.unwrap();
    });
}

fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

async fn open(url: &str) -> Db {
    let settings = Settings::development(url).unwrap();
    Db::connect(&settings.database).await.unwrap()
}

/// Ends when a statement waits for another's transaction. On SQLite there is nothing to wait
/// for: whoever comes second does not begin before the first has ended.
pub(super) async fn somebody_waits(db: &Db) {
    if db.engine() == Engine::Sqlite {
        return;
    }
    let mut conn = db.read().await.unwrap();
    loop {
        let waiting: i64 = query(
            "SELECT COUNT(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .scalar(&mut conn)
        .await
        .unwrap();
        if waiting > 0 {
            return;
        }
    }
}

/// The server's address with another database.
fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}

/// Every client, by account, whoever may see it.
pub(super) async fn all_clients(conn: &mut Conn) -> Vec<Client> {
    query(
        "SELECT account, name, industry, city, website, phone, email, notes, updated_at FROM clients ORDER BY account",
    )
    .fetch_all(conn)
    .await
    .unwrap()
}

/// Makes two tests of a function over a [`Db`]: one per engine.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {$(
        mod $test {
            #[test]
            fn on_sqlite() {
                $crate::db::fixture::on_sqlite(super::$test);
            }

            #[test]
            fn on_postgres() {
                $crate::db::fixture::on_postgres(super::$test);
            }
        }
    )*};
}

pub(super) use on_both_engines;

/// Anna (1) and Boris (2); the clients A (1, Anna's private one), B (2, his), C (3, nobody's) and D (4, merged into B); a tag on
/// A, B and D.
pub(super) async fn two_users_and_clients(tx: &mut Conn) {
    for statement in [
        "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
         VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
        "INSERT INTO clients (account, name, industry, city, search, sort_name, owner_id, private, created_at, updated_at) \
         VALUES ('A', 'Hers', 'Tools', 'Hidden-Town', 'a\nhers', 'hers', 1, TRUE, 1, 1), \
         ('B', 'His', 'Tools', 'Bonn', 'b\nhis', 'his', 2, FALSE, 1, 1), \
         ('C', 'Nobody''s', '', 'Bonn', 'c\nnobody''s', 'nobody''s', NULL, FALSE, 1, 1)",
        "INSERT INTO clients (account, name, industry, search, sort_name, merged_into, created_at, updated_at) \
         VALUES ('D', 'Gone', 'Tools', 'd\ngone', 'gone', 2, 1, 1)",
        "INSERT INTO tags (name, search, created_at, updated_at) VALUES ('VIP', 'vip', 1, 1)",
        "INSERT INTO client_tags (client_id, tag_id) VALUES (1, 1), (2, 1), (4, 1)",
    ] {
        query(statement).execute(tx).await.unwrap();
    }
}
