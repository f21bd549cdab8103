//! The life of a stream: who gets one, what it costs, when it ends.

use toolcrib_tests::wire::Wire;

use crate::live::{Live, site};
use crate::support::prelude::*;
use crate::support::{EVENTS, people};

on_both_engines! {
    a_sign_out_ends_the_streams_of_its_session_alone,
    a_disabled_user_hears_nothing_more,
    a_change_of_rights_ends_the_stream_at_the_next_beat,
    a_session_ended_elsewhere_ends_its_streams_at_the_next_beat,
    an_open_stream_does_not_prolong_its_session,
}

page!(Guarded, PageInfo::new("guarded", "/guarded").right("view"), show(cx) { Ok(cx.live(&["secrets"])) });

page!(Ping, PageInfo::new("ping", "/ping"), show(_cx) { Ok(Response::text("pong")) });

/// Longer than any test takes: what ends before ends for another reason.
const NO_BEAT: &str = "live.heartbeat_ms = 60000";

async fn with_people(engine: Engine, settings: &str) -> Running {
    Running::start(engine, settings, |site| people(site).page::<Live>().page::<Guarded>()).await
}

async fn a_sign_out_ends_the_streams_of_its_session_alone(engine: Engine) {
    let site = site(engine, NO_BEAT).await;
    let (anna, boris) = (site.visitor(), site.visitor());
    anna.sign_in("anna", "").await;
    boris.sign_in("boris", "").await;
    let (mut of_anna, mut of_boris) = (anna.listens("/live/a").await, boris.listens("/live/a").await);
    anna.sign_out().await;
    assert_eq!(of_anna.hears_the_end().await, [""; 0]);
    site.site.live().publish("a", "said", &1);
    assert_eq!(of_boris.hears("said").await, 1);
    assert_eq!(site.status().await.live.streams, 1);
}

async fn a_disabled_user_hears_nothing_more(engine: Engine) {
    let site = with_people(engine, NO_BEAT).await;
    let eve = site.hires("eve", &["staff"]).await;
    let visitor = site.entered("eve").await;
    let mut listener = visitor.listens("/guarded").await;
    let mut tx = site.tx().await;
    site.site.users().disable(&mut tx, eve).await.expect("a change");
    tx.commit().await.expect("a commit");
    assert_eq!(listener.hears_the_end().await, [""; 0]);
    assert_eq!(visitor.is_refused_to_listen("/guarded").await.status, 401);
}

async fn a_change_of_rights_ends_the_stream_at_the_next_beat(engine: Engine) {
    let site = with_people(engine, "live.heartbeat_ms = 50").await;
    let eve = site.hires("eve", &["staff"]).await;
    let visitor = site.entered("eve").await;
    let mut listener = visitor.listens("/guarded").await;
    listener.hears_nothing(Duration::from_millis(300)).await;
    let mut tx = site.tx().await;
    let version = site.site.users().by_id(&mut tx, eve).await.expect("a user").expect("a user").version;
    site.site.users().set_roles(&mut tx, eve, version, &[]).await.expect("a change");
    tx.commit().await.expect("a commit");
    assert_eq!(listener.hears_the_end().await, [""; 0]);
    assert_eq!(visitor.is_refused_to_listen("/guarded").await.status, 403);
}

/// As another process that has the same database does it.
async fn a_session_ended_elsewhere_ends_its_streams_at_the_next_beat(engine: Engine) {
    let site = site(engine, "live.heartbeat_ms = 50\nsession.idle_timeout_ms = 600000").await;
    let anna = site.visitor();
    anna.sign_in("anna", "").await;
    let mut listener = anna.listens("/live/a").await;
    let mut tx = site.tx().await;
    db::query("DELETE FROM toolcrib_sessions WHERE user_id = 'anna'").execute(&mut tx).await.expect("a statement");
    tx.commit().await.expect("a commit");
    assert_eq!(listener.hears_the_end().await, [""; 0]);
}

async fn an_open_stream_does_not_prolong_its_session(engine: Engine) {
    let site = site(engine, "live.heartbeat_ms = 50\nsession.idle_timeout_ms = 800").await;
    let anna = site.visitor();
    anna.sign_in("anna", "").await;
    let started = Instant::now();
    let mut listener = anna.listens("/live/a").await;
    // Coming again is no visit either.
    while started.elapsed() < Duration::from_millis(500) {
        drop(anna.listens("/live/a").await);
    }
    assert_eq!(listener.hears_the_end().await, [""; 0]);
    assert!(started.elapsed() < Duration::from_millis(2_500), "{:?}", started.elapsed());
}

