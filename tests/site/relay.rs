//! From one page to the next: by a redirect, or in place. What survives is what was put into the session.

use toolcrib_tests::prelude::*;

on_all_engines! {
    a_redirect_carries_the_session_and_no_module_field,
    a_dispatch_carries_the_session_and_no_module_field,
    nobody_arrives_with_another_s_luggage,
}

async fn send(visitor: &Client, q: &str, by: &str) -> Answer {
    visitor.post_form_json("/examples/relay", &[("q", q), ("by", by)]).await
}

/// Nothing, however it is written.
fn is_empty(value: &serde_json::Value) -> bool {
    value.is_null() || value == ""
}

/// AC-5.
async fn a_redirect_carries_the_session_and_no_module_field(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (a, b) = (server.visitor(), server.visitor());
    let sent = send(&a, "A", "redirect").await;
    assert_eq!((sent.status, sent.location()), (303, "/examples/relay/arrival"), "{sent:?}");
    let between = send(&b, "B", "redirect").await;
    assert_eq!(between.status, 303, "{between:?}");
    let arrived = a.get_json(sent.location()).await.expect_status(200).json();
    assert_eq!(arrived["from_session"], "A", "{arrived}");
    assert!(is_empty(&arrived["from_module"]), "{arrived}");
    let arrived = b.get_json("/examples/relay/arrival").await.expect_status(200).json();
    assert_eq!(arrived["from_session"], "B", "{arrived}");
    assert!(is_empty(&arrived["from_module"]), "the second to arrive finds nothing either: {arrived}");
}

/// AC-5, in place: one answer, and the other page's instance all the same.
async fn a_dispatch_carries_the_session_and_no_module_field(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (a, b) = (server.visitor(), server.visitor());
    assert_eq!(send(&b, "B", "dispatch").await.status, 200);
    let arrived = send(&a, "A", "dispatch").await.expect_status(200).json();
    assert_eq!(arrived["from_session"], "A", "{arrived}");
    assert!(is_empty(&arrived["from_module"]), "{arrived}");
    // What the dispatched page saw is what the session keeps.
    let later = a.get_json("/examples/relay/arrival").await.expect_status(200).json();
    assert_eq!(later["from_session"], "A", "{later}");
    let other = b.get_json("/examples/relay/arrival").await.expect_status(200).json();
    assert_eq!(other["from_session"], "B", "{other}");
}

/// Many visitors at once, by both ways, through few instances.
async fn nobody_arrives_with_another_s_luggage(engine: Engine) {
    let server =
        Server::on(engine).setting("PAGES__RELAY__MAX", 2).setting("PAGES__RELAY__QUEUE_MAX", 100).start().await;
    let visitors: Vec<_> = (0..10).map(|_| server.visitor()).collect();
    let seen = all_at_once(10, |number| {
        let visitor = visitors[number].clone();
        async move {
            for round in 0..10 {
                let q = format!("visitor {number} round {round}");
                let by = ["redirect", "dispatch"][(number + round) % 2];
                let sent = send(&visitor, &q, by).await;
                let arrived = match by {
                    "redirect" => visitor.get_json(sent.location()).await.json(),
                    _ => sent.json(),
                };
                if arrived["from_session"] != q.as_str() || !is_empty(&arrived["from_module"]) {
                    return Some(format!("{q} by {by}: {arrived}"));
                }
            }
            None
        }
    })
    .await;
    let wrong: Vec<_> = seen.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
