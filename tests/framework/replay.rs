//! A unit of work is committed once and whole, or nothing of it is: replays, failures, waits (G1-G7, T10-T12, AC-8,
//! AC-12).

use crate::support::RETRYING;
use crate::support::UnderWay;
use crate::support::attempts;
use crate::support::in_background;
use crate::support::prelude::*;
use crate::support::script::Field;
use crate::support::script::Run;
use crate::support::script::variable;

on_both_engines! {
    a_posted_request_is_replayed_until_it_commits_and_nobody_can_tell,
    three_that_overlap_give_three_consecutive_numbers,
    a_request_asked_to_come_again_is_replayed_and_logged,
    who_has_used_up_the_schedule_is_told_to_come_back_and_has_changed_nothing,
    an_error_after_a_write_is_not_replayed_and_changes_nothing,
    rows_variables_and_session_fields_are_stored_together_or_not_at_all,
    a_commit_the_database_refuses_publishes_nothing_and_blocks_nobody,
    nobody_sees_the_rows_of_a_unit_without_its_variables,
    many_who_hammer_one_variable_are_all_served,
    a_request_that_waits_for_its_next_attempt_holds_nothing,
    a_request_that_waits_after_a_conflict_holds_nothing,
    a_request_that_waits_for_its_turn_holds_nothing_others_need,
    changes_at_once_succeed_while_units_contend_for_the_same_variable,
    a_request_handed_on_is_replayed_from_its_first_page,
    a_replay_sees_what_the_session_holds_by_then,
}

const TALLY: AppVar<i64> = AppVar::new("Tally");
const FIELD: SessionField<String> = SessionField::new("field");

/// Reads the variable, meets the test while it writes it, then changes everything a unit can change.
async fn order(cx: &mut Context<'_>) -> PageResult {
    let stage = stage(cx);
    let attempt = cx.attempt_number();
    let text = cx.form_param("text").or_not_found()?.to_owned();
    stage.note(format!("body {} text {text}", cx.body().len()));
    let seen = cx.application().get(&TALLY)?.unwrap_or_default();
    if attempt <= 2 {
        stage.gate("read").pass().await;
    }
    db::query("INSERT INTO notes (body) VALUES ($1)").bind(&text).execute(cx.tx().await?).await?;
    cx.session_mut().set(&FIELD, &format!("attempt {attempt}"))?;
    cx.flash("ordered")?;
    cx.after_commit(async move {
        stage.count("mail");
    });
    cx.application().set(&TALLY, &(seen + 1))?;
    Ok(Response::text(format!("attempt {attempt}")).with_header("x-made-in", &attempt.to_string()))
}

page!(Order, PageInfo::new("order", "/order"), action(cx) { order(cx).await });

page!(Look, PageInfo::new("look", "/look"), show(cx) {
    let field = cx.session().get(&FIELD)?.unwrap_or_default();
    let flashes = cx.frame().flashes().join(",");
    Ok(Response::text(format!("{field} {flashes}")))
});

page!(First, PageInfo::new("first", "/first"), show(cx) {
    let seen = cx.application().get(&TALLY)?.unwrap_or_default();
    stage(cx).note(format!("first saw {seen}"));
    cx.application().set(&TALLY, &(seen + 1))?;
    cx.dispatch_page("second")
});

page!(Second, PageInfo::new("second", "/second").unpublished(), show(cx) {
    let seen = cx.application().get(&TALLY)?.unwrap_or_default();
    stage(cx).note(format!("second saw {seen}"));
    if cx.attempt_number() == 1 {
        stage(cx).gate("second").pass().await;
    }
    Ok(Response::text(seen.to_string()))
});

page!(Recall, PageInfo::new("recall", "/recall"), show(cx) {
    let field = cx.session().get(&FIELD)?.unwrap_or_default();
    let seen = cx.application().get(&TALLY)?.unwrap_or_default();
    if cx.attempt_number() == 1 {
        stage(cx).gate("recall").pass().await;
    }
    cx.application().set(&TALLY, &(seen + 1))?;
    Ok(Response::text(field))
});

