//! What PostgreSQL and the processes did: statements by kind, syncs, notifications, processor time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::PgListener;
use sqlx::{Connection as _, PgConnection};
use toolcrib_tests::Postgres;

/// What statements are for, by what stands in them; the first that fits counts.
const KINDS: [(&str, &[&str]); 7] = [
    // The measurement's own.
    ("", &["pg_stat_", "pg_listening", "LISTEN ", "TRIGGER"]),
    (
        "look",
        &[
            "FROM toolcrib_nodes n LEFT JOIN toolcrib_changes",
            "toolcrib_variables WHERE name IN",
            "toolcrib_variable_entries WHERE variable IN",
            "REPEATABLE READ",
        ],
    ),
    ("lock", &["toolcrib_line_up", "toolcrib_before", "toolcrib_give_back", "toolcrib_is_circle"]),
    ("tell", &["pg_notify", "toolcrib_tell"]),
    ("commit", &["toolcrib_admit", "toolcrib_variables", "toolcrib_variable_entries"]),
    (
        "upkeep",
        &[
            "toolcrib_beat",
            "DELETE FROM toolcrib_tickets",
            "toolcrib_jobs",
            "toolcrib_job_schedules",
            "idle_at <",
            "ended_at IS NOT NULL",
            "toolcrib_object_log",
        ],
    ),
    ("session", &["toolcrib_session"]),
];

/// `BEGIN`, `COMMIT` and `ROLLBACK`, whatever they are about.
const FRAME: &str = "begin/end";

/// The site's own.
const PAGE: &str = "page";

/// All kinds, in the order of the table.
pub(crate) const COLUMNS: [&str; 8] = ["session", "look", "page", FRAME, "commit", "lock", "tell", "upkeep"];

/// What was counted, since something began or between two moments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    pub(crate) statements: BTreeMap<&'static str, f64>,
    pub(crate) notified: f64,
    pub(crate) syncs: f64,
    /// Seconds of processor time.
    pub(crate) postgres: f64,
    pub(crate) nodes: f64,
}

/// Counts for one database and the nodes on it.
#[derive(Debug)]
pub(crate) struct Counter {
    connection: PgConnection,
    postmaster: u32,
    nodes: Vec<u32>,
    heard: Arc<AtomicU64>,
    listening: tokio::task::JoinHandle<()>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Counter {
    pub(crate) async fn new(postgres: &Postgres, url: &str, nodes: Vec<u32>) -> Self {
        let connection = PgConnection::connect(url).await.expect("a connection for counting");
        let mut listener = PgListener::connect(url).await.expect("a connection that listens");
        listener.listen("toolcrib").await.expect("the nodes' channel");
        let heard = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&heard);
        let listening = tokio::spawn(async move {
            while listener.recv().await.is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let postmaster = postgres.process().expect("PostgreSQL runs");
        Self { connection, postmaster, nodes, heard, listening }
    }

    pub(crate) async fn now(&mut self) -> Counted {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT s.query, s.calls FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
             WHERE d.datname = current_database() AND s.toplevel",
        )
        .fetch_all(&mut self.connection)
        .await
        .expect("pg_stat_statements is there");
        let syncs: i64 = sqlx::query_scalar("SELECT wal_sync FROM pg_stat_wal")
            .fetch_one(&mut self.connection)
            .await
            .expect("pg_stat_wal is there");
        let mut statements = BTreeMap::new();
        for (text, calls) in rows {
            *statements.entry(kind_of(&text)).or_default() += whole(calls);
        }
        Counted {
            statements,
            notified: whole(i64::try_from(self.heard.load(Ordering::Relaxed)).unwrap_or_default()),
            syncs: whole(syncs),
            postgres: seconds_of_server(self.postmaster),
            nodes: self.nodes.iter().map(|node| seconds_of(*node, false)).sum(),
        }
    }
}

impl Counted {
    pub(crate) fn since(&self, before: &Self) -> Self {
        let difference = |(kind, calls): (&&'static str, &f64)| {
            (*kind, calls - before.statements.get(kind).copied().unwrap_or_default())
        };
        Self {
            statements: self.statements.iter().map(difference).collect(),
            notified: self.notified - before.notified,
            syncs: self.syncs - before.syncs,
            postgres: self.postgres - before.postgres,
            nodes: self.nodes - before.nodes,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, calls) in &other.statements {
            *self.statements.entry(kind).or_default() += calls;
        }
        self.notified += other.notified;
        self.syncs += other.syncs;
        self.postgres += other.postgres;
        self.nodes += other.nodes;
    }

    pub(crate) fn of(&self, kind: &str) -> f64 {
        self.statements.get(kind).copied().unwrap_or_default()
    }

    /// All but the measurement's own.
    pub(crate) fn all(&self) -> f64 {
        COLUMNS.iter().map(|kind| self.of(kind)).sum()
    }
}

fn kind_of(text: &str) -> &'static str {
    let frame = ["BEGIN", "COMMIT", "ROLLBACK"].contains(&text.trim());
    let known = KINDS.iter().find(|(_, marks)| marks.iter().any(|mark| text.contains(mark)));
    match known {
        _ if frame => FRAME,
        Some((kind, _)) => kind,
        None => PAGE,
    }
}

/// What a server and all its processes took, those that have ended included.
pub(crate) fn seconds_of_server(postmaster: u32) -> f64 {
    let children = std::fs::read_dir("/proc").expect("/proc").flatten();
    let numbers = children.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mine = numbers.filter(|process| parent_of(*process) == Some(postmaster));
    seconds_of(postmaster, true) + mine.map(|process| seconds_of(process, false)).sum::<f64>()
}

fn parent_of(process: u32) -> Option<u32> {
    fields_of(process)?.get(1)?.parse().ok()
}

/// The fields behind the name, which may itself contain anything.
fn fields_of(process: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    Some(behind.split_whitespace().map(str::to_owned).collect())
}

/// User and system time; with that of children that have ended.
fn seconds_of(process: u32, with_ended: bool) -> f64 {
    let fields = fields_of(process).unwrap_or_default();
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
    let ended = if with_ended { ticks(13) + ticks(14) } else { 0.0 };
    // A tick is a hundredth of a second on Linux.
    (ticks(11) + ticks(12) + ended) / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn whole(count: i64) -> f64 {
    count as f64
}
