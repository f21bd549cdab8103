//! Named locks (C4-C11, G12, AC-28, T17, T18, T27).

use std::collections::BTreeSet;

use toolcrib_tests::wire::HangUp;
use toolcrib_tests::wire::Wire;

use crate::support::attempts;
use crate::support::in_background;
use crate::support::prelude::*;
use crate::support::script::Run;
use crate::support::script::RunAlone;

on_both_engines! {
    a_lock_is_held_until_what_was_done_under_it_is_committed,
    a_deadlock_is_ended_at_once_by_a_replay_and_logged_with_both_sides,
    a_deadlock_that_goes_through_the_applications_lock_is_ended_as_well,
    a_deadlock_that_goes_through_a_commit_is_ended_as_well,
    a_lock_wanted_by_who_has_a_transaction_ends_in_no_deadlock,
    who_has_a_transaction_can_do_without_a_lock_as_well,
    requests_of_one_exclusive_session_run_one_after_the_other,
    who_waits_for_its_turn_keeps_its_session_from_nobody,
}

/// Long enough to see that something waits.
const MOMENT: Duration = Duration::from_millis(250);

async fn site_on(engine: Engine, settings: &str) -> Running {
    let settings = format!("pages.run.max = 700\npages.run.queue_max = 1000\n{settings}");
    Running::start(engine, &settings, |site| {
        site.app_module::<PlainApp>().page::<Run>().page::<RunAlone>().page::<Mistaken>().page::<Bystander>()
    })
    .await
}

/// No database is touched: one engine is enough.
async fn site() -> Running {
    site_on(Engine::Sqlite, "").await
}

page!(Bystander, PageInfo::new("bystander", "/bystander"), show(_cx) { Ok(Response::text("here")) });

/// Asks for locks as they cannot be asked for; says what is wrong, or fails with it.
async fn mistake(cx: &mut Context<'_>) -> PageResult {
    let second = Duration::from_secs(1);
    let name = match cx.query_param("name") {
        Some("long") => "n".repeat(201),
        Some("longest") => "n".repeat(200),
        Some("blank") => "  \t".to_owned(),
        Some(name) => name.to_owned(),
        None => String::new(),
    };
    let locked = match cx.query_param("limit") {
        Some("none") => cx.lock(name).exclusive().acquire().await,
        Some("zero") => cx.lock(name).exclusive().within(Duration::ZERO).acquire().await,
        Some("skip") => cx.lock(name).exclusive().acquire_or_skip().await.map(|_| ()),
        _ => cx.lock(name).exclusive().within(second).acquire().await,
    };
    if cx.query_param("caught").is_none() {
        locked?;
        return Ok(Response::text("got"));
    }
    Ok(Response::text(locked.map_or_else(|error| error.to_string(), |()| "got".to_owned())))
}

page!(Mistaken, PageInfo::new("mistaken", "/mistaken"), show(cx) { mistake(cx).await });

/// Waits until that many wait for locks.
async fn waiting(site: &Running, count: u64) {
    holds_within("they wait for locks", Duration::from_secs(10), async || site.status().await.locks.waiting == count)
        .await;
}

/// Waits until no lock is held or known by name.
async fn none_is_left(site: &Running) {
    holds_within("no lock is left", Duration::from_secs(2), async || {
        let locks = site.status().await.locks;
        (locks.names, locks.held, locks.waiting) == (0, 0, 0)
    })
    .await;
}

/// One page's steps.
fn steps(steps: &str) -> String {
    format!("/run?do={steps}")
}

/// T16: check and insert under a lock, without a unique key.
async fn a_lock_is_held_until_what_was_done_under_it_is_committed(engine: Engine) {
    let site = site_on(engine, "").await;
    for round in 0..5 {
        let answers = all_at_once(12, |_| {
            let visitor = site.visitor();
            async move {
                let body = format!("account{round}");
                visitor.get(&steps(&format!("x:client/{body},rows:{body},hold:1,row-unless:{body}"))).await
            }
        })
        .await;
        let first: Vec<_> =
            answers.into_iter().map(|answer| answer.expect_status(200)).filter(|one| one.text() == "0").collect();
        assert_eq!(first.len(), 1, "all others found the row");
        assert_eq!(site.notes(&format!("account{round}")).await, 1);
    }
    none_is_left(&site).await;
}

