//! Sessions under parallel requests, sign-out and restart.

use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

on_all_engines! {
    a_restart_keeps_visitors_signed_in,
    no_request_in_flight_undoes_a_sign_out,
    parallel_requests_lose_no_field_of_a_session,
    requests_of_one_session_run_in_parallel,
    a_full_house_turns_new_visitors_away,
    sessions_started_are_active_or_ended,
}

/// W55.
async fn a_restart_keeps_visitors_signed_in(engine: Engine) {
    let mut server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    server.kill();
    server.start_again().await;
    assert!(anna.is_signed_in().await);
}

/// A12, T9: the request that was under way when its visitor signed out writes its field and touches the session when
/// it ends; neither brings the session back.
async fn no_request_in_flight_undoes_a_sign_out(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let kept = anna.copied();
    let before = server.status().await.sessions;
    let writing = tokio::spawn({
        let browser = anna.copied();
        let token = token.clone();
        async move {
            let fields = [("name", "Zombie"), ("q", "x")];
            browser.post("/examples/mirror?hold_ms=1500").accept_json().form_with_token(&token, &fields).send().await
        }
    });
    let reading = tokio::spawn({
        let browser = anna.copied();
        async move { browser.get_json("/examples/mirror?hold_ms=1500").await }
    });
    holds_within("both requests are under way", Duration::from_secs(3), async || {
        server.status().await.pool("mirror").active == 2
    })
    .await;
    let out = anna.post("/logout").form_with_token(&token, &[]).send().await;
    assert_eq!(out.status, 303, "{out:?}");
    assert_eq!(server.status().await.pool("mirror").active, 2, "the requests ended too early to prove anything");
    let late = [writing.await.expect("an answer"), reading.await.expect("an answer")];
    for answer in &late {
        assert!(answer.status < 500 || answer.status == 503, "{answer:?}");
    }
    for cookies in [kept.jar().cookies()].into_iter().chain(late.iter().map(|answer| {
        answer
            .cookies()
            .into_iter()
            .filter(|cookie| !cookie.removes())
            .map(|cookie| (cookie.name, cookie.value))
            .collect()
    })) {
        let browser = server.visitor();
        browser.jar().replace(cookies);
        assert!(!browser.is_signed_in().await, "the session lives again");
        let seen = browser.get_json("/examples/mirror").await.expect_status(200).json();
        assert_ne!(seen["name"], "Zombie", "{seen}");
    }
    server.signed_out(before.ended_total.logout + 1).await;
}

/// D3, T8: two requests of one session that write different fields at the same time.
async fn parallel_requests_lose_no_field_of_a_session(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    // A session to begin with; without one each of the first two requests would be given its own.
    visitor.post_form_json("/examples/mirror", &[("name", "first"), ("q", "")]).await.expect_status(200);
    let token = visitor.csrf_token().await;
    for round in 0..rounds(100, 1000) {
        let (name, q) = (format!("name {round}"), format!("q {round}"));
        let answers = all_at_once(2, |number| {
            let (visitor, token, name, q) = (visitor.clone(), token.clone(), name.clone(), q.clone());
            async move {
                let (path, fields) = match number {
                    0 => ("/examples/mirror?hold_ms=10", [("name", name.as_str()), ("q", "")]),
                    _ => ("/examples/relay?hold_ms=10", [("q", q.as_str()), ("by", "redirect")]),
                };
                visitor.post(path).accept_json().form_with_token(&token, &fields).send().await
            }
        })
        .await;
        assert_eq!((answers[0].status, answers[1].status), (200, 303), "round {round}: {answers:?}");
        let seen = visitor.get_json("/examples/mirror").await.json();
        assert_eq!(seen["name"], name.as_str(), "round {round}: {seen}");
        let seen = visitor.get_json("/examples/relay/arrival").await.json();
        assert_eq!(seen["from_session"], q.as_str(), "round {round}: {seen}");
    }
}

/// They do run in parallel; one after the other nothing could be lost.
async fn requests_of_one_session_run_in_parallel(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    let _ = visitor.csrf_token().await;
    let started = Instant::now();
    let answers = all_at_once(5, |_| {
        let visitor = visitor.clone();
        async move { visitor.drill("hold_ms=500").await.status }
    })
    .await;
    assert_eq!(answers, [200; 5]);
    assert!(started.elapsed() < Duration::from_millis(1500), "five times 500 ms took {:?}", started.elapsed());
}

/// W51.
async fn a_full_house_turns_new_visitors_away(engine: Engine) {
    let server = Server::on(engine).setting("SESSION__MAX_SESSIONS", 3).start().await;
    let mut inside = Vec::new();
    for name in ["anna", "boris", "vera"] {
        inside.push(server.signed_in(name).await);
    }
    let late = server.visitor();
    // A session begins when the visitor needs one: with the form, or when it is sent.
    let mut refused = late.get("/login").await;
    if refused.status == 200 {
        refused = late.try_sign_in("admin", PASSWORD).await;
    }
    assert_eq!(refused.status, 503, "{refused:?}");
    refused.retry_after();
    for user in &inside {
        assert!(user.is_signed_in().await, "a visitor inside was turned out");
    }
    let _ = inside.remove(0).sign_out().await;
    let late = server.visitor();
    late.sign_in("anna").await;
    assert!(late.is_signed_in().await);
}

/// W52: what began either runs or has ended.
async fn sessions_started_are_active_or_ended(engine: Engine) {
    let server = Server::on(engine).start().await;
    for name in ["anna", "boris", "vera"] {
        let user = server.signed_in(name).await;
        if name != "vera" {
            let _ = user.sign_out().await;
        }
    }
    server.signed_out(2).await;
    let sessions = server.status().await.sessions;
    assert_eq!(sessions.started_total, sessions.active + sessions.ended_total.all(), "{sessions:?}");
    assert_eq!(sessions.ended_total.timeout, 0, "{sessions:?}");
}
