//! Jobs that come again, and old ones that go.

use toolcrib::jobs::JobsError;
use toolcrib::server::BuildError;
use toolcrib::server::SiteBuilder;

use super::acting::*;
use crate::support::prelude::*;
use crate::support::settings_on;

on_both_engines! {
    a_schedule_of_two_sites_adds_its_job_once,
    a_job_that_has_not_ended_is_not_added_again,
    a_schedule_that_changed_is_kept_anew,
    a_job_that_cannot_be_made_hurts_nobody,
    old_jobs_are_removed_and_failed_ones_stay,
}

const HOUR: i64 = 3_600 * 1_000_000;

fn hourly(site: SiteBuilder) -> SiteBuilder {
    acting(site).schedule::<Act>("every hour", Schedule::every(Duration::from_secs(3_600)), || act("row:came"))
}

fn nightly(site: SiteBuilder) -> SiteBuilder {
    acting(site).schedule::<Act>("every hour", Schedule::daily(2, 30), || act("row:came"))
}

const NEXT: &str = "SELECT next_at FROM toolcrib_job_schedules";

/// Waits until the schedule is known.
async fn announced(site: &Running) {
    holds_within("it is stored", Duration::from_secs(10), async || {
        site.number("SELECT COUNT(*) FROM toolcrib_job_schedules").await == 1
    })
    .await;
}

async fn a_schedule_of_two_sites_adds_its_job_once(engine: Engine) {
    let settings = "jobs.poll_ms = 20";
    let before = now_micros();
    let site = Running::start(engine, settings, hourly).await;
    let beside = site.beside(settings, hourly).await;
    announced(&site).await;
    let next = site.number(NEXT).await;
    assert!(next >= before + HOUR && next <= now_micros() + HOUR, "an hour from the first time it is known");
    // Three times missed, made up once.
    let mut tx = site.tx().await;
    let due = now_micros() - 3 * HOUR + HOUR / 2;
    db::query("UPDATE toolcrib_job_schedules SET next_at = $1").bind(due).execute(&mut tx).await.expect("a row");
    tx.commit().await.expect("a commit");
    holds_within("it came", Duration::from_secs(10), async || site.notes("came").await == 1).await;
    assert_eq!(site.number(NEXT).await, due + 3 * HOUR, "in its own beat");
    // Both have looked again since.
    for _ in 0..2 {
        let again = site.adds(&act("")).await;
        site.becomes(again, JobState::Done).await;
    }
    assert_eq!((site.notes("came").await, site.stage.counted("run") + beside.stage.counted("run")), (1, 3));
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_jobs WHERE unique_key = 'schedule/every hour'").await, 1);
}

async fn a_job_that_has_not_ended_is_not_added_again(engine: Engine) {
    let settings = "jobs.poll_ms = 20";
    let site = Running::start(engine, settings, |site| {
        acting(site).schedule::<Act>("slow", Schedule::every(Duration::from_secs(3_600)), || act("pass"))
    })
    .await;
    announced(&site).await;
    const DUE: &str = "UPDATE toolcrib_job_schedules SET next_at = 1";
    site.sql(DUE).await;
    site.stage.gate("first").arrivals(1).await;
    site.sql(DUE).await;
    holds_within("it is due again", Duration::from_secs(10), async || site.number(NEXT).await > 1).await;
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_jobs").await, 1);
    site.stage.gate("first").open(1);
    holds_within("it ended", Duration::from_secs(10), async || site.status().await.jobs.done_total == 1).await;
    site.sql(DUE).await;
    site.stage.gate("first").arrivals(1).await;
    site.stage.gate("first").open(1);
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_jobs").await, 2);
}

async fn a_schedule_that_changed_is_kept_anew(engine: Engine) {
    let settings = "jobs.poll_ms = 20";
    let site = Running::start(engine, settings, hourly).await;
    announced(&site).await;
    let hourly_next = site.number(NEXT).await;
    let site = site.restarted(settings, hourly).await;
    let looked = site.adds(&act("")).await;
    site.becomes(looked, JobState::Done).await;
    assert_eq!(site.number(NEXT).await, hourly_next, "a restart does not put it off");
    let site = site.restarted(settings, nightly).await;
    holds_within("it is kept anew", Duration::from_secs(10), async || {
        site.number(NEXT).await.rem_euclid(24 * HOUR) == 2 * HOUR + HOUR / 2
    })
    .await;
    assert_eq!(site.notes("came").await, 0);
}

