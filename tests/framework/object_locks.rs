//! Object locks: granted, denied or changed, at once and until the unit ends (G9-G11, AC-13, T15).

use crate::support::LOCK_RETRYING;
use crate::support::RETRYING;
use crate::support::attempts;
use crate::support::prelude::*;
use crate::support::script::Run;
use crate::support::script::variable;

on_both_engines! {
    serial_numbers_are_unique_and_without_a_gap,
    a_variable_another_has_locked_is_denied_at_once,
    who_is_denied_comes_again_and_then_waits_for_its_turn,
    a_variable_that_changed_is_locked_and_the_request_comes_again,
    a_changed_lock_is_held_until_its_unit_ends_and_no_longer,
    who_writes_what_another_has_locked_is_replayed,
    a_lock_ends_with_its_unit_however_that_ends,
    different_variables_are_different_locks,
    lock_retries_may_be_left_out_of_the_log,
}

async fn site(engine: Engine, settings: &str) -> Running {
    let settings = format!("{settings}\npages.run.max = 100");
    Running::start(engine, &settings, |site| site.app_module::<PlainApp>().page::<Run>()).await
}

const SERIAL: &str = "/run?do=object:SerialNumber,get:SerialNumber,hold:2,next:SerialNumber";

/// AC-13, small: every number once, every retry one entry that says why.
async fn serial_numbers_are_unique_and_without_a_gap(engine: Engine) {
    let site = site(engine, "").await;
    let numbers = all_at_once(20, |_| {
        let visitor = site.visitor();
        async move {
            let mut numbers = Vec::new();
            for _ in 0..5 {
                let said = visitor.get(SERIAL).await.expect_status(200).text();
                numbers.push(said.split(' ').nth(1).expect("a number").parse::<i64>().expect("a number"));
            }
            numbers
        }
    })
    .await;
    let mut numbers: Vec<i64> = numbers.into_iter().flatten().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    let requests = site.status().await.requests;
    assert!(requests.retried > 0, "they did meet: {requests:?}");
    assert!(requests.add_up(), "{requests:?}");
    let entries = site.log().await;
    assert_eq!(u64::try_from(entries.len()).expect("few"), requests.retried);
    for entry in &entries {
        assert_eq!((entry.priority.as_str(), entry.label.as_str()), ("trace", LOCK_RETRYING), "{entry:?}");
        let why = ["SerialNumber lock denied", "SerialNumber lock changed"];
        assert!(why.iter().any(|why| entry.says(why)), "{entry:?}");
    }
}

async fn a_variable_another_has_locked_is_denied_at_once(engine: Engine) {
    let site = site(engine, "").await;
    let holder = site.visitor().opens("/run?do=try-object:SerialNumber,try-object:SerialNumber,wait:held");
    site.stage.gate("held").arrivals(1).await;
    let denied = site.visitor().get("/run?do=try-object:SerialNumber,get:SerialNumber").await.expect_status(200);
    assert_eq!((denied.text().as_str(), attempts(&denied)), ("denied -", 1));
    assert!(denied.took() < Duration::from_millis(500), "it never waits: {denied:?}");
    site.stage.gate("held").open(1);
    let held = holder.answer().await.expect_status(200);
    assert_eq!(held.text(), "granted granted", "once more by who has it");
    assert_eq!(site.visitor().read("/run?do=try-object:SerialNumber").await, "granted");
}

async fn who_is_denied_comes_again_and_then_waits_for_its_turn(engine: Engine) {
    let site = site(engine, "").await;
    let holder = site.visitor().opens("/run?do=object:SerialNumber,get:SerialNumber,wait:held,next:SerialNumber");
    site.stage.gate("held").arrivals(1).await;
    let next = site.visitor().opens("/run?do=row:denied,object:SerialNumber,get:SerialNumber,next:SerialNumber");
    holds_within("it was denied twice", Duration::from_secs(5), async || site.status().await.requests.retried == 2)
        .await;
    assert_eq!(site.notes("denied").await, 0);
    site.stage.gate("held").open(1);
    assert_eq!(holder.answer().await.expect_status(200).text(), "- 1");
    let answer = next.answer().await.expect_status(200);
    assert_eq!(answer.text(), "1 2");
    assert_eq!(attempts(&answer), 3, "the third waits for its turn: {answer:?}");
    assert_eq!(site.notes("denied").await, 1);
    let entries = site.logged(LOCK_RETRYING).await;
    assert_eq!(u32::try_from(entries.len()).expect("few"), attempts(&answer) - 1);
    assert!(entries.iter().all(|entry| entry.says("SerialNumber lock denied")), "{entries:?}");
    assert_eq!(site.logged(RETRYING).await.len(), 0, "a lock that is not had is no failed commit");
}

/// Reads, meets the test, and locks what the test has written meanwhile.
async fn a_variable_that_changed_is_locked_and_the_request_comes_again(engine: Engine) {
    let site = site(engine, "").await;
    let request = site.visitor().opens("/run?do=get:SerialNumber,meet:here,object:SerialNumber,next:SerialNumber");
    site.stage.gate("here").arrivals(1).await;
    site.site.application().set(&variable("SerialNumber"), &40).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    let answer = request.answer().await.expect_status(200);
    assert_eq!((answer.text().as_str(), attempts(&answer)), ("40 41", 2), "not the next of a stale number");
    let entries = site.logged(LOCK_RETRYING).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!((entries[0].priority.as_str(), entries[0].attempt), ("trace", Some(1)), "{entries:?}");
    assert!(entries[0].says("SerialNumber lock changed"), "{entries:?}");
    assert_eq!(site.status().await.requests.retried, 1);
}