/// C4: what cannot be asked for is refused with a sentence that says what to do, and is the page's fault.
#[test]
fn what_cannot_be_locked_is_refused_at_once_with_advice() {
    run(async {
        let site = site().await;
        let mistakes = [
            ("name=", "needs a name"),
            ("name=blank", "needs a name"),
            ("name=long", "at most 200"),
            ("name=report&limit=none", "time limit"),
            ("name=report&limit=zero", "time limit"),
        ];
        for (mistake, advice) in mistakes {
            let caught = site.visitor().get(&format!("/mistaken?{mistake}&caught=yes")).await.expect_status(200);
            assert!(caught.text().contains(advice), "{mistake}: {caught:?}");
            assert!(caught.took() < Duration::from_secs(1), "{mistake}: {caught:?}");
            let failed = site.visitor().get(&format!("/mistaken?{mistake}")).await.expect_status(500);
            assert!(!failed.text().contains(advice), "the visitor is not told: {failed:?}");
            assert!(site.log().await.last().expect("an entry").says(advice), "{mistake}: the log is");
        }
        assert_eq!(site.visitor().read("/mistaken?name=longest").await, "got");
        none_is_left(&site).await;
    });
}

/// C4: `throwOnTimeout`, both ways.
#[test]
fn who_waits_too_long_is_told_who_has_the_lock_or_goes_on_without() {
    run(async {
        let site = site().await;
        let holder = site.visitor().opens(steps("x:report,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        let refused = site.visitor().get(&steps("urgent-x:report,row:refused")).await.expect_status(503);
        refused.retry_after();
        assert!(refused.is_html() && refused.took() >= Duration::from_millis(150), "{refused:?}");
        let caught = site.visitor().read(&steps("brief-x:report,row:caught")).await;
        assert!(caught.contains("`report`") && caught.contains("page run, request "), "{caught}");
        let skipped = site.visitor().read(&steps("skip-x:report,row:skipped")).await;
        assert_eq!(skipped, "skipped");
        assert_eq!(site.status().await.locks.timed_out_total, 3);
        waiting(&site, 0).await;
        site.stage.gate("held").open(1);
        let answer = holder.answer().await.expect_status(200);
        assert!(caught.contains(answer.header("x-request-id").expect("an id")), "{caught}");
        assert_eq!(site.visitor().read(&steps("skip-x:report,brief-x:report")).await, "got got");
        let notes = (site.notes("refused").await, site.notes("caught").await, site.notes("skipped").await);
        assert_eq!(notes, (0, 1, 1));
        none_is_left(&site).await;
    });
}

/// C5.
#[test]
fn names_are_the_same_whatever_their_case_and_the_blanks_around_them() {
    run(async {
        let site = site().await;
        let holder = site.visitor().opens(steps("x:Kunde/Ärger,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        for name in ["kunde/ärger", "KUNDE/ÄRGER", "%20Kunde/Ärger%20%20", "kUNDE/äRGER"] {
            assert_eq!(site.visitor().read(&steps(&format!("skip-x:{name}"))).await, "skipped", "{name}");
        }
        for name in ["kunde/arger", "kunde", "kunde/ärger/2"] {
            assert_eq!(site.visitor().read(&steps(&format!("skip-x:{name}"))).await, "got", "{name}");
        }
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);
        none_is_left(&site).await;
    });
}

/// C6.
#[test]
fn twenty_get_a_lock_in_the_order_they_came() {
    run(async {
        let site = site().await;
        let holder = site.visitor().opens(steps("x:report,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        let mut waiters = Vec::new();
        for turn in 0..20 {
            waiters.push(site.visitor().opens(steps(&format!("x:report,note:{turn}"))));
            waiting(&site, turn + 1).await;
        }
        assert_eq!(site.stage.journal(), Vec::<String>::new());
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);
        for waiter in waiters {
            waiter.answer().await.expect_status(200);
        }
        assert_eq!(site.stage.journal(), (0..20).map(|turn| turn.to_string()).collect::<Vec<_>>());
        none_is_left(&site).await;
    });
}

/// C7.
#[test]
fn readers_share_a_lock_and_come_after_the_writer_that_waits() {
    run(async {
        let site = site().await;
        let readers: Vec<_> = (0..3).map(|_| site.visitor().opens(steps("r:report,wait:read"))).collect();
        site.stage.gate("read").arrivals(3).await;
        let writer = site.visitor().opens(steps("x:report,note:writer"));
        waiting(&site, 1).await;
        let late: Vec<_> = (0..2).map(|_| site.visitor().opens(steps("r:report,note:reader,wait:late"))).collect();
        waiting(&site, 3).await;
        assert_eq!(site.stage.journal(), Vec::<String>::new(), "nobody overtakes the writer");
        site.stage.gate("read").open(3);
        for reader in readers {
            reader.answer().await.expect_status(200);
        }
        writer.answer().await.expect_status(200);
        site.stage.gate("late").arrivals(2).await;
        assert_eq!(site.stage.journal(), ["writer", "reader", "reader"]);
        site.stage.gate("late").open(2);
        for reader in late {
            reader.answer().await.expect_status(200);
        }
        none_is_left(&site).await;
    });
}

/// AC-28 (d): ten read at the same time, and those who keep coming do not starve the writer.
#[test]
fn a_writer_waits_for_the_readers_before_it_only() {
    run(async {
        let site = site().await;
        let readers: Vec<_> = (0..10).map(|_| site.visitor().opens(steps("r:report,wait:read"))).collect();
        site.stage.gate("read").arrivals(10).await;
        let writer = site.visitor().opens(steps("x:report,count:wrote"));
        waiting(&site, 1).await;
        let newcomers: Vec<_> = (0..4)
            .map(|_| {
                let (visitor, stage) = (site.visitor(), site.stage.clone());
                tokio::spawn(async move {
                    while !stage.is_up("written") {
                        let answer = visitor.get(&steps("r:report,hold:100")).await.expect_status(200);
                        assert_eq!(stage.counted("wrote"), 1, "nobody reads before it: {answer:?}");
                    }
                })
            })
            .collect();
        waiting(&site, 5).await;
        site.stage.gate("read").open(10);
        let released = Instant::now();
        for reader in readers {
            reader.answer().await.expect_status(200);
        }
        let wrote = writer.answer().await.expect_status(200);
        site.stage.raise("written");
        assert!(wrote.finished - released < Duration::from_secs(1), "{:?}", wrote.finished - released);
        for newcomer in newcomers {
            newcomer.await.expect("no panic");
        }
        none_is_left(&site).await;
    });
}

/// C8, AC-28 (a).
#[test]
fn an_upgrade_is_refused_at_once_and_leaves_the_lock_free() {
    run(async {
        let site = site().await;
        let answer = site.visitor().get(&steps("r:report,try-x:report")).await.expect_status(200);
        assert!(answer.took() < Duration::from_secs(1), "{answer:?}");
        assert!(answer.text().contains("`report` read-only") && answer.text().contains("from the start"), "{answer:?}");
        assert_eq!(site.visitor().read(&steps("skip-x:report")).await, "got");
        let uncaught = site.visitor().get(&steps("r:report,x:report")).await;
        assert!(matches!(uncaught.status, 500 | 503) && attempts(&uncaught) == 1, "{uncaught:?}");
        assert_eq!(site.visitor().read(&steps("skip-x:report")).await, "got");
        none_is_left(&site).await;
    });
}

/// C8: nested as often as one likes, also read-only inside exclusive, and read-only again while a writer waits.
#[test]
fn a_request_may_take_what_it_has_once_more_and_gives_it_back_as_often() {
    run(async {
        let site = site().await;
        let holder =
            site.visitor().opens(steps("x:report,x:report,r:report,u:report,u:report,wait:once,u:report,wait:free"));
        site.stage.gate("once").arrivals(1).await;
        assert_eq!(site.visitor().read(&steps("skip-x:report")).await, "skipped", "it is locked once still");
        site.stage.gate("once").open(1);
        site.stage.gate("free").arrivals(1).await;
        assert_eq!(site.visitor().read(&steps("skip-x:report,u:report,u:report,u:other")).await, "got");
        site.stage.gate("free").open(1);
        holder.answer().await.expect_status(200);

        let reader = site.visitor().opens(steps("r:report,wait:reads,r:report,note:twice"));
        site.stage.gate("reads").arrivals(1).await;
        let writer = site.visitor().opens(steps("x:report,note:writer"));
        waiting(&site, 1).await;
        site.stage.gate("reads").open(1);
        reader.answer().await.expect_status(200);
        writer.answer().await.expect_status(200);
        assert_eq!(site.stage.journal(), ["twice", "writer"]);
        none_is_left(&site).await;
    });
}

/// AC-28 (b), T18.
async fn a_deadlock_is_ended_at_once_by_a_replay_and_logged_with_both_sides(engine: Engine) {
    let site = site_on(engine, "").await;
    let requests = [
        site.visitor().opens(steps("x:a,meet:both,x:b,row:first")),
        site.visitor().opens(steps("x:b,meet:both,x:a,row:second")),
    ];
    site.stage.gate("both").arrivals(2).await;
    site.stage.gate("both").open(2);
    let mut ids = Vec::new();
    let mut counts = Vec::new();
    for request in requests {
        let answer = request.answer().await.expect_status(200);
        assert!(answer.took() < Duration::from_secs(3), "{answer:?}");
        ids.push(answer.header("x-request-id").expect("an id").to_owned());
        counts.push(attempts(&answer));
    }
    counts.sort_unstable();
    assert_eq!(counts, [1, 2], "one gave way and came again");
    assert_eq!((site.notes("first").await, site.notes("second").await), (1, 1));
    let status = site.status().await;
    assert_eq!((status.locks.deadlocks_total, status.requests.retried), (1, 1));
    let named: Vec<_> = site.log().await.into_iter().filter(|entry| ids.iter().all(|id| entry.says(id))).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].says("`a`") && named[0].says("`b`"), "{named:?}");
    let third = site.visitor().get(&steps("x:a,x:b")).await.expect_status(200);
    assert!(third.took() < Duration::from_secs(1), "{third:?}");
    none_is_left(&site).await;
}

/// Runs both, which meet at the gate `both`; both are answered soon, and one of them is replayed.
async fn one_gives_way(site: &Running, all: [&str; 2]) {
    let requests = all.map(|one| site.visitor().opens(steps(one)));
    site.stage.gate("both").arrivals(2).await;
    site.stage.gate("both").open(2);
    let mut total = 0;
    for request in requests {
        let answer = request.answer().await.expect_status(200);
        assert!(answer.took() < Duration::from_secs(4), "{answer:?}");
        total += attempts(&answer);
    }
    assert!(total >= 3, "one of the two came again");
    none_is_left(site).await;
    assert_eq!(site.status().await.application.lock_owner, None);
}

async fn a_deadlock_that_goes_through_the_applications_lock_is_ended_as_well(engine: Engine) {
    let site = site_on(engine, "").await;
    one_gives_way(&site, ["lock,meet:both,x:a,update:Tally", "x:a,meet:both,lock,update:Tally"]).await;
    assert_eq!(site.status().await.locks.deadlocks_total, 1);
    assert_eq!(site.visitor().read(&steps("get:Tally")).await, "2");
}

/// One has the lock its commit waits for; the other waits for what the first has.
async fn a_deadlock_that_goes_through_a_commit_is_ended_as_well(engine: Engine) {
    let site = site_on(engine, "").await;
    one_gives_way(&site, ["lock,meet:both,x:a,update:Tally", "x:a,put:Other:1,meet:both"]).await;
    assert_eq!(site.visitor().read(&steps("get:Tally,get:Other")).await, "1 1");
}

/// T25, for named locks: one has the row and wants the lock, the other has the lock and wants the row.
async fn a_lock_wanted_by_who_has_a_transaction_ends_in_no_deadlock(engine: Engine) {
    let site = site_on(engine, "").await;
    one_gives_way(&site, ["pair:1,meet:both,x:a", "x:a,meet:both,pair:1"]).await;
    assert_eq!(site.number("SELECT value FROM pairs WHERE id = 1").await, 2);
}

/// C4: who said that it can go on without the lock does, whatever it has done before.
async fn who_has_a_transaction_can_do_without_a_lock_as_well(engine: Engine) {
    let site = site_on(engine, "retry.delays_ms = \"1\"").await;
    let holder = site.visitor().opens(steps("x:report,wait:held"));
    site.stage.gate("held").arrivals(1).await;
    let answer = site.visitor().get(&steps("row:skipped,skip-x:report")).await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (1, "skipped"));
    assert_eq!(site.notes("skipped").await, 1);
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    none_is_left(&site).await;
}

