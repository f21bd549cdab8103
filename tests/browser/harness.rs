//! The harness itself: what it must see, and what it must not leave behind.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::support::is_used;
use crate::support::prelude::*;

in_a_browser! {
    the_recorder_hears_what_breaks,
    findings_name_rule_element_and_place,
    two_visitors_are_strangers,
    a_browser_leaves_nothing_behind,
}

/// One page for each way to break; on the last, nothing does.
async fn the_recorder_hears_what_breaks(stage: &Stage) {
    let server = stage.site().panics_expected().start().await;
    let breakages = [
        ("/examples/drill?fail=error", "return 0", "status 500"),
        ("/examples", "console.error('broken on purpose')", "broken on purpose"),
        ("/examples", "setTimeout(() => { throw new Error('thrown on purpose') })", "thrown on purpose"),
        ("/examples", "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"1\">')", "Content Security Policy"),
        ("/examples", "fetch('//127.0.0.1:1/').catch(() => 0)", "127.0.0.1:1"),
        ("/examples", "return 0", ""),
    ];
    for (path, script, complaint) in breakages {
        // Not the stage's: its complaints are expected.
        let browser = Browser::start(&format!("http://127.0.0.1:{}", server.port())).await;
        browser.open(path).await;
        browser.look(script).await;
        if complaint.is_empty() {
            assert_eq!(browser.complaints().await, Vec::<String>::new());
        } else {
            holds_within(&format!("complaints about {complaint}"), Duration::from_secs(5), async || {
                browser.complaints().await.iter().any(|line| line.contains(complaint))
            })
            .await;
        }
    }
}

async fn findings_name_rule_element_and_place(stage: &Stage) {
    let server = stage.site().start().await;
    let browser = stage.browser(&server).await;
    browser.open("/examples").await;
    let broken = "const main = document.querySelector('main'); main.innerHTML += '<input id=\"nameless\"><hr>';
        main.lastChild.style.width = '2000px'";
    browser.look(broken).await;
    let mut findings = Findings::default();
    findings.inspect(&browser, "a broken page").await;
    let said = AssertUnwindSafe(async { findings.are_none() }).catch_unwind().await;
    let said = said.expect_err("two things are wrong with the page");
    let said = said.downcast_ref::<String>().expect("a message");
    for expected in ["label (critical)", "nameless", "px too wide", "a broken page at 360 px"] {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
}

async fn two_visitors_are_strangers(stage: &Stage) {
    let server = stage.site().start().await;
    let (anna, nobody) = (stage.signed_in(&server, "anna").await, stage.browser(&server).await);
    for (browser, signed_in) in [(&anna, true), (&nobody, false)] {
        browser.open("/clients").await;
        assert_eq!(browser.look("return !document.querySelector('main [name=\"password\"]')").await, signed_in);
    }
}

async fn a_browser_leaves_nothing_behind(stage: &Stage) {
    let server = stage.site().start().await;
    let browser = Browser::start(&format!("http://127.0.0.1:{}", server.port())).await;
    let profile = browser.profile();
    browser.open("/login").await;
    assert!(is_used(&profile) && profile.exists());
    let failed = AssertUnwindSafe(async { assert!(browser.title().await.is_empty(), "a test that fails") });
    assert!(failed.catch_unwind().await.is_err());
    drop(browser);
    assert!(!is_used(&profile), "processes are left");
    assert!(!profile.exists(), "files are left");
}
