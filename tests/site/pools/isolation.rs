//! Whatever an instance still holds, no visitor sees what belongs to another.

use toolcrib_tests::load::in_parallel;
use toolcrib_tests::prelude::*;

on_both_engines! {
    nobody_sees_what_another_typed_in_one_instance,
    nobody_sees_what_another_typed_in_ten_instances,
    a_drill_comes_back_dirty_and_is_cleaned_before_use,
    a_drill_is_cleaned_before_an_action,
}

/// AC-6: two visitors, 1000 requests at 50 parallel, half of them forms.
async fn nobody_sees_what_another_typed(engine: Engine, instances: u64) {
    let server = Server::on(engine)
        .setting("PAGES__MIRROR__MAX", instances)
        .setting("PAGES__MIRROR__QUEUE_MAX", 100)
        .setting("PAGES__MIRROR__QUEUE_TIMEOUT_MS", 20_000)
        .setting("REQUEST__TIMEOUT_MS", 30_000)
        .start()
        .await;
    let mut visitors = Vec::new();
    for name in ["Alice", "Bob"] {
        let visitor = server.visitor();
        visitor.post_form_json("/examples/mirror", &[("name", name), ("q", "hello")]).await.expect_status(200);
        // The token of the session that has just begun.
        let token = visitor.csrf_token().await;
        visitors.push((name, visitor, token));
    }
    let leaks: Vec<_> = in_parallel(toolcrib_tests::rounds(1000, 20_000), 50, move |number| {
        let (name, visitor, token) = visitors[number % 2].clone();
        async move {
            let q = format!("{name}-{number}");
            // Two by two, so that both visitors get their half of the forms.
            let answer = if number / 2 % 2 == 0 {
                visitor.get_json(&format!("/examples/mirror?q={q}")).await
            } else {
                visitor
                    .post("/examples/mirror")
                    .accept_json()
                    .form_with_token(&token, &[("name", name), ("q", &q)])
                    .send()
                    .await
            };
            let seen = answer.expect_status(200).json();
            (seen["name"] != name || seen["q"] != q.as_str()).then(|| format!("{name} asked for {q} and saw {seen}"))
        }
    })
    .await
    .into_iter()
    .flatten()
    .collect();
    assert!(leaks.is_empty(), "{} leaks: {:?}", leaks.len(), &leaks[..leaks.len().min(5)]);
    let status = server.status().await;
    let pool = status.pool("mirror");
    assert!(pool.created_total <= instances, "{pool:?}");
}

async fn nobody_sees_what_another_typed_in_one_instance(engine: Engine) {
    nobody_sees_what_another_typed(engine, 1).await;
}

async fn nobody_sees_what_another_typed_in_ten_instances(engine: Engine) {
    nobody_sees_what_another_typed(engine, 10).await;
}

/// W5: the instance comes back as it was left (the raw leftover proves that it is the same drill), and is reset
/// before it is used again.
async fn a_drill_comes_back_dirty_and_is_cleaned_before_use(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 1).start().await;
    let (first, second) = (server.visitor(), server.visitor());
    first.post_form_json("/examples/drill", &[("set", "x")]).await.expect_status(200);
    let seen = second.drill("").await;
    assert_eq!((seen.uses, seen.leftover.as_deref(), seen.clean), (2, Some("x"), None));
    let later = second.drill("").await;
    assert_eq!((later.uses, later.leftover, later.clean), (3, None, None));
}

/// The reset happens before a form's action too, not only before a page is shown.
async fn a_drill_is_cleaned_before_an_action(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 1).start().await;
    let visitor = server.visitor();
    visitor.post_form_json("/examples/drill", &[("set", "first")]).await.expect_status(200);
    let token = visitor.csrf_token().await;
    let second = visitor.post("/examples/drill").accept_json().form_with_token(&token, &[]).send().await;
    let seen = second.expect_status(200).json();
    assert_eq!(seen["leftover"], "first", "{seen}");
    assert_ne!(seen["clean"], "first", "{seen}");
}
