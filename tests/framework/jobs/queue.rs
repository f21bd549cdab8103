//! How jobs get into the queue, and in which order they leave it.

use toolcrib::jobs::EnqueueError;

use super::acting::*;
use crate::support::in_background;
use crate::support::prelude::*;

on_both_engines! {
    a_job_is_added_with_its_unit_or_not_at_all,
    a_page_adds_a_job_in_its_own_transaction,
    of_the_jobs_with_one_key_one_waits_or_runs,
    many_who_add_one_key_at_once_add_one_job,
    what_is_due_first_is_done_first,
    a_job_too_large_or_of_no_known_type_is_refused,
    a_site_without_workers_leaves_its_jobs_to_others,
    a_job_nobody_knows_is_left_alone,
}

page!(Order, PageInfo::new("order", "/order/{end}"), action(cx) {
    let end: String = cx.path("end")?;
    let id = cx.enqueue(&act("row:done")).await?.id();
    insert(cx.unit(), "ordered").await?;
    match end.as_str() {
        "well" => Ok(Response::text(id.to_string())),
        _ => Err(PageError::bad_request("Not so.")),
    }
});

async fn a_job_is_added_with_its_unit_or_not_at_all(engine: Engine) {
    let site = site(engine, "").await;
    let undone = site
        .site
        .unit_of_work("adds", async |unit| {
            unit.enqueue(&act("row:never")).await?;
            Err::<(), _>(PageError::NotFound)
        })
        .await;
    assert!(undone.is_err(), "{undone:?}");
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_jobs").await, 0);
    let added = site.site.unit_of_work("adds", async |unit| Ok(unit.enqueue(&act("row:done")).await?)).await;
    let id = added.expect("a commit").value.id();
    let job = site.becomes(id, JobState::Done).await;
    assert_eq!((job.name.as_str(), job.attempts, job.last_error_for_admins), ("act", 1, None));
    assert!(job.created_at <= job.due_at && Some(job.due_at) <= job.ended_at);
    assert_eq!((site.notes("done").await, site.notes("never").await), (1, 0));
    let jobs = site.status().await.jobs;
    assert_eq!((jobs.queued, jobs.running, jobs.failed, jobs.done_total), (0, 0, 0, 1));
}

async fn a_page_adds_a_job_in_its_own_transaction(engine: Engine) {
    let settings = "jobs.poll_ms = 60000";
    let site = Running::start(engine, settings, |site| acting(site).page::<Order>()).await;
    site.visitor().post("/order/badly", &[]).await.expect_status(400);
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_jobs").await, 0);
    let answer = site.visitor().post("/order/well", &[]).await.expect_status(200);
    // Nobody looks for it within a minute: the commit wakes a worker.
    site.becomes(answer.text().parse().expect("a number"), JobState::Done).await;
    assert_eq!((site.notes("ordered").await, site.notes("done").await), (1, 1));
}

async fn of_the_jobs_with_one_key_one_waits_or_runs(engine: Engine) {
    let site = site(engine, "").await;
    let keyed = |key: &str| JobOptions::default().unique(key);
    let first = site.adds_with(&act("pass"), keyed("check/7")).await.expect("added");
    site.stage.gate("first").arrivals(1).await;
    let running = site.adds_with(&act("row:second"), keyed("check/7")).await.expect("there");
    assert_eq!(running, Enqueued::AlreadyThere(first.id()));
    let other_key = site.adds_with(&act(""), keyed("check/8")).await.expect("added");
    let other_type = site.adds_with(&Rows { count: 0 }, keyed("check/7")).await.expect("added");
    assert!(matches!((other_key, other_type), (Enqueued::Added(_), Enqueued::Added(_))));
    site.stage.gate("first").open(1);
    site.becomes(first.id(), JobState::Done).await;
    let next = site.adds_with(&act("row:next"), keyed("check/7")).await.expect("added");
    assert!(matches!(next, Enqueued::Added(id) if id != first.id()), "{next:?}");
    site.becomes(next.id(), JobState::Done).await;
    assert_eq!((site.notes("second").await, site.notes("next").await), (0, 1));
}

