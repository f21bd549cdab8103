//! Every session's start and end is told exactly once (W52, A10, T19).

use crate::support::prelude::*;

on_both_engines! {
    start_and_every_kind_of_end_are_told_once_with_the_values_of_the_session,
    an_end_is_told_once_however_many_sign_out_at_once,
    an_end_hook_that_fails_or_panics_holds_nobody_up,
    a_start_hook_that_fails_or_panics_fails_its_request_alone,
    a_start_hook_that_hangs_is_given_up_with_its_request,
}

const NAME: SessionField<String> = SessionField::new("name");

/// Writes every start and every end into the database, in the hook's own transaction.
struct Telling;

async fn tell(tx: &mut Conn, line: String) -> Result<(), HookError> {
    db::query("INSERT INTO notes (body) VALUES ($1)").bind(line).execute(tx).await?;
    Ok(())
}

impl AppModule for Telling {
    const TITLE: &'static str = "Ends";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn on_session_start(start: &SessionStart, tx: &mut Conn) -> Result<(), HookError> {
        let name = start.get(&NAME)?.unwrap_or_default();
        tell(tx, format!("start {name}")).await?;
        match name.as_str() {
            "start-fails" => Err(HookError::new("asked to fail")),
            "start-panics" => panic!("asked to panic"),
            "start-hangs" => std::future::pending().await,
            _ => Ok(()),
        }
    }

    async fn on_session_end(end: &SessionEnd, tx: &mut Conn) -> Result<(), HookError> {
        let name = end.get(&NAME)?.unwrap_or_default();
        tell(tx, format!("end {name} {}", end.reason.name())).await?;
        match name.as_str() {
            "fails" => Err(HookError::new("asked to fail")),
            "panics" => panic!("asked to panic"),
            "breaks" => {
                db::query("INSERT INTO no_such_table VALUES (1)").execute(tx).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

page!(Name, PageInfo::new("name", "/name/{name}"), show(cx) {
    let name: String = cx.path("name")?;
    cx.session_mut().set(&NAME, &name)?;
    Ok(Response::text(name))
});

page!(Abandon, PageInfo::new("abandon", "/abandon"), action(cx) {
    cx.abandon_session();
    Ok(Response::text("abandoned"))
});

async fn site(engine: Engine, settings: &str) -> Running {
    Running::start(engine, settings, |site| site.app_module::<Telling>().page::<Name>().page::<Abandon>()).await
}

/// Waits until no session is left, told or untold.
async fn all_are_gone(site: &Running) {
    holds_within("every session is told and gone", Duration::from_secs(10), async || site.sessions().await == 0).await;
}

pub(super) async fn start_and_every_kind_of_end_are_told_once_with_the_values_of_the_session(engine: Engine) {
    let site = site(engine, "session.idle_timeout_ms = 1200").await;
    let (leaver, quitter, sleeper) = (site.visitor(), site.visitor(), site.visitor());
    leaver.read("/name/leaver").await;
    leaver.sign_out().await;
    quitter.read("/name/quitter").await;
    quitter.post("/abandon", &[]).await.expect_status(200);
    sleeper.read("/name/sleeper").await;
    all_are_gone(&site).await;
    for name in ["leaver", "quitter", "sleeper"] {
        assert_eq!(site.notes(&format!("start {name}")).await, 1, "{name}");
    }
    assert_eq!(site.notes("end leaver logout").await, 1);
    assert_eq!(site.notes("end quitter abandoned").await, 1);
    assert_eq!(site.notes("end sleeper timeout").await, 1, "without anybody asking for a page");
    assert_eq!(site.number("SELECT COUNT(*) FROM notes").await, 6);
    let counts = site.site.sessions().counts().await.expect("counts");
    assert_eq!((counts.active, counts.started_total), (0, 3));
    assert_eq!((counts.ended_by_logout, counts.abandoned, counts.ended_by_timeout), (1, 1, 1));
}

pub(super) async fn an_end_is_told_once_however_many_sign_out_at_once(engine: Engine) {
    let site = site(engine, "").await;
    for round in 0..5 {
        let visitor = site.visitor();
        visitor.read(&format!("/name/crowd{round}")).await;
        let token = visitor.token().await;
        let answers = all_at_once(16, |turn| {
            let (browser, token) = (visitor.copied(), token.clone());
            async move { browser.post_with(&token, if turn % 2 == 0 { "/sign-out" } else { "/abandon" }, &[]).await }
        })
        .await;
        assert!(answers.iter().any(|answer| answer.status == 200));
        for answer in &answers {
            // Whoever comes when the session has ended already has a form that is out of date.
            assert!(matches!(answer.status, 200 | 401 | 403), "{answer:?}");
        }
        all_are_gone(&site).await;
        let told = site.notes(&format!("end crowd{round} logout")).await
            + site.notes(&format!("end crowd{round} abandoned")).await;
        assert_eq!(told, 1, "round {round}");
    }
    let counts = site.site.sessions().counts().await.expect("counts");
    assert_eq!((counts.started_total, counts.ended_by_logout + counts.abandoned), (5, 5));
}

pub(super) async fn an_end_hook_that_fails_or_panics_holds_nobody_up(engine: Engine) {
    let site = site(engine, "").await;
    let names = ["first", "fails", "second", "panics", "third", "breaks", "last"];
    for name in names {
        let visitor = site.visitor();
        visitor.read(&format!("/name/{name}")).await;
        visitor.sign_out().await;
    }
    all_are_gone(&site).await;
    for name in ["first", "second", "third", "last"] {
        assert_eq!(site.notes(&format!("end {name} logout")).await, 1, "{name}");
    }
    for name in ["fails", "panics", "breaks"] {
        assert_eq!(site.notes(&format!("end {name} logout")).await, 0, "what a failed hook wrote is undone");
    }
    assert_eq!(site.site.sessions().counts().await.expect("counts").ended_by_logout, 7);
}

pub(super) async fn a_start_hook_that_fails_or_panics_fails_its_request_alone(engine: Engine) {
    let site = site(engine, "pages.name.max = 1").await;
    for name in ["start-fails", "start-panics"] {
        let answer = site.visitor().get(&format!("/name/{name}")).await.expect_status(500);
        assert!(answer.cookies().is_empty(), "{answer:?}");
        assert_eq!(site.notes(&format!("start {name}")).await, 0);
        assert_eq!(site.visitor().read("/name/sound").await, "sound", "after {name}");
    }
    assert_eq!(site.notes("start sound").await, 2);
    assert_eq!(site.sessions().await, 2);
    assert_eq!(site.status().await.pool("name").active, 0);
}

/// The hook holds a transaction, on SQLite the only one: the request's deadline is the hook's as well.
pub(super) async fn a_start_hook_that_hangs_is_given_up_with_its_request(engine: Engine) {
    let site = site(engine, "pages.name.max = 1\nrequest.timeout_ms = 1000").await;
    let answer = site.visitor().get("/name/start-hangs").await;
    assert!(matches!(answer.status, 500 | 503), "{answer:?}");
    assert!(answer.took() < Duration::from_secs(5), "{answer:?}");
    assert_eq!(site.visitor().read("/name/sound").await, "sound");
    assert_eq!((site.notes("start start-hangs").await, site.notes("start sound").await), (0, 1));
}
