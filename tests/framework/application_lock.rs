//! The application's lock (A2-A7, AC-17, AC-18, T3, T4, T25, T27, D4, D12).

use toolcrib_tests::wire::HangUp;
use toolcrib_tests::wire::Wire;

use crate::support::UnderWay;
use crate::support::attempts;
use crate::support::prelude::*;
use crate::support::script::Run;
use crate::support::script::variable;

on_both_engines! {
    increments_under_the_lock_lose_nothing,
    the_lock_is_free_when_its_holder_returned,
    the_lock_is_free_when_its_holder_failed,
    the_lock_is_free_when_its_holder_panicked,
    the_lock_is_free_when_its_holder_overran_its_deadline,
    the_lock_is_free_when_its_holder_ended_after_its_client_left,
    a_lock_taken_twice_is_released_by_the_second_unlock,
    who_waits_too_long_is_told_to_come_back_or_handles_it,
    who_waits_until_its_own_deadline_leaves_the_queue,
    a_waiter_whose_client_left_keeps_nothing,
    an_unlock_without_a_lock_does_nothing,
    who_gets_the_lock_sees_what_is_there_now,
    a_conflict_met_by_the_unlock_is_replayed,
    a_lock_goes_on_with_the_request_to_the_next_page,
    who_waits_for_the_lock_holds_no_connection,
    ten_get_the_lock_in_the_order_they_came,
    writers_wait_for_the_lock_and_commit_when_it_is_free,
    readers_and_writers_of_rows_do_not_wait_for_the_lock,
    changes_under_the_lock_become_visible_together,
    an_unlock_publishes_at_once_and_ends_replaying,
    what_was_unlocked_stays_when_the_page_then_fails,
    an_unlock_in_a_unit_with_rows_needs_no_second_connection,
    a_lock_wanted_by_who_has_a_transaction_ends_in_no_deadlock,
    a_change_outside_the_unit_under_its_own_lock_is_given_up_in_time,
}

/// How soon after its holder's end the next must have the lock.
const SOON: i64 = 200_000;

/// Long enough to see that something waits.
const MOMENT: Duration = Duration::from_millis(250);

async fn site(engine: Engine, settings: &str) -> Running {
    let settings = format!("{settings}\npages.run.max = 200");
    Running::start(engine, &settings, |site| site.app_module::<PlainApp>().page::<Run>().page::<Hand>()).await
}

/// Waits until that many wait for the lock.
async fn waiting(site: &Running, count: u64) {
    holds_within("they wait for the lock", Duration::from_secs(5), async || {
        site.status().await.application.lock_waiting == count
    })
    .await;
}

async fn nobody_has_the_lock(site: &Running) {
    let status = site.status().await;
    assert_eq!((status.application.lock_owner, status.application.lock_waiting), (None, 0));
    assert_eq!((status.locks.held, status.locks.waiting), (0, 0));
}

/// A holder at the gate `held`, and a waiter queued behind it.
async fn holder_and_waiter(site: &Running, holder: &str) -> (UnderWay, UnderWay) {
    let holder = site.visitor().opens(format!("/run?do=lock,put:~Sales:1,wait:held,{holder}"));
    site.stage.gate("held").arrivals(1).await;
    assert!(site.status().await.application.lock_owner.is_some());
    let waiter = site.visitor().opens("/run?do=lock,time:waiter,get:~Sales,put:~Sales:2");
    waiting(site, 1).await;
    (holder, waiter)
}

/// The waiter had the lock soon after `ended`, read `seen`, and the lock is free after it.
async fn is_served_soon_after(site: &Running, waiter: UnderWay, ended: i64, seen: &str) {
    let answer = waiter.answer().await.expect_status(200);
    assert_eq!((answer.text().as_str(), attempts(&answer)), (seen, 1));
    let journal = site.stage.journal();
    assert_eq!(journal.len(), 1, "{journal:?}");
    let granted: i64 = journal[0].rsplit(' ').next().expect("a time").parse().expect("a time");
    assert!(granted - ended < SOON, "granted {} µs after the holder's end", granted - ended);
    nobody_has_the_lock(site).await;
    assert_eq!(site.visitor().read("/run?do=lock,get:~Sales").await, "2");
}

