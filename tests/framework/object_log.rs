//! What requests leave in the object log: one entry for every attempt that is run again and for every request that
//! fails, whatever becomes of their units of work (G5, G6, G16, W12, T11).

use serde_json::json;
use toolcrib::object_log::{self, Filter, Range, Sort, Stored};

use crate::support::prelude::*;

on_both_engines! {
    an_entry_survives_the_abort_of_its_unit,
    every_retried_attempt_leaves_one_entry,
    a_request_that_is_given_up_leaves_one_fatal_entry,
    five_hundred_requests_that_fail_at_once_leave_five_hundred_entries,
    what_waits_is_stored_by_a_stop,
}

/// Fails as it is told to, after it wrote a row.
async fn fail(cx: &mut Context<'_>) -> PageResult {
    db::query("INSERT INTO notes (body) VALUES ('failed')").execute(cx.tx().await?).await?;
    let commits_at = cx.query_param("commits_at").and_then(|number| number.parse().ok()).unwrap_or(u32::MAX);
    match cx.query_param("how") {
        Some("error") => Err(PageError::other("asked to fail")),
        Some("panic") => panic!("asked to panic"),
        Some("hang") => std::future::pending().await,
        Some("conflict") if cx.attempt_number() < commits_at => {
            let cause = sqlx::Error::Protocol("a conflict made by the test".to_owned());
            Err(PageError::Database(DbError::Conflict(cause)))
        }
        Some("missing") => Err(PageError::NotFound),
        Some("bad") => Err(PageError::bad_request("asked to")),
        Some("away") => Err(PageError::unavailable("asked to", Duration::from_secs(1))),
        _ => Ok(Response::text("fine")),
    }
}

page!(Fail, PageInfo::new("fail", "/fail").accepts_post(), show(cx) { fail(cx).await });

/// Cannot be created.
struct Unborn;

impl PageModule for Unborn {
    const INFO: PageInfo = PageInfo::new("unborn", "/unborn");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Err(CreateError::new("no tools left"))
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Err(PageError::NotFound)
    }
}

async fn site(engine: Engine, settings: &str) -> Running {
    let settings = format!("retry.delays_ms = \"1,1,1\"\n{settings}");
    Running::start(engine, &settings, |site| site.app_module::<PlainApp>().page::<Fail>().page::<Unborn>()).await
}

/// The whole log, the oldest first.
async fn entries(site: &Running) -> Vec<Stored> {
    site.site.object_log().flush().await.expect("stored");
    let mut conn = site.site.db().read().await.expect("a connection");
    let all = Range { before: None, offset: 0, limit: 10_000 };
    let mut entries = object_log::entries(&mut conn, &Filter::default(), Sort::default(), all).await.expect("entries");
    entries.reverse();
    entries
}

/// Priority, label and attempt of every entry.
fn told(entries: &[Stored]) -> Vec<(&'static str, &str, i64)> {
    entries.iter().map(|entry| (entry.priority().name(), entry.label.as_str(), entry.attempt)).collect()
}

async fn an_entry_survives_the_abort_of_its_unit(engine: Engine) {
    let site = site(engine, "").await;
    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    let answer = visitor.get("/fail?how=error&q=a%20b&new_password=hunter2").await.expect_status(500);
    assert_eq!(site.notes("failed").await, 0, "the unit is undone");
    let entries = entries(&site).await;
    assert_eq!(told(&entries), [("error", "Page failed", 1)]);
    let entry = &entries[0];
    assert_eq!(entry.url, "/fail?how=error&q=a%20b&new_password=***");
    assert_eq!(Some(entry.request_id.as_str()), answer.header("x-request-id"));
    assert_eq!(entry.page, "fail");
    assert!(entry.error.as_deref().expect("causes").contains("asked to fail"), "{entry:?}");
    let session = site.number("SELECT id FROM toolcrib_sessions").await;
    assert_eq!(entry.session, Some(session.to_string()));
    assert!((now_micros() - entry.at).abs() < 60_000_000, "{entry:?}");
}

