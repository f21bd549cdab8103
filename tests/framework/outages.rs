//! A module that keeps failing goes out of service and comes back by itself (fault 18, breaker).

use crate::support::prelude::*;

/// Cannot be created while the flag is up.
struct Sick;

impl PageModule for Sick {
    const INFO: PageInfo = PageInfo::new("sick", "/sick");

    async fn create(site: &Site) -> Result<Self, CreateError> {
        let stage = Stage::of(site);
        stage.count("tried");
        if stage.is_up("sick") { Err(CreateError::new("the reason nobody may read")) } else { Ok(Self) }
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Ok(Response::text("well"))
    }
}

page!(Healthy, PageInfo::new("healthy", "/healthy"), show(_cx) { Ok(Response::text("healthy")) });

#[test]
fn a_page_that_cannot_be_created_goes_out_of_service_and_returns_by_itself() {
    run(async {
        let site = Running::start(Engine::Sqlite, "pages.sick.max = 2", |site| {
            site.app_module::<PlainApp>().page::<Sick>().page::<Healthy>()
        })
        .await;
        let visitor = site.visitor();
        site.stage.raise("sick");
        for _ in 0..5 {
            let answer = visitor.get("/sick").await.expect_status(500);
            assert!(!answer.text().contains("nobody may read"), "{answer:?}");
        }
        let refused = visitor.get("/sick").await.expect_status(503);
        assert!((1..=5).contains(&refused.retry_after()), "{refused:?}");
        assert!(refused.is_html(), "{refused:?}");
        assert_eq!(site.stage.counted("tried"), 5, "nobody tries while it is out of service");
        let status = site.status().await;
        assert_eq!(status.pool("sick").state, "out_of_service");
        assert_eq!(status.pool("sick").active, 0);
        assert_eq!(status.pool("healthy").state, "serving");
        assert_eq!(visitor.read("/healthy").await, "healthy");

        site.stage.lower("sick");
        let back = eventually("it is back", Duration::from_secs(9), async || {
            let answer = visitor.get("/sick").await;
            (answer.status == 200).then_some(answer)
        })
        .await;
        assert_eq!(back.text(), "well");
        assert_eq!(site.status().await.pool("sick").state, "serving");
    });
}
