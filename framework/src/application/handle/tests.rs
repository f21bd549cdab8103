use std::process::{Command, ExitCode};

use tempfile::TempDir;

use super::super::{RcQueue, RetryRequest};
use super::*;
use crate::locks::Rules;
use crate::settings::Settings;

const TALLY: AppVar<i64> = AppVar::new("Tally");
const CLICKS: RcCounter = RcCounter::new("Clicks");

/// An application on an empty database.
async fn application() -> (Application, Db, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("site.db").display());
    let db = Db::connect(&Settings::development(&url).unwrap().database).await.unwrap();
    crate::db::migrate_framework(&db).await.unwrap();
    let application = started(&db).await;
    (application, db, folder)
}

async fn started(db: &Db) -> Application {
    let locks = Locks::new(Rules { waiters_max: 10, strict: true });
    Application::start(db, None, locks, Duration::from_secs(5), Events::default()).await.unwrap()
}

/// Runs a test on the runtime the application needs.
fn run(test: impl AsyncFn()) {
    let code = crate::run(async {
        test().await;
        ExitCode::SUCCESS
    });
    assert_eq!(code, ExitCode::SUCCESS);
}

/// The changes of a unit that adds one to both variables, on what is published now.
fn a_click(application: &Application) -> Changes {
    let snapshot = application.snapshot();
    let mut changes = Changes::new();
    let tally = application.get(&TALLY).unwrap().unwrap_or(0) + 1;
    changes.put(&snapshot, TALLY.name(), true, encoded(TALLY.name(), &tally).unwrap()).unwrap();
    changes.count(&snapshot, CLICKS.name(), true, 1).unwrap();
    changes
}

async fn reserve(application: &Application) -> Reservation {
    let hold = application.share(&Party::outside()).await.unwrap();
    let changes = a_click(application);
    application.prepare(hold, changes).await.unwrap()
}

/// Run by the test below in a process of its own.
#[test]
#[ignore = "ends the process"]
fn kill_the_actor() {
    run(async || {
        let (application, ..) = application().await;
        let outcome = application.at_once(false, |_| panic!("a defect of the actor")).await;
        // The answer may come first: the process ends all the same, with another code.
        tokio::time::sleep(Duration::from_secs(20)).await;
        drop(outcome);
    });
}

#[test]
fn the_process_ends_when_the_actor_dies() {
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program)
        .args(["--exact", "application::handle::tests::kill_the_actor", "--ignored"])
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(70), "{}", String::from_utf8_lossy(&child.stdout));
}

#[test]
fn a_reservation_given_up_without_a_word_and_without_a_commit_leaves_nothing() {
    run(async || {
        let (application, _db, _folder) = application().await;
        application.set(&TALLY, &7).await.unwrap();
        drop(reserve(&application).await);
        // Waits until the database has said what there is.
        assert_eq!(application.update(&TALLY, |tally| tally.unwrap_or(0) + 1).await.unwrap(), 8);
        application.add(&CLICKS, 1).await.unwrap();
        assert_eq!(application.count(&CLICKS).unwrap(), 1);
    });
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_in_the_database_once() {
    run(async || {
        let (application, db, _folder) = application().await;
        application.set(&TALLY, &7).await.unwrap();
        let reservation = reserve(&application).await;
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::store_changes(&mut tx, reservation.writes()).await.unwrap(), None);
        tx.commit().await.unwrap();
        drop(reservation);
        application.add(&CLICKS, 10).await.unwrap();
        assert_eq!(application.count(&CLICKS).unwrap(), 11, "the lost click counts, and counts once");
        assert_eq!(application.update(&TALLY, |tally| tally.unwrap_or(0) * 10).await.unwrap(), 80);
    });
}

#[test]
fn another_process_that_was_first_is_noticed_and_nothing_is_overwritten() {
    run(async || {
        let (one, db, _folder) = application().await;
        let other = started(&db).await;
        one.set(&TALLY, &1).await.unwrap();
        // The other has not seen that: its own write is made anew on what is there.
        assert_eq!(other.update(&TALLY, |tally| tally.unwrap_or(0) + 1).await.unwrap(), 2);
        assert_eq!(one.update(&TALLY, |tally| tally.unwrap_or(0) + 1).await.unwrap(), 3);
        for _ in 0..5 {
            one.add(&CLICKS, 1).await.unwrap();
            other.add(&CLICKS, 1).await.unwrap();
        }
        assert_eq!(started(&db).await.count(&CLICKS).unwrap(), 10);
    });
}

#[test]
fn everything_durable_is_there_after_a_new_start() {
    run(async || {
        let (application, db, _folder) = application().await;
        application.set(&TALLY, &3).await.unwrap();
        application.add(&CLICKS, 4).await.unwrap();
        let jobs: RcQueue<String> = RcQueue::new("Jobs");
        let mut changes = Changes::new();
        let snapshot = application.snapshot();
        for job in ["first", "second"] {
            let job = encoded(jobs.name(), &job.to_owned()).unwrap();
            changes.queue_push(&snapshot, jobs.name(), true, job).unwrap();
        }
        changes.map_put(&snapshot, "Board", true, "key", encoded("Board", &5).unwrap()).unwrap();
        changes.bag_add(&snapshot, "Chips", true, encoded("Chips", &"red".to_owned()).unwrap()).unwrap();
        let hold = application.share(&Party::outside()).await.unwrap();
        application.commit(hold, changes).await.unwrap();
        let again = started(&db).await;
        assert_eq!(contents(&again.snapshot()).len(), 5);
        assert_eq!(again.get(&TALLY).unwrap(), Some(3));
        assert_eq!(again.count(&CLICKS).unwrap(), 4);
        let (nothing, snapshot) = (Changes::new(), again.snapshot());
        let items = nothing.queue_items(&snapshot, "Jobs").unwrap();
        let items: Vec<String> = items.iter().map(|item| item.decode().unwrap()).collect();
        assert_eq!(items, ["first", "second"]);
        assert_eq!(nothing.map_len(&snapshot, "Board").unwrap(), 1);
        assert_eq!(nothing.bag_count(&snapshot, "Chips", &encoded("Chips", &"red".to_owned()).unwrap()).unwrap(), 1);
    });
}

#[test]
fn a_request_to_run_again_says_why() {
    assert_eq!(RetryRequest::new("the moon is full").to_string(), "the moon is full");
}
