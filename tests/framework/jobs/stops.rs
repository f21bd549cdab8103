//! A site that stops lets its jobs leave; they go on later.

use super::acting::*;
use crate::support::prelude::*;

on_both_engines! {
    a_job_leaves_at_its_next_step_and_goes_on_later,
    a_job_that_does_not_leave_is_broken_off,
    a_job_that_blocks_its_thread_is_given_to_others,
    the_first_job_starts_the_application,
}

async fn a_job_leaves_at_its_next_step_and_goes_on_later(engine: Engine) {
    let site = site(engine, "").await;
    site.stage.raise("wait");
    let id = site.adds(&Rows { count: 5 }).await;
    site.stage.gate("row").open(2);
    site.stage.gate("row").arrivals(3).await;
    let (gate, stage) = (site.stage.gate("row"), site.stage.clone());
    let beside = site.beside("jobs.workers = 0", acting).await;
    let stopped = site.stop();
    gate.open(1);
    stopped.await.expect("a stop");
    let job = beside.job(id).await;
    // Whether the third step had begun when the stop was asked is left to chance.
    assert!(job.done == 2 || job.done == 3, "{job:?}");
    assert_eq!((job.state, job.attempts, job.total), (JobState::Queued, 0, 5));
    assert_eq!(stage.journal(), ["attempt 1 from 0"]);
    let site = beside.restarted("jobs.poll_ms = 20", acting).await;
    let done = site.becomes(id, JobState::Done).await;
    assert_eq!((done.attempts, done.done, done.total), (1, 5, 5));
    assert_eq!(site.stage.journal(), [format!("attempt 1 from {}", job.done)]);
    for row in 0..5 {
        assert_eq!(site.notes(&format!("row {row}")).await, 1, "row {row}");
    }
    assert!(site.log().await.is_empty(), "a stop is no fault");
}

async fn a_job_that_does_not_leave_is_broken_off(engine: Engine) {
    let site = site(engine, "").await;
    let id = site.adds(&act("row-of-attempt:done,hang")).await;
    holds_within("it hangs", Duration::from_secs(10), async || site.notes("done 1").await == 1).await;
    let beside = site.beside("jobs.workers = 0", acting).await;
    let began = Instant::now();
    site.stop().await.expect("a stop");
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(3) && took < Duration::from_secs(7),
        "the grace time and little more: {took:?}"
    );
    let job = beside.job(id).await;
    assert_eq!((job.state, job.attempts, job.last_error_for_admins), (JobState::Queued, 0, None));
    let lapsed = beside.number("SELECT CAST(free_at = due_at AS BIGINT) FROM toolcrib_jobs");
    assert!(engine == Engine::Postgres || lapsed.await == 1, "it may be taken at once");
}

async fn a_job_that_blocks_its_thread_is_given_to_others(engine: Engine) {
    let site = site(engine, "jobs.workers = 1").await;
    let id = site.adds(&act("block,row-of-attempt:late")).await;
    let stage = site.stage.clone();
    holds_within("it blocks", Duration::from_secs(10), async || stage.counted("blocking") == 1).await;
    let beside = site.beside("jobs.workers = 0", acting).await;
    site.stop().await.expect("a stop");
    let job = beside.job(id).await;
    assert_eq!((job.state, job.attempts), (JobState::Queued, 0));
    assert_eq!(beside.notes("late 1").await, 0);
}

/// Notes in the database whether the application was started.
struct Starting;

impl AppModule for Starting {
    const TITLE: &'static str = "Starts";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn on_application_start(site: &Site) -> Result<(), HookError> {
        let stage = Stage::of(site);
        if stage.count("start") == 1 {
            return Err(HookError::new("asked to fail"));
        }
        stage.note("started");
        Ok(())
    }
}

async fn the_first_job_starts_the_application(engine: Engine) {
    let build = |site: toolcrib::server::SiteBuilder| site.app_module::<Starting>().job::<Rows>();
    let site = Running::start(engine, "jobs.poll_ms = 20", build).await;
    assert_eq!(site.stage.counted("start"), 0);
    let id = site.adds(&Rows { count: 1 }).await;
    let job = site.becomes(id, JobState::Done).await;
    assert_eq!((job.attempts, site.stage.counted("start")), (1, 2), "a start that failed is made again");
    assert_eq!(site.stage.journal(), ["started", "attempt 1 from 0"]);
}
