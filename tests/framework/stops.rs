//! A site that is stopped by its program.

use toolcrib_tests::wire::Wire;

use crate::support::prelude::*;

on_both_engines! {
    a_stop_finishes_what_is_under_way_and_lets_nobody_in,
}

page!(Slow, PageInfo::new("slow", "/slow"), show(cx) {
    stage(cx).gate("slow").pass().await;
    db::query("INSERT INTO notes (body) VALUES ('slow')").execute(cx.tx().await?).await?;
    Ok(Response::text("finished"))
});

async fn a_stop_finishes_what_is_under_way_and_lets_nobody_in(engine: Engine) {
    let site = Running::start(engine, "", |site| site.app_module::<PlainApp>().page::<Slow>()).await;
    let beside = site.beside("", |site| site.app_module::<PlainApp>()).await;
    let (gate, port) = (site.stage.gate("slow"), site.port);
    let under_way = tokio::spawn({
        let visitor = site.visitor();
        async move { visitor.get("/slow").await }
    });
    gate.arrivals(1).await;
    let stopped = site.stop();
    holds_within("nobody gets in", Duration::from_secs(2), async || Wire::try_connect(port).await.is_err()).await;
    assert!(!stopped.is_finished(), "it waits for the request");
    gate.open(1);
    assert_eq!(under_way.await.expect("an answer").expect_status(200).text(), "finished");
    tokio::time::timeout(Duration::from_secs(5), stopped).await.expect("in time").expect("without a panic");
    assert_eq!(beside.notes("slow").await, 1);
}
