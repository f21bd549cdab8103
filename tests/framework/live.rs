//! What is told to browsers, and when: what was committed, once, in one order.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use toolcrib_tests::wire::HangUp;

use crate::support::prelude::*;
use crate::support::{Listener, attempts};

on_both_engines! {
    an_event_is_heard_after_the_commit_and_not_before,
    an_undone_unit_tells_nothing,
    a_replayed_request_tells_once,
    a_unit_in_the_background_tells_after_its_commit,
}

const TALLY: AppVar<i64> = AppVar::new("Tally");

/// A moment in which an event would have been heard that was told too early.
const MOMENT: Duration = Duration::from_millis(200);

page!(pub(crate) Live, PageInfo::new("live", "/live/{topic}"), show(cx) {
    let topic: String = cx.path("topic")?;
    let stream = cx.live(&[&topic]);
    Ok(match cx.query_param("doing") {
        Some(doing) => stream.present(&topic, doing),
        None => stream,
    })
});

// Tells before it has committed, then waits, then ends as it is told to.
page!(Tell, PageInfo::new("tell", "/tell"), action(cx) {
    let number: i64 = cx.form_param("number").unwrap_or_default().parse().unwrap_or_default();
    db::query("INSERT INTO notes (body) VALUES ('told')").execute(cx.tx().await?).await?;
    cx.publish("news", "said", &json!({ "number": number }));
    if stage(cx).is_up("wait") {
        stage(cx).gate("told").pass().await;
    }
    match cx.form_param("end") {
        Some("error") => Err(PageError::other("asked to fail")),
        Some("missing") => Err(PageError::NotFound),
        Some("panic") => panic!("asked to panic"),
        _ => Ok(Response::text("told")),
    }
});

// Loses its first attempt to whoever changes the variable meanwhile.
page!(Collide, PageInfo::new("collide", "/collide"), action(cx) {
    let tally = cx.application().get(&TALLY)?.unwrap_or_default();
    cx.publish("news", "said", &json!({ "attempt": cx.attempt_number(), "tally": tally }));
    if cx.attempt_number() == 1 {
        stage(cx).gate("read").pass().await;
    }
    cx.application().set(&TALLY, &(tally + 1))?;
    db::query("INSERT INTO notes (body) VALUES ('collided')").execute(cx.tx().await?).await?;
    Ok(Response::text("done"))
});

pub(crate) async fn site(engine: Engine, settings: &str) -> Running {
    Running::start(engine, settings, |site| {
        site.app_module::<PlainApp>().page::<Live>().page::<Tell>().page::<Collide>()
    })
    .await
}

async fn an_event_is_heard_after_the_commit_and_not_before(engine: Engine) {
    let site = site(engine, "").await;
    let mut listener = site.visitor().listens("/live/news").await;
    let mut elsewhere = site.visitor().listens("/live/weather").await;
    site.stage.raise("wait");
    let visitor = site.visitor();
    let token = visitor.token().await;
    let telling = visitor.sends(&token, "/tell", &[("number", "7")]);
    site.stage.gate("told").arrivals(1).await;
    listener.hears_nothing(MOMENT).await;
    assert_eq!(site.notes("told").await, 0);
    site.stage.gate("told").open(1);
    assert_eq!(listener.hears("said").await, json!({ "number": 7 }));
    assert_eq!(site.notes("told").await, 1, "what is told of can be seen");
    telling.answer().await.expect_status(200);
    elsewhere.hears_nothing(MOMENT).await;
}

async fn an_undone_unit_tells_nothing(engine: Engine) {
    let site = site(engine, "").await;
    let mut listener = site.visitor().listens("/live/news").await;
    for (end, status) in [("error", 500), ("missing", 404), ("panic", 500)] {
        site.visitor().post("/tell", &[("end", end)]).await.expect_status(status);
    }
    site.visitor().post("/tell", &[("number", "1")]).await.expect_status(200);
    assert_eq!(listener.hears("said").await, json!({ "number": 1 }), "the first that was committed is the first heard");
    let live = site.status().await.live;
    assert_eq!((live.streams, live.topics, live.published_total, live.dropped_total), (1, 1, 1, 0));
}

async fn a_replayed_request_tells_once(engine: Engine) {
    let site = site(engine, "retry.delays_ms = [1, 1, 1]").await;
    let mut listener = site.visitor().listens("/live/news").await;
    let visitor = site.visitor();
    let token = visitor.token().await;
    let colliding = visitor.sends(&token, "/collide", &[]);
    site.stage.gate("read").arrivals(1).await;
    site.site.application().set(&TALLY, &10).await.expect("a change that is first");
    site.stage.gate("read").open(1);
    let answer = colliding.answer().await.expect_status(200);
    assert_eq!(attempts(&answer), 2);
    assert_eq!(listener.hears("said").await, json!({ "attempt": 2, "tally": 10 }));
    listener.hears_nothing(MOMENT).await;
}