page!(Store, PageInfo::new("store", "/store"), action(cx) {
    let text = cx.form_param("text").or_not_found()?.to_owned();
    cx.session_mut().set(&FIELD, &text)?;
    Ok(Response::text("stored"))
});

async fn site(engine: Engine, settings: &str) -> Running {
    let settings = format!("{settings}\npages.run.max = 200");
    Running::start(engine, &settings, |site| {
        let site = site.app_module::<PlainApp>().page::<Run>().page::<Field>();
        site.page::<Order>().page::<Look>().page::<First>().page::<Second>().page::<Recall>().page::<Store>()
    })
    .await
}

/// How many session cookies an answer sets.
fn session_cookies(answer: &Answer) -> usize {
    answer.cookies().iter().filter(|cookie| cookie.name.contains("session")).count()
}

/// AC-12.
async fn a_posted_request_is_replayed_until_it_commits_and_nobody_can_tell(engine: Engine) {
    let site = site(engine, "").await;
    let visitor = site.visitor();
    let token = visitor.token().await;
    let text = "a text that arrives once and is read thrice ".repeat(2_000);
    let request = visitor.sends(&token, "/order", &[("text", &text)]);
    for other in [100, 200] {
        site.stage.gate("read").arrivals(1).await;
        site.site.application().set(&TALLY, &other).await.expect("another unit's write");
        site.stage.gate("read").open(1);
    }
    let answer = request.answer().await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (3, "attempt 3"));
    assert_eq!(answer.headers.get_all("x-made-in").iter().count(), 1, "{answer:?}");
    assert_eq!(answer.header("x-made-in"), Some("3"));
    assert_eq!(session_cookies(&answer), 1, "{answer:?}");
    let bodies = site.stage.journal();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|line| *line == bodies[0] && line.ends_with(&text)), "the body is whole each time");
    assert_eq!(site.notes(&text).await, 1);
    assert_eq!(site.stage.counted("mail"), 1);
    assert_eq!(site.site.application().get(&TALLY).expect("read"), Some(201));
    assert_eq!(visitor.read("/look").await, "attempt 3 ordered");
    assert_eq!(visitor.read("/look").await, "attempt 3 ", "one message");

    let entries = site.logged(RETRYING).await;
    assert_eq!(entries.iter().map(|entry| entry.attempt).collect::<Vec<_>>(), [Some(1), Some(2)], "{entries:?}");
    for entry in &entries {
        assert_eq!((entry.priority.as_str(), entry.page.as_deref()), ("warn", Some("order")));
        assert!(entry.says("Write-Write") && entry.says("Tally"), "{entry:?}");
    }
    let requests = site.status().await.requests;
    assert_eq!(requests.retried, 2);
    assert!(requests.add_up(), "{requests:?}");
}

/// AC-8, as a rendezvous.
async fn three_that_overlap_give_three_consecutive_numbers(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().read("/run?do=put:Tally:7").await;
    let requests: Vec<_> = (0..3).map(|_| site.visitor().opens("/run?do=get:Tally,meet:here,next:Tally")).collect();
    site.stage.gate("here").arrivals(3).await;
    site.stage.gate("here").open(3);
    let mut numbers = Vec::new();
    let mut retried = 0;
    for request in requests {
        let answer = request.answer().await.expect_status(200);
        numbers.push(answer.text().split(' ').nth(1).expect("a number").parse::<i64>().expect("a number"));
        retried += u64::from(attempts(&answer) - 1);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [8, 9, 10]);
    assert!(retried >= 2, "two of three had read what the first then wrote: {retried}");
    assert_eq!(site.status().await.requests.retried, retried);
    let entries = site.logged(RETRYING).await;
    assert_eq!(u64::try_from(entries.len()).expect("few"), retried, "{entries:?}");
}