async fn every_retried_attempt_leaves_one_entry(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().get("/fail?how=conflict&commits_at=3").await.expect_status(200);
    let entries = entries(&site).await;
    let label = "Commit failure - retrying";
    assert_eq!(told(&entries), [("warn", label, 1), ("warn", label, 2)]);
    let object: serde_json::Value =
        serde_json::from_str(entries[0].object.as_deref().expect("what collided")).expect("JSON");
    assert_eq!(object["conflict"], json!("database"));
    assert!(object["message"].as_str().expect("a message").contains("made by the test"), "{object}");
    assert_eq!(site.status().await.requests.retried, 2);
    assert_eq!(site.notes("failed").await, 1);
}

async fn a_request_that_is_given_up_leaves_one_fatal_entry(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().get("/fail?how=conflict").await.expect_status(503);
    let label = "Commit failure - retrying";
    assert_eq!(
        told(&entries(&site).await),
        [("warn", label, 1), ("warn", label, 2), ("warn", label, 3), ("fatal", "Too many retries", 4)]
    );
}

async fn five_hundred_requests_that_fail_at_once_leave_five_hundred_entries(engine: Engine) {
    let settings = "pool.queue_max = 1000\npool.queue_timeout_ms = 60000\nrequest.timeout_ms = 60000";
    let site = site(engine, settings).await;
    let visitors: Vec<Visitor> = (0..25).map(|_| site.visitor()).collect();
    let answers = all_at_once(25, |number| {
        let visitor = visitors[number].clone();
        async move {
            let mut ids = Vec::new();
            for _ in 0..20 {
                let answer = visitor.get("/fail?how=error").await.expect_status(500);
                ids.push(answer.header("x-request-id").expect("an id").to_owned());
            }
            ids
        }
    })
    .await;
    let mut wanted: Vec<String> = answers.into_iter().flatten().collect();
    wanted.sort();
    let mut found: Vec<String> = entries(&site).await.into_iter().map(|entry| entry.request_id).collect();
    found.sort();
    assert_eq!(found.len(), 500);
    assert_eq!(found, wanted);
}

async fn what_waits_is_stored_by_a_stop(engine: Engine) {
    let site = site(engine, "").await;
    let beside = site.beside("", |site| site.app_module::<PlainApp>()).await;
    site.visitor().get("/fail?how=panic").await.expect_status(500);
    site.stop().await.expect("without a panic");
    assert_eq!(beside.number("SELECT COUNT(*) FROM toolcrib_object_log").await, 1);
}

#[test]
fn every_failure_of_the_site_has_a_label_of_its_own() {
    run(async {
        let site = site(Engine::Sqlite, "request.timeout_ms = 300").await;
        for (path, status, label, cause) in [
            ("/fail?how=error", 500, "Page failed", "asked to fail"),
            ("/fail?how=away", 503, "Page failed", "asked to"),
            ("/fail?how=panic", 500, "Page panicked", "asked to panic"),
            ("/fail?how=hang", 503, "Page overran its deadline", "deadline"),
            ("/unborn", 500, "Module could not be created", "no tools left"),
        ] {
            let before = entries(&site).await.len();
            site.visitor().get(path).await.expect_status(status);
            let entries = entries(&site).await;
            assert_eq!(told(&entries[before..]), [("error", label, 1)], "{path}");
            assert!(entries[before].error.as_deref().expect("causes").contains(cause), "{path}: {entries:?}");
        }
    });
}

#[test]
fn what_visitors_do_wrong_is_no_entry() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let visitor = site.visitor();
        visitor.get("/fail?how=missing").await.expect_status(404);
        visitor.get("/fail?how=bad").await.expect_status(400);
        visitor.get("/nowhere").await.expect_status(404);
        visitor.post("/fail", &[]).await.expect_status(405);
        visitor.post_with("no token", "/fail", &[]).await.expect_status(403);
        visitor.get("/fail").await.expect_status(200);
        assert_eq!(told(&entries(&site).await), []);
    });
}
