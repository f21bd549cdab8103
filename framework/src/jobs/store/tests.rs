//! The statements against the rules: whatever happens, what is stored is what the rules say.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio::runtime::Runtime;

use super::*;
use crate::db::{Db, migrate_framework};
use crate::jobs::rules::tests::{ATTEMPTS, Happens, LEASE, happens, queued};
use crate::settings::Settings;

const NAME: &str = "count";

struct Stand {
    runtime: Runtime,
    db: Db,
    _folder: tempfile::TempDir,
}

static STAND: LazyLock<Stand> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let db = runtime.block_on(async {
        let db = Db::connect(&Settings::development(&url).expect("settings").database).await.expect("a database");
        migrate_framework(&db).await.expect("tables");
        db
    });
    Stand { runtime, db, _folder: folder }
});

/// Lets it happen to the stored job; whether it did.
async fn happens_to(tx: &mut Conn, id: i64, step: Happens, now: i64) -> Result<bool, DbError> {
    Ok(match (step, step.event(now)) {
        (_, None) => false,
        (Happens::Claim, _) => Statements::of(1).claim(tx, &[NAME], now, now + LEASE).await?.is_some(),
        (Happens::Renew(fence), _) => renew(tx, (id, fence), now + LEASE, None).await?,
        (_, Some(event)) => change(tx, id, event, now, &Beside::default()).await?.is_some(),
    })
}

/// Everything in one transaction, which is undone: the next story finds an empty table.
async fn told(story: &[Happens]) -> Result<(), TestCaseError> {
    let mut tx = STAND.db.begin().await.expect("a transaction");
    let (mut now, mut job) = (0, queued(10));
    let new = NewJob { name: NAME, unique: None, payload: "{}", due_at: 10, created_at: 0 };
    let id = insert(&mut tx, &new).await.expect("a statement").expect("a number");
    for step in story {
        if let Happens::TimePasses(micros) = step {
            now += micros;
            continue;
        }
        let after = step.event(now).and_then(|event| job.after(event, now));
        let happened = happens_to(&mut tx, id, *step, now).await.expect("a statement");
        prop_assert_eq!(happened, after.is_some(), "{:?} at {} of {:?}", step, now, job);
        job = after.unwrap_or(job);
        let stored = standing(&mut tx, id).await.expect("a statement");
        prop_assert_eq!(stored, Some(job), "{:?} at {}", step, now);
    }
    prop_assert!(job.attempts <= ATTEMPTS || !matches!(job.state, JobState::Queued));
    tx.rollback().await.expect("a rollback");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_stored_is_what_the_rules_say(story in prop::collection::vec(happens(), 1..60)) {
        STAND.runtime.block_on(told(&story))?;
    }
}