async fn a_job_that_cannot_be_made_hurts_nobody(engine: Engine) {
    let site = Running::start(engine, "jobs.poll_ms = 20\njobs.lease_ms = 300", |site| {
        let every = Schedule::every(Duration::from_secs(3_600));
        let large = || act(&"x".repeat(70_000));
        acting(site).schedule::<Act>("never", every, || panic!("no idea")).schedule("large", every, large)
    })
    .await;
    const COUNT: &str = "SELECT COUNT(*) FROM toolcrib_job_schedules";
    holds_within("both are stored", Duration::from_secs(10), async || site.number(COUNT).await == 2).await;
    site.sql("UPDATE toolcrib_job_schedules SET next_at = 1").await;
    let entries = eventually("both are noted", Duration::from_secs(10), async || {
        let entries = site.logged("Scheduled job was not added").await;
        (entries.len() == 2).then_some(entries)
    })
    .await;
    assert!(entries.iter().any(|entry| entry.says("no idea") && entry.says("never")), "{entries:?}");
    assert!(entries.iter().any(|entry| entry.says("70012 bytes") && entry.says("large")), "{entries:?}");
    assert!(site.number("SELECT MIN(next_at) FROM toolcrib_job_schedules").await > now_micros());
    // Claims are renewed still.
    let id = site.adds(&act("pass,row:done")).await;
    site.stage.gate("first").arrivals(1).await;
    const FREE: &str = "SELECT free_at FROM toolcrib_jobs";
    let claimed = site.number(FREE).await;
    holds_within("it is renewed", Duration::from_secs(10), async || site.number(FREE).await > claimed + 600_000).await;
    site.stage.gate("first").open(1);
    assert_eq!(site.becomes(id, JobState::Done).await.attempts, 1);
}

async fn old_jobs_are_removed_and_failed_ones_stay(engine: Engine) {
    let site = site(engine, "").await;
    for steps in ["", "row:young", "fail:no"] {
        let id = site.adds(&act(steps)).await;
        holds_within("it ended", Duration::from_secs(10), async || site.job(id).await.state.is_ended()).await;
    }
    let waiting = JobOptions::default().at(now_micros() + HOUR);
    site.adds_with(&act(""), waiting).await.expect("added");
    site.sql("UPDATE toolcrib_jobs SET ended_at = ended_at - 691200000000 WHERE payload NOT LIKE '%young%'").await;
    let site = site.restarted("jobs.poll_ms = 20", acting).await;
    const LEFT: &str = "SELECT COUNT(*) FROM toolcrib_jobs";
    holds_within("one goes", Duration::from_secs(10), async || site.number(LEFT).await == 3).await;
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_jobs WHERE state = 'done'").await, 1);
    let site = site.restarted("jobs.poll_ms = 20\njobs.keep_days = 0", acting).await;
    holds_within("all that were done go", Duration::from_secs(10), async || site.number(LEFT).await == 2).await;
}

/// What a site is refused for.
async fn refusal(build: impl FnOnce(SiteBuilder) -> SiteBuilder + Send + 'static) -> JobsError {
    let program = move || {
        let mut refused = None;
        let told = &mut refused;
        toolcrib::run(async move {
            let folder = tempfile::tempdir().expect("a folder");
            let url = format!("sqlite://{}", folder.path().join("never.db").display());
            let built = build(Site::builder(settings_on(&url, ""))).build().await;
            *told = built.err();
            std::process::ExitCode::SUCCESS
        });
        refused
    };
    match tokio::task::spawn_blocking(program).await.expect("no panic") {
        Some(BuildError::Jobs(error)) => error,
        other => panic!("refused for its jobs: {other:?}"),
    }
}

#[test]
fn jobs_and_schedules_that_do_not_fit_together_are_refused() {
    run(async {
        let twice = refusal(|site| acting(site).job::<Act>()).await;
        assert!(matches!(twice, JobsError::DuplicateJob("act")), "{twice:?}");
        let every = Schedule::every(Duration::from_secs(60));
        let twice =
            refusal(move |site| acting(site).schedule("a", every, || act("")).schedule("a", every, || act(""))).await;
        assert!(matches!(twice, JobsError::DuplicateSchedule("a")), "{twice:?}");
        let unknown = refusal(move |site| site.app_module::<PlainApp>().schedule("a", every, || act(""))).await;
        assert!(matches!(unknown, JobsError::UnknownJob { schedule: "a", job: "act" }), "{unknown:?}");
        let never = refusal(|site| acting(site).schedule("a", Schedule::daily(24, 0), || act(""))).await;
        assert!(matches!(never, JobsError::Schedule { schedule: "a", .. }), "{never:?}");
    });
}
