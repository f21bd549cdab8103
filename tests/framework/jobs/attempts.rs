//! What follows an attempt that failed.

use super::acting::*;
use crate::support::prelude::*;

on_both_engines! {
    a_failed_attempt_is_followed_by_another,
    a_job_without_an_attempt_left_stays_for_people_to_look_at,
    a_job_that_gives_up_is_not_tried_again,
    a_panic_is_a_failed_attempt,
    a_failed_step_leaves_nothing_and_is_noted_once,
    a_job_waits_longer_and_longer_between_its_attempts,
    an_author_who_panics_everywhere_ends_no_worker,
    a_job_that_cannot_be_read_any_more_is_given_up,
    progress_is_stored_with_the_step_it_belongs_to,
}

const RETRYING: &str = "Job failed - retrying";
const FAILED: &str = "Job failed";

async fn a_failed_attempt_is_followed_by_another(engine: Engine) {
    let site = site(engine, "").await;
    let id = site.adds(&act("once:not yet,row:done")).await;
    let job = site.becomes(id, JobState::Done).await;
    assert_eq!((job.attempts, job.last_error_for_admins.as_deref()), (2, Some("not yet")));
    assert_eq!(site.notes("done").await, 1);
    let entries = site.logged(RETRYING).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = &entries[0];
    assert_eq!((entry.priority.as_str(), entry.attempt, entry.page.as_deref()), ("warn", Some(1), Some("act")));
    assert!(entry.says("not yet") && entry.says(&format!("\"id\":{id}")), "{entry:?}");
    assert!(site.logged(FAILED).await.is_empty());
}

async fn a_job_without_an_attempt_left_stays_for_people_to_look_at(engine: Engine) {
    let site = site(engine, "").await;
    let id = site.adds(&act("retry:the other side is down")).await;
    let job = site.becomes(id, JobState::Failed).await;
    assert_eq!((job.attempts, site.stage.counted("run")), (3, 3));
    assert_eq!(job.last_error_for_admins.as_deref(), Some("the other side is down"));
    assert!(job.ended_at >= Some(job.created_at));
    let (retried, failed) = (site.logged(RETRYING).await, site.logged(FAILED).await);
    assert_eq!((retried.len(), failed.len()), (2, 1), "{retried:?} {failed:?}");
    assert_eq!((failed[0].priority.as_str(), failed[0].attempt), ("error", Some(3)), "{failed:?}");
    assert!(failed[0].says("the other side is down"), "{failed:?}");
    let jobs = site.status().await.jobs;
    assert_eq!((jobs.failed, jobs.done_total), (1, 0));
}

async fn a_job_that_gives_up_is_not_tried_again(engine: Engine) {
    let site = site(engine, "").await;
    for steps in ["row:kept,fail:no such client", "row:kept,fail-in-step:no such client"] {
        let id = site.adds(&act(steps)).await;
        let job = site.becomes(id, JobState::Failed).await;
        assert_eq!((job.attempts, job.last_error_for_admins.as_deref()), (1, Some("no such client")), "{steps}");
    }
    assert_eq!(site.notes("kept").await, 2, "the steps before it are done");
    assert_eq!((site.log().await.len(), site.logged(FAILED).await.len()), (2, 2));
}

async fn a_panic_is_a_failed_attempt(engine: Engine) {
    let site = site(engine, "jobs.workers = 1").await;
    for steps in ["panic:A", "panic-in-step:A"] {
        let id = site.adds(&act(steps)).await;
        let job = site.becomes(id, JobState::Failed).await;
        assert_eq!(job.attempts, 3, "{steps}");
        let error = job.last_error_for_admins.unwrap_or_default();
        assert!(error.contains("panicked") && error.contains("asked to panic: A"), "{steps}: {error}");
    }
    let failed = site.logged(FAILED).await;
    assert!(failed.len() == 2 && failed.iter().all(|entry| entry.says("asked to panic: A")), "{failed:?}");
    let next = site.adds(&act("row:next")).await;
    site.becomes(next, JobState::Done).await;
}

