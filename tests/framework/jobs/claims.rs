//! One worker has a job at a time; whoever is taken to be dead, and is not, writes nothing.

use super::acting::*;
use crate::support::prelude::*;

on_both_engines! {
    of_many_workers_that_race_for_a_job_one_does_it,
    who_lost_its_claim_writes_nothing,
    who_lost_its_claim_is_broken_off,
    a_claim_is_renewed_while_its_worker_lives,
    a_job_whose_process_died_is_taken_over,
    a_job_that_ends_its_process_every_time_is_given_up,
}

async fn of_many_workers_that_race_for_a_job_one_does_it(engine: Engine) {
    let settings = "jobs.workers = 16\ndatabase.max_writers = 16\ndatabase.max_connections = 16";
    let site = site(engine, settings).await;
    let beside = site.beside(&format!("jobs.poll_ms = 1\n{settings}"), acting).await;
    for round in 0..10 {
        let mut jobs = Vec::new();
        for _ in 0..=round % 4 {
            jobs.push(site.adds(&act("row:done")).await);
        }
        for id in jobs {
            let job = site.becomes(id, JobState::Done).await;
            assert_eq!(job.attempts, 1);
        }
    }
    let runs = site.stage.counted("run") + beside.stage.counted("run");
    assert_eq!((runs, site.notes("done").await), (23, 23));
    assert_eq!(site.number("SELECT MAX(fence) FROM toolcrib_jobs").await, 1);
}

async fn who_lost_its_claim_writes_nothing(engine: Engine) {
    let site = site(engine, "jobs.workers = 2").await;
    let id = site.adds(&act("row-of-attempt:before,pass,row-of-attempt:after")).await;
    site.stage.gate("first").arrivals(1).await;
    // The first worker was paused for longer than its claim held.
    site.sql("UPDATE toolcrib_jobs SET free_at = 0").await;
    site.stage.gate("later").arrivals(1).await;
    site.stage.gate("first").open(1);
    holds_within("the first notices", Duration::from_secs(10), async || {
        site.logged("Job lost to another worker").await.len() == 1
    })
    .await;
    assert_eq!(site.stage.journal(), ["row-of-attempt:after: another worker has the job"]);
    assert_eq!((site.notes("after 1").await, site.job(id).await.state), (0, JobState::Running));
    site.stage.gate("later").open(1);
    let job = site.becomes(id, JobState::Done).await;
    assert_eq!((job.attempts, site.notes("before 1").await, site.notes("before 2").await), (2, 1, 1));
    assert_eq!((site.notes("after 1").await, site.notes("after 2").await), (0, 1));
    let entries = site.log().await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!((entries[0].priority.as_str(), entries[0].attempt), ("warn", Some(1)));
}

async fn who_lost_its_claim_is_broken_off(engine: Engine) {
    let site = site(engine, "jobs.workers = 1\njobs.lease_ms = 600").await;
    let id = site.adds(&act("hang")).await;
    site.becomes(id, JobState::Running).await;
    // Somebody elsewhere has it now, and does it.
    site.sql("UPDATE toolcrib_jobs SET fence = fence + 1, state = 'done', free_at = NULL, ended_at = 1").await;
    let next = site.adds(&act("row:next")).await;
    site.becomes(next, JobState::Done).await;
    assert_eq!(site.logged("Job lost to another worker").await.len(), 1);
    assert_eq!(site.job(id).await.state, JobState::Done);
}

async fn a_claim_is_renewed_while_its_worker_lives(engine: Engine) {
    let site = site(engine, "jobs.workers = 2\njobs.lease_ms = 600").await;
    let id = site.adds(&act("pass,row:done")).await;
    site.stage.gate("first").arrivals(1).await;
    const FREE: &str = "SELECT free_at FROM toolcrib_jobs";
    let claimed = site.number(FREE).await;
    // Four times as long as one claim holds.
    holds_within("it is renewed", Duration::from_secs(20), async || site.number(FREE).await > claimed + 2_400_000)
        .await;
    site.stage.gate("first").open(1);
    let job = site.becomes(id, JobState::Done).await;
    assert_eq!((job.attempts, site.stage.counted("run"), site.notes("done").await), (1, 1, 1));
}

/// A site that starts after a process that was killed while it had a job, for the so manieth time.
async fn killed(engine: Engine, attempts: i64) -> (Running, i64) {
    let left = async |db: &Db| {
        // Who shares the database waits until the claim lapses; who has it alone knows that nobody lives.
        let free_at: i64 = if engine == Engine::Sqlite { i64::MAX } else { 1 };
        let mut tx = db.begin().await.expect("a transaction");
        db::query(
            "INSERT INTO toolcrib_jobs (name, payload, state, attempts, fence, free_at, due_at, created_at) \
             VALUES ('act', '{\"steps\": \"row-of-attempt:done\"}', 'running', $1, 7, $2, 1, 1)",
        )
        .bind(attempts)
        .bind(free_at)
        .execute(&mut tx)
        .await
        .expect("a job");
        tx.commit().await.expect("a commit");
    };
    let site = Running::start_after(engine, "jobs.poll_ms = 20", left, acting).await;
    let id = site.number("SELECT id FROM toolcrib_jobs").await;
    (site, id)
}

async fn a_job_whose_process_died_is_taken_over(engine: Engine) {
    let (site, id) = killed(engine, 1).await;
    let job = site.becomes(id, JobState::Done).await;
    assert_eq!((job.attempts, site.notes("done 2").await), (2, 1));
    assert_eq!(site.number("SELECT fence FROM toolcrib_jobs").await, 8);
}

async fn a_job_that_ends_its_process_every_time_is_given_up(engine: Engine) {
    let (site, id) = killed(engine, 3).await;
    let job = site.becomes(id, JobState::Failed).await;
    assert_eq!((job.attempts, site.stage.counted("run")), (3, 0));
    assert!(job.last_error_for_admins.unwrap_or_default().contains("did not end"));
    assert_eq!(site.logged("Job failed").await.len(), 1);
}
