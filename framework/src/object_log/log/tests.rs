use std::collections::VecDeque;

use tempfile::TempDir;

use super::super::buffer::Numbered;
use super::super::store::{Trim, append};
use super::super::{Priority, counts};
use super::*;
use crate::db::migrate_framework;
use crate::settings::Settings;

async fn database() -> (Db, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("log.db").display());
    let db = Db::connect(&Settings::development(&url).expect("settings").database).await.expect("a database");
    migrate_framework(&db).await.expect("tables");
    (db, folder)
}

async fn total(db: &Db) -> i64 {
    counts(&mut db.read().await.expect("a connection")).await.expect("counts").total()
}

fn entry() -> Entry {
    Entry::new(Priority::Info, "noted")
}

/// A COMMIT whose answer was lost is tried again.
#[tokio::test]
async fn storing_a_batch_twice_stores_it_once() {
    let (db, _folder) = database().await;
    let mut trim = Trim::new(1_000);
    let mut batch: VecDeque<Numbered> = (0..20).map(|number| Numbered { number, entry: entry() }).collect();
    append(&db, 1, &batch, &mut trim).await.expect("stored");
    batch.extend((20..23).map(|number| Numbered { number, entry: entry() }));
    append(&db, 1, &batch, &mut trim).await.expect("stored");
    assert_eq!(total(&db).await, 23);
    append(&db, 2, &batch, &mut trim).await.expect("stored");
    assert_eq!(total(&db).await, 46, "another process has numbers of its own");
}

#[tokio::test]
async fn a_writer_that_is_stopped_stores_what_waits_and_no_more() {
    let (db, _folder) = database().await;
    let (log, writer) = ObjectLog::start(db.clone(), 1_000);
    for _ in 0..300 {
        log.note(entry());
    }
    writer.stop().await;
    assert_eq!(total(&db).await, 300);
    log.note(entry());
    assert_eq!(log.flush().await, Err(FlushError::Stopped));
    assert_eq!(total(&db).await, 300);
}

/// A site that is built and given up must not keep its database open for ever.
#[tokio::test]
async fn a_writer_that_is_dropped_stops_after_storing_what_waits() {
    let (db, _folder) = database().await;
    let (log, writer) = ObjectLog::start(db.clone(), 1_000);
    log.note(entry());
    drop(writer);
    let mut progress = log.shared.progress.subscribe();
    progress.wait_for(|progress| progress.stopped).await.expect("a sender");
    assert_eq!(total(&db).await, 1);
}

#[tokio::test]
async fn whoever_has_noted_nothing_waits_for_nothing() {
    let (db, _folder) = database().await;
    let (log, writer) = ObjectLog::start(db.clone(), 1_000);
    let _held = db.begin().await.expect("the writing connection");
    assert_eq!(log.flush().await, Ok(()));
    drop(writer);
}

/// What the database refuses for good must not keep what comes later from being stored.
#[tokio::test]
async fn entries_that_are_refused_are_counted_and_do_not_block_the_log() {
    let (db, _folder) = database().await;
    let run = async |statement| {
        let mut tx = db.begin().await.expect("a transaction");
        crate::db::query(statement).execute(&mut tx).await.expect("a statement");
        tx.commit().await.expect("a commit");
    };
    run("ALTER TABLE toolcrib_object_log RENAME TO away").await;
    let (log, writer) = ObjectLog::start(db.clone(), 1_000);
    log.note(entry());
    assert_eq!(log.flush().await, Ok(()), "settled: nobody waits for it");
    assert_eq!(log.dropped_total(), 1);
    run("ALTER TABLE away RENAME TO toolcrib_object_log").await;
    log.note(entry());
    assert_eq!(log.flush().await, Ok(()));
    assert_eq!(total(&db).await, 1);
    writer.stop().await;
}

#[test]
fn drops_are_worth_a_line_a_minute() {
    let mut state = State { buffer: Buffer::new(1), warned: None };
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    assert!(state.may_warn(at(0)));
    assert!(!state.may_warn(at(59)));
    assert!(state.may_warn(at(60)));
    assert!(!state.may_warn(at(61)));
}
