//! A page that lets another one answer: the same request goes on (W22, W25).

use crate::support::prelude::*;

on_both_engines! {
    the_unit_and_the_session_go_on_in_the_page_handed_on_to,
    what_was_written_before_a_page_that_may_not_be_seen_is_gone,
}

const TOLD: SessionField<String> = SessionField::new("told");

/// Writes a row and a session field, then hands on to the page named in the query.
async fn write_and_hand_on(cx: &mut Context<'_>) -> PageResult {
    db::query("INSERT INTO notes (body) VALUES ('first')").execute(cx.tx().await?).await?;
    cx.session_mut().set(&TOLD, &"by the first".to_owned())?;
    let to = cx.query_param("to").unwrap_or("second").to_owned();
    cx.dispatch_page(&to)
}

page!(First, PageInfo::new("first", "/first"), show(cx) { write_and_hand_on(cx).await });

page!(Second, PageInfo::new("second", "/second").unpublished(), show(cx) {
    let rows: i64 =
        db::query("SELECT COUNT(*) FROM notes WHERE body = 'first'").scalar(cx.read().await?).await?;
    let told = cx.session().get(&TOLD)?.unwrap_or_default();
    Ok(Response::text(format!("rows={rows} told={told}")))
});

page!(Session, PageInfo::new("session", "/session"), show(cx) {
    Ok(Response::text(cx.session().get(&TOLD)?.unwrap_or_default()))
});

page!(Members, PageInfo::new("members", "/members").login_required(), show(_cx) { Ok(Response::text("members")) });
page!(Admins, PageInfo::new("admins", "/admins").right("admin"), show(_cx) { Ok(Response::text("admins")) });
page!(Ping, PageInfo::new("ping", "/ping"), show(cx) { cx.dispatch_page("pong") });
page!(Pong, PageInfo::new("pong", "/pong"), show(cx) { cx.dispatch_page("PING") });

/// Hands on to itself once.
struct Mirror {
    seen: String,
    stage: Stage,
}

impl PageModule for Mirror {
    const INFO: PageInfo = PageInfo::new("mirror", "/mirror");

    async fn create(site: &Site) -> Result<Self, CreateError> {
        Ok(Self { seen: String::new(), stage: Stage::of(site) })
    }

    fn initialize(&mut self) {
        self.seen.clear();
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        if self.stage.count("looked") == 1 {
            self.seen.push_str("a look");
            return cx.dispatch_page("mirror");
        }
        Ok(Response::text(format!("seen={}", self.seen)))
    }
}

async fn site(engine: Engine) -> Running {
    site_with(engine, "").await
}

async fn site_with(engine: Engine, more: &str) -> Running {
    let settings = format!("pool.max = 1\npool.queue_timeout_ms = 2000\npages.app.max = 4\n{more}");
    Running::start(engine, &settings, |site| {
        site.app_module::<PlainApp>()
            .page::<First>()
            .page::<Second>()
            .page::<Session>()
            .page::<Members>()
            .page::<Admins>()
            .page::<Ping>()
            .page::<Pong>()
            .page::<Mirror>()
    })
    .await
}

async fn the_unit_and_the_session_go_on_in_the_page_handed_on_to(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let answer = visitor.get("/first").await.expect_status(200);
    assert_eq!(answer.text(), "rows=1 told=by the first", "{answer:?}");
    let sessions = answer.cookies().iter().filter(|cookie| cookie.name.contains("session")).count();
    assert_eq!(sessions, 1, "one answer, one cookie: {answer:?}");
    assert_eq!(site.notes("first").await, 1);
    assert_eq!(visitor.read("/session").await, "by the first");
}

async fn what_was_written_before_a_page_that_may_not_be_seen_is_gone(engine: Engine) {
    let site = site(engine).await;
    let anybody = site.visitor();
    for to in ["members", "admins", "nobody"] {
        let answer = anybody.get(&format!("/first?to={to}")).await;
        assert!(matches!(answer.status, 401 | 403 | 500), "{to}: {answer:?}");
        assert!(!answer.text().contains(to), "{answer:?}");
    }
    let member = site.visitor();
    member.sign_in("mia", "").await;
    member.get("/first?to=admins").await.expect_status(403);
    assert_eq!(site.notes("first").await, 0, "undone with the request");
    assert_eq!(member.read("/session").await, "");
    let admin = site.visitor();
    admin.sign_in("ada", "admin").await;
    for (visitor, to) in [(&member, "members"), (&admin, "admins")] {
        assert_eq!(visitor.read(&format!("/first?to={to}")).await, to);
    }
    assert_eq!(site.notes("first").await, 2);
}

#[test]
fn an_unpublished_page_is_reached_from_other_pages_only() {
    run(async {
        let site = site(Engine::Sqlite).await;
        let unpublished = site.visitor().get("/second").await.expect_status(404);
        let unknown = site.visitor().get("/third").await.expect_status(404);
        let body = |answer: &Answer| answer.text().replace(answer.header("x-request-id").expect("an id"), "");
        assert_eq!(body(&unpublished), body(&unknown), "W22: nobody can tell them apart");
        site.visitor().get("/first").await.expect_status(200);
    });
}

/// With one instance of each page: a page that hands on must have given its own back first.
#[test]
fn a_page_that_hands_on_to_itself_is_reset_in_between() {
    run(async {
        let site = site(Engine::Sqlite).await;
        assert_eq!(site.visitor().read("/mirror").await, "seen=");
        let pool = site.status().await.pool("mirror").clone();
        assert_eq!((pool.created_total, pool.uses_total, pool.active), (1, 2, 0), "{pool:?}");
    });
}

#[test]
fn pages_that_hand_on_to_each_other_end_with_an_error() {
    run(async {
        let site = site(Engine::Sqlite).await;
        let answer = site.visitor().get("/ping").await.expect_status(500);
        assert!(answer.took() < Duration::from_secs(2), "{answer:?}");
        let status = site.status().await;
        assert_eq!((status.pool("ping").active, status.pool("pong").active), (0, 0));
        assert_eq!((status.pool("ping").idle, status.pool("pong").idle), (1, 1), "no instance is lost");
        assert!(status.requests.add_up(), "{:?}", status.requests);
    });
}

/// Fault 20: the request itself holds the only instance, as the page's companion.
#[test]
fn a_page_created_always_is_not_waited_for_by_the_request_that_holds_it() {
    run(async {
        let site = site_with(Engine::Sqlite, "pages.second.create = \"always\"").await;
        for _ in 0..3 {
            let answer = site.visitor().get("/first").await;
            assert!(answer.took() < Duration::from_secs(1), "{answer:?}");
            assert_eq!(answer.expect_status(200).text().split(' ').count(), 4, "rows=… told=by the first");
        }
        assert_eq!(site.status().await.pool("second").waiting, 0);
    });
}
