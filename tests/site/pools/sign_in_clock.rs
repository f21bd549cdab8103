//! What the time of a refusal tells, and what hashing costs the others.

use toolcrib_tests::prelude::*;

on_both_engines! {
    an_unknown_name_takes_as_long_to_refuse_as_a_wrong_password,
    pages_stay_quick_while_many_sign_in,
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// An unknown name costs a password hash as well. Few samples and a wide margin: failed sign-ins are limited, and a
/// missing hash shows as a factor of ten, not of 1.5.
async fn an_unknown_name_takes_as_long_to_refuse_as_a_wrong_password(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut address = 10;
    for turn in 0..3 {
        for name in ["admin", "anna", "boris", "vera"] {
            for (times, name) in [(&mut known, name.to_owned()), (&mut unknown, format!("{name}{turn}x"))] {
                address += 1;
                let visitor = server.visitor_from([127, 0, 0, address]);
                let token = visitor.csrf_token().await;
                let fields = [("username", name.as_str()), ("password", "wrong"), ("next", "/")];
                let refused = visitor.post("/login").form_with_token(&token, &fields).send().await;
                assert_ne!(refused.status, 429, "{refused:?}");
                times.push(refused.took());
            }
        }
    }
    let (known, unknown) = (median(known).as_secs_f64(), median(unknown).as_secs_f64());
    assert!((known / 1.5..known * 1.5).contains(&unknown), "known: {known:.4} s, unknown: {unknown:.4} s");
}

/// Passwords are hashed off the threads that serve pages.
async fn pages_stay_quick_while_many_sign_in(engine: Engine) {
    let server = Server::on(engine).start().await;
    let reader = server.visitor();
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            let visitor = server.visitor();
            tokio::spawn(async move { visitor.try_sign_in("anna", PASSWORD).await.status })
        })
        .collect();
    let mut times = Vec::new();
    while !crowd.iter().all(tokio::task::JoinHandle::is_finished) {
        times.push(reader.get("/healthz").await.expect_status(200).took());
    }
    for visitor in crowd {
        assert!(matches!(visitor.await.expect("an answer"), 302 | 303 | 503));
    }
    let median = median(times);
    assert!(median < Duration::from_millis(100), "/healthz took {median:?}");
}
