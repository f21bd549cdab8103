//! Sessions under requests that run at the same time (W50, W54, T8, T9, fault 22).

use crate::support::prelude::*;

on_both_engines! {
    parallel_requests_that_write_different_fields_lose_none,
    of_two_writes_to_one_field_one_wins_whole,
    what_a_request_wrote_to_a_session_that_ended_meanwhile_is_refused_whole,
    a_sign_in_keeps_the_fields_and_voids_the_old_key,
    a_sign_in_on_a_session_that_ended_meanwhile_starts_a_new_one,
    a_visitor_to_whom_nothing_is_stored_has_no_session,
}

const FIELDS: [SessionField<String>; 4] =
    [SessionField::new("north"), SessionField::new("east"), SessionField::new("south"), SessionField::new("west")];

page!(Set, PageInfo::new("set", "/set/{field}/{value}"), show(cx) {
    let (field, value): (usize, String) = (cx.path("field")?, cx.path("value")?);
    let field = FIELDS.get(field).or_not_found()?;
    let before = cx.session().get(field)?.unwrap_or_default();
    cx.session_mut().set(field, &value)?;
    Ok(Response::text(before))
});

page!(Look, PageInfo::new("look", "/look"), show(cx) {
    let values: Vec<String> = FIELDS.iter().map(|field| cx.session().get(field)).collect::<Result<Vec<_>, _>>()?
        .into_iter().map(Option::unwrap_or_default).collect();
    let user = cx.end_user().map_or_else(|| "nobody".to_owned(), |user| user.name);
    Ok(Response::text(format!("{user}:{}", values.join(","))))
});

/// Writes to the session at once and to the database when it is let.
async fn write_late(cx: &mut Context<'_>) -> PageResult {
    cx.session_mut().set(&FIELDS[0], &"late".to_owned())?;
    let stage = stage(cx);
    stage.gate("late").pass().await;
    stage.count("late goes on");
    db::query("INSERT INTO notes (body) VALUES ('late')").execute(cx.tx().await?).await?;
    Ok(Response::text("written"))
}

page!(Late, PageInfo::new("late", "/late"), show(cx) { write_late(cx).await });
page!(LatePost, PageInfo::new("late-post", "/late-post"), action(cx) { write_late(cx).await });

page!(Leave, PageInfo::new("leave", "/leave"), action(cx) {
    cx.tx().await?;
    cx.sign_out();
    stage(cx).gate("leave").pass().await;
    Ok(Response::text("left"))
});

page!(LateSignIn, PageInfo::new("late-sign-in", "/late-sign-in"), action(cx) {
    stage(cx).gate("late").pass().await;
    let rights = Vec::new();
    cx.sign_in(&EndUser { id: "zoe".into(), name: "zoe".into(), display_name: "Zoe".into(), rights })?;
    Ok(Response::text("signed in"))
});

page!(Abandon, PageInfo::new("abandon", "/abandon"), action(cx) {
    cx.abandon_session();
    let value = cx.session().get(&FIELDS[1])?.unwrap_or_default();
    Ok(Response::text(format!("still {value}")))
});

async fn site(engine: Engine) -> Running {
    Running::start(engine, "", |site| {
        site.app_module::<PlainApp>()
            .page::<Set>()
            .page::<Look>()
            .page::<Late>()
            .page::<LatePost>()
            .page::<Leave>()
            .page::<LateSignIn>()
            .page::<Abandon>()
    })
    .await
}

pub(super) async fn parallel_requests_that_write_different_fields_lose_none(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    visitor.read("/set/0/start").await;
    for round in 0..200 {
        let answers = all_at_once(FIELDS.len(), |field| {
            let visitor = visitor.clone();
            async move { visitor.get(&format!("/set/{field}/{round}")).await }
        })
        .await;
        for answer in answers {
            answer.expect_status(200);
        }
        assert_eq!(visitor.read("/look").await, format!("nobody:{round},{round},{round},{round}"));
    }
}

pub(super) async fn of_two_writes_to_one_field_one_wins_whole(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    visitor.read("/set/1/kept").await;
    for round in 0..50 {
        let values = [format!("left{round}"), format!("right{round}")];
        let paths = values.clone().map(|value| format!("/set/0/{value}"));
        let answers = all_at_once(2, |turn| {
            let (visitor, path) = (visitor.clone(), paths[turn].clone());
            async move { visitor.get(&path).await }
        })
        .await;
        for answer in answers {
            answer.expect_status(200);
        }
        let seen = visitor.read("/look").await;
        assert!(values.iter().any(|value| seen == format!("nobody:{value},kept,,")), "round {round}: {seen}");
    }
}

