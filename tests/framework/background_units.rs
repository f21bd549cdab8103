//! Units of work that are no requests: the same rules, the same replay, the same log.

use std::sync::Arc;

use crate::support::RETRYING;
use crate::support::attempts;
use crate::support::in_background;
use crate::support::prelude::*;
use crate::support::script::Run;
use crate::support::script::Script;
use crate::support::script::variable;

on_both_engines! {
    a_unit_in_the_background_changes_rows_and_variables_together,
    a_unit_in_the_background_is_replayed_as_a_request_is,
    units_and_requests_that_overlap_lose_nothing,
    a_unit_that_fails_or_panics_leaves_nothing,
    a_unit_that_conflicts_for_ever_is_given_up,
    a_unit_waits_for_locks_and_gives_them_back,
    a_page_may_run_units_of_its_own,
}

async fn site(engine: Engine, settings: &str) -> Running {
    let settings = format!("pages.run.max = 100\n{settings}");
    Running::start(engine, &settings, |site| site.app_module::<PlainApp>().page::<Run>().page::<Race>()).await
}

/// What became of a unit: what its steps said and the outcomes of its attempts, or why it failed.
#[derive(Debug)]
struct Played {
    said: Result<String, String>,
    attempts: Vec<UnitAttempt>,
}

/// Takes these steps in the background.
async fn play(site: &Site, stage: &Stage, steps: &str) -> Played {
    let done = site.unit_of_work("steps", async |unit: &mut Unit| {
        let mut script = Script::new(stage.clone());
        script.play(unit, steps).await?;
        Ok(script.said())
    });
    match done.await {
        Ok(done) => Played { said: Ok(done.value), attempts: done.attempts },
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Played { said: Err(format!("{error}: {cause}")), attempts: error.attempts().to_vec() }
        }
    }
}

/// The same while the test goes on.
fn playing(site: &Running, steps: &'static str) -> tokio::task::JoinHandle<Played> {
    let (site, stage) = (site.site.clone(), site.stage.clone());
    in_background(async move || play(&site, &stage, steps).await)
}

async fn a_unit_in_the_background_changes_rows_and_variables_together(engine: Engine) {
    let site = site(engine, "").await;
    let done = play(&site.site, &site.stage, "put:Tally:7,row:both,add:Rc:2,get:Tally").await;
    assert_eq!(done.said.as_deref(), Ok("7"));
    let outcomes: Vec<_> = done.attempts.iter().map(|attempt| attempt.outcome.as_str()).collect();
    assert_eq!(outcomes, ["committed"]);
    assert_eq!(site.visitor().read("/run?do=get:Tally,value:Rc").await, "7 2");
    assert_eq!(site.notes("both").await, 1);
}

async fn a_unit_in_the_background_is_replayed_as_a_request_is(engine: Engine) {
    let site = site(engine, "").await;
    let unit = playing(&site, "get:Tally,meet:here,row:once,next:Tally");
    site.stage.gate("here").arrivals(1).await;
    site.site.application().set(&variable("Tally"), &40).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    let done = unit.await.expect("no panic");
    assert_eq!(done.said.as_deref(), Ok("40 41"));
    let [first, second] = done.attempts.as_slice() else { panic!("two attempts: {done:?}") };
    assert_eq!((first.number, second.number), (1, 2));
    assert!(first.outcome.starts_with("Write-Write on Tally"), "{first:?}");
    assert_eq!(second.outcome, "committed");
    assert!(first.began_micros < first.ended_micros && first.ended_micros <= second.began_micros, "{done:?}");
    assert_eq!(site.notes("once").await, 1);
    let entries = site.logged(RETRYING).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!((entries[0].priority.as_str(), entries[0].attempt), ("warn", Some(1)), "{entries:?}");
    assert!(entries[0].says("Write-Write") && entries[0].says("Tally"), "{entries:?}");
}

async fn units_and_requests_that_overlap_lose_nothing(engine: Engine) {
    let site = site(engine, "").await;
    const STEPS: &str = "get:Tally,hold:2,row:click,next:Tally,add:Rc:1";
    let mut units = Vec::new();
    for _ in 0..8 {
        let (site, stage) = (site.site.clone(), site.stage.clone());
        units.push(in_background(async move || {
            let mut retried = 0;
            for _ in 0..5 {
                let done = play(&site, &stage, STEPS).await;
                assert!(done.said.is_ok(), "{done:?}");
                retried += done.attempts.len() - 1;
            }
            retried
        }));
    }
    let requests = all_at_once(8, |_| {
        let visitor = site.visitor();
        async move {
            let mut retried = 0;
            for _ in 0..5 {
                let answer = visitor.get(&format!("/run?do={STEPS}")).await.expect_status(200);
                retried += usize::try_from(attempts(&answer)).expect("few") - 1;
            }
            retried
        }
    })
    .await;
    let mut retried: usize = requests.into_iter().sum();
    for unit in units {
        retried += unit.await.expect("no panic");
    }
    assert_eq!(site.visitor().read("/run?do=get:Tally,value:Rc").await, "80 80");
    assert_eq!(site.notes("click").await, 80);
    assert!(retried > 0, "they did meet");
    assert_eq!(site.logged(RETRYING).await.len(), retried);
}