/// AC-18: the holder ends by its last step, is answered with `status`, and leaves the variable as `seen`.
async fn ends(site: &Running, last: &str, status: u16, seen: &str) {
    let (holder, waiter) = holder_and_waiter(site, last).await;
    site.stage.gate("held").open(1);
    let answer = holder.answer().await;
    let ended = now_micros();
    assert_eq!(answer.status, status, "{answer:?}");
    is_served_soon_after(site, waiter, ended, seen).await;
}

/// The log has one entry of an error, of the holder's page.
async fn one_error_is_logged(site: &Running) {
    let errors: Vec<_> = site.log().await.into_iter().filter(|entry| entry.priority == "error").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].page.as_deref(), Some("run"));
}

/// AC-18 (a).
async fn the_lock_is_free_when_its_holder_returned(engine: Engine) {
    let site = site(engine, "").await;
    ends(&site, "get:~Sales", 200, "1").await;
}

/// AC-18 (b).
async fn the_lock_is_free_when_its_holder_failed(engine: Engine) {
    let site = site(engine, "").await;
    ends(&site, "error", 500, "-").await;
    one_error_is_logged(&site).await;
}

/// AC-18 (c).
async fn the_lock_is_free_when_its_holder_panicked(engine: Engine) {
    let site = site(engine, "").await;
    ends(&site, "panic", 500, "-").await;
    one_error_is_logged(&site).await;
}

/// AC-18 (d): the waiter comes when half of the holder's time is over, so that its own does not end with it.
async fn the_lock_is_free_when_its_holder_overran_its_deadline(engine: Engine) {
    let site = site(engine, "request.timeout_ms = 2000").await;
    let holder = site.visitor().opens("/run?do=lock,put:~Sales:1,wait:held");
    site.stage.gate("held").arrivals(1).await;
    toolcrib_tests::wait::time_passes(Duration::from_millis(1000)).await;
    let waiter = site.visitor().opens("/run?do=lock,time:waiter,get:~Sales,put:~Sales:2");
    waiting(&site, 1).await;
    holder.answer().await.expect_status(503);
    is_served_soon_after(&site, waiter, now_micros(), "-").await;
    one_error_is_logged(&site).await;
}

/// AC-18 (e): what has begun goes on to its commit, its client there or not; then the lock is free.
async fn the_lock_is_free_when_its_holder_ended_after_its_client_left(engine: Engine) {
    for how in [HangUp::Fin, HangUp::Rst] {
        let site = site(engine, "").await;
        let mut wire = Wire::connect(site.port).await;
        wire.send_get("/run?do=lock,put:~Sales:1,wait:held").await;
        site.stage.gate("held").arrivals(1).await;
        let waiter = site.visitor().opens("/run?do=lock,time:waiter,get:~Sales,put:~Sales:2");
        waiting(&site, 1).await;
        wire.hang_up(how);
        let ended = now_micros();
        site.stage.gate("held").open(1);
        is_served_soon_after(&site, waiter, ended, "1").await;
    }
}

/// AC-17, small.
async fn increments_under_the_lock_lose_nothing(engine: Engine) {
    let site = site(engine, "").await;
    all_at_once(20, |_| {
        let visitor = site.visitor();
        async move {
            for _ in 0..5 {
                let answer = visitor.get("/run?do=lock,get:Sales,hold:1,next:Sales").await.expect_status(200);
                assert_eq!(attempts(&answer), 1, "who has the lock meets no conflict: {answer:?}");
            }
        }
    })
    .await;
    assert_eq!(site.visitor().read("/run?do=get:Sales").await, "100");
    nobody_has_the_lock(&site).await;
}

/// A3.
async fn a_lock_taken_twice_is_released_by_the_second_unlock(engine: Engine) {
    let site = site(engine, "").await;
    let holder = site.visitor().opens("/run?do=lock,lock,unlock,wait:once,unlock,wait:twice");
    site.stage.gate("once").arrivals(1).await;
    let mut waiter = site.visitor().opens("/run?do=lock");
    waiting(&site, 1).await;
    waiter.stays_unanswered(MOMENT).await;
    site.stage.gate("once").open(1);
    site.stage.gate("twice").arrivals(1).await;
    waiter.answer().await.expect_status(200);
    assert!(!holder.is_answered(), "it is still at work, without the lock");
    site.stage.gate("twice").open(1);
    holder.answer().await.expect_status(200);
    nobody_has_the_lock(&site).await;
}