pub(super) async fn what_a_request_wrote_to_a_session_that_ended_meanwhile_is_refused_whole(engine: Engine) {
    let site = site(engine).await;
    for (way_out, path) in [("/sign-out", "/late"), ("/abandon", "/late"), ("/sign-out", "/late-post")] {
        let visitor = site.visitor();
        visitor.sign_in("mia", "").await;
        visitor.read("/set/1/before").await;
        let stolen = visitor.copied();
        let token = visitor.token().await;
        let late = tokio::spawn({
            let (browser, token) = (visitor.copied(), token.clone());
            async move {
                let answer = if path == "/late" {
                    browser.get_json(path).await
                } else {
                    browser.post_with(&token, path, &[]).await
                };
                (browser, answer)
            }
        });
        let gate = site.stage.gate("late");
        gate.arrivals(1).await;
        let out = visitor.post_with(&token, way_out, &[]).await.expect_status(200);
        if way_out == "/abandon" {
            assert_eq!(out.text(), "still before", "A12: readable until the page has ended");
        }
        gate.open(1);
        let (browser, answer) = late.await.expect("an answer");
        assert_eq!(answer.status, 401, "{way_out} {path}: {answer:?}");
        assert_eq!(site.notes("late").await, 0, "{way_out} {path}");
        for visitor in [&visitor, &browser, &stolen] {
            assert_eq!(visitor.read("/look").await, "nobody:,,,", "{way_out} {path}: the session came back");
        }
        assert_eq!(site.open_sessions().await, 0);
    }
}

/// The write comes right behind the sign-out, before the end of the session has been told: the sign-out has SQLite's
/// one writing connection, and the write is the next in line for it.
#[test]
fn a_write_right_behind_the_sign_out_is_refused_whole() {
    run(async {
        let site = site(Engine::Sqlite).await;
        for round in 0..5 {
            let visitor = site.visitor();
            visitor.sign_in("mia", "").await;
            let token = visitor.token().await;
            let late = tokio::spawn({
                let browser = visitor.copied();
                async move { browser.get_json("/late").await }
            });
            site.stage.gate("late").arrivals(1).await;
            let leaving = tokio::spawn({
                let browser = visitor.copied();
                async move { browser.post_with(&token, "/leave", &[]).await }
            });
            site.stage.gate("leave").arrivals(1).await;
            site.stage.gate("late").open(1);
            holds_within("the write stands in line", Duration::from_secs(5), async || {
                site.stage.counted("late goes on") == round + 1
            })
            .await;
            site.stage.gate("leave").open(1);
            leaving.await.expect("an answer").expect_status(200);
            late.await.expect("an answer").expect_status(401);
            assert_eq!(site.notes("late").await, 0);
            assert_eq!(visitor.read("/look").await, "nobody:,,,");
        }
    });
}

pub(super) async fn a_sign_in_keeps_the_fields_and_voids_the_old_key(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    visitor.read("/set/0/cart").await;
    let stolen = visitor.copied();
    assert_eq!(stolen.read("/look").await, "nobody:cart,,,");
    visitor.sign_in("mia", "").await;
    assert_eq!(visitor.read("/look").await, "mia:cart,,,");
    assert_eq!(stolen.read("/look").await, "nobody:,,,", "the key of before is worth nothing");
    let before = visitor.copied();
    visitor.sign_in("zoe", "").await;
    assert_eq!(visitor.read("/look").await, "zoe:cart,,,");
    assert_eq!(before.read("/look").await, "nobody:,,,");
    assert_eq!(site.sessions().await, 1, "it is one session all the while");
}

pub(super) async fn a_sign_in_on_a_session_that_ended_meanwhile_starts_a_new_one(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    visitor.read("/set/0/cart").await;
    let token = visitor.token().await;
    let late = tokio::spawn({
        let (browser, token) = (visitor.copied(), token.clone());
        async move {
            browser.post_with(&token, "/late-sign-in", &[]).await.expect_status(200);
            browser
        }
    });
    let gate = site.stage.gate("late");
    gate.arrivals(1).await;
    visitor.post_with(&token, "/sign-out", &[]).await.expect_status(200);
    gate.open(1);
    let browser = late.await.expect("a browser");
    assert_eq!(browser.read("/look").await, "zoe:,,,", "nothing of the ended session");
    assert_eq!(visitor.read("/look").await, "nobody:,,,");
}

pub(super) async fn a_visitor_to_whom_nothing_is_stored_has_no_session(engine: Engine) {
    let site = site(engine).await;
    for _ in 0..3 {
        let answer = site.visitor().get("/look").await.expect_status(200);
        assert!(answer.cookies().is_empty(), "{answer:?}");
    }
    assert_eq!(site.sessions().await, 0);
}