/// `WARetryHttpRequest` (G10, G18).
async fn a_request_asked_to_come_again_is_replayed_and_logged(engine: Engine) {
    let site = site(engine, "").await;
    let answer = site.visitor().get("/run?do=put:Tally:1,row:again,retry-once").await.expect_status(200);
    assert_eq!(attempts(&answer), 2);
    assert_eq!(site.notes("again").await, 1);
    assert_eq!(site.visitor().read("/run?do=get:Tally").await, "1");
    let entries: Vec<_> = site.log().await.into_iter().filter(|entry| entry.says("asked to come again")).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!((entries[0].priority.as_str(), entries[0].attempt), ("trace", Some(1)), "{entries:?}");
}

async fn who_has_used_up_the_schedule_is_told_to_come_back_and_has_changed_nothing(engine: Engine) {
    let site = site(engine, "retry.delays_ms = \"1,1\"").await;
    let visitor = site.visitor();
    // In each attempt over another variable: whoever lost over one twice is given it.
    let request = visitor
        .opens("/run?do=get:~A,get:~B,get:~C,row:lost,put:Durable:1,field:lost,wait:here,next:~A,next:~B,next:~C");
    for other in ["~A", "~B", "~C"] {
        site.stage.gate("here").arrivals(1).await;
        site.site.application().set(&variable(other), &10).await.expect("another unit's write");
        site.stage.gate("here").open(1);
    }
    let answer = request.answer().await.expect_status(503);
    answer.retry_after();
    assert!(answer.is_html(), "{answer:?}");
    assert_eq!(attempts(&answer), 3);
    assert_eq!(session_cookies(&answer), 0, "{answer:?}");
    assert_eq!(site.notes("lost").await, 0);
    assert_eq!(visitor.read("/run?do=get:~A,get:~B,get:~C,get:Durable").await, "10 10 10 -");
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_variables").await, 0);
    assert_eq!(visitor.read("/field").await, "");
    assert_eq!(site.logged(RETRYING).await.len(), 2);
    let given_up = site.logged("Too many retries").await;
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert_eq!((given_up[0].priority.as_str(), given_up[0].page.as_deref()), ("fatal", Some("run")));
    assert!(given_up[0].says("~C"), "{given_up:?}");
    let requests = site.status().await.requests;
    assert_eq!((requests.retried, requests.exhausted), (2, 1));
    assert!(requests.add_up(), "{requests:?}");
    assert_eq!(visitor.read("/run?do=update:~A,update:~B,update:~C").await, "11 11 11", "they are free");
}

/// G6.
async fn an_error_after_a_write_is_not_replayed_and_changes_nothing(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().read("/run?do=put:Tally:1").await;
    let answer = site.visitor().get("/run?do=update:Tally,row:lost,error").await.expect_status(500);
    assert_eq!(attempts(&answer), 1);
    assert!(!answer.text().contains("asked to fail"), "{answer:?}");
    assert_eq!(site.visitor().read("/run?do=get:Tally").await, "1");
    let errors: Vec<_> = site.log().await.into_iter().filter(|entry| entry.priority == "error").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].says("asked to fail"), "{errors:?}");
}

/// Writes to everything, the last of it by `end`. In between it meets the test, who may end the session.
fn everything(end: &str) -> String {
    let steps = "put:Kept:1,put:~Fleeting:1,add:Count:1,push:Queue:x,meet:here,row:all,field:all";
    format!("/run?do={steps},{end}")
}

/// That nothing is left of [`everything`].
async fn nothing_remains(site: &Running, why: &str) {
    let application = site.site.application();
    assert_eq!(application.get(&variable("Kept")).expect("read"), None, "{why}");
    assert_eq!(application.get(&variable("~Fleeting")).expect("read"), None, "{why}");
    let read = site.visitor().read("/run?do=value:Count,len:Queue").await;
    assert_eq!(read, "0 0", "{why}");
    assert_eq!(site.notes("all").await, 0, "{why}");
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_variables").await, 0, "{why}");
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_variable_entries").await, 0, "{why}");
    let fields = site.number("SELECT COUNT(*) FROM toolcrib_session_fields WHERE name = 'field'").await;
    assert_eq!(fields, 0, "{why}");
}

