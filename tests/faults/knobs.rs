//! The test knobs are for tests.

use toolcrib_tests::prelude::*;

on_both_engines! {
    without_the_flag_the_knobs_do_nothing,
    with_the_flag_answers_tell_who_served_them,
}

/// T33.
async fn without_the_flag_the_knobs_do_nothing(engine: Engine) {
    let server = Server::on(engine).without_knobs().start().await;
    let visitor = server.visitor();
    for query in ["hold_ms=5000", "pre_ms=5000", "fail=error", "fail=panic", "fail=hang"] {
        let drill = visitor.drill(query).await;
        assert_eq!(drill.status, 200, "{query}: {:?}", drill.answer);
        assert!(drill.took() < Duration::from_secs(2), "{query}: {:?}", drill.answer);
        for header in ["x-page-instance", "x-page-uses", "x-attempts"] {
            assert!(drill.answer.header(header).is_none(), "{query}: {:?}", drill.answer);
        }
    }
}

async fn with_the_flag_answers_tell_who_served_them(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    for uses in 1..=3 {
        let drill = visitor.drill("").await;
        assert_eq!(drill.answer.header("x-page-uses"), Some(uses.to_string().as_str()), "{:?}", drill.answer);
        assert_eq!(
            drill.answer.header("x-page-instance"),
            Some(drill.instance.trim_matches('"')),
            "{:?}",
            drill.answer
        );
        assert_eq!(drill.answer.header("x-attempts"), Some("1"), "{:?}", drill.answer);
    }
}
