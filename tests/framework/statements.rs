//! How many statements a request had run, and who holds a lock: what pages can be told of themselves and of others.

use serde_json::{Value, json};

use crate::support::prelude::*;

on_both_engines! {
    the_statements_of_a_request_are_counted_over_all_its_attempts,
    who_holds_a_lock_and_who_waits_is_told_while_it_is_so,
}

const FIELD: SessionField<i64> = SessionField::new("field");

page!(Plain, PageInfo::new("plain", "/plain"), show(_cx) { Ok(Response::text("plain")) });

page!(Read, PageInfo::new("read", "/read"), show(cx) {
    for _ in 0..3 {
        let _: i64 = db::query("SELECT COUNT(*) FROM notes").scalar(cx.read().await?).await?;
    }
    Ok(Response::text("read"))
});

page!(Write, PageInfo::new("write", "/write"), action(cx) {
    db::query("INSERT INTO notes (body) VALUES ('counted')").execute(cx.tx().await?).await?;
    if cx.form_param("session").is_some() {
        cx.session_mut().set(&FIELD, &1)?;
    }
    if cx.attempt_number() == 1 && cx.form_param("again").is_some() {
        return Err(PageError::retry("once more"));
    }
    Ok(Response::text("written"))
});

async fn the_statements_of_a_request_are_counted_over_all_its_attempts(engine: Engine) {
    let site = Running::start(engine, "retry.delays_ms = [1]", |site| {
        site.app_module::<PlainApp>().page::<Plain>().page::<Read>().page::<Write>()
    })
    .await;
    let visitor = site.visitor();
    visitor.sign_in("anna", "").await;
    let count = |answer: &Answer| answer.header("x-statements").and_then(|count| count.parse().ok()).unwrap_or(99);
    assert_eq!(count(&visitor.get("/plain").await), 0_u64);
    assert_eq!(count(&visitor.get("/read").await), 3);
    // BEGIN, INSERT, COMMIT.
    assert_eq!(count(&visitor.post("/write", &[]).await), 3);
    // The session's row and its field.
    assert_eq!(count(&visitor.post("/write", &[("session", "1")]).await), 5);
    // BEGIN, INSERT, ROLLBACK before.
    let again = visitor.post("/write", &[("again", "1")]).await.expect_status(200);
    assert_eq!(count(&again), 6);
}

page!(Hold, PageInfo::new("hold", "/hold"), show(cx) {
    cx.lock("client/7").exclusive().within(Duration::from_secs(10)).acquire().await?;
    stage(cx).gate("held").pass().await;
    Ok(Response::text("held"))
});

page!(Look, PageInfo::new("look", "/look"), show(cx) {
    let holder = |holder: &Holder| json!({
        "mode": holder.mode.to_string(), "page": holder.page, "request": &*holder.request,
        "recent": holder.since.elapsed() < Duration::from_secs(20),
    });
    let holders: Vec<Value> = cx.holders(" Client/7").iter().map(holder).collect();
    cx.json(&json!({ "holders": holders, "waiters": cx.waiters("client/7"), "nobody": cx.holders("client/8").len() }))
});

async fn who_holds_a_lock_and_who_waits_is_told_while_it_is_so(engine: Engine) {
    let site = Running::start(engine, "", |site| site.app_module::<PlainApp>().page::<Hold>().page::<Look>()).await;
    let look = async || site.visitor().get_json("/look").await.expect_status(200).json();
    assert_eq!(look().await, json!({ "holders": [], "waiters": 0, "nobody": 0 }));
    let gate = site.stage.gate("held");
    let first = site.visitor().opens("/hold");
    gate.arrivals(1).await;
    let second = site.visitor().opens("/hold");
    holds_within("the second waits", Duration::from_secs(5), async || site.status().await.locks.waiting == 1).await;
    let mut found = look().await;
    let request = found["holders"][0]["request"].take();
    let holder = json!({ "mode": "exclusive", "page": "hold", "request": null, "recent": true });
    assert_eq!(found, json!({ "holders": [holder], "waiters": 1, "nobody": 0 }));
    gate.open(2);
    let first = first.answer().await.expect_status(200);
    assert_eq!(Some(request.as_str().expect("an id")), first.header("x-request-id"));
    second.answer().await.expect_status(200);
    assert_eq!(look().await["holders"], json!([]));
}
