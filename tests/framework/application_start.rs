//! The application starts once, before anything else runs, and ends once, after everything else (A9, A11, AC-24, T29).

use toolcrib_tests::wire::Wire;

use crate::support::UnderWay;
use crate::support::prelude::*;
use crate::support::script::Run;
use crate::support::script::variable;

on_both_engines! {
    fifty_first_requests_wait_for_one_start,
    a_start_that_fails_is_made_again_by_the_next_request,
    a_start_that_panics_is_made_again_by_the_next_request,
    start_and_end_stand_around_everything_else,
    what_is_set_at_the_start_is_there_for_the_first_page_and_at_the_end_for_the_next_process,
}

/// Starts when the test lets it, as the stage's flags say; notes what is called, in the database so that the end of it
/// can be read when the site has stopped.
struct Starting;

/// Adds a line to the notes, with its number before it.
const NUMBERED: &str = "INSERT INTO notes (body) SELECT CAST(COUNT(*) + 1 AS TEXT) || ' ' || $1 FROM notes";

async fn note(site: &Site, what: &str) -> Result<(), DbError> {
    let mut tx = site.db().begin().await?;
    db::query(NUMBERED).bind(what).execute(&mut tx).await?;
    tx.commit().await
}

impl AppModule for Starting {
    const TITLE: &'static str = "Starts";

