//! Data modules: checked out with the page, shared by its hooks, by nobody else (W10, W11).

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::support::prelude::*;

/// What pages share for the length of a request.
struct Common {
    number: u64,
    note: String,
    at_work: Arc<AtomicBool>,
}

impl DataModule for Common {
    const NAME: &'static str = "common";

    async fn create(site: &Site) -> Result<Self, CreateError> {
        let number = Stage::of(site).count("common created");
        Ok(Self { number, note: String::new(), at_work: Arc::default() })
    }

    fn initialize(&mut self) {
        self.note.clear();
    }
}

/// A data module that nobody declares.
struct Other;

impl DataModule for Other {
    const NAME: &'static str = "other";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

/// Uses the data module in every hook.
struct Hooks;

impl PageModule for Hooks {
    const INFO: PageInfo = PageInfo::new("hooks", "/hooks");

    fn uses() -> Uses {
        Uses::none().and::<Common>()
    }

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn before_page(&mut self, cx: &mut Context<'_>) -> Result<Flow, PageError> {
        let common = cx.data::<Common>()?;
        common.note.push_str("before ");
        Ok(Flow::Continue)
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let common = cx.data::<Common>()?;
        common.note.push_str("show ");
        Ok(Response::text(format!("{}:{}", common.number, common.note)))
    }

    async fn after_page(&mut self, cx: &mut Context<'_>, response: &mut Response) -> Result<(), PageError> {
        let common = cx.data::<Common>()?;
        *response = Response::text(format!("{}after", String::from_utf8_lossy(response.body())));
        common.note.push_str("after");
        Ok(())
    }
}

/// Works with the data module for a while, and counts whom it meets there.
async fn work(cx: &mut Context<'_>) -> PageResult {
    let stage = stage(cx);
    let common = cx.data::<Common>()?;
    if common.at_work.swap(true, Ordering::SeqCst) {
        stage.count("met another request");
    }
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    common.at_work.store(false, Ordering::SeqCst);
    stage.count("served");
    Ok(Response::text("worked"))
}

macro_rules! working_page {
    ($name:ident, $info:expr) => {
        struct $name;

        impl PageModule for $name {
            const INFO: PageInfo = $info;

            fn uses() -> Uses {
                Uses::none().and::<Common>()
            }

            async fn create(_: &Site) -> Result<Self, CreateError> {
                Ok(Self)
            }

            fn initialize(&mut self) {}

            async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
                work(cx).await
            }
        }
    };
}

working_page!(Left, PageInfo::new("left", "/left"));
working_page!(Right, PageInfo::new("right", "/right"));

page!(Undeclared, PageInfo::new("undeclared", "/undeclared"), show(cx) {
    cx.data::<Other>()?;
    Ok(Response::text("reached"))
});

/// Hands on to a page that uses the same data module.
struct Hander;

impl PageModule for Hander {
    const INFO: PageInfo = PageInfo::new("hander", "/hander");

    fn uses() -> Uses {
        Uses::none().and::<Common>()
    }

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.data::<Common>()?.note.push_str("handed on");
        stage(cx).gate("hander").pass().await;
        cx.dispatch_page(cx.query_param("to").unwrap_or("left"))
    }
}

page!(Alone, PageInfo::new("alone", "/alone"), show(_cx) { Ok(Response::text("alone")) });

async fn site(settings: &str) -> Running {
    Running::start(Engine::Sqlite, settings, |site| {
        site.app_module::<PlainApp>()
            .data_module::<Common>()
            .data_module::<Other>()
            .page::<Hooks>()
            .page::<Left>()
            .page::<Right>()
            .page::<Undeclared>()
            .page::<Hander>()
            .page::<Alone>()
    })
    .await
}

#[test]
fn all_hooks_of_a_request_share_one_instance_which_the_next_request_finds_reset() {
    run(async {
        let site = site("").await;
        for _ in 0..3 {
            assert_eq!(site.visitor().read("/hooks").await, "1:before show after");
        }
    });
}

#[test]
fn a_data_module_takes_part_only_where_it_is_used() {
    run(async {
        let site = site("").await;
        site.visitor().read("/alone").await;
        assert_eq!(site.status().await.pool("common").created_total, 0);
        site.visitor().read("/hooks").await;
        let status = site.status().await;
        assert_eq!((status.pool("common").created_total, status.pool("common").uses_total), (1, 1));
        assert_eq!(status.pool("other").created_total, 0);
    });
}

#[test]
fn a_data_module_created_always_takes_part_in_every_request() {
    run(async {
        let site = site("pages.common.create = \"always\"").await;
        site.visitor().read("/alone").await;
        let uses = site.status().await.pool("common").uses_total;
        site.visitor().read("/alone").await;
        let status = site.status().await;
        assert_eq!(status.pool("common").uses_total, uses + 2, "by the page and by the look at it");
        assert_eq!(status.pool("hooks").created_total, 0, "W7: the others are not touched");
    });
}