async fn rows_variables_and_session_fields_are_stored_together_or_not_at_all(engine: Engine) {
    let site = site(engine, "retry.delays_ms = \"1,1\"\nrequest.timeout_ms = 1500").await;
    let gate = site.stage.gate("here");
    let ends = [
        ("a conflict", "lose", 503),
        ("a broken unique key", "same-pair:1", 500),
        ("an error", "error", 500),
        ("a panic", "panic", 500),
        ("the deadline", "hang", 503),
    ];
    for (why, end, status) in ends {
        let request = site.visitor().opens(everything(end));
        gate.arrivals(1).await;
        gate.open(1);
        let answer = request.answer().await;
        assert_eq!(answer.status, status, "{why}: {answer:?}");
        nothing_remains(&site, why).await;
    }

    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    let request = visitor.opens(everything("note:written"));
    gate.arrivals(1).await;
    visitor.copied().sign_out().await;
    gate.open(1);
    let answer = request.answer().await;
    assert!(matches!(answer.status, 200 | 401) && answer.text().contains("sign in"), "{answer:?}");
    assert_eq!(site.stage.journal(), ["written"]);
    nothing_remains(&site, "the session ended").await;

    let request = visitor.opens(everything("get:Kept"));
    gate.arrivals(1).await;
    gate.open(1);
    request.answer().await.expect_status(200);
    let read = "/run?do=get:Kept,get:~Fleeting,value:Count,len:Queue";
    assert_eq!(visitor.read(read).await, "1 1 1 1");
    assert_eq!((site.notes("all").await, visitor.read("/field").await.as_str()), (1, "all"));
}

/// Step 2 of the commit: the database says no at the last moment, to a constraint it checks then.
async fn a_commit_the_database_refuses_publishes_nothing_and_blocks_nobody(engine: Engine) {
    let site = site(engine, "").await;
    let children = "CREATE TABLE children (parent BIGINT NOT NULL REFERENCES pairs (id) DEFERRABLE INITIALLY DEFERRED)";
    let mut tx = site.site.db().begin().await.expect("a transaction");
    db::query(children).execute(&mut tx).await.expect("a table");
    tx.commit().await.expect("a table");
    let answer = site.visitor().get("/run?do=put:Kept:1,put:~Fleeting:1,add:Count:1,field:all,row:all,orphan").await;
    assert_eq!(answer.status, 500, "{answer:?}");
    nothing_remains(&site, "a refused commit").await;
    assert_eq!(site.number("SELECT COUNT(*) FROM children").await, 0);
    let next = site.visitor().get("/run?do=update:Kept,update:~Fleeting,add:Count:1,value:Count,row:all").await;
    assert_eq!(next.expect_status(200).text(), "1 1 1");
    assert_eq!(site.notes("all").await, 1);
}

async fn nobody_sees_the_rows_of_a_unit_without_its_variables(engine: Engine) {
    /// One statement sees one state of the database.
    const DIFFERENCE: &str = "SELECT (SELECT COUNT(*) FROM notes WHERE body = 'both') \
        - COALESCE((SELECT CAST(value AS BIGINT) FROM toolcrib_variables WHERE name = 'Both'), 0)";
    let site = site(engine, "").await;
    let stage = site.stage.clone();
    let visitors: Vec<_> = (0..6).map(|_| site.visitor()).collect();
    let writers = tokio::spawn(async move {
        let written = all_at_once(visitors.len(), |number| {
            let visitor = visitors[number].clone();
            async move {
                for _ in 0..10 {
                    visitor.read("/run?do=row:both,update:Both").await;
                }
            }
        });
        written.await;
        stage.raise("done");
    });
    let mut looks = 0;
    while !site.stage.is_up("done") {
        assert_eq!(site.number(DIFFERENCE).await, 0, "after {looks} looks");
        looks += 1;
    }
    writers.await.expect("no panic");
    assert!(looks > 10, "{looks} looks");
    assert_eq!(site.notes("both").await, 60);
    assert_eq!(site.visitor().read("/run?do=get:Both").await, "60");
}