    async fn create(site: &Site) -> Result<Self, CreateError> {
        let stage = Stage::of(site);
        if !stage.is_up("started") {
            stage.count("created too early");
        }
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn on_application_start(site: &Site) -> Result<(), HookError> {
        let stage = Stage::of(site);
        stage.count("start");
        if stage.is_up("meet") {
            stage.gate("start").pass().await;
        }
        if stage.is_up("hang") {
            std::future::pending::<()>().await;
        }
        if stage.is_up("panic") {
            panic!("asked to panic");
        }
        if stage.is_up("fail") {
            return Err(HookError::new("asked to fail"));
        }
        note(site, "application start").await?;
        site.application().set(&variable("FromStart"), &7).await?;
        site.application().update(&variable("Starts"), |old| old.unwrap_or(0) + 1).await?;
        stage.raise("started");
        Ok(())
    }

    async fn on_application_end(site: &Site) -> Result<(), HookError> {
        Stage::of(site).count("end");
        note(site, "application end").await?;
        site.application().set(&variable("FromEnd"), &9).await?;
        Ok(())
    }

    async fn on_session_start(_: &SessionStart, tx: &mut Conn) -> Result<(), HookError> {
        db::query(NUMBERED).bind("session start").execute(tx).await?;
        Ok(())
    }

    async fn on_session_end(end: &SessionEnd, tx: &mut Conn) -> Result<(), HookError> {
        db::query(NUMBERED).bind(format!("session end {}", end.reason.name())).execute(tx).await?;
        Ok(())
    }
}

/// Sees that the application has started.
async fn page(cx: &mut Context<'_>) -> PageResult {
    let stage = stage(cx);
    if !stage.is_up("started") {
        stage.count("page too early");
    }
    let value = cx.application().get(&variable("FromStart"))?;
    Ok(Response::text(format!("{value:?}")))
}

page!(Page, PageInfo::new("page", "/page"), show(cx) { page(cx).await });

page!(Last, PageInfo::new("last", "/last"), show(cx) {
    stage(cx).gate("last").pass().await;
    db::query(NUMBERED).bind("last page").execute(cx.tx().await?).await?;
    Ok(Response::text("last"))
});

fn pages(site: toolcrib::server::SiteBuilder) -> toolcrib::server::SiteBuilder {
    site.app_module::<Starting>().page::<Page>().page::<Last>().page::<Run>()
}

/// A site nobody has asked for anything yet.
async fn site(engine: Engine, settings: &str) -> Running {
    let settings = format!("pages.page.max = 100\n{settings}");
    Running::start(engine, &settings, pages).await
}

/// Asks for the page fifty times; when this returns, all have reached the site.
async fn fifty_requests(site: &Running) -> Vec<UnderWay> {
    let requests = (0..50).map(|_| site.visitor().opens("/page")).collect();
    // Whatever sends them, they come in on connections of their own; the connections opened after theirs are served.
    site.stage.gate("start").arrivals(1).await;
    for _ in 0..40 {
        site.visitor().get("/healthz").await.expect_status(200);
    }
    requests
}

/// `GET /readyz`.
async fn is_ready(site: &Running) -> bool {
    let answer = site.visitor().get("/readyz").await;
    assert!(matches!(answer.status, 200 | 503), "{answer:?}");
    answer.status == 200
}

fn nobody_was_early(site: &Running) {
    assert_eq!((site.stage.counted("page too early"), site.stage.counted("created too early")), (0, 0));
}

/// AC-24.
async fn fifty_first_requests_wait_for_one_start(engine: Engine) {
    let site = site(engine, "").await;
    site.stage.raise("meet");
    assert_eq!(site.stage.counted("start"), 0, "not before somebody asks");
    let requests = fifty_requests(&site).await;
    assert!(!is_ready(&site).await);
    assert!(requests.iter().all(|request| !request.is_answered()));
    site.stage.gate("start").open(1);
    for request in requests {
        assert_eq!(request.answer().await.expect_status(200).text(), "Some(7)");
    }
    assert_eq!(site.stage.counted("start"), 1);
    nobody_was_early(&site);
    assert!(is_ready(&site).await);
    for _ in 0..10 {
        site.visitor().get("/page").await.expect_status(200);
    }
    assert_eq!(site.stage.counted("start"), 1);
    assert_eq!(site.notes("1 application start").await, 1);
}

/// AC-24, failing variant: the fifty are told to come back, and whoever comes next starts it again.
async fn is_started_again_after(site: &Running, flag: &'static str) {
    site.stage.raise("meet");
    site.stage.raise(flag);
    let requests = fifty_requests(site).await;
    site.stage.lower("meet");
    site.stage.gate("start").open(1);
    for request in requests {
        let answer = request.answer().await.expect_status(503);
        answer.retry_after();
        assert!(answer.is_html() && !answer.text().contains("asked to"), "{answer:?}");
    }
    assert_eq!(site.stage.counted("start"), 1, "one try for all who waited");
    assert!(!is_ready(site).await);
    site.visitor().get("/page").await.expect_status(503);
    site.stage.lower(flag);
    assert_eq!(site.stage.counted("page too early"), 0);
    assert_eq!(site.stage.counted("created too early"), 0);
    let tries = site.stage.counted("start");
    assert!(tries >= 2, "each later request tries again");
    holds_within("it starts", Duration::from_secs(5), async || site.visitor().get("/page").await.status == 200).await;
    assert_eq!(site.visitor().read("/page").await, "Some(7)");
    assert!(site.stage.counted("start") > tries);
    nobody_was_early(site);
    assert!(is_ready(site).await);
    assert_eq!(site.notes("1 application start").await, 1);
    let requests = site.status().await.requests;
    assert!(requests.add_up(), "{requests:?}");
}

async fn a_start_that_fails_is_made_again_by_the_next_request(engine: Engine) {
    let site = site(engine, "").await;
    is_started_again_after(&site, "fail").await;
    assert!(site.log().await.iter().any(|entry| entry.says("asked to fail")), "the cause is in the log");
}

async fn a_start_that_panics_is_made_again_by_the_next_request(engine: Engine) {
    let site = site(engine, "").await;
    is_started_again_after(&site, "panic").await;
    assert!(site.log().await.iter().any(|entry| entry.says("asked to panic")), "the cause is in the log");
}

#[test]
fn a_probe_starts_the_application_and_says_ready_only_then() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        site.stage.raise("meet");
        for _ in 0..5 {
            site.visitor().get("/healthz").await.expect_status(200);
        }
        assert_eq!(site.stage.counted("start"), 0, "to be alive is not to be asked for");
        assert!(!is_ready(&site).await);
        site.stage.gate("start").arrivals(1).await;
        assert!(!is_ready(&site).await);
        site.stage.gate("start").open(1);
        holds_within("it is ready", Duration::from_secs(5), async || is_ready(&site).await).await;
        assert_eq!(site.stage.counted("start"), 1);
        assert_eq!(site.visitor().read("/page").await, "Some(7)");
    });
}

