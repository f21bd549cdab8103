//! How long sessions last and how many there may be (W50, W51). Here the passing of time is what is tested.

use crate::support::prelude::*;

on_both_engines! {
    the_absolute_limit_holds_although_requests_keep_coming,
    pages_in_the_background_do_not_prolong_a_session,
    a_visitor_who_keeps_coming_keeps_the_session,
    exactly_as_many_sessions_start_as_are_allowed,
}

const NAME: SessionField<String> = SessionField::new("name");

page!(Name, PageInfo::new("name", "/name/{name}"), show(cx) {
    let name: String = cx.path("name")?;
    cx.session_mut().set(&NAME, &name)?;
    Ok(Response::text(name))
});

async fn name_of(cx: &mut Context<'_>) -> PageResult {
    Ok(Response::text(cx.session().get(&NAME)?.unwrap_or_default()))
}

page!(Look, PageInfo::new("look", "/look"), show(cx) { name_of(cx).await });
page!(Poll, PageInfo::new("poll", "/poll").background(), show(cx) { name_of(cx).await });

async fn site(engine: Engine, settings: &str) -> Running {
    Running::start(engine, settings, |site| site.app_module::<PlainApp>().page::<Name>().page::<Look>().page::<Poll>())
        .await
}

/// Asks for the page again and again, until the visitor is a stranger; how long that took.
async fn until_forgotten(visitor: &Visitor, path: &str) -> Duration {
    let started = Instant::now();
    holds_within("the session ends", Duration::from_secs(10), async || visitor.read(path).await.is_empty()).await;
    started.elapsed()
}

pub(super) async fn the_absolute_limit_holds_although_requests_keep_coming(engine: Engine) {
    let site = site(engine, "session.idle_timeout_ms = 60000\nsession.absolute_timeout_ms = 1500").await;
    let visitor = site.visitor();
    let before = Instant::now();
    visitor.read("/name/mia").await;
    until_forgotten(&visitor, "/look").await;
    let lasted = before.elapsed();
    assert!(lasted >= Duration::from_millis(1500) && lasted < Duration::from_millis(4000), "{lasted:?}");
    holds_within("the end is told", Duration::from_secs(5), async || {
        site.site.sessions().counts().await.expect("counts").ended_by_timeout == 1
    })
    .await;
}

pub(super) async fn pages_in_the_background_do_not_prolong_a_session(engine: Engine) {
    let site = site(engine, "session.idle_timeout_ms = 1500").await;
    let visitor = site.visitor();
    visitor.read("/name/mia").await;
    let lasted = until_forgotten(&visitor, "/poll").await;
    assert!(lasted < Duration::from_millis(4000), "{lasted:?}");
}

pub(super) async fn a_visitor_who_keeps_coming_keeps_the_session(engine: Engine) {
    let site = site(engine, "session.idle_timeout_ms = 1000").await;
    let (hasty, calm) = (site.visitor(), site.visitor());
    hasty.read("/name/hasty").await;
    calm.read("/name/calm").await;
    let started = Instant::now();
    let mut seen = Instant::now();
    while started.elapsed() < Duration::from_millis(3500) {
        assert_eq!(hasty.read("/look").await, "hasty", "after {:?}", started.elapsed());
        if seen.elapsed() > Duration::from_millis(400) {
            seen = Instant::now();
            assert_eq!(calm.read("/look").await, "calm", "after {:?}", started.elapsed());
        }
        toolcrib_tests::wait::time_passes(Duration::from_millis(20)).await;
    }
}

pub(super) async fn exactly_as_many_sessions_start_as_are_allowed(engine: Engine) {
    let site = site(engine, "session.max_sessions = 5").await;
    let answers = all_at_once(20, |number| {
        let visitor = site.visitor();
        async move {
            let answer = visitor.get(&format!("/name/visitor{number}")).await;
            (visitor, answer)
        }
    })
    .await;
    let mut inside = Vec::new();
    for (visitor, answer) in answers {
        match answer.status {
            200 => inside.push(visitor),
            503 => {
                answer.retry_after();
            }
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(inside.len(), 5);
    assert_eq!(site.site.sessions().counts().await.expect("counts").active, 5);
    site.visitor().get("/look").await.expect_status(200);
    for visitor in &inside {
        assert!(visitor.read("/look").await.starts_with("visitor"), "those inside are unaffected");
    }
    inside[0].sign_out().await;
    site.visitor().get("/name/next").await.expect_status(200);
    site.visitor().get("/name/one-too-many").await.expect_status(503);
}
