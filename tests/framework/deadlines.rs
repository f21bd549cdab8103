//! A request is answered in time, whatever its page does (fault 18, reliability 1).

use crate::support::prelude::*;

on_both_engines! {
    what_a_page_wrote_before_its_deadline_is_gone,
}

/// The request's deadline in these tests.
const DEADLINE: Duration = Duration::from_millis(700);
const SETTINGS: &str = "request.timeout_ms = 700\npages.stuck.max = 1\npages.unborn.max = 1";

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a value dropped with the future that held it");
    }
}

/// Hangs where it is asked to.
struct Stuck;

impl PageModule for Stuck {
    const INFO: PageInfo = PageInfo::new("stuck", "/stuck");

    async fn create(site: &Site) -> Result<Self, CreateError> {
        Stage::of(site).count("stuck created");
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        db::query("INSERT INTO notes (body) VALUES ('stuck')").execute(cx.tx().await?).await?;
        match cx.query_param("how") {
            Some("hanging") => std::future::pending().await,
            Some("bomb") => {
                let _bomb = Bomb;
                std::future::pending::<()>().await;
            }
            Some("effect") => {
                let stage = stage(cx);
                cx.after_commit(std::future::pending());
                cx.after_commit(async move {
                    stage.count("next effect");
                });
            }
            Some("effect-with-bomb") => cx.after_commit(async {
                let _bomb = Bomb;
                std::future::pending::<()>().await;
            }),
            _ => {}
        }
        Ok(Response::text("in time"))
    }
}

/// Is never there when it is not let be.
struct Unborn;

impl PageModule for Unborn {
    const INFO: PageInfo = PageInfo::new("unborn", "/unborn");

    async fn create(site: &Site) -> Result<Self, CreateError> {
        if Stage::of(site).is_up("hang in create") {
            std::future::pending::<()>().await;
        }
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Ok(Response::text("born"))
    }
}

async fn site(engine: Engine) -> Running {
    Running::start(engine, SETTINGS, |site| site.app_module::<PlainApp>().page::<Stuck>().page::<Unborn>()).await
}

/// The answer of a request that was not answered by its page: after the deadline and soon after it.
fn is_cut_off(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    answer.retry_after();
    assert!(answer.took() >= DEADLINE, "{answer:?}");
    assert!(answer.took() < DEADLINE * 4, "{answer:?}");
}

async fn what_a_page_wrote_before_its_deadline_is_gone(engine: Engine) {
    let site = site(engine).await;
    is_cut_off(&site.visitor().get("/stuck?how=hanging").await);
    assert_eq!(site.notes("stuck").await, 0);
    assert_eq!(site.visitor().read("/stuck").await, "in time", "the only place is free, and so is the database");
    assert_eq!(site.notes("stuck").await, 1);
    assert_eq!(site.stage.counted("stuck created"), 2, "the instance that was cut off is not used again");
    let pool = site.status().await.pool("stuck").clone();
    assert_eq!((pool.active, pool.destroyed_total, pool.panics_total), (0, 1, 0), "{pool:?}");
}

/// What the page's future holds is dropped at the deadline, and may panic as it is.
#[test]
fn a_panic_in_what_the_deadline_drops_is_contained() {
    run(async {
        let site = site(Engine::Sqlite).await;
        let answer = site.visitor().get("/stuck?how=bomb").await;
        assert!(matches!(answer.status, 500 | 503), "{answer:?}");
        assert_eq!(site.visitor().read("/stuck").await, "in time");
        assert_eq!(site.notes("stuck").await, 1);
        assert_eq!(site.status().await.pool("stuck").active, 0);
    });
}

#[test]
fn a_create_that_hangs_is_given_up_at_the_deadline_and_keeps_no_place() {
    run(async {
        let site = site(Engine::Sqlite).await;
        site.stage.raise("hang in create");
        is_cut_off(&site.visitor().get("/unborn").await);
        site.stage.lower("hang in create");
        assert_eq!(site.visitor().read("/unborn").await, "born");
        assert_eq!(site.status().await.pool("unborn").active, 0);
    });
}

/// What is done after the commit must not hold the answer, or the instance, for ever.
#[test]
fn an_effect_that_never_ends_holds_neither_answer_nor_instance_nor_the_next_effect() {
    run(async {
        let site = site(Engine::Sqlite).await;
        let answer = site.visitor().get("/stuck?how=effect").await.expect_status(200);
        assert!(answer.took() < DEADLINE * 4, "{answer:?}");
        assert_eq!(site.stage.counted("next effect"), 1);
        assert_eq!(site.visitor().read("/stuck").await, "in time");
        assert_eq!(site.notes("stuck").await, 2);
    });
}

/// What is committed is answered, even where cutting its effect off ends in a panic.
#[test]
fn a_panic_in_what_an_effect_leaves_behind_costs_nothing() {
    run(async {
        let site = site(Engine::Sqlite).await;
        site.visitor().get("/stuck?how=effect-with-bomb").await.expect_status(200);
        assert_eq!(site.visitor().read("/stuck").await, "in time");
        assert_eq!(site.notes("stuck").await, 2);
        assert_eq!(site.stage.counted("stuck created"), 1, "the instance is sound");
    });
}