async fn a_unit_that_fails_or_panics_leaves_nothing(engine: Engine) {
    let site = site(engine, "").await;
    for (end, why) in [("error", "asked to fail"), ("panic", "asked to panic")] {
        let steps = format!("x:name,object:Tally,put:Tally:1,row:lost,push:Jobs:x,{end}");
        let failed = play(&site.site, &site.stage, &steps).await;
        assert!(failed.said.is_err(), "{failed:?}");
        assert_eq!(failed.attempts.len(), 1, "{failed:?}");
        assert!(site.log().await.iter().any(|entry| entry.priority == "error" && entry.says(why)), "{why}");
    }
    let read = site.visitor().read("/run?do=get:Tally,len:Jobs,skip-x:name,try-object:Tally").await;
    assert_eq!(read, "- 0 got granted");
    assert_eq!(site.notes("lost").await, 0);
}

async fn a_unit_that_conflicts_for_ever_is_given_up(engine: Engine) {
    let site = site(engine, "retry.delays_ms = \"1,1\"").await;
    let given_up = play(&site.site, &site.stage, "row:lost,lose").await;
    assert!(given_up.said.is_err(), "{given_up:?}");
    assert_eq!(given_up.attempts.len(), 3, "{given_up:?}");
    assert!(given_up.attempts.iter().all(|attempt| attempt.outcome.contains("Write-Write")), "{given_up:?}");
    assert_eq!(site.notes("lost").await, 0);
    assert_eq!(site.visitor().read("/run?do=get:~Bait1,get:~Bait2,get:~Bait3").await, "1 1 1");
    assert_eq!((site.logged(RETRYING).await.len(), site.logged("Too many retries").await.len()), (2, 1));
}

async fn a_unit_waits_for_locks_and_gives_them_back(engine: Engine) {
    let site = site(engine, "").await;
    let request = site.visitor().opens("/run?do=lock,x:name,get:Tally,wait:held,next:Tally");
    site.stage.gate("held").arrivals(1).await;
    let unit = playing(&site, "lock,x:name,get:Tally,wait:unit,next:Tally");
    holds_within("it waits", Duration::from_secs(5), async || site.status().await.application.lock_waiting == 1).await;
    site.stage.gate("held").open(1);
    request.answer().await.expect_status(200);
    site.stage.gate("unit").arrivals(1).await;
    let next = site.visitor().opens("/run?do=lock,x:name,get:Tally");
    holds_within("it waits", Duration::from_secs(5), async || site.status().await.application.lock_waiting == 1).await;
    site.stage.gate("unit").open(1);
    assert_eq!(unit.await.expect("no panic").said.as_deref(), Ok("1 2"));
    assert_eq!(next.answer().await.expect_status(200).text(), "2");
    let status = site.status().await;
    assert_eq!((status.locks.names, status.locks.held, status.application.lock_owner), (0, 0, None));
}

/// Five at once, as a page that demonstrates them would run them; what the page itself does is another unit.
async fn race(cx: &mut Context<'_>) -> PageResult {
    let (site, stage) = (cx.site().clone(), stage(cx));
    cx.application().set(&variable("Own"), &1)?;
    let runs = (0..5).map(|_| play(&site, &stage, "get:Tally,meet:start,next:Tally"));
    let gate = Arc::clone(&stage.gate("start"));
    let starter = async {
        gate.arrivals(5).await;
        gate.open(5);
    };
    let (done, ()) = futures_join(runs.collect(), starter).await;
    let mut said: Vec<String> =
        done.into_iter().map(|played| played.said.unwrap_or_else(|error| panic!("{error}"))).collect();
    said.sort();
    Ok(Response::text(said.join(",")))
}

/// Runs all to their end, in one task.
async fn futures_join<T>(all: Vec<impl Future<Output = T>>, beside: impl Future<Output = ()>) -> (Vec<T>, ()) {
    let mut all: Vec<_> = all.into_iter().map(|one| (Box::pin(one), None)).collect();
    let every = std::future::poll_fn(move |context| {
        let mut pending = false;
        for (one, done) in &mut all {
            if done.is_none() {
                match one.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(all.iter_mut().map(|(_, done)| done.take().expect("it is done")).collect())
    });
    tokio::join!(every, beside)
}

page!(Race, PageInfo::new("race", "/race"), show(cx) { race(cx).await });

async fn a_page_may_run_units_of_its_own(engine: Engine) {
    let site = site(engine, "").await;
    let answer = site.visitor().get("/race").await.expect_status(200);
    assert_eq!(answer.text(), "- 1,1 2,2 3,3 4,4 5");
    assert_eq!(attempts(&answer), 1);
    assert_eq!(site.visitor().read("/run?do=get:Tally,get:Own").await, "5 1");
}
