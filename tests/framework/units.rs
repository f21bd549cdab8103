//! The unit of work: rows, session fields, messages and effects are stored together or not at all.

use crate::support::prelude::*;

on_both_engines! {
    an_error_undoes_rows_session_and_messages_and_drops_the_effects,
    an_answer_of_any_status_is_stored,
    an_effect_runs_once_and_after_the_commit,
    a_reading_connection_cannot_write,
    a_page_reads_what_it_wrote,
    an_action_that_panics_stores_nothing,
}

const FIELD: SessionField<String> = SessionField::new("field");

/// Writes to everything a unit may change, then ends as it is told to.
async fn write(cx: &mut Context<'_>) -> PageResult {
    let stage = stage(cx);
    let site = cx.site().clone();
    db::query("INSERT INTO notes (body) VALUES ('unit')").execute(cx.tx().await?).await?;
    cx.session_mut().set(&FIELD, &"written".to_owned())?;
    cx.flash("saved")?;
    cx.after_commit(async move {
        let mut conn = site.db().read().await.expect("a connection");
        let rows: i64 = db::query("SELECT COUNT(*) FROM notes").scalar(&mut conn).await.expect("a count");
        stage.note(format!("effect saw {rows}"));
    });
    match cx.form_param("end") {
        Some("error") => Err(PageError::other("asked to fail")),
        Some("missing") => Err(PageError::NotFound),
        Some("panic") => panic!("asked to panic"),
        Some("invalid") => Ok(Response::text("invalid").with_status(StatusCode::UNPROCESSABLE_ENTITY)),
        _ => Ok(Response::text("fine")),
    }
}

page!(Write, PageInfo::new("write", "/write"), action(cx) { write(cx).await });

page!(Look, PageInfo::new("look", "/look"), show(cx) {
    let field = cx.session().get(&FIELD)?.unwrap_or_default();
    let messages = cx.frame().flashes().join(",");
    Ok(Response::text(format!("field={field} messages={messages}")))
});

page!(WriteByRead, PageInfo::new("write-by-read", "/write-by-read"), show(cx) {
    let outcome = db::query("INSERT INTO notes (body) VALUES ('by read')").execute(cx.read().await?).await;
    Ok(Response::text(match outcome {
        Err(DbError::ReadOnly(_)) => "refused".to_owned(),
        other => format!("{other:?}"),
    }))
});

page!(ReadOwn, PageInfo::new("read-own", "/read-own"), show(cx) {
    const COUNT: &str = "SELECT COUNT(*) FROM notes";
    let before: i64 = db::query(COUNT).scalar(cx.read().await?).await?;
    db::query("INSERT INTO notes (body) VALUES ('own')").execute(cx.tx().await?).await?;
    let after: i64 = db::query(COUNT).scalar(cx.read().await?).await?;
    Ok(Response::text(format!("{before} then {after}")))
});

async fn site(engine: Engine) -> Running {
    Running::start(engine, "", |site| {
        site.app_module::<PlainApp>().page::<Write>().page::<Look>().page::<WriteByRead>().page::<ReadOwn>()
    })
    .await
}

/// A visitor who has a session already, so that only the unit could have written to it.
async fn visitor_of(site: &Running) -> Visitor {
    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    visitor
}

async fn an_error_undoes_rows_session_and_messages_and_drops_the_effects(engine: Engine) {
    let site = site(engine).await;
    let visitor = visitor_of(&site).await;
    for (end, status) in [("error", 500), ("missing", 404)] {
        let answer = visitor.post("/write", &[("end", end)]).await.expect_status(status);
        assert!(answer.cookies().is_empty(), "{answer:?}");
    }
    assert_eq!(site.notes("unit").await, 0);
    assert_eq!(visitor.read("/look").await, "field= messages=");
    assert_eq!(site.stage.journal(), Vec::<String>::new());
    let newcomer = site.visitor();
    newcomer.post("/write", &[("end", "error")]).await.expect_status(500);
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_sessions").await, 1, "no session was started");
}

async fn an_answer_of_any_status_is_stored(engine: Engine) {
    let site = site(engine).await;
    let visitor = visitor_of(&site).await;
    visitor.post("/write", &[("end", "invalid")]).await.expect_status(422);
    assert_eq!(site.notes("unit").await, 1);
    assert_eq!(visitor.read("/look").await, "field=written messages=saved");
    assert_eq!(site.stage.journal(), ["effect saw 1"]);
}

async fn an_effect_runs_once_and_after_the_commit(engine: Engine) {
    let site = site(engine).await;
    let visitor = visitor_of(&site).await;
    let token = visitor.token().await;
    visitor.post_with(&token, "/write", &[]).await.expect_status(200);
    visitor.post_with(&token, "/write", &[]).await.expect_status(200);
    assert_eq!(site.stage.journal(), ["effect saw 1", "effect saw 2"], "it sees what was committed");
    assert_eq!(visitor.read("/look").await, "field=written messages=saved,saved");
    assert_eq!(visitor.read("/look").await, "field=written messages=", "a message is shown once");
}

async fn a_reading_connection_cannot_write(engine: Engine) {
    let site = site(engine).await;
    assert_eq!(site.visitor().read("/write-by-read").await, "refused");
    assert_eq!(site.notes("by read").await, 0);
    assert_eq!(site.visitor().read("/read-own").await, "0 then 1", "the connection is fit for use afterwards");
}

async fn a_page_reads_what_it_wrote(engine: Engine) {
    let site = site(engine).await;
    assert_eq!(site.visitor().read("/read-own").await, "0 then 1");
    assert_eq!(site.visitor().read("/read-own").await, "1 then 2");
}

async fn an_action_that_panics_stores_nothing(engine: Engine) {
    let site = site(engine).await;
    let visitor = visitor_of(&site).await;
    visitor.post("/write", &[("end", "panic")]).await.expect_status(500);
    assert_eq!(site.notes("unit").await, 0);
    assert_eq!(visitor.read("/look").await, "field= messages=");
    assert_eq!(site.stage.journal(), Vec::<String>::new());
    visitor.post("/write", &[]).await.expect_status(200);
    assert_eq!(site.notes("unit").await, 1);
}