async fn many_who_add_one_key_at_once_add_one_job(engine: Engine) {
    let site = site(engine, "jobs.workers = 0").await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let site = site.site.clone();
            in_background(async move || {
                let options = JobOptions::default().unique("one");
                let unit = async |unit: &mut Unit| Ok(unit.enqueue_with(&act(""), options.clone()).await?);
                site.unit_of_work("adds", unit).await.expect("added or there").value
            })
        })
        .collect();
    let mut added = 0;
    for task in tasks {
        added += usize::from(matches!(task.await.expect("no panic"), Enqueued::Added(_)));
    }
    assert_eq!((added, site.number("SELECT COUNT(*) FROM toolcrib_jobs").await), (1, 1));
}

async fn what_is_due_first_is_done_first(engine: Engine) {
    let site = site(engine, "jobs.workers = 1").await;
    let blocker = site.adds(&act("pass")).await;
    site.stage.gate("first").arrivals(1).await;
    let now = now_micros();
    for (body, ago) in [("c", 10), ("a", 30), ("b", 20), ("d", 10)] {
        let at = JobOptions::default().at(now - ago * 1_000_000);
        site.adds_with(&act(&format!("row:{body}")), at).await.expect("added");
    }
    let later = JobOptions::default().at(now + 3_600_000_000);
    let later = site.adds_with(&act("row:later"), later).await.expect("added").id();
    site.stage.gate("first").open(1);
    site.becomes(blocker, JobState::Done).await;
    holds_within("all are done", Duration::from_secs(10), async || site.status().await.jobs.done_total == 5).await;
    let mut conn = site.site.db().read().await.expect("a connection");
    let order: Vec<String> = db::query(
        "SELECT j.payload FROM toolcrib_jobs j WHERE j.state = 'done' AND j.payload LIKE '%row%' ORDER BY j.ended_at",
    )
    .scalars(&mut conn)
    .await
    .expect("rows");
    let order: Vec<&str> = order.iter().map(|payload| payload.rsplit(':').next().expect("a part")).collect();
    assert_eq!(order, ["a\"}", "b\"}", "c\"}", "d\"}"]);
    assert_eq!(site.job(later).await.state, JobState::Queued);
}

async fn a_job_too_large_or_of_no_known_type_is_refused(engine: Engine) {
    let site = Running::start(engine, "jobs.workers = 0", |site| site.app_module::<PlainApp>().job::<Act>()).await;
    let unknown = site.adds_with(&Rows { count: 1 }, JobOptions::default()).await;
    assert!(matches!(unknown, Err(EnqueueError::Unknown("rows"))), "{unknown:?}");
    let frame = serde_json::to_string(&act("")).expect("JSON").len();
    let most = 64 * 1024 - frame;
    assert!(site.adds(&act(&"x".repeat(most))).await > 0);
    let large = site.adds_with(&act(&"x".repeat(most + 1)), JobOptions::default()).await;
    assert!(matches!(large, Err(EnqueueError::TooLarge { name: "act", bytes: 65_537 })), "{large:?}");
    for (key, fits) in [(200, true), (201, false), (0, false)] {
        let added = site.adds_with(&act(""), JobOptions::default().unique("k".repeat(key))).await;
        assert_eq!(matches!(added, Err(EnqueueError::Key { name: "act", bytes }) if bytes == key), !fits, "{added:?}");
        assert_eq!(added.is_ok(), fits, "{added:?}");
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_jobs").await, 2);
}

async fn a_site_without_workers_leaves_its_jobs_to_others(engine: Engine) {
    let site = site(engine, "jobs.workers = 0").await;
    let id = site.adds(&act("row:done")).await;
    let other = site.beside("jobs.workers = 1\njobs.poll_ms = 20", acting).await;
    site.becomes(id, JobState::Done).await;
    assert_eq!((site.stage.counted("run"), other.stage.counted("run")), (0, 1));
}

async fn a_job_nobody_knows_is_left_alone(engine: Engine) {
    let site = site(engine, "").await;
    site.sql(
        "INSERT INTO toolcrib_jobs (name, payload, state, free_at, due_at, created_at) \
         VALUES ('of another release', '{}', 'queued', 1, 1, 1)",
    )
    .await;
    let id = site.number("SELECT id FROM toolcrib_jobs").await;
    let known = site.adds(&act("")).await;
    site.becomes(known, JobState::Done).await;
    assert_eq!(site.job(id).await.state, JobState::Queued);
    let unread = site.adds(&act("")).await;
    site.becomes(unread, JobState::Done).await;
}