/// Who waits for a start that never ends is answered at his own deadline, and may have left before.
#[test]
fn a_start_that_hangs_costs_nobody_more_than_their_deadline() {
    run(async {
        let site = site(Engine::Sqlite, "request.timeout_ms = 800").await;
        site.stage.raise("hang");
        let mut gone = Wire::connect(site.port).await;
        gone.send_get("/page").await;
        let answer = site.visitor().get("/page").await.expect_status(503);
        answer.retry_after();
        assert!(answer.took() < Duration::from_millis(3000), "{answer:?}");
        assert!(!is_ready(&site).await);
        nobody_was_early(&site);
        gone.hang_up(toolcrib_tests::wire::HangUp::Fin);
        let stopped = tokio::time::timeout(Duration::from_secs(8), site.stop()).await;
        stopped.expect("a start that hangs is no reason not to stop").expect("no panic");
    });
}

/// A11: a stop with requests under way and sessions that ended before it.
async fn start_and_end_stand_around_everything_else(engine: Engine) {
    let site = site(engine, "").await;
    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    visitor.sign_out().await;
    holds_within("the session's end is told", Duration::from_secs(5), async || {
        site.number("SELECT COUNT(*) FROM toolcrib_sessions").await == 0
    })
    .await;
    let events = site.site.events().clone();
    let stage = site.stage.clone();
    let beside = site.beside("", |site| site.app_module::<PlainApp>()).await;
    let last = site.visitor().opens("/last");
    stage.gate("last").arrivals(1).await;
    let stopped = site.stop();
    assert_eq!(stage.counted("end"), 0, "not while a page is at work");
    stage.gate("last").open(1);
    last.answer().await.expect_status(200);
    stopped.await.expect("a site that has stopped");
    let expected =
        ["1 application start", "2 session start", "3 session end logout", "4 last page", "5 application end"];
    for line in expected {
        assert_eq!(beside.notes(line).await, 1, "{line}");
    }
    assert_eq!(beside.number("SELECT COUNT(*) FROM notes").await, 5);
    assert_eq!((stage.counted("start"), stage.counted("end")), (1, 1));
    let kinds: Vec<String> = events
        .latest()
        .iter()
        .map(|event| event.kind.to_string())
        .filter(|kind| kind.starts_with("application_") || kind.starts_with("session_"))
        .collect();
    assert_eq!(kinds, ["application_start", "session_start", "session_end", "application_end"]);
}

/// One who was never started has nothing to end.
#[test]
fn who_was_never_started_is_not_ended() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let stage = site.stage.clone();
        site.stop().await.expect("a site that has stopped");
        assert_eq!((stage.counted("start"), stage.counted("end")), (0, 0));
    });
}

async fn what_is_set_at_the_start_is_there_for_the_first_page_and_at_the_end_for_the_next_process(engine: Engine) {
    let site = site(engine, "").await;
    assert_eq!(site.visitor().read("/run?do=get:FromStart,get:FromEnd,get:Starts").await, "7 - 1");
    let site = site.restarted("", pages).await;
    assert_eq!(site.stage.counted("start"), 0);
    assert_eq!(site.visitor().read("/run?do=get:FromStart,get:FromEnd,get:Starts").await, "7 9 2");
    assert_eq!(site.stage.counted("start"), 1);
}
