//! Sessions and time: idle time-out, its sweeper, the absolute limit. Here time itself is what is tested.

use toolcrib_tests::prelude::*;
use toolcrib_tests::wait::time_passes;

on_both_engines! {
    an_idle_session_ends_and_a_reading_one_does_not,
    fetching_keeps_a_session_alive,
    a_visitor_in_a_hurry_stays_signed_in,
    watching_the_status_does_not_keep_a_session_alive,
    a_session_ends_at_the_absolute_limit_although_in_use,
    an_idle_session_is_ended_once_by_the_sweeper,
    a_session_that_was_signed_out_does_not_time_out_later,
}

/// W50: reading keeps a session alive, staying away ends it.
async fn an_idle_session_ends_and_a_reading_one_does_not(engine: Engine) {
    let server = Server::on(engine).setting("SESSION__IDLE_TIMEOUT_MS", 2000).start().await;
    let anna = server.signed_in("anna").await;
    for second in 1..=5 {
        time_passes(Duration::from_secs(1)).await;
        assert!(anna.is_signed_in().await, "signed out after {second} s although reading all the time");
    }
    time_passes(Duration::from_secs(3)).await;
    assert!(!anna.is_signed_in().await, "still signed in after three idle seconds");
}

/// W50: JSON fetched by a script is use as well.
async fn fetching_keeps_a_session_alive(engine: Engine) {
    let server = Server::on(engine).setting("SESSION__IDLE_TIMEOUT_MS", 1500).start().await;
    let anna = server.signed_in("anna").await;
    for _ in 0..20 {
        time_passes(Duration::from_millis(200)).await;
        anna.get_json("/clients").await.expect_status(200);
    }
    time_passes(Duration::from_millis(2500)).await;
    anna.get_json("/clients").await.expect_status(401);
}

/// W50: however quickly one request follows the other, each of them is use.
async fn a_visitor_in_a_hurry_stays_signed_in(engine: Engine) {
    let server = Server::on(engine).setting("SESSION__IDLE_TIMEOUT_MS", 1500).start().await;
    let anna = server.signed_in("anna").await;
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(5) {
        let answer = anna.get_json("/clients").await;
        assert_eq!(answer.status, 200, "after {:?}: {answer:?}", started.elapsed());
    }
}

/// S16: a window that shows the status all day long is not a person at work.
async fn watching_the_status_does_not_keep_a_session_alive(engine: Engine) {
    let server = Server::on(engine).setting("SESSION__IDLE_TIMEOUT_MS", 1500).start().await;
    let admin = server.signed_in("admin").await;
    let started = Instant::now();
    holds_within("the watching session ends", Duration::from_secs(4), async || {
        admin.get_json("/tools/status.json").await.status == 401
    })
    .await;
    assert!(started.elapsed() > Duration::from_secs(1), "it ended after {:?} already", started.elapsed());
}

/// The absolute limit holds however busy the visitor is.
async fn a_session_ends_at_the_absolute_limit_although_in_use(engine: Engine) {
    let server = Server::on(engine)
        .setting("SESSION__IDLE_TIMEOUT_MS", 2000)
        .setting("SESSION__ABSOLUTE_TIMEOUT_MS", 3000)
        .start()
        .await;
    let anna = server.signed_in("anna").await;
    let started = Instant::now();
    let ended = eventually("the busy session ends", Duration::from_secs(6), async || {
        (!anna.is_signed_in().await).then(|| started.elapsed())
    })
    .await;
    assert!(ended > Duration::from_millis(2500), "it ended after {ended:?} already");
}

/// W52: the sweeper ends an idle session without its owner's help, exactly once, for the reason timeout.
async fn an_idle_session_is_ended_once_by_the_sweeper(engine: Engine) {
    let server = Server::on(engine).setting("SESSION__IDLE_TIMEOUT_MS", 1500).start().await;
    let before = server.status().await.sessions;
    let anna = server.signed_in("anna").await;
    let during = server.status().await.sessions;
    assert_eq!(during.active, before.active + 1);
    holds_within("the idle session is swept", Duration::from_secs(10), async || {
        server.status().await.sessions.ended_total.timeout == before.ended_total.timeout + 1
    })
    .await;
    assert_eq!(server.status().await.sessions.active, before.active);
    assert!(!anna.is_signed_in().await);
    time_passes(Duration::from_secs(2)).await;
    let later = server.status().await.sessions;
    let ended_by_anna = later.ended_total.all() - before.ended_total.all();
    let started_by_anna = later.started_total - before.started_total;
    assert_eq!(later.ended_total.logout, before.ended_total.logout, "{later:?}");
    assert_eq!(started_by_anna - ended_by_anna, later.active - before.active, "{before:?} then {later:?}");
}

/// W52: signing out is the end, and the time-out that would have come later is not another one.
async fn a_session_that_was_signed_out_does_not_time_out_later(engine: Engine) {
    let server = Server::on(engine).setting("SESSION__IDLE_TIMEOUT_MS", 1500).start().await;
    let before = server.status().await.sessions;
    let anna = server.signed_in("anna").await;
    let _ = anna.sign_out().await;
    server.signed_out(before.ended_total.logout + 1).await;
    // Long enough for whatever the sign-out may have begun for the visitor to end as well.
    holds_within("only the administrator's session is left", Duration::from_secs(10), async || {
        server.status().await.sessions.active == before.active
    })
    .await;
    let later = server.status().await.sessions;
    assert_eq!(later.ended_total.logout, before.ended_total.logout + 1, "{later:?}");
    assert_eq!(later.started_total, later.active + later.ended_total.all(), "{later:?}");
}