/// A5.
async fn who_waits_too_long_is_told_to_come_back_or_handles_it(engine: Engine) {
    let site = site(engine, "application.lock_timeout_ms = 400").await;
    let holder = site.visitor().opens("/run?do=lock,put:~Sales:1,wait:held");
    site.stage.gate("held").arrivals(1).await;
    let refused = site.visitor().get("/run?do=put:~Sales:3,lock").await.expect_status(503);
    refused.retry_after();
    assert!(refused.is_html(), "{refused:?}");
    let waited = refused.took();
    assert!((Duration::from_millis(400)..Duration::from_millis(1000)).contains(&waited), "{waited:?}");
    let handled = site.visitor().get("/run?do=try-lock,row:handled").await.expect_status(200);
    assert!(handled.text().contains("run"), "it says who has the lock: {handled:?}");
    waiting(&site, 0).await;
    assert_eq!(site.notes("handled").await, 1);
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    assert_eq!(site.visitor().read("/run?do=get:~Sales").await, "1");
    nobody_has_the_lock(&site).await;
}

/// A4, A5: the wait is bounded by what is left of the request, too. The holder comes later, so that its time ends later.
async fn who_waits_until_its_own_deadline_leaves_the_queue(engine: Engine) {
    let site = site(engine, "request.timeout_ms = 4000\napplication.lock_timeout_ms = 60000").await;
    let waiter = site.visitor().opens("/run?do=hold:2000,lock,count:got");
    toolcrib_tests::wait::time_passes(Duration::from_millis(1000)).await;
    let holder = site.visitor().opens("/run?do=lock,wait:held");
    site.stage.gate("held").arrivals(1).await;
    waiting(&site, 1).await;
    let answer = waiter.answer().await.expect_status(503);
    answer.retry_after();
    assert!(answer.took() < Duration::from_millis(4700), "{answer:?}");
    waiting(&site, 0).await;
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    assert_eq!(site.stage.counted("got"), 0);
    assert_eq!(site.visitor().read("/run?do=try-lock").await, "got");
    nobody_has_the_lock(&site).await;
}

/// T27.
async fn a_waiter_whose_client_left_keeps_nothing(engine: Engine) {
    for how in [HangUp::Fin, HangUp::Rst] {
        let site = site(engine, "").await;
        let holder = site.visitor().opens("/run?do=lock,wait:held");
        site.stage.gate("held").arrivals(1).await;
        let mut wire = Wire::connect(site.port).await;
        wire.send_get("/run?do=lock,count:waiter").await;
        waiting(&site, 1).await;
        wire.hang_up(how);
        let last = site.visitor().opens("/run?do=try-lock");
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);
        assert_eq!(last.answer().await.expect_status(200).text(), "got");
        holds_within("nobody has the lock", Duration::from_secs(2), async || {
            site.status().await.application.lock_owner.is_none()
        })
        .await;
        nobody_has_the_lock(&site).await;
    }
}

async fn an_unlock_without_a_lock_does_nothing(engine: Engine) {
    let site = site(engine, "").await;
    let request = site.visitor().opens("/run?do=put:Sales:1,unlock,get:Sales,meet:here");
    site.stage.gate("here").arrivals(1).await;
    assert_eq!(site.visitor().read("/run?do=get:Sales").await, "-", "nothing is published");
    site.site.application().set(&variable("Sales"), &5).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    let answer = request.answer().await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (2, "1"), "it is replayed as ever");
    assert_eq!(site.visitor().read("/run?do=lock,unlock,unlock,unlock,try-lock,get:Sales").await, "got 1");
    nobody_has_the_lock(&site).await;
}