/// G11: changed is granted too; it must end with the attempt, not with the request.
async fn a_changed_lock_is_held_until_its_unit_ends_and_no_longer(engine: Engine) {
    let site = site(engine, "retry.delays_ms = \"3000\"").await;
    let write = async |number: i64| {
        site.site.application().set(&variable("SerialNumber"), &number).await.expect("another unit's write");
    };
    let request = site.visitor().opens("/run?do=get:SerialNumber,meet:here,try-object:SerialNumber,wait:held");
    site.stage.gate("here").arrivals(1).await;
    write(10).await;
    site.stage.gate("here").open(1);
    site.stage.gate("held").arrivals(1).await;
    assert_eq!(site.visitor().read("/run?do=try-object:SerialNumber").await, "denied", "it is held");
    site.stage.gate("held").open(1);
    assert_eq!(request.answer().await.expect_status(200).text(), "- changed");

    let retrying = site.visitor().opens("/run?do=get:SerialNumber,meet:here,object:SerialNumber,next:SerialNumber");
    site.stage.gate("here").arrivals(1).await;
    write(20).await;
    site.stage.gate("here").open(1);
    holds_within("it waits to come again", Duration::from_secs(2), async || site.status().await.requests.retried == 1)
        .await;
    assert_eq!(site.visitor().read("/run?do=try-object:SerialNumber,get:SerialNumber").await, "granted 20");
    assert!(!retrying.is_answered(), "all this while it waited");
    assert_eq!(retrying.answer().await.expect_status(200).text(), "20 21");
}

async fn who_writes_what_another_has_locked_is_replayed(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().read("/run?do=put:SerialNumber:1").await;
    let holder = site.visitor().opens("/run?do=object:SerialNumber,get:SerialNumber,wait:held,next:SerialNumber");
    site.stage.gate("held").arrivals(1).await;
    let writer = site.visitor().opens("/run?do=row:written,update:SerialNumber");
    holds_within("it was refused", Duration::from_secs(5), async || site.status().await.requests.retried >= 1).await;
    assert_eq!(site.visitor().read("/run?do=get:SerialNumber").await, "1", "reading is free");
    site.stage.gate("held").open(1);
    let held = holder.answer().await.expect_status(200);
    assert_eq!((held.text().as_str(), attempts(&held)), ("1 2", 1), "who has the lock is not disturbed");
    let answer = writer.answer().await.expect_status(200);
    assert_eq!(answer.text(), "3");
    assert!(attempts(&answer) >= 2, "{answer:?}");
    assert_eq!(site.notes("written").await, 1);
    let entries = site.logged(RETRYING).await;
    assert_eq!(u32::try_from(entries.len()).expect("few"), attempts(&answer) - 1);
    for entry in &entries {
        assert_eq!(entry.priority, "warn");
        assert!(entry.says("Write-Lock") && entry.says("SerialNumber"), "{entry:?}");
    }
}

async fn a_lock_ends_with_its_unit_however_that_ends(engine: Engine) {
    let site = site(engine, "request.timeout_ms = 1500").await;
    for (last, status) in
        [("get:SerialNumber", 200), ("error", 500), ("panic", 500), ("retry-once", 200), ("hang", 503)]
    {
        let answer = site.visitor().get(&format!("/run?do=object:SerialNumber,{last}")).await;
        assert_eq!(answer.status, status, "{last}: {answer:?}");
        let next = site.visitor().read("/run?do=try-object:SerialNumber").await;
        assert_eq!(next, "granted", "after {last}");
    }
}

async fn different_variables_are_different_locks(engine: Engine) {
    let site = site(engine, "").await;
    let holder = site.visitor().opens("/run?do=object:A,object:B,wait:held");
    site.stage.gate("held").arrivals(1).await;
    let other = "/run?do=try-object:A,try-object:B,try-object:C,try-object:~A";
    assert_eq!(site.visitor().read(other).await, "denied denied granted granted");
    assert_eq!(attempts(&site.visitor().get("/run?do=put:C:1").await.expect_status(200)), 1);
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    assert_eq!(site.visitor().read(other).await, "granted granted granted granted");
}

/// G18.
async fn lock_retries_may_be_left_out_of_the_log(engine: Engine) {
    let site = site(engine, "object_log.lock_retries = false").await;
    let request = site.visitor().opens("/run?do=get:SerialNumber,meet:here,object:SerialNumber,next:SerialNumber");
    site.stage.gate("here").arrivals(1).await;
    site.site.application().set(&variable("SerialNumber"), &40).await.expect("another unit's write");
    site.stage.gate("here").open(1);
    assert_eq!(attempts(&request.answer().await.expect_status(200)), 2);
    assert_eq!(site.log().await.len(), 0);
    assert_eq!(site.status().await.requests.retried, 1);
}