async fn a_unit_in_the_background_tells_after_its_commit(engine: Engine) {
    let site = site(engine, "").await;
    let mut listener = site.visitor().listens("/live/news").await;
    let background = site.site.clone();
    let done = crate::support::in_background(async move || {
        let work = async |unit: &mut Unit| {
            unit.publish("news", "said", "in the background");
            Ok(unit.application().set(&TALLY, &1)?)
        };
        background.unit_of_work("tell", work).await.is_ok()
    });
    assert!(done.await.expect("no panic"));
    assert_eq!(listener.hears("said").await, json!("in the background"));
}

#[test]
fn all_hear_the_events_of_a_topic_in_one_order() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let mut listeners = Vec::new();
        for _ in 0..6 {
            listeners.push(site.visitor().listens("/live/news").await);
        }
        let mut tellers = JoinSet::new();
        for teller in 0..4 {
            let visitor = site.visitor();
            tellers.spawn(async move {
                let token = visitor.token().await;
                for step in 0..10 {
                    let number = (teller * 100 + step).to_string();
                    visitor.post_with(&token, "/tell", &[("number", &number)]).await.expect_status(200);
                }
            });
        }
        tellers.join_all().await;
        let mut orders = Vec::new();
        for listener in &mut listeners {
            let mut order = Vec::new();
            for _ in 0..40 {
                order.push(listener.hears("said").await["number"].as_i64().expect("a number"));
            }
            orders.push(order);
        }
        assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
        for teller in 0..4 {
            let own: Vec<i64> = orders[0].iter().copied().filter(|number| number / 100 == teller).collect();
            assert!(own.is_sorted() && own.len() == 10, "one after the other: {own:?}");
        }
    });
}

#[test]
fn events_are_numbered_and_come_with_nothing_that_keeps_them_back() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let mut listener = site.visitor().listens("/live/news").await;
        let headers = ["content-type", "cache-control", "x-accel-buffering", "content-encoding", "content-length"];
        let headers = headers.map(|name| listener.header(name));
        assert_eq!(headers, [Some("text/event-stream"), Some("no-store"), Some("no"), None, None]);
        for word in ["one", "two"] {
            site.site.live().publish("news", "said", word);
        }
        let mut ids = Vec::new();
        while ids.len() < 2 {
            ids.extend(listener.next().await.expect("an event").id);
        }
        assert_eq!(ids, [1, 2]);
    });
}

#[test]
fn a_stream_says_how_long_ago_something_happened_that_its_page_may_have_missed() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        toolcrib_tests::wait::time_passes(Duration::from_millis(300)).await;
        site.site.live().publish("news", "said", &1);
        let last = async |path: &str| {
            let answer = site.visitor().begins_to_listen(path).await;
            answer["last_ms"].as_u64().expect("a number")
        };
        let (news, weather) = (last("/live/news").await, last("/live/weather").await);
        assert!(news + 250 < weather, "{news} {weather}");
    });
}

// ===== presence =====

fn present(name: &str, doing: &str) -> Value {
    json!({ "user_id": name, "display_name": name, "doing": doing })
}

async fn presence_goes_with_the_connection(how: HangUp) {
    let site = site(Engine::Sqlite, "").await;
    let mut listener = site.visitor().listens("/live/card").await;
    let anna = site.visitor();
    anna.sign_in("anna", "").await;
    let first = anna.listens_on_a_wire("/live/card?doing=editing").await;
    assert_eq!(listener.hears("presence").await, json!([present("anna", "editing")]));
    let boris = site.visitor();
    boris.sign_in("boris", "").await;
    let mut second = boris.listens("/live/card?doing=looking").await;
    let both = json!([present("anna", "editing"), present("boris", "looking")]);
    assert_eq!(listener.hears("presence").await, both);
    assert_eq!(second.hears("presence").await, both, "who comes learns who is there");
    let there = site.site.live().present("card");
    assert_eq!(serde_json::to_value(&there).expect("JSON"), both);

    first.hang_up(how);
    assert_eq!(listener.hears("presence").await, json!([present("boris", "looking")]));
    drop(second);
    assert_eq!(listener.hears("presence").await, json!([]));
    assert_eq!(site.site.live().present("card"), []);
    assert_eq!(site.status().await.live.streams, 1);
}

#[test]
fn presence_goes_with_a_connection_that_is_closed() {
    run(presence_goes_with_the_connection(HangUp::Fin));
}

#[test]
fn presence_goes_with_a_connection_that_is_reset() {
    run(presence_goes_with_the_connection(HangUp::Rst));
}

#[test]
fn a_name_with_markup_is_only_a_text() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let name = "<img src=x>\n\ndata: forged\u{2028}";
        let visitor = site.visitor();
        visitor.sign_in(name, "").await;
        let mut listener: Listener = visitor.listens("/live/card?doing=%0A%0Adata:%20x").await;
        let heard = listener.hears("presence").await;
        assert_eq!(heard, json!([present(name, "\n\ndata: x")]));
    });
}
