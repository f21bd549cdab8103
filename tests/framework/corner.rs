//! The corner in which every page tells, in development, how it came about.

use toolcrib_tests::html;

use crate::support::attempts;
use crate::support::prelude::*;

/// What a hostile visitor would like to have in a page.
const NAME: &str = "<b>Tally</b>";

const TALLY: AppVar<i64> = AppVar::new(NAME);

page!(Whole, PageInfo::new("whole", "/whole"), show(cx) {
    let _: i64 = db::query("SELECT COUNT(*) FROM notes").scalar(cx.read().await?).await?;
    Ok(Response::html("<!doctype html><html><body><main>a page</main></body></html>"))
});

page!(Part, PageInfo::new("part", "/part"), show(_cx) { Ok(Response::html("<p>a part</p>")) });

page!(Json, PageInfo::new("json", "/json"), show(cx) { cx.json("</body>") });

// Loses its first attempt to whoever changes the variable meanwhile.
page!(Collide, PageInfo::new("collide", "/collide"), action(cx) {
    let tally = cx.application().get(&TALLY)?.unwrap_or_default();
    if cx.attempt_number() == 1 {
        stage(cx).gate("read").pass().await;
    }
    cx.application().set(&TALLY, &(tally + 1))?;
    Ok(Response::html("<html><body>done</body></html>"))
});

async fn site(settings: &str) -> Running {
    let settings = format!("retry.delays_ms = [1, 1]\n{settings}");
    Running::start(Engine::Sqlite, &settings, |site| {
        site.app_module::<PlainApp>().page::<Whole>().page::<Part>().page::<Json>().page::<Collide>()
    })
    .await
}

/// A site under test has none unless it is asked for.
const ON: &str = "development.corner = true";

/// Where the corner begins.
const CORNER: &str = "toolcrib-corner";

#[test]
fn a_whole_page_tells_how_it_came_about() {
    run(async {
        let site = site(ON).await;
        site.visitor().get("/whole").await;
        let answer = site.visitor().get("/whole").await;
        let text = html::visible_text(&answer.text());
        let instance = answer.header("x-page-instance").expect("a number");
        for told in ["a page", "Page whole", &format!("Instance {instance}, use 2"), "Attempts 1", "SQL statements 1"] {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        let id = answer.header("x-request-id").expect("an id");
        assert!(answer.text().contains(&format!("href=\"/tools/object-log?request={id}\"")), "{answer:?}");
        assert!(
            answer.text().ends_with("</aside>\n</body></html>") || answer.text().ends_with("</aside></body></html>")
        );
        let style = answer.text().split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
        let style = site.visitor().get(&style.expect("a link")).await.expect_status(200);
        assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    });
}

#[test]
fn an_error_that_is_a_page_has_one_too() {
    run(async {
        let site = site(ON).await;
        let answer = site.visitor().get("/nowhere").await.expect_status(404);
        assert!(answer.text().contains(CORNER), "{answer:?}");
        assert!(answer.text().contains(answer.header("x-request-id").expect("an id")));
    });
}

#[test]
fn what_is_no_page_or_was_not_opened_as_one_has_none() {
    run(async {
        let site = site(ON).await;
        let visitor = site.visitor();
        for path in ["/part", "/json", "/assets/toolcrib.css"] {
            assert!(!visitor.read(path).await.contains(CORNER), "{path}");
        }
        for header in [("X-Requested-With", "fetch"), ("Sec-Fetch-Dest", "iframe")] {
            let answer = visitor.get_with("/whole", &[header]).await.expect_status(200);
            assert!(answer.text().contains("a page") && !answer.text().contains(CORNER), "{header:?}");
        }
        assert!(visitor.get_with("/whole", &[("Sec-Fetch-Dest", "document")]).await.text().contains(CORNER));
    });
}

#[test]
fn a_setting_turns_it_off() {
    run(async {
        let site = site("development.corner = false").await;
        assert_eq!(site.visitor().read("/whole").await, "<!doctype html><html><body><main>a page</main></body></html>");
    });
}

#[test]
fn a_replayed_request_tells_what_it_lost_over_and_nothing_in_it_is_markup() {
    run(async {
        let site = site(ON).await;
        let visitor = site.visitor();
        let token = visitor.token().await;
        let colliding = visitor.sends(&token, "/collide", &[]);
        site.stage.gate("read").arrivals(1).await;
        site.site.application().set(&TALLY, &10).await.expect("a change that is first");
        site.stage.gate("read").open(1);
        let answer = colliding.answer().await.expect_status(200);
        assert_eq!(attempts(&answer), 2);
        assert!(!answer.text().contains(NAME), "{answer:?}");
        let text = html::visible_text(&answer.text());
        assert!(text.contains("2 attempts") && text.contains("Attempt 1 lost"), "{text}");
        assert!(answer.text().contains("Write-Write on &#60;b&#62;Tally"), "{answer:?}");
    });
}