/// What was read before may be out of date; what is read under the lock is not.
async fn who_gets_the_lock_sees_what_is_there_now(engine: Engine) {
    let site = site(engine, "").await;
    let request = site.visitor().opens("/run?do=get:Sales,get:Other,meet:here,lock,get:Sales,next:Sales");
    site.stage.gate("here").arrivals(1).await;
    site.site.application().set(&variable("Sales"), &5).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    let answer = request.answer().await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (1, "- - 5 6"));
    assert_eq!(site.visitor().read("/run?do=get:Sales").await, "6");
}

/// What was written before the lock may be in conflict; then nothing was unlocked yet, and all is done again.
async fn a_conflict_met_by_the_unlock_is_replayed(engine: Engine) {
    let site = site(engine, "").await;
    let request = site.visitor().opens("/run?do=get:Sales,next:Sales,meet:here,lock,put:Other:1,unlock,row:once");
    site.stage.gate("here").arrivals(1).await;
    site.site.application().set(&variable("Sales"), &5).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    let answer = request.answer().await.expect_status(200);
    assert_eq!((attempts(&answer), answer.text().as_str()), (2, "5 6"));
    assert_eq!(site.visitor().read("/run?do=get:Sales,get:Other").await, "6 1");
    assert_eq!(site.notes("once").await, 1);
    nobody_has_the_lock(&site).await;
}

page!(Hand, PageInfo::new("hand", "/hand"), show(cx) {
    cx.application().lock().await?;
    cx.application().set(&variable("Sales"), &1)?;
    cx.dispatch_page("run")
});

/// The unit goes on (W25), and its lock with it.
async fn a_lock_goes_on_with_the_request_to_the_next_page(engine: Engine) {
    let site = site(engine, "").await;
    let handed_on = site.visitor().opens("/hand?do=wait:held,get:Sales,next:Sales");
    site.stage.gate("held").arrivals(1).await;
    let waiter = site.visitor().opens("/run?do=lock,update:Sales");
    waiting(&site, 1).await;
    site.stage.gate("held").open(1);
    assert_eq!(handed_on.answer().await.expect_status(200).text(), "1 2");
    assert_eq!(waiter.answer().await.expect_status(200).text(), "3");
    nobody_has_the_lock(&site).await;
}

/// A17, T25: with one connection to read and one to write with.
async fn who_waits_for_the_lock_holds_no_connection(engine: Engine) {
    let site = site(engine, "database.max_connections = 1\ndatabase.max_writers = 1").await;
    let holder = site.visitor().opens("/run?do=lock,x:name,wait:held");
    site.stage.gate("held").arrivals(1).await;
    let waiters = [site.visitor().opens("/run?do=read,lock"), site.visitor().opens("/run?do=read,x:name")];
    holds_within("both wait", Duration::from_secs(5), async || {
        let status = site.status().await;
        (status.application.lock_waiting, status.locks.waiting) == (1, 1)
    })
    .await;
    let other = site.visitor().get("/run?do=read,row:other,read").await.expect_status(200);
    assert!(other.took() < Duration::from_secs(2), "{other:?}");
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    for waiter in waiters {
        waiter.answer().await.expect_status(200);
    }
    nobody_has_the_lock(&site).await;
}

