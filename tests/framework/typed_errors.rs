//! What cannot be done with a variable is an error that names it and says what to do; the visitor is not told.

use crate::support::prelude::*;

on_both_engines! {
    what_cannot_be_done_is_named_and_explained_and_changes_nothing,
}

const NUMBER: AppVar<i64> = AppVar::new("Number");
const NUMBER_AS_LIST: AppVar<Vec<String>> = AppVar::new("Number");
const NUMBER_AS_COUNTER: RcCounter = RcCounter::new("Number");
const NUMBER_AS_QUEUE: RcQueue<String> = RcQueue::new("Number");
const NUMBER_IN_MEMORY: AppVar<i64> = AppVar::new("Number").volatile();
const COUNT: RcCounter = RcCounter::new("Count");
const DEBT: RcCounter = RcCounter::new("Debt");
const COUNT_AS_VALUE: AppVar<i64> = AppVar::new("Count");
const TEXT: AppVar<String> = AppVar::new("Text");
const EMPTY: RcQueue<String> = RcQueue::new("Empty");
const BOARD: RcMap<String> = RcMap::new("Board");

/// Does what cannot be done.
fn mistake(unit: &mut Unit, what: &str) -> Result<(), PageError> {
    let mut application = unit.application();
    match what {
        "another-type" => {
            application.get(&NUMBER_AS_LIST)?;
        }
        "another-type-updated" => {
            application.update(&NUMBER_AS_LIST, Option::unwrap_or_default)?;
        }
        "value-as-counter" => application.counter(&NUMBER_AS_COUNTER).add(1)?,
        "value-as-queue" => {
            application.queue(&NUMBER_AS_QUEUE).len()?;
        }
        "counter-as-value" => application.set(&COUNT_AS_VALUE, &1)?,
        "durable-as-volatile" => application.set(&NUMBER_IN_MEMORY, &1)?,
        "too-large" => application.set(&TEXT, &"x".repeat(64 * 1024))?,
        "too-large-in-a-map" => application.map(&BOARD).put("key", &"x".repeat(64 * 1024))?,
        "long-key" => application.map(&BOARD).put(&"k".repeat(201), &"x".to_owned())?,
        "empty-queue" => {
            application.queue(&EMPTY).pop()?;
        }
        "overflow" => application.counter(&COUNT).add(i64::MAX)?,
        "underflow" => application.counter(&DEBT).add(-i64::MAX)?,
        other => panic!("no such mistake: {other}"),
    }
    Ok(())
}

page!(Fails, PageInfo::new("fails", "/fails/{what}"), show(cx) {
    let what: String = cx.path("what")?;
    cx.application().set(&TEXT, &"written before".to_owned())?;
    mistake(cx.unit(), &what)?;
    Ok(Response::text("done"))
});

page!(Caught, PageInfo::new("caught", "/caught/{what}"), show(cx) {
    let what: String = cx.path("what")?;
    Ok(Response::text(match mistake(cx.unit(), &what) {
        Ok(()) => "done".to_owned(),
        Err(error) => chain(&error),
    }))
});

/// An error and all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

async fn what_cannot_be_done_is_named_and_explained_and_changes_nothing(engine: Engine) {
    let site = Running::start(engine, "", |site| site.app_module::<PlainApp>().page::<Fails>().page::<Caught>()).await;
    let application = site.site.application();
    application.set(&NUMBER, &5).await.expect("written");
    application.add(&COUNT, 5).await.expect("added");
    application.add(&DEBT, -5).await.expect("added");
    // What it was, and words of what is wrong or what to do.
    let mistakes = [
        ("another-type", "Number", ["type", "declar"]),
        ("another-type-updated", "Number", ["type", "declar"]),
        ("value-as-counter", "Number", ["value", "counter"]),
        ("value-as-queue", "Number", ["value", "queue"]),
        ("counter-as-value", "Count", ["value", "counter"]),
        ("durable-as-volatile", "Number", ["durable", "volatile"]),
        ("too-large", "Text", ["65536", "byte"]),
        ("too-large-in-a-map", "Board", ["65536", "byte"]),
        ("long-key", "Board", ["200", "byte"]),
        ("empty-queue", "Empty", ["empty", "pop_if_any"]),
        ("overflow", "Count", ["Count", "range"]),
        ("underflow", "Debt", ["Debt", "range"]),
    ];
    for (what, name, words) in mistakes {
        let caught = site.visitor().read(&format!("/caught/{what}")).await;
        for word in [name].iter().chain(&words) {
            assert!(caught.contains(word), "{what} should say {word}: {caught}");
        }
        let answer = site.visitor().get(&format!("/fails/{what}")).await.expect_status(500);
        assert!(!answer.text().contains(name), "{what}: {answer:?}");
        assert_eq!(answer.header("x-attempts"), Some("1"), "{what}");
        let entry = site.log().await.pop().expect("an entry");
        assert_eq!(entry.priority, "error", "{what}: {entry:?}");
        assert!(entry.says(name) && entry.says(words[0]), "{what}: {entry:?}");
        assert_eq!(application.get(&TEXT).expect("read"), None, "{what}: what was written before is undone");
        assert_eq!(application.get(&NUMBER).expect("read"), Some(5), "{what}");
        assert_eq!(application.count(&COUNT).expect("read"), 5, "{what}");
    }

    // The same, at once.
    application.get(&NUMBER_AS_LIST).expect_err("another type");
    application.set(&NUMBER_AS_LIST, &Vec::new()).await.expect("a variable may be given a value of another type");
    application.set(&NUMBER, &5).await.expect("and back");
    application.add(&NUMBER_AS_COUNTER, 1).await.expect_err("another kind");
    application.set(&COUNT_AS_VALUE, &1).await.expect_err("another kind");
    application.set(&TEXT, &"x".repeat(64 * 1024)).await.expect_err("too large");
    application.add(&COUNT, i64::MAX).await.expect_err("out of range");
    application.set(&NUMBER_IN_MEMORY, &1).await.expect_err("declared otherwise");
    assert_eq!(application.get(&NUMBER).expect("read"), Some(5));
    assert_eq!(application.count(&COUNT).expect("read"), 5);

    // A function that panics costs its caller an error and nobody else anything.
    application.update(&NUMBER, |_| panic!("asked to panic")).await.expect_err("a panic");
    assert_eq!(application.update(&NUMBER, |old| old.unwrap_or(0) + 1).await.expect("updated"), 6);

    // 64 KiB of JSON are allowed: the quotes count.
    application.set(&TEXT, &"x".repeat(64 * 1024 - 2)).await.expect("just small enough");
}