/// C9, AC-28 (c): in a development profile the order of scopes is enforced.
#[test]
fn a_narrower_scope_inside_a_wider_one_is_refused() {
    run(async {
        let site = site().await;
        let visitor = site.visitor();
        visitor.sign_in("mia", "").await;
        assert_eq!(visitor.read(&steps("scope:session,scope:application,scope:server")).await, "got got got");
        for (wider, narrower) in [("application", "session"), ("server", "session"), ("server", "application")] {
            let said = visitor.read(&steps(&format!("scope:{wider},scope:{narrower}"))).await;
            assert!(said.starts_with("got ["), "{said}");
            for word in [wider, narrower, "session, application, server"] {
                assert!(said.contains(word), "{word}: {said}");
            }
        }
        none_is_left(&site).await;
    });
}

/// C9, C13: a scope is a lock of its own, whoever asks for it, and no named lock.
#[test]
fn a_session_scope_serialises_one_session_and_an_application_scope_all() {
    run(async {
        let site = site().await;
        let (mia, zoe) = (site.visitor(), site.visitor());
        mia.sign_in("mia", "").await;
        zoe.sign_in("zoe", "").await;
        let first = mia.opens(steps("scope:session,note:first,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        let mut second = mia.copied().opens(steps("scope:session,note:second"));
        waiting(&site, 1).await;
        second.stays_unanswered(MOMENT).await;
        assert_eq!(zoe.read(&steps("scope:session,skip-x:session")).await, "got got");
        assert_eq!(mia.copied().read(&steps("skip-x:session")).await, "got", "a name is no scope");
        site.stage.gate("held").open(1);
        first.answer().await.expect_status(200);
        second.answer().await.expect_status(200);
        assert_eq!(site.stage.journal(), ["first", "second"]);

        let holder = mia.opens(steps("scope:application,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        let other = zoe.opens(steps("scope:application"));
        waiting(&site, 1).await;
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);
        other.answer().await.expect_status(200);
        none_is_left(&site).await;
    });
}

/// D3, G12: a page may ask for it; the others of the same session are not held up.
async fn requests_of_one_exclusive_session_run_one_after_the_other(engine: Engine) {
    let site = site_on(engine, "").await;
    let (mia, zoe) = (site.visitor(), site.visitor());
    mia.sign_in("mia", "").await;
    zoe.sign_in("zoe", "").await;
    let gate = site.stage.gate("inside");
    let requests: Vec<_> =
        (0..3).map(|_| mia.copied().opens("/run-alone?do=note:in,wait:inside,hold:5,note:out,field:mia")).collect();
    gate.arrivals(1).await;
    let other = zoe.opens("/run-alone?do=count:other,wait:inside");
    gate.arrivals(1).await;
    assert_eq!(site.stage.counted("other"), 1, "another session is not held up");
    assert_eq!(mia.copied().read("/run?do=get:Tally").await, "-", "nor is another page of the same");
    assert_eq!(site.stage.journal(), ["in"]);
    gate.open(4);
    for request in requests {
        let answer = request.answer().await.expect_status(200);
        assert_eq!(attempts(&answer), 1, "{answer:?}");
    }
    other.answer().await.expect_status(200);
    assert_eq!(mia.read("/run-alone?do=scope:session,scope:application").await, "got got", "its own lock once more");
    assert_eq!(site.visitor().read("/run-alone?do=scope:session").await, "got", "who has no session is alone");
    assert_eq!(site.stage.journal(), ["out", "in", "out", "in", "out"]);
    none_is_left(&site).await;
}

/// One has the variable and wants the session, the other has lost over the variable and wants both.
async fn who_waits_for_its_turn_keeps_its_session_from_nobody(engine: Engine) {
    let site = site_on(engine, "").await;
    let mia = site.visitor();
    mia.sign_in("mia", "").await;
    let holder = mia.copied().opens(steps("object:Tally,wait:held,scope:session,update:Tally"));
    site.stage.gate("held").arrivals(1).await;
    let loser = mia.copied().opens("/run-alone?do=update:Tally");
    holds_within("it lost twice", Duration::from_secs(5), async || site.status().await.requests.retried == 2).await;
    // Its third attempt begins 100 ms later.
    toolcrib_tests::wait::time_passes(Duration::from_millis(300)).await;
    site.stage.gate("held").open(1);
    let held = holder.answer().await.expect_status(200);
    assert_eq!(held.text(), "got 1");
    assert!(held.took() < Duration::from_secs(4), "{held:?}");
    assert_eq!(loser.answer().await.expect_status(200).text(), "2");
    none_is_left(&site).await;
}

/// C10, as AC-18: however the holder ends, the next one has the lock soon, and the request that left is no obstacle.
#[test]
fn a_lock_is_released_however_its_holder_ends() {
    run(async {
        let site = site_on(Engine::Sqlite, "request.timeout_ms = 3000").await;
        for (last, status) in [("note:returned", 200), ("error", 500), ("panic", 500), ("retry-once", 200)] {
            let holder = site.visitor().opens(steps(&format!("x:report,meet:held,{last}")));
            site.stage.gate("held").arrivals(1).await;
            let next = site.visitor().opens(steps("x:report"));
            waiting(&site, 1).await;
            site.stage.gate("held").open(1);
            assert_eq!(holder.answer().await.status, status, "{last}");
            let next = next.answer().await.expect_status(200);
            assert!(next.took() < Duration::from_secs(1), "{last}: {next:?}");
            none_is_left(&site).await;
        }

        let holder = site.visitor().opens(steps("x:report,hang"));
        holds_within("it holds", Duration::from_secs(2), async || site.status().await.locks.held == 1).await;
        // Later, so that its own time does not end with the holder's.
        toolcrib_tests::wait::time_passes(Duration::from_millis(1500)).await;
        let next = site.visitor().opens(steps("x:report"));
        holder.answer().await.expect_status(503);
        next.answer().await.expect_status(200);
        none_is_left(&site).await;

        for how in [HangUp::Fin, HangUp::Rst] {
            let mut wire = Wire::connect(site.port).await;
            wire.send_get(&steps("x:report,wait:held")).await;
            site.stage.gate("held").arrivals(1).await;
            let mut gone = Wire::connect(site.port).await;
            gone.send_get(&steps("x:report,count:gone")).await;
            waiting(&site, 1).await;
            wire.hang_up(how);
            gone.hang_up(how);
            let next = site.visitor().opens(steps("x:report"));
            waiting(&site, 2).await;
            site.stage.gate("held").open(1);
            let next = next.answer().await.expect_status(200);
            assert!(next.took() < Duration::from_secs(1), "{how:?}: {next:?}");
            none_is_left(&site).await;
        }
    });
}

/// C10, T17: names of accounts come and go.
#[test]
fn a_hundred_thousand_names_leave_nothing_behind() {
    run(async {
        let site = site().await;
        let gate = site.stage.gate("all");
        let unit = in_background({
            let (site, gate) = (site.site.clone(), std::sync::Arc::clone(&gate));
            async move || {
                let held = site.unit_of_work("names", async |unit: &mut Unit| {
                    for number in 0..100_000 {
                        unit.lock(format!("client/{number}"))
                            .exclusive()
                            .within(Duration::from_secs(1))
                            .acquire()
                            .await?;
                        if number % 2 == 0 {
                            unit.unlock(format!("client/{number}"));
                        }
                    }
                    gate.pass().await;
                    Ok(())
                });
                held.await.map(|_| ()).map_err(|error| error.to_string())
            }
        });
        gate.arrivals(1).await;
        let locks = site.status().await.locks;
        assert_eq!((locks.names, locks.held), (50_000, 50_000), "the other half was unlocked");
        assert_eq!(site.visitor().read(&steps("skip-x:client/1,skip-x:client/2")).await, "skipped got");
        gate.open(1);
        unit.await.expect("no panic").expect("all locks");
        none_is_left(&site).await;
    });
}

/// How long 95 of 100 looks at another page take at most.
async fn most_looks(site: &Running) -> Duration {
    let bystander = site.visitor();
    let mut times = Vec::new();
    for _ in 0..200 {
        times.push(bystander.get("/bystander").await.expect_status(200).took());
    }
    times.sort_unstable();
    times[190]
}

/// C11: who waits for a lock keeps no worker and no connection from others. Beside other tests a look may take long;
/// beside the waiters it must not take much longer.
#[test]
fn five_hundred_waiters_slow_nobody_else_down() {
    run(async {
        let site = site_on(Engine::Sqlite, "request.timeout_ms = 60000").await;
        let holder = site.visitor().opens(steps("x:report,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        let alone = most_looks(&site).await;
        let crowd = site.visitor();
        let waiters: Vec<_> = (0..500).map(|_| crowd.opens(steps("get:Tally,r:report"))).collect();
        waiting(&site, 500).await;
        let beside = most_looks(&site).await;
        assert!(beside < Duration::from_millis(100).max(alone * 3), "{beside:?} after {alone:?}");
        site.visitor().get(&steps("get:Tally,row:bystander")).await.expect_status(200);
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);
        let mut instances = BTreeSet::new();
        for waiter in waiters {
            let answer = waiter.answer().await.expect_status(200);
            instances.insert(answer.header("x-page-instance").expect("an instance").to_owned());
        }
        assert_eq!(instances.len(), 500, "each waited in an instance of its own");
        none_is_left(&site).await;
    });
}

/// C11: there is a limit to those who wait for one lock.
#[test]
fn one_too_many_is_turned_away_at_once() {
    run(async {
        let site = site_on(Engine::Sqlite, "locks.waiters_max = 2").await;
        for (take, name) in [("x:report", "`report`"), ("lock", "`application`")] {
            let holder = site.visitor().opens(steps(&format!("{take},wait:held")));
            site.stage.gate("held").arrivals(1).await;
            let waiters = [site.visitor().opens(steps(take)), site.visitor().opens(steps(take))];
            holds_within("two wait", Duration::from_secs(5), async || {
                let status = site.status().await;
                status.locks.waiting + status.application.lock_waiting == 2
            })
            .await;
            let refused = site.visitor().get(&steps(take)).await.expect_status(503);
            refused.retry_after();
            assert!(refused.took() < Duration::from_secs(1), "{refused:?}");
            assert!(site.log().await.iter().any(|entry| entry.says(name) && entry.says("2 requests wait")), "{name}");
            site.stage.gate("held").open(1);
            holder.answer().await.expect_status(200);
            for waiter in waiters {
                waiter.answer().await.expect_status(200);
            }
            none_is_left(&site).await;
        }
    });
}
