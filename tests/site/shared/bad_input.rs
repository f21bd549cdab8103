//! What no form of the demo sends: answered by a clean 4xx, and nothing is changed.

use reqwest::Method;
use toolcrib_tests::prelude::*;

use crate::support::SHARED;
use crate::support::Scene;
use crate::support::value_of;

on_all_engines! {
    nonsense_is_refused_and_changes_nothing,
    looking_never_changes_anything,
    forms_without_the_token_are_refused,
    what_is_too_large_is_refused,
    odd_bodies_and_methods_are_refused,
}

/// Where shared state is changed, with fields that would change it.
const POSTS: [(&str, &[(&str, &str)]); 10] = [
    ("/examples/tally", &[]),
    ("/examples/rc-tally", &[]),
    ("/examples/serial", &[]),
    ("/examples/sales", &[("mode", "locked")]),
    ("/examples/sales", &[("mode", "update")]),
    ("/examples/skew", &[("mode", "retry"), ("set", "a")]),
    ("/examples/card-game", &[("move", "ace of spades")]),
    ("/examples/race", &[("example", "tally"), ("clients", "2")]),
    ("/examples/append", &[("ops", r#"[["append","x",1]]"#)]),
    ("/examples/workshop", &[("name", "saw"), ("mode", "exclusive")]),
];

/// Fails unless it was refused in a way that tells the client, and nobody else, what was wrong.
#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    let text = answer.text().to_lowercase();
    for word in ["panicked", "sqlx", "rusqlite", ".rs:", "unwrap"] {
        assert!(!text.contains(word), "{what} tells {word}: {answer:?}");
    }
}

async fn nonsense_is_refused_and_changes_nothing(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let before = scene.shared_state().await;
    let long = "x".repeat(61);
    let nonsense: [(&str, &[(&str, &str)]); 30] = [
        ("/examples/sales", &[]),
        ("/examples/sales", &[("mode", "")]),
        ("/examples/sales", &[("mode", "nonsense")]),
        ("/examples/sales", &[("mode", "LOCKED ")]),
        ("/examples/sales", &[("mode", "'; DROP TABLE users; --")]),
        ("/examples/skew", &[]),
        ("/examples/skew", &[("mode", "retry")]),
        ("/examples/skew", &[("mode", "nonsense"), ("set", "a")]),
        ("/examples/skew", &[("mode", "lock"), ("set", "c")]),
        ("/examples/skew", &[("mode", "retry"), ("set", "")]),
        ("/examples/card-game", &[]),
        ("/examples/card-game", &[("move", "")]),
        ("/examples/card-game", &[("move", &long)]),
        ("/examples/card-game", &[("card", "ace")]),
        ("/examples/race", &[]),
        ("/examples/race", &[("example", "nonsense"), ("clients", "3")]),
        ("/examples/race", &[("example", "tally"), ("clients", "1")]),
        ("/examples/race", &[("example", "tally"), ("clients", "9")]),
        ("/examples/race", &[("example", "tally"), ("clients", "1000000")]),
        ("/examples/race", &[("example", "tally"), ("clients", "-3")]),
        ("/examples/race", &[("example", "tally"), ("clients", "three")]),
        ("/examples/race", &[("example", "tally"), ("clients", "99999999999999999999999")]),
        ("/examples/append", &[]),
        ("/examples/append", &[("ops", "[]")]),
        ("/examples/append", &[("ops", r#"[["append","x",1],["append","w",1]]"#)]),
        ("/examples/append", &[("ops", r#"[["append","x",1],["append","x",1e99]]"#)]),
        ("/examples/workshop", &[]),
        ("/examples/workshop", &[("name", "saw")]),
        ("/examples/workshop", &[("name", "client/1"), ("mode", "exclusive")]),
        ("/examples/workshop", &[("name", "saw"), ("mode", "exclusive"), ("hold_ms", "100000")]),
    ];
    for (path, fields) in nonsense {
        let answer = scene.visitor.post(path, fields).await;
        assert_refused(&answer, &format!("{path} {fields:?} for a script"));
        let token = &scene.visitor.token;
        let answer = scene.visitor.client.post(path).form_with_token(token, fields).send().await;
        assert_refused(&answer, &format!("{path} {fields:?} for a reader"));
        assert!(answer.is_html(), "{path} {fields:?}: {answer:?}");
    }
    assert_eq!(scene.shared_state().await, before);
    scene.is_quiet().await;
}

/// D10.
async fn looking_never_changes_anything(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let before = scene.shared_state().await;
    let client = &scene.visitor.client;
    for (path, fields) in POSTS {
        let field = |(name, value): &(&str, &str)| format!("{name}={}", html::percent_encoded(value));
        let mut query: Vec<_> = fields.iter().map(field).collect();
        query.push(format!("_csrf={}", html::percent_encoded(&scene.visitor.token)));
        let link = format!("{path}?{}&reset=1&_method=POST", query.join("&"));
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let answer = client
                .request(method.clone(), &link)
                .header("x-http-method-override", "POST")
                .header("x-csrf-token", &scene.visitor.token)
                .send()
                .await;
            assert!(answer.status < 500, "{method} {link}: {answer:?}");
        }
    }
    assert_eq!(scene.shared_state().await, before);
}

async fn forms_without_the_token_are_refused(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let before = scene.shared_state().await;
    let client = &scene.visitor.client;
    let strangers = scene.strangers(1).await[0].token.clone();
    for (path, fields) in POSTS {
        let refused = [
            client.post(path).form(fields).send().await,
            client.post(path).form_with_token(&strangers, fields).send().await,
            client
                .post(path)
                .header("origin", "https://evil.example")
                .form_with_token(&scene.visitor.token, fields)
                .send()
                .await,
        ];
        for (turn, answer) in refused.iter().enumerate() {
            assert_eq!(answer.status, 403, "{path}, way {turn}: {answer:?}");
        }
    }
    assert_eq!(scene.shared_state().await, before);
}

async fn what_is_too_large_is_refused(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let before = scene.shared_state().await;
    for (path, fields) in POSTS {
        // More than a body may have; then a field that fits into one and is absurd all the same.
        for (name, length) in [("padding", 2 << 20), ("move", 900_000), ("mode", 900_000), ("example", 900_000)] {
            let huge = "x".repeat(length);
            let mut all: Vec<_> = fields.iter().copied().filter(|(known, _)| *known != name).collect();
            let concerns_it = all.len() < fields.len() || length > 1 << 20;
            all.push((name, &huge));
            if concerns_it {
                let answer = scene.visitor.post(path, &all).await;
                assert_refused(&answer, &format!("{path} with {length} bytes of {name}"));
            }
        }
    }
    assert_eq!(scene.shared_state().await, before);
    // Nobody was hurt.
    value_of(&scene.visitor.post("/examples/tally", &[]).await);
}

async fn odd_bodies_and_methods_are_refused(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    let before = scene.shared_state().await;
    let client = &scene.visitor.client;
    let token = &scene.visitor.token;
    for path in SHARED.into_iter().chain(["/examples/race"]) {
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let request = client.request(method.clone(), path).header("x-csrf-token", token);
            let answer = request.form(&[("mode", "locked"), ("set", "a")]).send().await;
            assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
        }
        for (kind, body) in [
            ("application/json", "{\"mode\":\"locked\",\"set\":\"a\",\"move\":\"x\"}".as_bytes().to_vec()),
            ("text/plain", b"mode=locked&set=a&move=x".to_vec()),
            ("application/x-www-form-urlencoded", b"mode=%ff%fe&set=%ff&move=%ff%00&example=%ff&clients=%ff".to_vec()),
            ("application/x-www-form-urlencoded", b"mode=&mode=&&&=&%=%zz&set=&move=".to_vec()),
        ] {
            let request = client.post(path).accept_json().header("x-csrf-token", token);
            let answer = request.body(kind, body.clone()).send().await;
            // A counter asks for nothing but the post itself, so it may count one whose body says nothing.
            let is_counter = matches!(path, "/examples/tally" | "/examples/rc-tally" | "/examples/serial");
            if !(is_counter && answer.status == 200) {
                assert_refused(&answer, &format!("{kind} {} to {path}", String::from_utf8_lossy(&body)));
            }
        }
    }
    let after = scene.shared_state().await;
    for (before, after) in before.iter().zip(&after).skip(3) {
        assert_eq!(before, after);
    }
    scene.is_quiet().await;
}
