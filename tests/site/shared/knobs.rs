//! The test knobs of the examples are for tests (T33). `faults/knobs.rs` says the same of the drill.

use toolcrib_tests::prelude::*;

use crate::support::COUNTERS;
use crate::support::Scene;
use crate::support::value_of;

on_all_engines! {
    without_the_flag_nobody_is_held_up_or_made_to_fail,
    without_the_flag_the_lock_of_the_panels_stays_on,
}

async fn without_the_flag_nobody_is_held_up_or_made_to_fail(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine).without_knobs()).await;
    for (path, fields) in COUNTERS {
        for query in ["hold_ms=5000", "pre_ms=5000", "fail=error", "fail=panic", "fail=hang"] {
            let before = scene.value(path).await;
            let answer = scene.visitor.post(&format!("{path}?{query}"), fields).await;
            assert_eq!(value_of(&answer), before + 1, "{path}?{query}");
            assert!(answer.took() < Duration::from_secs(2), "{path}?{query}: {answer:?}");
            assert!(answer.header("x-attempts").is_none(), "{answer:?}");
        }
    }
    for path in ["/examples/skew", "/examples/card-game"] {
        for query in ["hold_ms=5000", "fail=error", "fail=hang"] {
            let fields = [("mode", "retry"), ("set", "a"), ("move", "ace of spades")];
            let answer = scene.visitor.post(&format!("{path}?{query}"), &fields).await.expect_status(200);
            assert!(answer.took() < Duration::from_secs(2), "{path}?{query}: {answer:?}");
        }
    }
    scene.is_quiet().await;
}

async fn without_the_flag_the_lock_of_the_panels_stays_on(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine).without_knobs()).await;
    scene.execute("DROP INDEX tracking_account").await;
    let anna = scene.server.signed_in("anna").await;
    for _ in 0..10 {
        let client = NewClient::valid();
        let id = anna.create(&client).await;
        let answers = all_at_once(9, |turn| {
            let anna = anna.clone();
            let panel = format!("{}?lock=off&hold_ms=500", ["contacts", "deals", "activities"][turn % 3]);
            async move { anna.panel(id, &panel).await.expect_status(200) }
        })
        .await;
        assert!(answers.iter().all(|answer| answer.took() < Duration::from_millis(450)), "{answers:?}");
        let rows = format!("SELECT COUNT(*) FROM tracking WHERE account = '{}'", client.account());
        assert_eq!(scene.server.database().number(&rows).await, 1);
    }
}