async fn a_failed_step_leaves_nothing_and_is_noted_once(engine: Engine) {
    let site = site(engine, "").await;
    let id = site.adds(&act("row:before,lose-rows:lost")).await;
    let job = site.becomes(id, JobState::Failed).await;
    assert!(job.last_error_for_admins.unwrap_or_default().contains("not found"));
    assert_eq!((site.notes("before").await, site.notes("lost").await), (3, 0));
    let log = site.log().await;
    assert_eq!(log.iter().map(|entry| entry.label.as_str()).collect::<Vec<_>>(), [RETRYING, RETRYING, FAILED]);
    assert!(log[0].says("not found"), "{log:?}");
}

async fn a_job_waits_longer_and_longer_between_its_attempts(engine: Engine) {
    let site = site(engine, "").await;
    let id = site.adds(&Patient { steps: "retry:not yet".to_owned() }).await;
    for (attempt, least, most) in [(1, 1.0, 1.2), (2, 5.0, 6.0), (3, 30.0, 36.0), (4, 120.0, 144.0)] {
        let before = now_micros();
        let job = eventually("it waits again", Duration::from_secs(10), async || {
            let job = site.job(id).await;
            (job.attempts == attempt && job.state == JobState::Queued).then_some(job)
        })
        .await;
        let wait = (job.due_at - now_micros()) as f64 / 1e6;
        let slack = (now_micros() - before) as f64 / 1e6;
        assert!(wait <= most && wait >= least - slack, "attempt {attempt}: {wait} s");
        // Nobody waits two minutes for it: its time has come.
        site.sql("UPDATE toolcrib_jobs SET free_at = 0").await;
    }
    let job = site.becomes(id, JobState::Failed).await;
    assert_eq!((job.attempts, site.stage.counted("run")), (5, 5));
}

async fn an_author_who_panics_everywhere_ends_no_worker(engine: Engine) {
    let site = site(engine, "jobs.workers = 1\njobs.lease_ms = 300").await;
    let told = site.adds(&Clumsy { says: true }).await;
    let job = site.becomes(told, JobState::Failed).await;
    assert_eq!((job.attempts, site.stage.counted("clumsy")), (2, 2), "it waits as others do");
    let mute = site.adds(&Clumsy { says: false }).await;
    let job = site.becomes(mute, JobState::Failed).await;
    assert!(job.last_error_for_admins.unwrap_or_default().contains("did not end"), "its claim lapsed each time");
    let next = site.adds(&act("row:next")).await;
    site.becomes(next, JobState::Done).await;
}

async fn a_job_that_cannot_be_read_any_more_is_given_up(engine: Engine) {
    let site = site(engine, "jobs.workers = 0").await;
    let id = site.adds(&act("")).await;
    site.sql("UPDATE toolcrib_jobs SET payload = '{\"another\": \"shape\"}'").await;
    let site = site.restarted("jobs.poll_ms = 20", acting).await;
    let job = site.becomes(id, JobState::Failed).await;
    assert_eq!(job.attempts, 1);
    assert!(job.last_error_for_admins.unwrap_or_default().contains("steps"), "it names the field");
}

async fn progress_is_stored_with_the_step_it_belongs_to(engine: Engine) {
    let site = site(engine, "").await;
    site.stage.raise("wait");
    let id = site.adds(&Rows { count: 3 }).await;
    for row in 0..3 {
        site.stage.gate("row").arrivals(1).await;
        let (job, rows) = (site.job(id).await, site.number("SELECT COUNT(*) FROM notes").await);
        assert_eq!((job.state, job.attempts), (JobState::Running, 1));
        assert_eq!((job.done, job.total, rows), (row, if row == 0 { 0 } else { 3 }, row as i64));
        site.stage.gate("row").open(1);
    }
    let job = site.becomes(id, JobState::Done).await;
    assert_eq!((job.done, job.total), (3, 3));
}
