//! A panic costs its own request one answer and its instance its place; nothing else (W12, fault 16).

use std::fmt;

use crate::support::prelude::*;

/// What no visitor may read.
const SECRET: &str = "the-panic's-message";

/// Most instances of the fragile page.
const MAX: usize = 3;

/// A value that panics when it is dropped, when it is armed.
struct Bomb {
    armed: bool,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!std::mem::take(&mut self.armed) || std::thread::panicking(), "{SECRET}");
    }
}

/// A value whose text panics.
struct Unprintable;

impl fmt::Display for Unprintable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("{SECRET}");
    }
}

#[derive(askama::Template)]
#[template(source = "<p>{{ value }}</p>", ext = "html")]
struct View {
    value: Unprintable,
}

/// The page that panics where it is asked to. `poisoned` is never reset: only a fresh instance has it not set.
struct Fragile {
    stage: Stage,
    poisoned: bool,
    panics_at_the_end: bool,
    bomb: Bomb,
}

impl PageModule for Fragile {
    const INFO: PageInfo = PageInfo::new("fragile", "/fragile");

    async fn create(site: &Site) -> Result<Self, CreateError> {
        let stage = Stage::of(site);
        assert!(!stage.is_up("create"), "{SECRET}");
        Ok(Self { stage, poisoned: false, panics_at_the_end: false, bomb: Bomb { armed: false } })
    }

    fn initialize(&mut self) {
        if self.stage.is_up("initialize") {
            self.poisoned = true;
            panic!("{SECRET}");
        }
    }

    async fn on_activate(&mut self, cx: &mut Context<'_>) -> Result<(), PageError> {
        if self.poisoned {
            self.stage.count("poisoned instance used");
        }
        if cx.query_param("at") == Some("on_activate") {
            self.poisoned = true;
            panic!("{SECRET}");
        }
        Ok(())
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let at = cx.query_param("at").unwrap_or_default().to_owned();
        if cx.query_param("hold").is_some() {
            self.stage.gate("hold").pass().await;
        }
        self.poisoned = !at.is_empty() && at != "after_commit";
        match at.as_str() {
            "the_start" => panic!("{SECRET}"),
            "an_await" => {
                tokio::task::yield_now().await;
                panic!("{SECRET}");
            }
            "drop_of_the_module" => {
                self.bomb.armed = true;
                panic!("{SECRET}");
            }
            "drop_of_a_value" => {
                let bomb = Bomb { armed: true };
                tokio::task::yield_now().await;
                drop(bomb);
            }
            "the_template" => return cx.render(View { value: Unprintable }),
            "on_deactivate" => self.panics_at_the_end = true,
            "after_commit" => cx.after_commit(async { panic!("{SECRET}") }),
            _ => {}
        }
        Ok(Response::text("sound"))
    }

    fn on_deactivate(&mut self) {
        assert!(!self.panics_at_the_end, "{SECRET}");
    }
}

/// Panics in its hooks when asked to.
struct FragileApp {
    poisoned: bool,
}

impl AppModule for FragileApp {
    const TITLE: &'static str = "Panics";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self { poisoned: false })
    }

    fn initialize(&mut self) {}

    async fn on_request_start(&mut self, cx: &mut Context<'_>) -> Result<Flow, PageError> {
        if self.poisoned {
            stage(cx).count("poisoned instance used");
        }
        if cx.query_param("at") == Some("on_request_start") {
            self.poisoned = true;
            panic!("{SECRET}");
        }
        Ok(Flow::Continue)
    }

    async fn on_request_end(&mut self, cx: &mut Context<'_>, _: &mut Response) -> Result<(), PageError> {
        if cx.query_param("at") == Some("on_request_end") {
            self.poisoned = true;
            panic!("{SECRET}");
        }
        Ok(())
    }

    fn error_page(notice: &ErrorNotice<'_>, _: &Frame) -> Option<String> {
        assert!(notice.status != StatusCode::NOT_FOUND, "{SECRET}");
        None
    }
}

page!(Hold, PageInfo::new("other", "/other"), show(cx) {
    stage(cx).gate("other").pass().await;
    Ok(Response::text("went on"))
});

async fn site(settings: &str) -> Running {
    let settings = format!("pages.fragile.max = {MAX}\n{settings}");
    Running::start(Engine::Sqlite, &settings, |site| site.app_module::<FragileApp>().page::<Fragile>().page::<Hold>())
        .await
}

/// `MAX` requests are in the page at the same moment.
async fn as_many_as_allowed_run_at_once(site: &Running) {
    let running: Vec<_> = (0..MAX)
        .map(|_| {
            let visitor = site.visitor();
            tokio::spawn(async move { visitor.get("/fragile?hold=1").await })
        })
        .collect();
    let gate = site.stage.gate("hold");
    gate.arrivals(u32::try_from(MAX).expect("few")).await;
    gate.open(MAX);
    for request in running {
        assert_eq!(request.await.expect("an answer").expect_status(200).text(), "sound");
    }
}

