//! The statements that nodes send, without nodes: what PostgreSQL takes for each as tables grow and listeners come.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinSet;
use toolcrib_tests::{Postgres, command};

use crate::counts::seconds_of_server;
use crate::load::number;
use crate::say;
use crate::sites::database_of;

/// As a node sends it (`framework/src/cluster/store.rs`).
const LOOK: &str = "SELECT pg_current_snapshot()::TEXT AS snapshot, c.node, c.kind, c.tx, c.subject, c.detail \
     FROM toolcrib_nodes n LEFT JOIN toolcrib_changes c ON c.xact >= $2::XID8 OR c.xact = ANY ($3::XID8[]) \
     WHERE n.number = $1 ORDER BY c.id";

/// How long what runs side by side runs.
const WHILE: Duration = Duration::from_secs(2);

/// Sessions whose size is measured.
const SESSIONS: u32 = 100_000;

pub(crate) async fn measure(postgres: &Postgres) {
    let url = database_of(postgres, "alone").await;
    let folder = tempfile::tempdir().expect("a folder");
    let migrated =
        command::run(&[OsStr::new("migrate")], folder.path(), &[("DATABASE_URL", &url)], Duration::from_secs(60));
    assert_eq!(migrated.code, Some(0), "{}", migrated.output);
    say("\nstatements alone, on one connection unless it says otherwise");
    looks(&url).await;
    tickets(&url).await;
    looks_at_once(postgres, &url).await;
    commits(postgres, &url).await;
    notifications(postgres, &url).await;
    sessions(&url).await;
}

async fn looks(url: &str) {
    for scans in ["on", "off"] {
        let mut maker = connection(url).await;
        maker.execute("TRUNCATE toolcrib_changes").await.expect("an empty log");
        maker.execute("DELETE FROM toolcrib_nodes").await.expect("no nodes");
        maker.execute("SELECT toolcrib_join('a', 'a', TRUE, 3600000000)").await.expect("a node");
        let mut node = connection(url).await;
        node.execute(AssertSqlSafe(format!("SET enable_seqscan = {scans}"))).await.expect("a setting");
        let mut log = 0;
        for rows in [0, 10_000, 60_000] {
            fill(&mut maker, rows - log).await;
            log = rows;
            say(&format!(
                "look, {rows:6} entries in the log, planned when it was empty, enable_seqscan {scans}: {:.3} ms",
                look(&mut node).await
            ));
        }
        maker.execute("ANALYZE toolcrib_changes").await.expect("statistics");
        say(&format!(
            "look, {log:6} entries in the log, after ANALYZE,              enable_seqscan {scans}: {:.3} ms",
            look(&mut node).await
        ));
    }
}

/// Each entry of a transaction of its own.
async fn fill(connection: &mut PgConnection, rows: i32) {
    let fill = format!(
        "DO $$ BEGIN FOR i IN 1..{rows} LOOP \
         INSERT INTO toolcrib_changes (at, node, kind, tx, subject) VALUES (toolcrib_now(), 2, 'variables', i, '[\"RcTally\"]'); \
         COMMIT; END LOOP; END $$"
    );
    connection.execute(AssertSqlSafe(fill)).await.expect("entries");
}

/// The median of many, in milliseconds, nothing having changed since the last one.
async fn look(node: &mut PgConnection) -> f64 {
    let number: i64 =
        sqlx::query_scalar("SELECT MAX(number) FROM toolcrib_nodes").fetch_one(&mut *node).await.expect("a node");
    let next: String = sqlx::query_scalar("SELECT pg_snapshot_xmax(pg_current_snapshot())::TEXT")
        .fetch_one(&mut *node)
        .await
        .expect("a position");
    let mut took = Vec::new();
    for _ in 0..101 {
        let begun = Instant::now();
        let rows = sqlx::query(LOOK).bind(number).bind(&next).bind("{}").fetch_all(&mut *node).await.expect("a look");
        assert_eq!(rows.len(), 1);
        took.push(begun.elapsed());
    }
    median(took)
}