/// With the schedule a site has that says nothing else.
async fn many_who_hammer_one_variable_are_all_served(engine: Engine) {
    let site = site(engine, "").await;
    let answers = all_at_once(32, |_| {
        let visitor = site.visitor();
        async move {
            let mut most = 0;
            for _ in 0..5 {
                let answer = visitor.get("/run?do=get:Tally,hold:5,next:Tally").await.expect_status(200);
                most = most.max(attempts(&answer));
            }
            most
        }
    })
    .await;
    assert_eq!(site.visitor().read("/run?do=get:Tally").await, "160");
    let requests = site.status().await.requests;
    assert_eq!((requests.exhausted, requests.failed), (0, 0), "{requests:?}, at most {answers:?}");
    assert!(requests.retried > 0, "they did meet: {requests:?}");
    assert!(requests.add_up(), "{requests:?}");
    assert_eq!(u64::try_from(site.logged(RETRYING).await.len()).expect("few"), requests.retried);
}

/// T12, G3: while `request` waits for its next attempt, everything it held in the first is to be had.
async fn everything_is_free_while_it_waits(site: &Running, request: UnderWay) {
    holds_within("the first attempt ended", Duration::from_secs(5), async || site.status().await.requests.retried == 1)
        .await;
    let status = site.status().await;
    let pool = status.pool("run");
    assert_eq!((pool.active, pool.idle, pool.waiting), (0, 1, 0), "{pool:?}");
    assert_eq!((status.locks.names, status.locks.held), (0, 0), "{:?}", status.locks);
    assert_eq!(status.application.lock_owner, None);
    let other = site.visitor().get("/run?do=lock,brief-x:name,try-object:Serial,row:other,put:Serial:50").await;
    assert_eq!(other.expect_status(200).text(), "got granted", "on the only instance");
    let tx = site.site.db().begin().await.expect("the writing connection is free");
    tx.rollback().await.expect("rolled back");
    assert!(!request.is_answered(), "all this while it waited");
    let answer = request.answer().await.expect_status(200);
    assert_eq!(attempts(&answer), 2);
    assert!(answer.took() > Duration::from_secs(3), "{answer:?}");
    assert_eq!((site.notes("own").await, site.notes("other").await), (1, 1));
}

/// As [`site`], with one instance of its page and one connection to write with.
async fn narrow_site(engine: Engine) -> Running {
    let settings = "retry.delays_ms = \"3000\"\ndatabase.max_writers = 1\npages.run.max = 1";
    Running::start(engine, settings, |site| site.app_module::<PlainApp>().page::<Run>()).await
}

async fn a_request_that_waits_for_its_next_attempt_holds_nothing(engine: Engine) {
    let site = narrow_site(engine).await;
    let request = site.visitor().opens("/run?do=object:Serial,lock,x:name,row:own,retry-once");
    everything_is_free_while_it_waits(&site, request).await;
}

async fn a_request_that_waits_after_a_conflict_holds_nothing(engine: Engine) {
    let site = narrow_site(engine).await;
    let request = site.visitor().opens("/run?do=get:Serial,object:Other,x:name,meet:here,row:own,next:Serial");
    site.stage.gate("here").arrivals(1).await;
    site.site.application().set(&variable("Serial"), &7).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    everything_is_free_while_it_waits(&site, request).await;
}

