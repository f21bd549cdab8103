//! `/tools/jobs`: what administrators see and do.

use serde_json::json;
use toolcrib_tests::html;

use super::acting::*;
use crate::support::prelude::*;

on_both_engines! {
    what_failed_is_tried_again_cancelled_or_removed_by_an_administrator,
    jobs_are_listed_filtered_and_turned_over,
    one_key_is_not_tried_again_beside_another_job_with_it,
}

const JOBS: &str = "/tools/jobs";

async fn admin(site: &Running) -> Visitor {
    let admin = site.visitor();
    admin.sign_in("ada", "admin").await;
    admin
}

async fn does(admin: &Visitor, what: &str, id: i64) -> String {
    let id = id.to_string();
    let answer = admin.post(JOBS, &[("do", what), ("id", &id)]).await.expect_status(303);
    assert_eq!(answer.location(), JOBS);
    html::visible_text(&admin.read(JOBS).await)
}

async fn what_failed_is_tried_again_cancelled_or_removed_by_an_administrator(engine: Engine) {
    let site = site(engine, "").await;
    let admin = admin(&site).await;
    let failed = site.adds(&act("once:down,fail:<script>alert(1)</script>")).await;
    site.becomes(failed, JobState::Failed).await;
    let later = JobOptions::default().at(now_micros() + 3_600_000_000);
    let waiting = site.adds_with(&act(""), later).await.expect("added").id();

    let list = admin.read(JOBS).await;
    let text = html::visible_text(&list);
    assert!(!list.contains("<script>alert") && text.contains("<script>alert(1)</script>"), "{text}");
    for words in ["Jobs [2]", "Queued 1", "Failed 1", "Done 0", &format!("{failed} act failed 2")] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let page = html::visible_text(&admin.read(&format!("{JOBS}/{failed}")).await);
    for words in ["State failed", "Attempts 2", "Last error", "alert(1)", "Retry now", "Remove"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let page = html::visible_text(&admin.read(&format!("{JOBS}/{waiting}")).await);
    assert!(page.contains("Cancel") && page.contains("No attempt has failed.") && !page.contains("Remove"), "{page}");

    assert!(does(&admin, "cancel", failed).await.contains("The job does not wait any more."));
    assert!(does(&admin, "remove", waiting).await.contains("The job has not ended, or is gone."));
    assert!(does(&admin, "retry", waiting).await.contains("The job has not failed"));
    assert_eq!((site.job(failed).await.state, site.job(waiting).await.state), (JobState::Failed, JobState::Queued));

    assert!(does(&admin, "cancel", waiting).await.contains("The job is cancelled."));
    assert_eq!(site.job(waiting).await.state, JobState::Cancelled);
    let runs = site.stage.counted("run");
    assert!(does(&admin, "retry", failed).await.contains("The job waits for a worker again."));
    holds_within("it is tried", Duration::from_secs(10), async || site.stage.counted("run") == runs + 2).await;
    site.becomes(failed, JobState::Failed).await;
    assert!(does(&admin, "remove", failed).await.contains("The job is removed."));
    admin.get(&format!("{JOBS}/{failed}")).await.expect_status(404);
    assert!(does(&admin, "remove", failed).await.contains("or is gone"));

    let answer = admin.post(&format!("{JOBS}/{waiting}"), &[("do", "remove")]).await.expect_status(303);
    assert_eq!(answer.location(), JOBS);
    admin.post(JOBS, &[("do", "remove")]).await.expect_status(400);
    admin.post(JOBS, &[("do", "explode"), ("id", "1")]).await.expect_status(400);
    admin.get(&format!("{JOBS}/x")).await.expect_status(404);
    assert!(html::visible_text(&admin.read(JOBS).await).contains("No job was added yet."));
}

async fn jobs_are_listed_filtered_and_turned_over(engine: Engine) {
    let site = site(engine, "jobs.workers = 0").await;
    let admin = admin(&site).await;
    let mut newest = 0;
    for _ in 0..101 {
        newest = site.adds(&act("")).await;
    }
    let rows = site.adds(&Rows { count: 1 }).await;
    site.sql("UPDATE toolcrib_jobs SET name = 'of <another> release', done = 7, total = 9 WHERE name = 'rows'").await;
    let first = html::visible_text(&admin.read(JOBS).await);
    for words in ["This process does no jobs", "Page 1 of 2, 102 jobs", "not known to this site", "7 of 9"] {
        assert!(first.contains(words), "{words}: {first}");
    }
    let second = html::visible_text(&admin.read(&format!("{JOBS}?page=77")).await);
    assert!(second.contains("Page 2 of 2, 102 jobs"), "{second}");
    let name = html::percent_encoded("of <another> release");
    let filtered = html::visible_text(&admin.read(&format!("{JOBS}?state=queued&name={name}")).await);
    assert!(
        filtered.contains("Page 1 of 1, 1 job") && filtered.contains(&format!("{rows} of <another>")),
        "{filtered}"
    );
    let none = html::visible_text(&admin.read(&format!("{JOBS}?state=failed")).await);
    assert!(none.contains("No job passes this filter."), "{none}");
    let nonsense = html::visible_text(&admin.read(&format!("{JOBS}?state=lost&page=-1")).await);
    assert!(nonsense.contains("Page 1 of 2"), "{nonsense}");

    let document = admin.get_json("/tools/jobs.json").await.expect_status(200).json();
    assert_eq!(document["counts"], json!({"queued": 102, "running": 0, "done": 0, "failed": 0, "cancelled": 0}));
    assert_eq!((&document["total"], &document["jobs"][0]["done"]), (&json!(102), &json!(7)));
    let document = admin.get_json("/tools/jobs.json?name=act").await.expect_status(200).json();
    assert_eq!((&document["total"], &document["jobs"][0]["id"]), (&json!(101), &json!(newest)));
    assert_eq!(document["jobs"].as_array().map(Vec::len), Some(100));
    let document = admin.get_json("/tools/jobs.json?name=act&page=2").await.expect_status(200).json();
    assert_eq!(document["jobs"].as_array().map(Vec::len), Some(1));
    admin.get_json("/tools/jobs.json?state=lost").await.expect_status(400);
    let status = site.status().await.jobs;
    assert_eq!((status.queued, status.running, status.failed, status.done_total), (102, 0, 0, 0));
}

async fn one_key_is_not_tried_again_beside_another_job_with_it(engine: Engine) {
    let site = site(engine, "").await;
    let admin = admin(&site).await;
    let key = || JobOptions::default().unique("one");
    let failed = site.adds_with(&act("fail:no"), key()).await.expect("added").id();
    site.becomes(failed, JobState::Failed).await;
    let waiting = key().at(now_micros() + 3_600_000_000);
    let waiting = site.adds_with(&act(""), waiting).await.expect("added").id();
    assert!(does(&admin, "retry", failed).await.contains("Another job with the same key waits or runs already."));
    assert_eq!(site.job(failed).await.state, JobState::Failed);
    does(&admin, "cancel", waiting).await;
    assert!(does(&admin, "retry", failed).await.contains("The job waits for a worker again."));
}

#[test]
fn only_administrators_see_and_change_jobs() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let failed = site.adds(&act("fail:secretive")).await;
        site.becomes(failed, JobState::Failed).await;
        let (anonymous, user) = (site.visitor(), site.visitor());
        user.sign_in("boris", "edit").await;
        let one = format!("{JOBS}/{failed}");
        for path in [JOBS, "/tools/jobs.json", &one] {
            assert_eq!(anonymous.get(path).await.text(), "please sign in");
            anonymous.get_json(path).await.expect_status(401);
            let refused = user.get(path).await.expect_status(403);
            assert!(!refused.text().contains("secretive"), "{path}: {refused:?}");
        }
        let id = failed.to_string();
        for (path, fields) in [(JOBS, vec![("do", "remove"), ("id", id.as_str())]), (&one, vec![("do", "remove")])] {
            user.post(path, &fields).await.expect_status(403);
            let answer = anonymous.post(path, &fields).await;
            assert_ne!(answer.status, 303, "{answer:?}");
        }
        let admin = admin(&site).await;
        admin.post_with("forged", JOBS, &[("do", "remove"), ("id", &id)]).await.expect_status(403);
        assert_eq!(site.job(failed).await.state, JobState::Failed);
        admin.get(&format!("{JOBS}?do=remove&id={id}")).await.expect_status(200);
        assert_eq!(site.job(failed).await.state, JobState::Failed, "looking changes nothing");
        let in_menu = |name| site.site.page(name).map(PageInfo::is_in_menu);
        assert_eq!((in_menu("jobs"), in_menu("job"), in_menu("jobs.json")), (Some(true), Some(false), Some(false)));
    });
}

#[test]
fn a_site_without_jobs_says_so() {
    run(async {
        let site = Running::start(Engine::Sqlite, "", |site| site.app_module::<PlainApp>()).await;
        let page = html::visible_text(&admin(&site).await.read(JOBS).await);
        assert!(page.contains("Jobs [0]") && page.contains("The site has no job."), "{page}");
    });
}
