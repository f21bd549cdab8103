//! The database facade: what was acknowledged is there, whatever is cancelled, crowded or refused (facts 8 and 9).

use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tempfile::TempDir;
use toolcrib_tests::Database;
use toolcrib_tests::random::Random;

use crate::support::prelude::*;
use crate::support::settings_on;

on_both_engines! {
    no_acknowledged_write_is_lost_when_transactions_are_cancelled_while_they_begin,
    failures_are_sorted_by_what_to_do_about_them,
    nobody_waits_for_a_connection_for_ever,
}

/// A database with one table, and as many handles on it as asked for.
struct Store {
    handles: Vec<Db>,
    database: Database,
    _folder: TempDir,
}

async fn store(engine: Engine, handles: usize, settings: &str) -> Store {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::fresh(engine, folder.path()).await;
    let settings = settings_on(database.url(), settings);
    let mut opened = Vec::new();
    for _ in 0..handles {
        opened.push(Db::connect(&settings.database).await.expect("a database"));
    }
    let mut tx = opened[0].begin().await.expect("a transaction");
    let table = "CREATE TABLE numbers (number BIGINT NOT NULL CONSTRAINT numbers_once UNIQUE, text TEXT NOT NULL)";
    db::query(table).execute(&mut tx).await.expect("a table");
    tx.commit().await.expect("a commit");
    Store { handles: opened, database, _folder: folder }
}

fn insert(number: i64) -> db::Query {
    db::query("INSERT INTO numbers (number, text) VALUES ($1, 'text')").bind(number)
}

async fn write(db: &Db, number: i64) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    insert(number).execute(&mut tx).await?;
    tx.commit().await
}

/// Polls a future that often and drops it; true if it ended before.
async fn cut_off_after(polls: u64, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if future.as_mut().poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Fact 8: a connection left inside a transaction would take its next borrower's acknowledged write with it.
async fn no_acknowledged_write_is_lost_when_transactions_are_cancelled_while_they_begin(engine: Engine) {
    let store = store(engine, 1, "database.max_writers = 2").await;
    let db = &store.handles[0];
    let mut random = Random::seeded("cancelled transactions");
    let mut cut_off = 0;
    for number in 0..200 {
        // From the very beginning to far beyond the end, early points as often as late ones.
        let reach = 1 << random.below(12);
        let polls = random.below(reach);
        let ended = match random.below(3) {
            0 => cut_off_after(polls, write(db, -1 - number)).await,
            _ => cut_off_after(polls, db.begin()).await,
        };
        cut_off += i64::from(!ended);
        write(db, number).await.unwrap_or_else(|error| panic!("write {number}: {error:?}"));
    }
    assert!(cut_off > 20, "only {cut_off} were cut off: this proves nothing");
    assert_eq!(store.database.number("SELECT COUNT(*) FROM numbers WHERE number >= 0").await, 200);
}

/// T26.
#[test]
fn sixteen_writers_never_find_the_file_locked() {
    run(async {
        let store = store(Engine::Sqlite, 2, "").await;
        let outcomes = all_at_once(16, |writer| {
            let db = store.handles[writer % 2].clone();
            async move {
                for turn in 0..20 {
                    let number = i64::try_from(writer * 100 + turn).expect("small");
                    // A unit that reads before it writes, as most do.
                    let mut tx = db.begin().await?;
                    db::query("SELECT COUNT(*) FROM numbers").scalar::<i64>(&mut tx).await?;
                    insert(number).execute(&mut tx).await?;
                    tx.commit().await?;
                }
                Ok::<(), DbError>(())
            }
        })
        .await;
        for outcome in outcomes {
            outcome.unwrap_or_else(|error| panic!("{error:?}"));
        }
        assert_eq!(store.database.number("SELECT COUNT(*) FROM numbers").await, 320);
    });
}

async fn failures_are_sorted_by_what_to_do_about_them(engine: Engine) {
    let settings = "database.busy_timeout_ms = 300\ndatabase.statement_timeout_ms = 300";
    let store = store(engine, 2, settings).await;
    let (one, other) = (&store.handles[0], &store.handles[1]);
    write(one, 1).await.expect("a write");

    let twice = write(one, 1).await.expect_err("the number is taken");
    assert!(twice.is_unique() && !twice.is_conflict(), "{twice:?}");
    let names = if engine == Engine::Sqlite { "numbers.number" } else { "numbers_once" };
    assert_eq!(twice.constraint(), Some(names));

    let mut tx = one.begin().await.expect("a transaction");
    let nothing = db::query("INSERT INTO numbers (number, text) VALUES (2, $1)").bind(None::<String>);
    let nothing = nothing.execute(&mut tx).await.expect_err("there has to be a text");
    assert!(matches!(nothing, DbError::Constraint { .. }) && !nothing.is_unique(), "{nothing:?}");
    drop(tx);

    let mut reader = one.read().await.expect("a connection");
    let written = insert(3).execute(&mut reader).await.expect_err("readers do not write");
    assert!(matches!(written, DbError::ReadOnly(_)), "{written:?}");
    let nonsense = db::query("SELEKT 1").scalar::<i64>(&mut reader).await.expect_err("nonsense");
    assert!(matches!(nonsense, DbError::Query(_)), "{nonsense:?}");
    let one_row = db::query("SELECT number FROM numbers").scalar::<i64>(&mut reader).await.expect("a row");
    assert_eq!(one_row, 1, "a reader that was refused is fit for use");
    drop(reader);

    // Somebody else holds what this one needs.
    let mut holder = other.begin().await.expect("a transaction");
    db::query("UPDATE numbers SET text = 'held'").execute(&mut holder).await.expect("an update");
    let started = Instant::now();
    let waited = async {
        let mut tx = one.begin().await?;
        db::query("UPDATE numbers SET text = 'wanted'").execute(&mut tx).await?;
        tx.commit().await
    };
    let waited = waited.await.expect_err("it is held");
    assert!(matches!(waited, DbError::Busy(_)), "{waited:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    holder.commit().await.expect("the holder is not disturbed");
    write(one, 4).await.expect("a write");

    if engine == Engine::Postgres {
        let mut reader = one.read().await.expect("a connection");
        let slow = db::query("SELECT 1::BIGINT FROM pg_sleep(10)").scalar::<i64>(&mut reader).await;
        assert!(matches!(slow, Err(DbError::Busy(_))), "{slow:?}");
    }
}

async fn nobody_waits_for_a_connection_for_ever(engine: Engine) {
    let settings = "database.max_connections = 1\ndatabase.max_writers = 1\ndatabase.acquire_timeout_ms = 300";
    let store = store(engine, 1, settings).await;
    let db = &store.handles[0];
    let (reader, writer) = (db.read().await.expect("the only reader"), db.begin().await.expect("the only transaction"));
    let started = Instant::now();
    assert!(matches!(db.read().await, Err(DbError::NoConnection)));
    assert!(matches!(db.begin().await, Err(DbError::NoConnection)));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(db.status().in_use, 2);
    drop((reader, writer));
    write(db, 1).await.expect("both are free again");
    assert_eq!(db.status().in_use, 0);
}