/// T12 once more: after two losses a request waits for its turn, and keeps neither the only instance nor the only
/// writing connection from those who want something else.
async fn a_request_that_waits_for_its_turn_holds_nothing_others_need(engine: Engine) {
    let settings = "retry.delays_ms = \"1,1,1\"\ndatabase.max_writers = 1\npages.run.max = 1";
    let site = Running::start(engine, settings, |site| site.app_module::<PlainApp>().page::<Run>()).await;
    let holder = in_background({
        let (site, stage) = (site.site.clone(), site.stage.clone());
        async move || {
            let held = site.unit_of_work("holder", async |unit: &mut Unit| {
                unit.application().lock_object(&variable("Serial")).await?.or_retry()?;
                stage.gate("held").pass().await;
                Ok(())
            });
            held.await.is_ok()
        }
    });
    site.stage.gate("held").arrivals(1).await;
    let waits = site.visitor().opens("/run?do=row:own,update:Serial");
    holds_within("it has lost twice", Duration::from_secs(5), async || site.status().await.requests.retried == 2).await;
    for _ in 0..20 {
        let other = site.visitor().get("/run?do=lock,x:name,row:other,update:Other").await.expect_status(200);
        assert!(other.took() < Duration::from_secs(2), "{other:?}");
    }
    assert!(!waits.is_answered(), "all this while it waited");
    site.stage.gate("held").open(1);
    assert!(holder.await.expect("no panic"));
    let answer = waits.answer().await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (3, "1"));
    assert_eq!((site.notes("own").await, site.notes("other").await), (1, 20));
}

/// Who changes something at once has nothing that could be run again: hooks, effects, shared objects.
async fn changes_at_once_succeed_while_units_contend_for_the_same_variable(engine: Engine) {
    let site = site(engine, "").await;
    let visitors: Vec<_> = (0..8).map(|_| site.visitor()).collect();
    let stage = site.stage.clone();
    let units = tokio::spawn(async move {
        let answers = all_at_once(visitors.len(), |number| {
            let visitor = visitors[number].clone();
            async move {
                for _ in 0..8 {
                    visitor.get("/run?do=get:Tally,hold:2,next:Tally").await.expect_status(200);
                }
            }
        });
        answers.await;
        stage.raise("done");
    });
    let mut changes = 0;
    while !site.stage.is_up("done") {
        let changed = site.site.application().update(&TALLY, |old| old.unwrap_or(0) + 1).await;
        changed.unwrap_or_else(|error| panic!("after {changes} changes: {error}"));
        changes += 1;
        tokio::task::yield_now().await;
    }
    units.await.expect("no panic");
    assert_eq!(site.site.application().get(&TALLY).expect("read"), Some(64 + changes));
}

/// W25 with T10: the unit begins with the first page, so its replay does.
async fn a_request_handed_on_is_replayed_from_its_first_page(engine: Engine) {
    let site = site(engine, "").await;
    let request = site.visitor().opens("/first");
    site.stage.gate("second").arrivals(1).await;
    site.site.application().set(&TALLY, &10).await.expect("another unit's write");
    site.stage.gate("second").open(1);
    let answer = request.answer().await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (2, "11"));
    assert_eq!(site.stage.journal(), ["first saw 0", "second saw 1", "first saw 10", "second saw 11"]);
    assert_eq!(site.site.application().get(&TALLY).expect("read"), Some(11));
}

/// Another request of the same visitor stores a field while the first attempt is on its way: the second attempt must
/// not answer from what the session held when the request came.
async fn a_replay_sees_what_the_session_holds_by_then(engine: Engine) {
    let site = site(engine, "").await;
    let visitor = site.visitor();
    let token = visitor.token().await;
    visitor.sends(&token, "/store", &[("text", "before")]).answer().await.expect_status(200);
    let request = visitor.opens("/recall");
    site.stage.gate("recall").arrivals(1).await;
    let token = visitor.token().await;
    visitor.sends(&token, "/store", &[("text", "meanwhile")]).answer().await.expect_status(200);
    site.site.application().set(&TALLY, &7).await.expect("another unit's write");
    site.stage.gate("recall").open(1);
    let answer = request.answer().await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (2, "meanwhile"));
}