async fn tickets(url: &str) {
    let mut node = connection(url).await;
    let number: i64 =
        sqlx::query_scalar("SELECT MAX(number) FROM toolcrib_nodes").fetch_one(&mut node).await.expect("a node");
    let pair = format!(
        "SELECT toolcrib_give_back('{{' || rtrim(toolcrib_line_up({number}, 'client/1', 'o', FALSE, FALSE, 'h')) || '}}')::TEXT"
    );
    say(&format!("lock over nodes, taken and given back in one statement: {:.3} ms", timed(&mut node, &pair).await));
    let admit = format!("SELECT toolcrib_admit({number}, 1, '[\"RcTally\"]', '{{}}')");
    let mut lined_up = 0;
    for tickets in [0, 10, 100, 1_000] {
        for _ in lined_up..tickets {
            let line_up =
                format!("SELECT toolcrib_line_up({number}, 'variable/Other', 'o' || txid_current(), FALSE, TRUE, 'h')");
            node.execute(AssertSqlSafe(line_up)).await.expect("a ticket");
        }
        lined_up = tickets;
        let last = "(SELECT MAX(ticket) FROM toolcrib_tickets)";
        let admitted = timed(&mut node, &admit).await;
        let before = timed(&mut node, &format!("SELECT toolcrib_before({last})")).await;
        let begun = Instant::now();
        node.execute(AssertSqlSafe(format!("SELECT toolcrib_is_circle({last})"))).await.expect("an answer");
        let circle = begun.elapsed().as_secs_f64() * 1_000.0;
        say(&format!(
            "{tickets:4} tickets in one line: admit {admitted:.3} ms, who stands before the last {before:.3} ms, is it a circle {circle:.1} ms"
        ));
    }
    node.execute("DELETE FROM toolcrib_tickets").await.expect("no tickets");
}

/// The median of many, in milliseconds.
async fn timed(connection: &mut PgConnection, statement: &str) -> f64 {
    let mut took = Vec::new();
    for _ in 0..101 {
        let begun = Instant::now();
        sqlx::query(AssertSqlSafe(statement.to_owned())).fetch_all(&mut *connection).await.expect("an answer");
        took.push(begun.elapsed());
    }
    median(took)
}

/// As many nodes as connections, each with one look after the other.
async fn looks_at_once(postgres: &Postgres, url: &str) {
    connection(url).await.execute("TRUNCATE toolcrib_changes").await.expect("an empty log");
    for nodes in [1, 10, 100] {
        let mut connections = Vec::new();
        for _ in 0..nodes {
            connections.push(connection(url).await);
        }
        let number: i64 = sqlx::query_scalar("SELECT MAX(number) FROM toolcrib_nodes")
            .fetch_one(&mut connections[0])
            .await
            .expect("a node");
        let before = seconds_of_server(postgres.process().expect("PostgreSQL runs"));
        let count = side_by_side(connections, move |mut connection| async move {
            let look = sqlx::query(LOOK).bind(number).bind("18446744073709551615").bind("{}");
            look.fetch_all(&mut connection).await.expect("a look");
            connection
        })
        .await;
        let each = (seconds_of_server(postgres.process().expect("PostgreSQL runs")) - before) / count * 1e6;
        say(&format!(
            "{nodes:3} nodes that only look: {:6.0} looks/s, {each:.0} us of PostgreSQL's processor time each",
            count / WHILE.as_secs_f64()
        ));
    }
}

async fn commits(postgres: &Postgres, url: &str) {
    let mut maker = connection(url).await;
    maker.execute("CREATE TABLE counted (id INT PRIMARY KEY, amount BIGINT NOT NULL)").await.expect("a table");
    maker.execute("INSERT INTO counted SELECT i, 0 FROM generate_series(0, 99) i").await.expect("rows");
    for writers in [1, 10, 100] {
        let mut connections = Vec::new();
        for writer in 0..writers {
            connections.push((writer, connection(url).await));
        }
        let before = (syncs(&mut maker).await, seconds_of_server(postgres.process().expect("PostgreSQL runs")));
        let count = side_by_side(connections, |(writer, mut connection)| async move {
            let add = sqlx::query("UPDATE counted SET amount = amount + 1 WHERE id = $1").bind(writer);
            add.execute(&mut connection).await.expect("a commit");
            (writer, connection)
        })
        .await;
        // Backends report their counts at most once a second.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let each = (seconds_of_server(postgres.process().expect("PostgreSQL runs")) - before.1) / count * 1e6;
        let synced = syncs(&mut maker).await - before.0;
        say(&format!(
            "{writers:3} connections that commit a row of their own: {:6.0} commits/s, {:.2} syncs and {each:.0} us each",
            count / WHILE.as_secs_f64(),
            synced / count
        ));
    }
}

async fn syncs(connection: &mut PgConnection) -> f64 {
    sqlx::query_scalar("SELECT wal_sync::FLOAT8 FROM pg_stat_wal")
        .fetch_one(connection)
        .await
        .expect("pg_stat_wal is there")
}