/// Everything that has to hold when the page panics `at` some point, asked for one worker, so that all happens on it.
async fn costs_one_answer(at: &'static str, status: u16, instances_lost: u64) {
    let site = site("server.workers = 1").await;
    let visitor = site.visitor();
    if at != "create" {
        visitor.read("/fragile").await;
    }
    let bystander = tokio::spawn({
        let bystander = site.visitor();
        async move { bystander.get("/other").await }
    });
    site.stage.gate("other").arrivals(1).await;

    site.stage.raise(at);
    let answer = visitor.get(&format!("/fragile?at={at}")).await.expect_status(status);
    site.stage.lower(at);

    assert!(!answer.text().contains(SECRET), "{answer:?}");
    if status == 500 {
        let id = answer.header("x-request-id").expect("an id").to_owned();
        assert!(answer.text().contains(&id), "{answer:?}");
    }
    site.stage.gate("other").open(1);
    assert_eq!(bystander.await.expect("an answer").expect_status(200).text(), "went on");
    let pool = site.status().await.pool("fragile").clone();
    assert_eq!((pool.active, pool.waiting), (0, 0), "{pool:?}");
    assert_eq!(pool.destroyed_total, instances_lost, "{pool:?}");
    assert_eq!(pool.state, "serving");
    as_many_as_allowed_run_at_once(&site).await;
    assert_eq!(site.stage.counted("poisoned instance used"), 0);
    let status = site.status().await;
    assert_eq!((status.pool("fragile").active, status.pool("app").active), (0, 1), "the look itself is the one");
}

macro_rules! a_panic {
    ($($fact:ident: $at:literal),+ $(,)?) => {
        $(
            #[test]
            fn $fact() {
                run(costs_one_answer($at, 500, 1));
            }
        )+
    };
}

a_panic! {
    a_panic_at_the_start_costs_one_answer: "the_start",
    a_panic_after_an_await_costs_one_answer: "an_await",
    a_panic_while_the_panicked_module_is_dropped_costs_one_answer: "drop_of_the_module",
    a_panic_while_a_value_of_the_future_is_dropped_costs_one_answer: "drop_of_a_value",
    a_panic_in_initialize_costs_one_answer: "initialize",
    a_panic_in_on_activate_costs_one_answer: "on_activate",
    a_panic_in_on_deactivate_costs_one_answer: "on_deactivate",
    a_panic_in_a_template_costs_one_answer: "the_template",
    a_panic_before_the_page_in_the_app_module_costs_one_answer: "on_request_start",
    a_panic_after_the_page_in_the_app_module_costs_one_answer: "on_request_end",
}

#[test]
fn a_panic_in_create_costs_one_answer() {
    run(costs_one_answer("create", 500, 0));
}

#[test]
fn a_panic_in_an_effect_costs_nothing() {
    run(costs_one_answer("after_commit", 200, 0));
}

/// The framework's own error page must not be needed to say that the site's failed.
#[test]
fn a_panic_in_the_sites_error_page_costs_one_answer() {
    run(async {
        let site = site("").await;
        let answer = site.visitor().get("/nowhere").await.expect_status(500);
        assert!(!answer.text().contains(SECRET), "{answer:?}");
        as_many_as_allowed_run_at_once(&site).await;
    });
}

/// A module that is not kept is dropped after every request, by code that has better things to do than to panic.
struct Volatile {
    _bomb: Bomb,
}

impl PageModule for Volatile {
    const INFO: PageInfo = PageInfo::new("volatile", "/volatile");
    const CACHE: CacheMode = CacheMode::Destroy;

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self { _bomb: Bomb { armed: true } })
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Ok(Response::text("shown"))
    }
}

#[test]
fn a_module_that_panics_whenever_it_is_dropped_serves_all_the_same() {
    run(async {
        let site = Running::start(Engine::Sqlite, "server.workers = 1\npages.volatile.max = 1", |site| {
            site.app_module::<PlainApp>().page::<Volatile>()
        })
        .await;
        for _ in 0..10 {
            assert_eq!(site.visitor().read("/volatile").await, "shown");
        }
        let pool = site.status().await.pool("volatile").clone();
        assert_eq!((pool.active, pool.idle, pool.created_total, pool.destroyed_total), (0, 0, 10, 10));
    });
}

/// T6, over all workers: many panics of all kinds at once lose no capacity.
#[test]
fn forty_panics_at_once_lose_no_capacity() {
    run(async {
        let site = site("request.timeout_ms = 10000").await;
        let kinds =
            ["the_start", "an_await", "drop_of_the_module", "drop_of_a_value", "on_activate", "the_template", ""];
        let answers = all_at_once(46, |number| {
            let visitor = site.visitor();
            async move {
                let at = kinds[number % kinds.len()];
                (at, visitor.get(&format!("/fragile?at={at}")).await)
            }
        })
        .await;
        for (at, answer) in answers {
            answer.expect_status(if at.is_empty() { 200 } else { 500 });
        }
        let pool = site.status().await.pool("fragile").clone();
        assert_eq!((pool.active, pool.waiting), (0, 0), "{pool:?}");
        assert!(pool.panics_total >= 35, "{pool:?}");
        as_many_as_allowed_run_at_once(&site).await;
        assert_eq!(site.stage.counted("poisoned instance used"), 0);
    });
}