#[test]
fn streams_hold_no_instance_and_no_connection_and_leave_room_for_others() {
    run(async {
        let settings = "server.workers = 1\npool.max = 1\npages.live.max = 1\ndatabase.max_connections = 1";
        let site = Running::start(Engine::Sqlite, settings, |site| {
            site.app_module::<PlainApp>().page::<Live>().page::<Ping>()
        })
        .await;
        let mut listeners = Vec::new();
        for _ in 0..30 {
            listeners.push(site.visitor().listens("/live/a").await);
        }
        assert_eq!(site.visitor().read("/ping").await, "pong");
        let status = site.status().await;
        let pool = status.pool("live");
        assert_eq!((pool.active, pool.idle, pool.waiting, pool.created_total), (0, 1, 0, 1));
        assert_eq!((status.live.streams, status.live.topics), (30, 1));
        site.site.live().publish("a", "said", &1);
        for listener in &mut listeners {
            assert_eq!(listener.hears("said").await, 1);
        }
        drop(listeners);
        holds_within("all places are free", Duration::from_secs(5), async || {
            let live = site.status().await.live;
            (live.streams, live.topics, live.dropped_total) == (0, 0, 0)
        })
        .await;
    });
}

#[test]
fn a_client_that_does_not_read_is_given_up_and_nobody_waits_for_it() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let mut slow = Wire::connect(site.port).await;
        slow.send(format!("GET /live/a HTTP/1.1\r\nHost: {}\r\nAccept: {EVENTS}\r\n\r\n", slow.host())).await;
        holds_within("it listens", Duration::from_secs(5), async || site.status().await.live.streams == 1).await;
        let text = "x".repeat(4_000);
        // As much as the system keeps for a connection, and more.
        for number in 0..20_000 {
            site.site.live().publish("a", "said", &text);
            if number % 32 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if number % 1_000 == 0 && site.status().await.live.streams == 0 {
                break;
            }
        }
        let live = site.status().await.live;
        assert_eq!((live.streams, live.topics, live.dropped_total), (0, 0, 1), "{live:?}");
        assert!(live.published_total > 64, "not before its queue was full");
        let mut quick = site.visitor().listens("/live/a").await;
        site.site.live().publish("a", "said", &1);
        assert_eq!(quick.hears("said").await, 1);
        // What was on its way comes, and then the end.
        assert!(slow.answer(Duration::from_secs(10)).await.expect("an answer").body.ends_with("0\r\n\r\n"));
    });
}

#[test]
fn a_beat_shows_that_a_quiet_stream_is_alive() {
    run(async {
        let site = site(Engine::Sqlite, "live.heartbeat_ms = 30").await;
        let mut listener = site.visitor().listens("/live/a").await;
        for _ in 0..3 {
            assert_eq!(listener.next().await.expect("a beat").comment.as_deref(), Some("beat"));
        }
    });
}

#[test]
fn beyond_the_limits_there_is_no_stream() {
    run(async {
        let site = site(Engine::Sqlite, "live.max_streams = 22").await;
        let anna = site.visitor();
        anna.sign_in("anna", "").await;
        let mut of_anna = Vec::new();
        for _ in 0..20 {
            of_anna.push(anna.listens("/live/a").await);
        }
        let refused = anna.is_refused_to_listen("/live/a").await.expect_status(503);
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        let others = [site.visitor().listens("/live/a").await, site.visitor().listens("/live/a").await];
        let refused = site.visitor().is_refused_to_listen("/live/a").await.expect_status(503);
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        drop(others);
        holds_within("there is room", Duration::from_secs(5), async || site.status().await.live.streams == 20).await;
        site.visitor().listens("/live/a").await;
    });
}

#[test]
fn only_who_may_see_the_page_may_listen() {
    run(async {
        let site = with_people(Engine::Sqlite, "").await;
        let refused = site.visitor().is_refused_to_listen("/guarded").await;
        assert_eq!(refused.status, 401, "not a page to sign in with, which no script can use");
        let reader = site.visitor();
        reader.sign_in("rita", "read").await;
        assert_eq!(reader.is_refused_to_listen("/guarded").await.status, 403);
        reader.sign_in("rita", "view").await;
        reader.listens("/guarded").await;
    });
}

#[test]
fn who_asks_for_the_headers_alone_gets_no_stream() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let answer = site.visitor().head("/live/a?doing=editing", EVENTS).await.expect_status(200);
        assert_eq!((answer.header("content-type"), answer.body.len()), (Some("text/event-stream"), 0));
        assert_eq!(site.status().await.live.streams, 0);
    });
}

#[test]
fn open_streams_do_not_delay_a_stop() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let mut listeners = Vec::new();
        for _ in 0..20 {
            listeners.push(site.visitor().listens("/live/a").await);
        }
        let started = Instant::now();
        let stopped = site.stop();
        for listener in &mut listeners {
            assert_eq!(listener.hears_the_end().await, [""; 0]);
        }
        stopped.await.expect("without a panic");
        // The grace time is three seconds.
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    });
}