async fn notifications(postgres: &Postgres, url: &str) {
    for listeners in [1, 10, 100] {
        let mut listening = Vec::new();
        for _ in 0..listeners {
            let mut listener = PgListener::connect(url).await.expect("a connection");
            listener.listen("toolcrib").await.expect("the channel");
            listening.push(tokio::spawn(async move { while listener.recv().await.is_ok() {} }));
        }
        let mut teller = connection(url).await;
        let before = seconds_of_server(postgres.process().expect("PostgreSQL runs"));
        let begun = Instant::now();
        let count = 500;
        // As often as ten nodes may hint.
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        for _ in 0..count {
            ticks.tick().await;
            sqlx::query("SELECT pg_notify('toolcrib', '')::TEXT").fetch_all(&mut teller).await.expect("a notification");
        }
        let each = (seconds_of_server(postgres.process().expect("PostgreSQL runs")) - before) / number(count) * 1e6;
        say(&format!(
            "{listeners:3} listeners: {each:.0} us of PostgreSQL's processor time for a notification, at {:.0}/s",
            number(count) / begun.elapsed().as_secs_f64()
        ));
        listening.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn sessions(url: &str) {
    let mut node = connection(url).await;
    let insert = format!(
        "INSERT INTO toolcrib_sessions (key_hash, user_id, created_at, idle_at, absolute_at) \
         SELECT sha256(i::TEXT::BYTEA), i::TEXT, 1, 1, 1 FROM generate_series(1, {SESSIONS}) i"
    );
    node.execute(AssertSqlSafe(insert)).await.expect("sessions");
    let bytes = "SELECT SUM(pg_total_relation_size(t))::BIGINT FROM unnest(ARRAY['toolcrib_sessions', 'toolcrib_session_fields']::REGCLASS[]) t";
    let bare: i64 = sqlx::query_scalar(bytes).fetch_one(&mut node).await.expect("a size");
    for fields in [1, 2] {
        let insert = format!(
            "INSERT INTO toolcrib_session_fields (session_id, name, value) \
             SELECT id, 'field{fields}', repeat('x', 200) FROM toolcrib_sessions"
        );
        node.execute(AssertSqlSafe(insert)).await.expect("fields");
        let size: i64 = sqlx::query_scalar(bytes).fetch_one(&mut node).await.expect("a size");
        say(&format!(
            "{SESSIONS} sessions with {fields} fields of 200 bytes: {} MB, without fields {} MB",
            size >> 20,
            bare >> 20
        ));
    }
    node.execute("VACUUM ANALYZE toolcrib_sessions").await.expect("statistics");
    let begun = Instant::now();
    let mut tx = node.begin().await.expect("a transaction");
    for id in 1..=1_000_i64 {
        let update = sqlx::query(
            "UPDATE toolcrib_sessions SET idle_at = $2 WHERE id = $1 AND idle_at < $2 AND ended_at IS NULL",
        );
        update.bind(id).bind(2_i64).execute(&mut *tx).await.expect("a session");
    }
    tx.commit().await.expect("a commit");
    let one_by_one = begun.elapsed();
    let begun = Instant::now();
    let ids: Vec<String> = (1_001..=2_000).map(|id: i64| id.to_string()).collect();
    let together = sqlx::query(
        "UPDATE toolcrib_sessions s SET idle_at = $2 FROM unnest($1::BIGINT[]) AS seen (id) \
         WHERE s.id = seen.id AND s.idle_at < $2 AND s.ended_at IS NULL",
    );
    together.bind(format!("{{{}}}", ids.join(","))).bind(2_i64).execute(&mut node).await.expect("sessions");
    say(&format!(
        "1,000 sessions written down: {:.0} ms one statement each, as it is done; {:.0} ms in one statement",
        one_by_one.as_secs_f64() * 1e3,
        begun.elapsed().as_secs_f64() * 1e3
    ));
}

/// Does something again and again on every connection; how often it was done in [`WHILE`].
async fn side_by_side<C, F>(connections: Vec<C>, again: impl Fn(C) -> F + Copy + Send + 'static) -> f64
where
    C: Send + 'static,
    F: Future<Output = C> + Send + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let mut running = JoinSet::new();
    for mut connection in connections {
        let stop = Arc::clone(&stop);
        running.spawn(async move {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                connection = again(connection).await;
                count += 1;
            }
            count
        });
    }
    tokio::time::sleep(WHILE).await;
    stop.store(true, Ordering::Relaxed);
    number(running.join_all().await.into_iter().sum())
}

async fn connection(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("a connection")
}

fn median(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1_000.0
}