async fn ten_get_the_lock_in_the_order_they_came(engine: Engine) {
    let site = site(engine, "").await;
    let holder = site.visitor().opens("/run?do=lock,wait:held");
    site.stage.gate("held").arrivals(1).await;
    let mut waiters = Vec::new();
    for turn in 0..10 {
        waiters.push(site.visitor().opens(format!("/run?do=lock,note:{turn}")));
        waiting(&site, turn + 1).await;
    }
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    for waiter in waiters {
        waiter.answer().await.expect_status(200);
    }
    assert_eq!(site.stage.journal(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    nobody_has_the_lock(&site).await;
}

/// A2, D4: at once or in a unit, with or without a lock of their own.
async fn writers_wait_for_the_lock_and_commit_when_it_is_free(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().read("/run?do=put:Sales:1").await;
    let holder = site.visitor().opens("/run?do=lock,get:Sales,wait:held,next:Sales");
    site.stage.gate("held").arrivals(1).await;
    let mut unit = site.visitor().opens("/run?do=update:Sales");
    let mut other_variable = site.visitor().opens("/run?do=put:Other:1");
    let mut conflict_free = site.visitor().opens("/run?do=add:Count:1");
    let mut at_once = site.visitor().opens("/run?do=now-update:Sales");
    let mut at_once_other = site.visitor().opens("/run?do=now-put:~Volatile:1");
    for request in [&mut unit, &mut other_variable, &mut conflict_free, &mut at_once, &mut at_once_other] {
        request.stays_unanswered(MOMENT).await;
    }
    let read = site.visitor().read("/run?do=get:Sales,get:Other,value:Count,get:~Volatile").await;
    assert_eq!(read, "1 - 0 -");
    site.stage.gate("held").open(1);
    let held = holder.answer().await.expect_status(200);
    assert_eq!((attempts(&held), held.text().as_str()), (1, "1 2"), "who has the lock is first");
    for request in [unit, other_variable, conflict_free, at_once, at_once_other] {
        request.answer().await.expect_status(200);
    }
    let read = site.visitor().read("/run?do=get:Sales,get:Other,value:Count,get:~Volatile").await;
    assert_eq!(read, "4 1 1 1", "three have added one");
    nobody_has_the_lock(&site).await;
}

/// How long it takes most to read the variable, which is 1. The slowest of them are measured where nothing else runs.
async fn usual_look(site: &Running) -> Duration {
    let times = all_at_once(4, |_| {
        let visitor = site.visitor();
        async move {
            let mut times = Vec::new();
            for _ in 0..100 {
                let answer = visitor.get("/run?do=get:Sales").await.expect_status(200);
                assert_eq!(answer.text(), "1", "what was completed last");
                times.push(answer.took());
            }
            times
        }
    })
    .await;
    let mut times: Vec<Duration> = times.into_iter().flatten().collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// A7, D4. Beside other tests a look may take long; under the lock it must not take much longer.
async fn readers_and_writers_of_rows_do_not_wait_for_the_lock(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().read("/run?do=put:Sales:1").await;
    let alone = usual_look(&site).await;
    let mut holder = site.visitor().opens("/run?do=lock,put:Sales:2,wait:held");
    site.stage.gate("held").arrivals(1).await;
    let locked = usual_look(&site).await;
    assert!(locked < Duration::from_millis(50).max(alone * 3), "{locked:?} under the lock, {alone:?} without it");
    site.visitor().get("/run?do=row:meanwhile").await.expect_status(200);
    assert_eq!(site.notes("meanwhile").await, 1);
    holder.stays_unanswered(Duration::from_millis(1)).await;
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    assert_eq!(site.visitor().read("/run?do=get:Sales").await, "2");
}

/// Two variables that are always changed together, watched by who asks for both as often as it can.
async fn changes_under_the_lock_become_visible_together(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().read("/run?do=put:Left:0,put:Right:0").await;
    let stage = site.stage.clone();
    let visitors: Vec<_> = (0..3).map(|_| site.visitor()).collect();
    let writers = tokio::spawn(async move {
        all_at_once(visitors.len(), |number| {
            let visitor = visitors[number].clone();
            async move {
                for round in 0..10 {
                    let unlock = if round % 2 == 0 { ",unlock" } else { "" };
                    let steps = "/run?do=lock,get:Left,get:Right,next:Left,hold:1,next:Right";
                    visitor.read(&format!("{steps}{unlock}")).await;
                }
            }
        })
        .await;
        stage.raise("done");
    });
    let application = site.site.application();
    let mut seen = std::collections::BTreeSet::new();
    while !site.stage.is_up("done") {
        let contents = application.contents();
        let text = |name: &str| {
            let found = contents.iter().find(|variable| &*variable.name == name).expect("a variable");
            found.text.to_string()
        };
        assert_eq!(text("Left"), text("Right"));
        seen.insert(text("Left"));
        let page = site.visitor().read("/run?do=get:Left,get:Right").await;
        let (left, right) = page.split_once(' ').expect("two numbers");
        assert_eq!(left, right);
    }
    writers.await.expect("no panic");
    assert!(seen.len() > 3, "it was looked at while it changed: {seen:?}");
    assert_eq!(site.visitor().read("/run?do=get:Left,get:Right").await, "30 30");
}

/// D12.
async fn an_unlock_publishes_at_once_and_ends_replaying(engine: Engine) {
    let site = site(engine, "").await;
    let steps = "/run?do=lock,put:Sales:1,put:~Fleeting:1,add:Count:1,unlock,get:Later,wait:here,row:lost,next:Later";
    let request = site.visitor().opens(steps);
    site.stage.gate("here").arrivals(1).await;
    nobody_has_the_lock(&site).await;
    let read = "/run?do=get:Sales,get:~Fleeting,value:Count";
    assert_eq!(site.visitor().read(read).await, "1 1 1", "while the page is still at work");
    site.site.application().set(&variable("Later"), &10).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    let answer = request.answer().await.expect_status(503);
    answer.retry_after();
    assert_eq!(attempts(&answer), 1, "what was unlocked must not be done twice: {answer:?}");
    assert_eq!(site.visitor().read(&format!("{read},get:Later")).await, "1 1 1 10");
    assert_eq!(site.notes("lost").await, 0);
    let requests = site.status().await.requests;
    assert_eq!(requests.retried, 0, "{requests:?}");
    assert!(requests.add_up(), "{requests:?}");
}

async fn what_was_unlocked_stays_when_the_page_then_fails(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().get("/run?do=lock,put:Sales:1,unlock,put:Later:1,row:lost,error").await.expect_status(500);
    let again = site.visitor().get("/run?do=lock,update:Sales,unlock,retry-once").await;
    assert_eq!((again.status, attempts(&again)), (503, 1), "{again:?}");
    assert_eq!(site.visitor().read("/run?do=get:Sales,get:Later").await, "2 -");
    assert_eq!(site.notes("lost").await, 0);
    nobody_has_the_lock(&site).await;
}

/// The rows belong to the unit, the variables to the lock. With one connection to write with, both must still end.
async fn an_unlock_in_a_unit_with_rows_needs_no_second_connection(engine: Engine) {
    let site = site(engine, "database.max_writers = 1").await;
    let answer = site.visitor().get("/run?do=row:own,lock,put:Sales:1,unlock,get:Sales").await.expect_status(200);
    assert!(answer.took() < Duration::from_secs(3), "{answer:?}");
    assert_eq!(site.notes("own").await, 1);
    assert_eq!(site.visitor().read("/run?do=get:Sales").await, "1");
    nobody_has_the_lock(&site).await;
}

/// T25: one has the row and wants the lock, the other has the lock and wants the row.
async fn a_lock_wanted_by_who_has_a_transaction_ends_in_no_deadlock(engine: Engine) {
    let site = site(engine, "").await;
    let row_first = site.visitor().opens("/run?do=pair:1,meet:both,lock,update:Sales");
    let lock_first = site.visitor().opens("/run?do=lock,meet:both,pair:1,update:Sales");
    site.stage.gate("both").arrivals(2).await;
    site.stage.gate("both").open(2);
    let mut total = 0;
    for request in [row_first, lock_first] {
        let answer = request.answer().await.expect_status(200);
        assert!(answer.took() < Duration::from_secs(4), "{answer:?}");
        total += attempts(&answer);
    }
    assert!(total >= 3, "one of the two gave way");
    assert_eq!(site.number("SELECT value FROM pairs WHERE id = 1").await, 2);
    assert_eq!(site.visitor().read("/run?do=get:Sales").await, "2");
    nobody_has_the_lock(&site).await;
}

/// What is not part of the unit waits for the unit, which waits for it: the wait ends, and the lock with it.
async fn a_change_outside_the_unit_under_its_own_lock_is_given_up_in_time(engine: Engine) {
    let site = site(engine, "application.lock_timeout_ms = 400").await;
    let answer = site.visitor().get("/run?do=lock,put:Sales:1,now-put:Other:1").await.expect_status(503);
    answer.retry_after();
    assert!(answer.took() < Duration::from_secs(3), "{answer:?}");
    assert_eq!(site.visitor().read("/run?do=try-lock,get:Sales,get:Other").await, "got - -");
    nobody_has_the_lock(&site).await;
}