/// W11.
#[test]
fn a_scarce_data_module_is_never_shared_and_nobody_waits_beyond_the_deadline() {
    run(async {
        let site = site(
            "pages.common.max = 1\npages.left.max = 2\npages.right.max = 2\nrequest.timeout_ms = 5000\n\
             pool.queue_timeout_ms = 2000",
        )
        .await;
        let answers = all_at_once(50, |number| {
            let visitor = site.visitor();
            async move { visitor.get(if number % 2 == 0 { "/left" } else { "/right" }).await }
        })
        .await;
        for answer in &answers {
            assert!(matches!(answer.status, 200 | 503), "{answer:?}");
            assert!(answer.took() < Duration::from_secs(6), "{answer:?}");
        }
        let served = answers.iter().filter(|answer| answer.status == 200).count() as u64;
        assert!(served > 0);
        assert_eq!(site.stage.counted("served"), served);
        assert_eq!(site.stage.counted("met another request"), 0);
        assert_eq!(site.stage.counted("common created"), 1);
        let status = site.status().await;
        for pool in ["common", "left", "right"] {
            assert_eq!((status.pool(pool).active, status.pool(pool).waiting), (0, 0), "{pool}");
        }
        site.visitor().read("/left").await;
    });
}

/// D5: what one page noted in a data module is not for the next.
#[test]
fn a_page_handed_on_to_finds_its_data_module_reset() {
    run(async {
        let site = site("pages.common.max = 1").await;
        site.stage.gate("hander").open(1);
        assert_eq!(site.visitor().read("/hander?to=hooks").await, "1:before show after");
    });
}

/// T24: one request has the data module and goes on to the page, the other has the page and waits for the data module.
#[test]
fn a_request_that_is_handed_on_and_one_that_waits_do_not_wait_for_each_other() {
    run(async {
        let site = site("pages.common.max = 1\npages.left.max = 1\npool.queue_timeout_ms = 3000").await;
        let (first, second) = (site.visitor(), site.visitor());
        let handed_on = tokio::spawn(async move { first.get("/hander").await });
        site.stage.gate("hander").arrivals(1).await;
        let waits = tokio::spawn(async move { second.get("/left").await });
        holds_within("it has the page and waits", Duration::from_secs(2), async || {
            site.status().await.pool("common").waiting == 1
        })
        .await;
        site.stage.gate("hander").open(1);
        for request in [handed_on, waits] {
            assert_eq!(request.await.expect("an answer").expect_status(200).text(), "worked");
        }
        let status = site.status().await;
        assert_eq!((status.pool("common").active, status.pool("left").active), (0, 0));
    });
}

#[test]
fn a_module_that_was_not_declared_is_out_of_reach() {
    run(async {
        let site = site("").await;
        let answer = site.visitor().get("/undeclared").await.expect_status(500);
        assert!(!answer.text().contains("other"), "opaque: {answer:?}");
        assert_eq!(site.status().await.pool("other").created_total, 0);
    });
}

/// Two pages that take part in every request: each is at the other's requests, too.
macro_rules! page_created_always {
    ($name:ident, $info:expr) => {
        struct $name;

        impl PageModule for $name {
            const INFO: PageInfo = $info;
            const CREATE: CreateMode = CreateMode::Always;

            async fn create(site: &Site) -> Result<Self, CreateError> {
                let stage = Stage::of(site);
                if stage.is_up("slow") {
                    stage.gate("create").pass().await;
                }
                Ok(Self)
            }

            fn initialize(&mut self) {}

            async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
                tokio::task::yield_now().await;
                Ok(Response::text(Self::INFO.name()))
            }
        }
    };
}

page_created_always!(East, PageInfo::new("east", "/east"));
page_created_always!(West, PageInfo::new("west", "/west"));

async fn always(settings: &str) -> Running {
    Running::start(Engine::Sqlite, settings, |site| {
        site.app_module::<PlainApp>().page::<East>().page::<West>().page::<Alone>()
    })
    .await
}

/// T24: each request has the instance that the other needs next.
#[test]
fn pages_created_always_do_not_wait_for_each_other_in_a_circle() {
    run(async {
        let site = always("pages.east.max = 1\npages.west.max = 1").await;
        site.stage.raise("slow");
        let requests = ["/east", "/west"].map(|path| {
            let visitor = site.visitor();
            tokio::spawn(async move { visitor.get(path).await })
        });
        let gate = site.stage.gate("create");
        gate.arrivals(1).await;
        // The other one comes as soon as it can: at once, or after the first.
        gate.open(10);
        for request in requests {
            let answer = request.await.expect("an answer").expect_status(200);
            assert!(answer.took() < Duration::from_secs(3), "{answer:?}");
        }
    });
}

/// A page that is some requests' own and others' companion is one instance all the while.
#[test]
fn a_page_that_serves_and_accompanies_is_never_lost_in_between() {
    run(async {
        let site = always("pages.east.max = 1\npages.west.create = \"on_demand\"").await;
        let paths = ["/east", "/alone", "/west", "/east"];
        let answers = toolcrib_tests::load::in_parallel(800, 8, {
            let visitor = site.visitor();
            move |number| {
                let visitor = visitor.clone();
                async move { visitor.get(paths[number % paths.len()]).await }
            }
        })
        .await;
        for answer in answers {
            answer.expect_status(200);
        }
        let status = site.status().await;
        let pool = status.pool("east");
        assert_eq!((pool.created_total, pool.destroyed_total), (1, 0), "{pool:?}");
        assert_eq!(status.requests.retried, 0, "no request had to be run twice");
    });
}
